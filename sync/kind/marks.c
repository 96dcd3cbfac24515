/* kind/marks.c - words that earn a flag. */
#include "kind/marks.h"

#include <string.h>
#include <strings.h>

#include "base/jcs.h"
#include "kind/fsm.h"

/* One of several stands in a list; the only one by itself. */
static const json_t *mark_at(const struct field *f, size_t i)
{
	if (json_is_array(f->marks))
		return json_array_get(f->marks, i);
	return i == 0 ? f->marks : NULL;
}

static bool mark_is_good(const json_t *mark)
{
	const json_t *words = json_object_get(mark, "words"), *word;
	const char *flag = json_text(mark, "flag");
	bool good = flag && *flag && json_array_size(words) > 0;
	size_t i;

	json_array_foreach(words, i, word) good =
		good && json_is_string(word) && *json_string_value(word);
	return good;
}

enum rc marks_declared(const struct kind *k, struct field *f, const json_t *o,
		       struct err *err)
{
	const struct field *flags = kind_field(k, FSM_FLAGS);
	const json_t *mark;
	bool good;

	f->marks = json_object_get(o, "marks");
	if (!f->marks)
		return RC_OK;
	good = f->type == FIELD_TEXT && flags && flags->type == FIELD_SET &&
	       mark_at(f, 0);
	for (size_t i = 0; good && (mark = mark_at(f, i)); i++)
		good = mark_is_good(mark);
	return good ? RC_OK
		    : err_set(err, RC_INVALID,
			      "kind '%s': field '%s' does not suit its marks",
			      k->name, f->name);
}

static bool holds_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; *text; text++)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return false;
}

static bool mark_holds(const json_t *mark, const char *text)
{
	const json_t *words = json_object_get(mark, "words"), *word;
	size_t i;

	json_array_foreach(
		words, i,
		word) if (holds_word(text,
				     json_string_value(word))) return true;
	return false;
}

const char *marks_earned(const struct field *f, const char *text, size_t *next)
{
	const json_t *mark;

	while (text && f->marks && (mark = mark_at(f, *next))) {
		++*next;
		if (mark_holds(mark, text))
			return json_text(mark, "flag");
	}
	return NULL;
}

bool marks_earn(const struct field *f, const char *text, const char *flag)
{
	const char *earned;
	size_t next = 0;

	while ((earned = marks_earned(f, text, &next)))
		if (strcmp(earned, flag) == 0)
			return true;
	return false;
}

static bool earns(const struct kind *k, const json_t *record, const char *flag)
{
	for (size_t i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];

		if (marks_earn(f, json_text(record, f->name), flag))
			return true;
	}
	return false;
}

bool marks_earn_all(const struct kind *k, const json_t *record)
{
	const json_t *flags = json_object_get(record, FSM_FLAGS), *flag;
	size_t i;

	json_array_foreach(flags, i, flag)
	{
		if (!json_is_string(flag) ||
		    !earns(k, record, json_string_value(flag)))
			return false;
	}
	return true;
}
