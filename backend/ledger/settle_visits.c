/* ledger/settle_visits.c - what the state of an assignment means for its
 * visits. A visit is a fact once it is signed, or was imported. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "form/verdict.h"
#include "kind/fsm.h"
#include "ledger/officer.h"
#include "sql_store.gen.h"

#define OFFICERS_MIN 2 /* a check by fewer is no check */

static const char *const ended[] = { "void", "aborted", NULL };
static const char *const imported[] = { "recorded", NULL };

bool settle_is_fact(const struct settle *s, const json_t *visit)
{
	const struct fsm *t = registry_kind(s->b->store->kinds, "visit")->fsm;

	return settle_state_is(visit, imported) ||
	       fsm_is_frozen(t, fsm_state(t, visit));
}

bool settle_same_text(const json_t *a, const json_t *b, const char *field)
{
	const char *x = json_text(a, field), *y = json_text(b, field);

	return x == y || (x && y && !strcmp(x, y));
}

struct own {
	json_t *assignment;
	visit_fn *fn;
	void *ctx;
};

static enum rc own_visit(struct settle *s, json_t *visit, void *ctx)
{
	const struct own *own = ctx;

	return settle_same_text(own->assignment, visit, "subject")
		       ? own->fn(s, own->assignment, visit, own->ctx)
		       : RC_OK;
}

enum rc settle_visits(struct settle *s, json_t *assignment, visit_fn *fn,
		      void *ctx)
{
	struct own own = { assignment, fn, ctx };

	return settle_each(s, SQL_VISITS_OF_ASSIGNMENT,
			   json_text(assignment, "id"), "visit", own_visit,
			   &own);
}

/* Flag a fact and alarm once; `ctx` points to the word for what ordered it. */
static enum rc visit_outside(struct settle *s, json_t *assignment,
			     json_t *visit, void *ctx)
{
	const char *what = *(const char *const *)ctx;
	bool of_draw = !strcmp(what, "draw");
	char rule[40], text[200];

	if (!settle_is_fact(s, visit))
		return RC_OK;
	snprintf(rule, sizeof(rule), "outside_%s", what);
	snprintf(text, sizeof(text),
		 "visit '%s' took place, and %s '%s' is %s; it counts as a "
		 "disturbance of the firm",
		 json_text(visit, "id"), what,
		 json_text(assignment, of_draw ? "draw" : "id"),
		 of_draw ? "void" : json_text(assignment, "state"));
	return settle_remark(s, "visit", visit, rule, "alarm", text);
}

enum rc settle_outside(struct settle *s, json_t *assignment, const char *what)
{
	return settle_visits(s, assignment, visit_outside, &what);
}

static enum rc visit_hand_over(struct settle *s, json_t *assignment,
			       json_t *visit, void *ctx)
{
	bool fresh;

	(void)assignment;
	(void)ctx;
	if (settle_is_fact(s, visit) || settle_state_is(visit, ended))
		return RC_OK;
	return settle_flag(s, "visit", visit, "handed_over", &fresh);
}

enum rc settle_hand_over(struct settle *s, json_t *assignment)
{
	return settle_visits(s, assignment, visit_hand_over, NULL);
}

/* A number that several bear is nobody's certificate. */
static enum rc officer_count(struct settle *s, const char *id, const char *day,
			     size_t *n)
{
	json_t *officer = NULL, *bearers = NULL;
	enum rc rc = settle_look(s, "officer", id, &officer);

	if (rc != RC_OK || officer_refused(officer, day))
		return rc;
	rc = settle_ids(s, SQL_OFFICERS_OF_CERTIFICATE,
			json_text(officer, "certificate"), &bearers);
	*n += json_array_size(bearers) == 1;
	json_decref(bearers);
	return rc;
}

/* How many of the officers who were present are known, on duty, and had a
 * valid certificate on the day. */
static enum rc officers_valid(struct settle *s, const json_t *visit, size_t *n)
{
	const json_t *id;
	char day[11];
	size_t i;
	enum rc rc = RC_OK;

	*n = 0;
	visit_day(day, visit);
	json_array_foreach(json_object_get(visit, "officers"), i, id)
	{
		if (rc == RC_OK)
			rc = officer_count(s, json_string_value(id), day, n);
	}
	return rc;
}

static enum rc visit_presence(struct settle *s, json_t *assignment,
			      json_t *visit, void *ctx)
{
	char text[200];
	size_t valid;
	bool fresh;
	enum rc rc = RC_OK;

	(void)ctx;
	if (!settle_is_fact(s, visit))
		return RC_OK;
	rc = officers_valid(s, visit, &valid);
	if (rc != RC_OK || valid >= OFFICERS_MIN)
		return rc;
	rc = settle_flag(s, "visit", visit, "too_few_officers", &fresh);
	if (rc != RC_OK || !fresh)
		return rc;
	snprintf(text, sizeof(text),
		 "the officers of assignment '%s' changed; visit '%s' has %zu "
		 "valid officers present, not %d",
		 json_text(assignment, "id"), json_text(visit, "id"), valid,
		 OFFICERS_MIN);
	return settle_alarm(s, "team_changed", "alarm", "visit", visit, text);
}

enum rc settle_signed(struct settle *s, json_t *visit)
{
	char text[200];
	size_t valid;
	enum rc rc = officers_valid(s, visit, &valid);

	if (rc != RC_OK || valid >= OFFICERS_MIN)
		return rc;
	snprintf(text, sizeof(text),
		 "visit '%s' was signed with %zu officer%s who had a valid "
		 "certificate that day, not %d: it is not published unless "
		 "somebody ratifies it",
		 json_text(visit, "id"), valid, valid == 1 ? "" : "s",
		 OFFICERS_MIN);
	return settle_remark(s, "visit", visit, "irregular", "alarm", text);
}

enum rc settle_presence(struct settle *s, json_t *assignment)
{
	return settle_visits(s, assignment, visit_presence, NULL);
}
