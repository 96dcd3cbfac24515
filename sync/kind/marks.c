/* kind/marks.c - words that earn a flag. */
#include "kind/marks.h"

#include <string.h>
#include <strings.h>

#include "base/jcs.h"
#include "kind/fsm.h"

enum rc marks_declared(const struct kind *k, struct field *f, const json_t *o,
		       struct err *err)
{
	const json_t *words, *word;
	const struct field *flags = kind_field(k, FSM_FLAGS);
	const char *flag;
	bool good;
	size_t i;

	f->marks = json_object_get(o, "marks");
	if (!f->marks)
		return RC_OK;
	flag = json_text(f->marks, "flag");
	words = json_object_get(f->marks, "words");
	good = flag && *flag && f->type == FIELD_TEXT && flags &&
	       flags->type == FIELD_SET && json_array_size(words) > 0;
	json_array_foreach(words, i, word) good =
		good && json_is_string(word) && *json_string_value(word);
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

const char *marks_earned(const struct field *f, const char *text)
{
	const json_t *words = json_object_get(f->marks, "words"), *word;
	size_t i;

	if (!text)
		return NULL;
	json_array_foreach(words, i, word)
	{
		if (holds_word(text, json_string_value(word)))
			return json_text(f->marks, "flag");
	}
	return NULL;
}

static bool earns(const struct kind *k, const json_t *record, const char *flag)
{
	for (size_t i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		const char *earned =
			f->marks ? marks_earned(f, json_text(record, f->name))
				 : NULL;

		if (earned && strcmp(earned, flag) == 0)
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
