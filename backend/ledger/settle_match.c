/* ledger/settle_match.c - a signed visit against what ordered it, who signed it
 * and the day on which it came.
 *
 * What does not match stays as it was signed: it bears a flag, raises an alarm,
 * and is not published unless somebody ratifies it (gate.c). */
#include "ledger/settle.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "base/words.h"
#include "form/verdict.h"
#include "sql_store.gen.h"

#define NIGHT_MS (INT64_C(6) * 3600 * 1000)
#define TEAM_MIN 2 /* of the assignment's officers, who were there */

/* Whoever was on the team at any time: an officer may have been exchanged
 * before the tablet knew. A new reference. */
static enum rc team_ever(struct settle *s, const json_t *a, json_t **out)
{
	struct query *q = query_begin(s->b->store->db, SQL_LOG_AUTHORS);
	enum rc rc = RC_OK;

	*out = json_array();
	query_text(q, 1, s->bs->scope);
	query_text(q, 2, "assignment");
	query_text(q, 3, json_text(a, "id"));
	while (rc == RC_OK && query_row(q)) {
		json_t *version = NULL, *one;
		size_t i;

		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &version, s->b->err);
		json_array_foreach(
			json_object_get(version, "officers"), i,
			one) if (!json_has_text(*out, json_string_value(one)))
			json_array_append(*out, one);
		json_decref(version);
	}
	return query_end(q, s->b->err) == RC_OK ? rc : s->b->err->code;
}

static enum rc team_match(struct settle *s, const json_t *a, json_t *visit)
{
	size_t ordered = json_array_size(json_object_get(a, "officers"));
	size_t wanted = ordered < TEAM_MIN ? ordered : TEAM_MIN, there = 0, i;
	json_t *team = NULL, *one;
	enum rc rc = team_ever(s, a, &team);

	json_array_foreach(json_object_get(visit, "officers"), i, one) there +=
		json_has_text(team, json_string_value(one));
	json_decref(team);
	if (rc != RC_OK || there >= wanted)
		return rc;
	return settle_visit_alarm(
		s, "other_team", visit,
		arena_printf(&s->b->mem,
			     "visit '%s' names assignment '%s', and only "
			     "%zu of its officers were there",
			     json_text(visit, "id"), json_text(a, "id"),
			     there));
}

static enum rc order_match(struct settle *s, json_t *visit)
{
	const char *id = json_text(visit, "assignment");
	json_t *a = NULL;
	enum rc rc = id ? settle_look(s, "assignment", id, &a) : RC_OK;

	if (rc != RC_OK || !a)
		return rc;
	if (!settle_same_text(a, visit, "subject"))
		rc = settle_visit_alarm(
			s, "other_subject", visit,
			arena_printf(&s->b->mem,
				     "visit '%s' is of subject '%s', and "
				     "assignment '%s' that it names is of "
				     "'%s': that is not done by it",
				     json_text(visit, "id"),
				     json_text(visit, "subject"), id,
				     json_text(a, "subject")));
	return rc == RC_OK ? team_match(s, a, visit) : rc;
}

/* The office signs nothing. */
static enum rc signer_match(struct settle *s, json_t *visit)
{
	const char *by = s->t->commit.author;

	if (!strcmp(s->t->enrolment, "office") ||
	    json_has_text(json_object_get(visit, "officers"), by))
		return RC_OK;
	return settle_visit_alarm(
		s, "other_signer", visit,
		arena_printf(&s->b->mem,
			     "visit '%s' was signed by '%s', who is not "
			     "one of its officers",
			     json_text(visit, "id"), by));
}

/* -- its day -- */

static enum rc future_match(struct settle *s, json_t *visit, const char *day)
{
	if (!settle_is_to_come(s, day))
		return RC_OK;
	return settle_visit_alarm(
		s, "in_future", visit,
		arena_printf(&s->b->mem,
			     "visit '%s' was signed for %s, a day that "
			     "was yet to come: it does not count",
			     json_text(visit, "id"), day));
}

/* A check that begins before midnight may have shown its code by then. */
static bool is_of_the_night(const json_t *visit, int64_t shown)
{
	int64_t began = json_int(visit, "started_at", 0);

	return began > shown && began - shown < NIGHT_MS;
}

static enum rc code_match(struct settle *s, json_t *visit, const char *day)
{
	int64_t shown = json_int(visit, "code_shown_at", 0);
	const char *says = json_text(visit, "visited_on");
	char shown_on[11];

	date_of_moment(shown_on, shown);
	if (shown <= 0 ||
	    ((!strcmp(says, shown_on) || !strcmp(says, day)) &&
	     (!strcmp(day, shown_on) || is_of_the_night(visit, shown))))
		return RC_OK;
	return settle_visit_alarm(
		s, "other_day", visit,
		arena_printf(&s->b->mem,
			     "visit '%s' was signed for %s, and its code "
			     "was shown on %s",
			     json_text(visit, "id"), says, shown_on));
}

/* The day on which the assignment was first given out, as the server got it, or
 * "". */
static enum rc issued_on(struct settle *s, const char *id, char out[11])
{
	static const char *const drafts[] = { "draft", NULL };
	struct query *q = query_begin(s->b->store->db, SQL_LOG_AUTHORS);
	int64_t at = 0;
	enum rc rc = RC_OK;

	query_text(q, 1, s->bs->scope);
	query_text(q, 2, "assignment");
	query_text(q, 3, id);
	while (rc == RC_OK && query_row(q)) {
		json_t *version = NULL;

		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &version, s->b->err);
		if (!settle_state_is(version, drafts))
			at = query_get_int(q, 3);
		json_decref(version);
	}
	out[0] = '\0';
	if (at > 0)
		date_of_moment(out, at);
	return query_end(q, s->b->err) == RC_OK ? rc : s->b->err->code;
}

static enum rc issue_match(struct settle *s, json_t *visit, const char *day)
{
	const char *id = json_text(visit, "assignment");
	char issued[11] = "";
	enum rc rc = id ? issued_on(s, id, issued) : RC_OK;

	if (rc != RC_OK || !issued[0] || strcmp(day, issued) >= 0)
		return rc;
	return settle_visit_alarm(
		s, "before_order", visit,
		arena_printf(&s->b->mem,
			     "visit '%s' was signed for %s, and its "
			     "assignment '%s' was given out on %s",
			     json_text(visit, "id"), day, id, issued));
}

static enum rc day_match(struct settle *s, json_t *visit)
{
	char day[11];
	enum rc rc;

	visit_day(day, visit);
	rc = future_match(s, visit, day);
	if (rc == RC_OK && json_text(visit, "visited_on"))
		rc = code_match(s, visit, day);
	return rc == RC_OK && day[0] ? issue_match(s, visit, day) : rc;
}

enum rc settle_match(struct settle *s, json_t *visit)
{
	enum rc rc = order_match(s, visit);

	if (rc == RC_OK)
		rc = signer_match(s, visit);
	return rc == RC_OK ? day_match(s, visit) : rc;
}
