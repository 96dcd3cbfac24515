/* kind/acting.c - who did it is who writes it. */
#include "kind/acting.h"

#include <string.h>

#include "base/jcs.h"
#include "base/words.h"
#include "kind/fsm.h"

enum rc acting_declared(const struct kind *k, const struct field *f,
			struct err *err)
{
	bool fits = f->type == FIELD_TEXT && !f->values && !f->required &&
		    f->rule == MERGE_THREEWAY && k->fsm;

	for (const char *const *s = f->acting; fits && s && *s; s++)
		fits = words_have(k->fsm->field->values, *s);
	return fits || !f->acting
		       ? RC_OK
		       : err_set(err, RC_INVALID,
				 "kind '%s': field '%s' is acting in no state "
				 "of its table, or is no plain text",
				 k->name, f->name);
}

static const char *state_of(const struct kind *k, const json_t *record)
{
	return json_text(record, k->fsm->field->name);
}

/* Does this change take the record into one of the field's states? */
static bool moves_in(const struct kind *k, const struct field *f,
		     const json_t *before, const json_t *after)
{
	const char *was = state_of(k, before), *now = state_of(k, after);

	return now && words_have(f->acting, now) &&
	       (!was || strcmp(was, now) != 0);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

void acting_fill(const struct kind *k, const char *author, const json_t *before,
		 json_t *after)
{
	for (size_t i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		const char *now;

		if (!f->acting || !moves_in(k, f, before, after))
			continue;
		now = json_text(after, f->name);
		if (!now || same(now, json_text(before, f->name)))
			json_object_set_new(after, f->name,
					    json_string(author));
	}
}

enum rc acting_check(const struct kind *k, const char *author,
		     const json_t *before, const json_t *after, struct err *err)
{
	const char *id = json_text(after, "id");

	for (size_t i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		const char *now = json_text(after, f->name);

		if (!f->acting)
			continue;
		if (moves_in(k, f, before, after)) {
			if (now && strcmp(now, author) != 0)
				return err_set(err, RC_DENIED,
					       "%s '%s': '%s' can only be "
					       "'%s', who writes it",
					       k->name, id ? id : "", f->name,
					       author);
		} else if (!same(now, json_text(before, f->name))) {
			return err_set(err, RC_DENIED,
				       "%s '%s': field '%s' says who made it "
				       "'%s', and changes only then",
				       k->name, id ? id : "", f->name,
				       f->acting[0]);
		}
	}
	return RC_OK;
}
