/* kind/kind_change.c - what another definition of a kind may not say. Records,
 * packets on their way and tablets with an older program hold to what was
 * declared; what they hold has to stay legal, and to mean the same. */
#include "kind/kind.h"

#include <string.h>

#include "base/jcs.h"
#include "base/words.h"
#include "kind/kind_impl.h"

struct change {
	const char *kind, *field;
	const json_t *before, *after; /* of a field */
	struct err *err;
};

static const json_t *field_named(const json_t *fields, const char *name)
{
	const json_t *f;
	size_t i;

	json_array_foreach(fields, i, f)
	{
		const char *own = json_text(f, "name");

		if (own && strcmp(own, name) == 0)
			return f;
	}
	return NULL;
}

static bool differs(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") != 0;
}

static enum rc values_check(const struct change *c)
{
	const json_t *before = json_object_get(c->before, "values");
	const json_t *after = json_object_get(c->after, "values"), *v;
	size_t i;

	if (after && !before)
		return err_set(c->err, RC_INVALID,
			       "kind '%s': field '%s' took any value and would "
			       "take a list of them now: add another field",
			       c->kind, c->field);
	json_array_foreach(after ? before : NULL, i, v)
	{
		const char *value = json_string_value(v);

		if (value && !json_has_text(after, value))
			return err_set(c->err, RC_INVALID,
				       "kind '%s': field '%s' loses its value "
				       "'%s', which records may have: keep it",
				       c->kind, c->field, value);
	}
	return RC_OK;
}

/* Where nothing is declared a person decides, and may always be relieved of
 * it. Any other rule was relied upon. */
static enum rc rule_check(const struct change *c)
{
	const char *before = json_text(c->before, "rule");
	const char *after = json_text(c->after, "rule");

	if (!before || !strcmp(before, "threeway") || !differs(before, after) ||
	    !differs(json_text(c->after, "rule_was"), before))
		return RC_OK;
	return err_set(
		c->err, RC_INVALID,
		"kind '%s': field '%s' changes its rule from '%s' to "
		"'%s': say \"rule_was\":\"%s\" in the field if it is meant",
		c->kind, c->field, before, after ? after : "threeway", before);
}

static enum rc field_change(const struct change *c)
{
	const char *refers = json_text(c->before, "refers");
	int64_t max = json_int(c->before, "max", KIND_TEXT_MAX);
	enum rc rc;

	if (differs(json_text(c->before, "type"), json_text(c->after, "type")))
		return err_set(c->err, RC_INVALID,
			       "kind '%s': field '%s' changes its type: add "
			       "another field",
			       c->kind, c->field);
	if (refers && differs(refers, json_text(c->after, "refers")))
		return err_set(
			c->err, RC_INVALID,
			"kind '%s': field '%s' refers to '%s', and would "
			"to something else: add another field",
			c->kind, c->field, refers);
	if (json_int(c->after, "max", KIND_TEXT_MAX) < max)
		return err_set(
			c->err, RC_INVALID,
			"kind '%s': field '%s' may be %lld long, and "
			"would only be %lld: keep its max",
			c->kind, c->field, (long long)max,
			(long long)json_int(c->after, "max", KIND_TEXT_MAX));
	rc = values_check(c);
	return rc == RC_OK ? rule_check(c) : rc;
}

static enum rc fields_lost(struct change *c, const json_t *before,
			   const json_t *after)
{
	const json_t *f;
	enum rc rc = RC_OK;
	size_t i;

	json_array_foreach(before, i, f)
	{
		c->field = json_text(f, "name");
		c->before = f;
		c->after = c->field ? field_named(after, c->field) : f;
		if (!c->after)
			return err_set(c->err, RC_INVALID,
				       "kind '%s' loses its field '%s': keep "
				       "it, and call it retired in its label",
				       c->kind, c->field);
		rc = c->field ? field_change(c) : RC_OK;
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc fields_new(const struct change *c, const json_t *before,
			  const json_t *after)
{
	const json_t *f;
	size_t i;

	json_array_foreach(after, i, f)
	{
		const char *name = json_text(f, "name");

		if (name && json_is_true(json_object_get(f, "required")) &&
		    !field_named(before, name))
			return err_set(c->err, RC_INVALID,
				       "kind '%s': the new field '%s' is "
				       "required, and no record that there is "
				       "has it: leave 'required' out",
				       c->kind, name);
	}
	return RC_OK;
}

enum rc kind_change_check(const struct kind *old, const json_t *definition,
			  struct err *err)
{
	static const char *const fixed[] = { "companion", "companion_key",
					     "keys" };
	struct change c = { .kind = old->name, .err = err };
	const json_t *before = json_object_get(old->definition, "fields");
	const json_t *after = json_object_get(definition, "fields");
	enum rc rc = fields_lost(&c, before, after);

	if (rc == RC_OK)
		rc = fields_new(&c, before, after);
	for (size_t i = 0; rc == RC_OK && i < sizeof(fixed) / sizeof(*fixed);
	     i++) {
		const json_t *was = json_object_get(old->definition, fixed[i]);
		const json_t *is = json_object_get(definition, fixed[i]);

		if (was && !(is && json_equal(was, is)))
			rc = err_set(err, RC_INVALID,
				     "kind '%s' changes its '%s', by which its "
				     "records were made: load another kind",
				     old->name, fixed[i]);
	}
	return rc;
}
