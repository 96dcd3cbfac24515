/* ledger/settle_visits.c - what the state of an assignment means for its
 * visits. A visit is a fact once it is signed, or was imported. */
#include "ledger/settle.h"

#include "base/jcs.h"
#include "form/verdict.h"
#include "kind/fsm.h"
#include "sql_store.gen.h"

#define OFFICERS_MIN 2 /* a check by fewer is no check */

static const char *const ended[] = { "void", "aborted", NULL };
static const char *const imported[] = { "recorded", NULL };

static bool is_fact(const struct settle *s, const json_t *visit)
{
	const struct fsm *t = registry_kind(s->b->store->kinds, "visit")->fsm;

	return settle_state_is(visit, imported) ||
	       fsm_is_frozen(t, fsm_state(t, visit));
}

typedef enum rc visit_fn(struct settle *s, json_t *assignment, json_t *visit,
			 void *ctx);

static enum rc visits_each(struct settle *s, json_t *assignment, visit_fn *fn,
			   void *ctx)
{
	const json_t *id;
	json_t *ids;
	size_t i;
	enum rc rc = settle_ids(s, SQL_VISITS_OF_ASSIGNMENT,
				json_text(assignment, "id"), &ids);

	json_array_foreach(ids, i, id)
	{
		json_t *visit = NULL;

		if (rc == RC_OK)
			rc = settle_look(s, "visit", json_string_value(id),
					 &visit);
		if (rc == RC_OK && visit)
			rc = fn(s, assignment, visit, ctx);
	}
	json_decref(ids);
	return rc;
}

/* Flag a fact and alarm once; `ctx` points to the word for what ordered it. */
static enum rc visit_outside(struct settle *s, json_t *assignment,
			     json_t *visit, void *ctx)
{
	const char *what = *(const char *const *)ctx;
	bool of_draw = !strcmp(what, "draw");
	char rule[40], text[200];
	bool fresh;
	enum rc rc;

	if (!is_fact(s, visit))
		return RC_OK;
	snprintf(rule, sizeof(rule), "outside_%s", what);
	rc = settle_flag(s, "visit", visit, rule, &fresh);
	if (rc != RC_OK || !fresh)
		return rc;
	snprintf(text, sizeof(text),
		 "visit '%s' took place, and %s '%s' is %s; it counts as a "
		 "disturbance of the firm",
		 json_text(visit, "id"), what,
		 json_text(assignment, of_draw ? "draw" : "id"),
		 of_draw ? "void" : json_text(assignment, "state"));
	return settle_alarm(s, rule, "alarm", "visit", visit, text);
}

enum rc settle_outside(struct settle *s, json_t *assignment, const char *what)
{
	return visits_each(s, assignment, visit_outside, &what);
}

static enum rc visit_hand_over(struct settle *s, json_t *assignment,
			       json_t *visit, void *ctx)
{
	bool fresh;

	(void)assignment;
	(void)ctx;
	if (is_fact(s, visit) || settle_state_is(visit, ended))
		return RC_OK;
	return settle_flag(s, "visit", visit, "handed_over", &fresh);
}

enum rc settle_hand_over(struct settle *s, json_t *assignment)
{
	return visits_each(s, assignment, visit_hand_over, NULL);
}

static bool officer_is_valid(const json_t *officer, const char *day)
{
	const char *state = json_text(officer, "state");
	const char *from = json_text(officer, "certificate_from");
	const char *to = json_text(officer, "certificate_to");

	if (!officer || (state && strcmp(state, "active") != 0))
		return false;
	return !day[0] || ((!from || strcmp(from, day) <= 0) &&
			   (!to || strcmp(day, to) <= 0));
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
		json_t *officer = NULL;

		if (rc == RC_OK)
			rc = settle_look(s, "officer", json_string_value(id),
					 &officer);
		*n += officer_is_valid(officer, day);
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
	if (!is_fact(s, visit))
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
	bool fresh;
	enum rc rc = officers_valid(s, visit, &valid);

	if (rc != RC_OK || valid >= OFFICERS_MIN)
		return rc;
	rc = settle_flag(s, "visit", visit, "irregular", &fresh);
	if (rc != RC_OK || !fresh)
		return rc;
	snprintf(text, sizeof(text),
		 "visit '%s' was signed with %zu officers who had a valid "
		 "certificate that day, not %d: it is not published unless "
		 "somebody ratifies it",
		 json_text(visit, "id"), valid, OFFICERS_MIN);
	return settle_alarm(s, "irregular", "alarm", "visit", visit, text);
}

enum rc settle_presence(struct settle *s, json_t *assignment)
{
	return visits_each(s, assignment, visit_presence, NULL);
}

/* The earlier start, an unknown one last; else the lower id. */
static bool is_before(const json_t *a, const json_t *b)
{
	int64_t x = json_int(a, "started_at", INT64_MAX);
	int64_t y = json_int(b, "started_at", INT64_MAX);

	return x != y ? x < y
		      : strcmp(json_text(a, "id"), json_text(b, "id")) < 0;
}

static enum rc visit_first(struct settle *s, json_t *assignment, json_t *visit,
			   void *ctx)
{
	json_t **first = ctx;

	(void)assignment;
	if (is_fact(s, visit) && (!*first || is_before(visit, *first)))
		*first = visit;
	return RC_OK;
}

static enum rc duplicate_ask(struct settle *s, const json_t *primary,
			     const json_t *secondary)
{
	char id[33], hex[OID_HEX_SIZE];
	const char *on = json_text(secondary, "id");
	const char *of = json_text(primary, "id");
	json_t *c;

	oid_hex(hex, &s->t->oid);
	conflict_id(id, "visit", on, "duplicate_of", hex);
	c = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[s], s:{}, s:{s:s},"
		      " s:{}, s:{s:s}, s:[s], s:s, s:I, s:s, s:s}",
		      "id", id, "scope", s->bs->scope, "town",
		      json_text(secondary, "town"), "record_kind", "visit",
		      "record_id", on, "field_group", "duplicate_of", "fields",
		      "duplicate_of", "base_value", "terminal_value",
		      "duplicate_of", of, "server_value", "standing_value",
		      "duplicate_of", of, "packets", hex, "author",
		      s->t->commit.author, "opened_at",
		      (json_int_t)s->b->now_ms, "state", "open", "rule",
		      "duplicate_visit");
	return settle_add(s, "conflict", c);
}

/* Two facts for one order: both stand, one of them is the primary. */
static enum rc pair_up(struct settle *s, json_t *one, json_t *other)
{
	json_t *primary = is_before(one, other) ? one : other;
	json_t *secondary = primary == one ? other : one;
	bool fresh, first;
	char text[200];
	enum rc rc =
		settle_flag(s, "visit", primary, "duplicate_visit", &first);

	if (rc == RC_OK)
		rc = settle_flag(s, "visit", secondary, "duplicate_visit",
				 &fresh);
	if (rc != RC_OK || !(fresh || first))
		return rc;
	rc = settle_text(s, "visit", secondary, "duplicate_of",
			 json_text(primary, "id"));
	if (rc == RC_OK)
		rc = duplicate_ask(s, primary, secondary);
	snprintf(text, sizeof(text),
		 "visits '%s' and '%s' were made for one order; both count as "
		 "a disturbance of the firm",
		 json_text(primary, "id"), json_text(secondary, "id"));
	return rc == RC_OK ? settle_alarm(s, "duplicate_visit", "alarm",
					  "visit", secondary, text)
			   : rc;
}

enum rc settle_duplicates(struct settle *s, json_t *a, json_t *b)
{
	json_t *one = NULL, *other = NULL;
	enum rc rc = visits_each(s, a, visit_first, &one);

	if (rc == RC_OK)
		rc = visits_each(s, b, visit_first, &other);
	if (rc != RC_OK || !one || !other || one == other)
		return rc;
	return pair_up(s, one, other);
}

static enum rc visit_first_signed(struct settle *s, json_t *assignment,
				  json_t *visit, void *ctx)
{
	return visit_is_signed(visit) ? visit_first(s, assignment, visit, ctx)
				      : RC_OK;
}

static enum rc visit_again(struct settle *s, json_t *assignment, json_t *visit,
			   void *ctx)
{
	json_t *first = *(json_t **)ctx;

	(void)assignment;
	return visit != first && visit_is_signed(visit)
		       ? pair_up(s, first, visit)
		       : RC_OK;
}

enum rc settle_own_visits(struct settle *s, json_t *assignment, bool not_begun)
{
	json_t *first = NULL;
	enum rc rc = visits_each(s, assignment, visit_first_signed, &first);

	if (rc != RC_OK || !first)
		return rc;
	if (not_begun)
		rc = settle_text(s, "assignment", assignment, "state", "done");
	return rc == RC_OK ? visits_each(s, assignment, visit_again, &first)
			   : rc;
}
