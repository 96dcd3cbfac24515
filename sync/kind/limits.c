/* kind/limits.c - bounds of numbers and days. */
#include "kind/limits.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "kind/fsm.h"

#define DAY_MS INT64_C(86400000)
#define CHINA_MS (8 * INT64_C(3600000))

static bool is_when(const struct field *f)
{
	return f->type == FIELD_DATE || f->type == FIELD_TIME;
}

static bool is_number(const struct field *f)
{
	return f->type == FIELD_INT || f->type == FIELD_MONEY;
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

static enum rc unsuited(const struct kind *k, const struct field *f,
			const char *what, struct err *err)
{
	return err_set(err, RC_INVALID,
		       "kind '%s': field '%s' does not suit its %s", k->name,
		       f->name, what);
}

static bool bounds_suit(const struct field *f)
{
	return ((!f->least && !f->most) || is_number(f)) &&
	       (!f->least || json_is_integer(f->least)) &&
	       (!f->most || json_is_integer(f->most)) &&
	       (!f->least || !f->most ||
		json_integer_value(f->least) <= json_integer_value(f->most));
}

/* A list of states of the kind's table. */
static enum rc states_declared(const struct kind *k, struct field *f,
			       const json_t *list, struct err *err)
{
	const json_t *one;
	size_t i;

	f->limits_at = 0;
	if (!list)
		return RC_OK;
	if (!k->fsm || json_array_size(list) == 0)
		return unsuited(k, f, "limits_at", err);
	json_array_foreach(list, i, one)
	{
		const char *word = json_string_value(one);
		unsigned state = 0;

		while (word && state < k->fsm->nstates &&
		       strcmp(k->fsm->field->values[state], word) != 0)
			state++;
		if (!word || state == k->fsm->nstates)
			return unsuited(k, f, "limits_at", err);
		f->limits_at |= UINT64_C(1) << state;
	}
	return RC_OK;
}

enum rc limits_declared(const struct kind *k, struct field *f, const json_t *o,
			struct err *err)
{
	const json_t *not_future = json_object_get(o, "not_future");
	const json_t *not_past = json_object_get(o, "not_past");
	const json_t *not_before = json_object_get(o, "not_before");
	const json_t *members = json_object_get(o, "members_least");
	const struct field *other;

	f->members_least = json_integer_value(members);
	f->least = json_object_get(o, "least");
	f->most = json_object_get(o, "most");
	f->not_future = json_is_true(not_future);
	f->not_past = json_is_true(not_past);
	f->not_before = json_string_value(not_before);
	if (!bounds_suit(f))
		return unsuited(k, f, "least or most", err);
	if (members && (f->type != FIELD_SET || f->members_least < 1))
		return unsuited(k, f, "members_least", err);
	if (not_future && (!is_when(f) || !json_is_boolean(not_future)))
		return unsuited(k, f, "not_future", err);
	if (not_past && (f->type != FIELD_DATE || !json_is_boolean(not_past)))
		return unsuited(k, f, "not_past", err);
	if (states_declared(k, f, json_object_get(o, "limits_at"), err) !=
	    RC_OK)
		return err->code;
	if (!not_before)
		return RC_OK;
	other = f->not_before ? kind_field(k, f->not_before) : NULL;
	if (other && other != f && is_when(f) && other->type == f->type)
		return RC_OK;
	return err_set(err, RC_INVALID,
		       "kind '%s': field '%s' is not_before no other field of "
		       "its type",
		       k->name, f->name);
}

static enum rc check_members(const struct kind *k, const struct field *f,
			     const json_t *record, struct err *why)
{
	size_t n = json_array_size(json_object_get(record, f->name));
	const char *state =
		f->limits_at ? json_text(record, k->fsm->field->name) : NULL;

	if ((int64_t)n >= f->members_least)
		return RC_OK;
	return err_set(why, RC_INVALID,
		       "field '%s' has %zu of the at least %lld that it "
		       "needs%s%s%s",
		       f->name, n, (long long)f->members_least,
		       state ? " to be '" : "", state ? state : "",
		       state ? "'" : "");
}

static enum rc check_number(const struct field *f, const json_t *value,
			    struct err *why)
{
	long long v = json_integer_value(value);

	if (f->least && v < json_integer_value(f->least))
		return err_set(why, RC_INVALID,
			       "field '%s' is %lld, and at least %lld", f->name,
			       v, (long long)json_integer_value(f->least));
	if (f->most && v > json_integer_value(f->most))
		return err_set(why, RC_INVALID,
			       "field '%s' is %lld, and at most %lld", f->name,
			       v, (long long)json_integer_value(f->most));
	return RC_OK;
}

/* A date or a moment in milliseconds; a date is its first. */
static bool moment_of(const struct field *f, const json_t *value, int64_t *out)
{
	const char *text = json_string_value(value);
	int64_t days;

	if (f->type == FIELD_TIME && json_is_integer(value)) {
		*out = json_integer_value(value);
		return true;
	}
	if (f->type != FIELD_DATE || !text || !date_parse(text, &days))
		return false;
	*out = days * DAY_MS - CHINA_MS;
	return true;
}

static enum rc check_when(const struct kind *k, const struct field *f,
			  const json_t *record, int64_t now_ms, struct err *why)
{
	int64_t at, from;

	if (!moment_of(f, json_object_get(record, f->name), &at))
		return RC_OK;
	if (f->not_future && now_ms != LIMITS_NO_CLOCK && at > now_ms)
		return err_set(why, RC_INVALID,
			       "field '%s' is yet to come: it cannot be later "
			       "than today",
			       f->name);
	if (f->not_past && now_ms != LIMITS_NO_CLOCK && at + DAY_MS <= now_ms)
		return err_set(why, RC_INVALID,
			       "field '%s' is over: it cannot be before today",
			       f->name);
	if (f->not_before &&
	    moment_of(kind_field(k, f->not_before),
		      json_object_get(record, f->not_before), &from) &&
	    at < from)
		return err_set(why, RC_INVALID, "field '%s' is before '%s'",
			       f->name, f->not_before);
	return RC_OK;
}

static bool is_changed(const char *field, const json_t *before,
		       const json_t *after)
{
	return !same(json_object_get(before, field),
		     json_object_get(after, field));
}

/* Do the limits of the field hold for `after`, and have something to say? */
static bool is_judged(const struct kind *k, const struct field *f,
		      const json_t *before, const json_t *after)
{
	uint64_t at = f->limits_at;

	if (at && !fsm_in(at, fsm_state(k->fsm, after)))
		return false;
	return is_changed(f->name, before, after) ||
	       (f->not_before && is_changed(f->not_before, before, after)) ||
	       (at && !fsm_in(at, fsm_state(k->fsm, before)));
}

enum rc limits_check(const struct kind *k, const json_t *before,
		     const json_t *after, int64_t now_ms, struct err *err)
{
	const char *id = json_text(after, "id");
	struct err why = { 0 };

	for (size_t i = 0; i < k->nfields && why.code == RC_OK; i++) {
		const struct field *f = &k->fields[i];
		const json_t *value = json_object_get(after, f->name);

		if (!is_judged(k, f, before, after))
			continue;
		if (f->type == FIELD_SET)
			check_members(k, f, after, &why);
		else if (value && is_number(f))
			check_number(f, value, &why);
		else if (value)
			check_when(k, f, after, now_ms, &why);
	}
	if (why.code == RC_OK)
		return RC_OK;
	return err_set(err, why.code, "%s '%s': %s", k->name, id ? id : "",
		       why.text);
}
