/* merge/rules.c - one function a rule, and the table of them. */
#include "merge/rules.h"

#include <string.h>

#include "kind/codes.h"
#include "kind/fsm.h"
#include "merge/text.h"

#define SUM_MAX INT64_C(9007199254740991) /* 2^53 - 1, of canonical bytes */

static enum verdict rule_undecided(const struct field *f, const struct sides *s,
				   json_t **stands)
{
	(void)f;
	(void)s;
	(void)stands;
	return VERDICT_CONFLICT;
}

static enum verdict rule_server(const struct field *f, const struct sides *s,
				json_t **stands)
{
	(void)f;
	*stands = json_incref(s->server);
	return VERDICT_STANDS;
}

/* The terminal's edit is merged later, whatever its clock said. */
static enum verdict rule_lww(const struct field *f, const struct sides *s,
			     json_t **stands)
{
	(void)f;
	*stands = json_incref(s->terminal);
	return VERDICT_STANDS;
}

/* Below 0, 0, above 0; false when the two cannot be compared. */
static bool value_compare(const json_t *a, const json_t *b, int *order)
{
	if (json_is_integer(a) && json_is_integer(b)) {
		json_int_t x = json_integer_value(a);
		json_int_t y = json_integer_value(b);

		*order = (x > y) - (x < y);
		return true;
	}
	if (json_is_string(a) && json_is_string(b)) {
		*order = strcmp(json_string_value(a), json_string_value(b));
		return true;
	}
	return false;
}

/* A value that is there goes before one that is not: the event happened. */
static enum verdict rule_extreme(const struct sides *s, bool larger,
				 json_t **stands)
{
	int order = 0;

	if (!s->terminal || !s->server)
		*stands = s->terminal ? s->terminal : s->server;
	else if (!value_compare(s->terminal, s->server, &order))
		return VERDICT_CONFLICT;
	else
		*stands = (order > 0) == larger ? s->terminal : s->server;
	json_incref(*stands);
	return VERDICT_STANDS;
}

static enum verdict rule_max(const struct field *f, const struct sides *s,
			     json_t **stands)
{
	(void)f;
	return rule_extreme(s, true, stands);
}

static enum verdict rule_min(const struct field *f, const struct sides *s,
			     json_t **stands)
{
	(void)f;
	return rule_extreme(s, false, stands);
}

/* An absent set is an empty one. Anything that is not sorted texts without
 * repeats is no set, and no rule for sets can decide about it. */
static bool is_set(const json_t *value)
{
	if (value && !json_is_array(value))
		return false;
	for (size_t i = 0; i < json_array_size(value); i++) {
		const char *now = json_string_value(json_array_get(value, i));

		if (!now)
			return false;
		if (i > 0 &&
		    strcmp(json_string_value(json_array_get(value, i - 1)),
			   now) >= 0)
			return false;
	}
	return true;
}

/* A place in a sorted set. */
struct cursor {
	const json_t *set;
	size_t at;
};

static const char *cursor_text(const struct cursor *c)
{
	return json_string_value(json_array_get(c->set, c->at));
}

/* Step over `text` if it stands here. */
static bool cursor_take(struct cursor *c, const char *text)
{
	const char *here = cursor_text(c);

	if (!here || strcmp(here, text) != 0)
		return false;
	c->at++;
	return true;
}

static const char *least(const char *a, const char *b)
{
	if (!a || !b)
		return a ? a : b;
	return strcmp(a, b) <= 0 ? a : b;
}

/* One walk over three sorted sets. A member of the base stays when both sides
 * kept it; another comes when either side added it. For a set that only grows,
 * the base counts as empty. */
static enum verdict sets_merge(const json_t *base, const struct sides *s,
			       json_t **stands)
{
	struct cursor b = { base, 0 }, t = { s->terminal, 0 };
	struct cursor v = { s->server, 0 };
	json_t *out;

	if (!is_set(base) || !is_set(s->terminal) || !is_set(s->server))
		return VERDICT_CONFLICT;
	out = json_array();
	while (out) {
		const char *text =
			least(least(cursor_text(&b), cursor_text(&t)),
			      cursor_text(&v));
		bool in_base, in_terminal, in_server;

		if (!text)
			break;
		in_base = cursor_take(&b, text);
		in_terminal = cursor_take(&t, text);
		in_server = cursor_take(&v, text);
		if (in_base ? !(in_terminal && in_server)
			    : !(in_terminal || in_server))
			continue;
		if (json_array_append_new(out, json_string_nocheck(text)) !=
		    0) {
			json_decref(out);
			out = NULL;
		}
	}
	*stands = out;
	return out ? VERDICT_STANDS : VERDICT_NOMEM;
}

static enum verdict rule_set(const struct field *f, const struct sides *s,
			     json_t **stands)
{
	enum verdict v = sets_merge(s->base, s, stands);

	/* Both sides were in order; together they may contradict. */
	return v == VERDICT_STANDS && f->codes && codes_part(f, *stands)
		       ? VERDICT_INTERIM
		       : v;
}

static enum verdict rule_gset(const struct field *f, const struct sides *s,
			      json_t **stands)
{
	(void)f;
	return sets_merge(NULL, s, stands);
}

/* A copy, because the kind's value is shared by threads. */
static enum verdict rule_safe(const struct field *f, const struct sides *s,
			      json_t **stands)
{
	(void)s;
	*stands = json_deep_copy(f->safe);
	return *stands ? VERDICT_INTERIM : VERDICT_NOMEM;
}

/* The kind's table is indifferent to which side arrived first. */
static enum verdict rule_fsm(const struct field *f, const struct sides *s,
			     json_t **stands)
{
	const struct fsm_cell *c = fsm_cell(f->fsm, s->server, s->terminal);

	if (!c)
		return VERDICT_CONFLICT;
	*stands = json_string(f->values[c->stands]);
	if (!*stands)
		return VERDICT_NOMEM;
	return c->conflict ? VERDICT_INTERIM : VERDICT_STANDS;
}

static bool is_count(const json_t *value, int64_t *n)
{
	*n = value ? json_integer_value(value) : 0;
	return !value ||
	       (json_is_integer(value) && *n >= -SUM_MAX && *n <= SUM_MAX);
}

/* What each side added to the base, which counts as 0 where it is absent. */
static enum verdict rule_sum(const struct field *f, const struct sides *s,
			     json_t **stands)
{
	int64_t base, terminal, server;

	(void)f;
	if (!is_count(s->base, &base) || !is_count(s->terminal, &terminal) ||
	    !is_count(s->server, &server))
		return VERDICT_CONFLICT;
	server += terminal - base;
	if (server < -SUM_MAX || server > SUM_MAX)
		return VERDICT_CONFLICT;
	*stands = json_integer(server);
	return *stands ? VERDICT_STANDS : VERDICT_NOMEM;
}

/* `once`: the first that was merged stands, and that is the server's. */
rule_fn *const merge_rules[MERGE__MAX] = {
	[MERGE_THREEWAY] = rule_undecided,
	[MERGE_SERVER] = rule_server,
	[MERGE_LWW] = rule_lww,
	[MERGE_MAX] = rule_max,
	[MERGE_MIN] = rule_min,
	[MERGE_SET] = rule_set,
	[MERGE_GSET] = rule_gset,
	[MERGE_ONCE] = rule_undecided,
	[MERGE_SAFE] = rule_safe,
	[MERGE_FSM] = rule_fsm,
	[MERGE_TEXT] = text_merge,
	[MERGE_SUM] = rule_sum,
	[MERGE_OWN] = rule_undecided,
	[MERGE_REF] = rule_undecided,
	[MERGE_CALC] = rule_server,
	[MERGE_UNKNOWN] = rule_undecided,
};
