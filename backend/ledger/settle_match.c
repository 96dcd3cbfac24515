/* ledger/settle_match.c - a signed visit against what ordered it, who signed it
 * and the day on which it came.
 *
 * What does not match stays as it was signed: it bears a flag, raises an alarm,
 * and is not published unless somebody ratifies it (gate.c). */
#include "ledger/settle.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "form/verdict.h"
#include "sql_store.gen.h"

#define TEAM_MIN 2 /* of the assignment's officers, who were there */

static enum rc remark(struct settle *s, const char *rule, json_t *visit,
		      const char *text)
{
	return settle_remark(s, "visit", visit, rule, "alarm", text);
}

static bool is_member(const json_t *set, const char *id)
{
	const json_t *one;
	size_t i;

	json_array_foreach(set, i, one) if (json_is_string(one) &&
					    !strcmp(json_string_value(one),
						    id)) return true;
	return false;
}

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
			one) if (!is_member(*out, json_string_value(one)))
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
		is_member(team, json_string_value(one));
	json_decref(team);
	if (rc != RC_OK || there >= wanted)
		return rc;
	return remark(s, "other_team", visit,
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
		rc = remark(s, "other_subject", visit,
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
	    is_member(json_object_get(visit, "officers"), by))
		return RC_OK;
	return remark(s, "other_signer", visit,
		      arena_printf(&s->b->mem,
				   "visit '%s' was signed by '%s', who is not "
				   "one of its officers",
				   json_text(visit, "id"), by));
}

static enum rc day_match(struct settle *s, json_t *visit)
{
	char day[11];

	visit_day(day, visit);
	if (!settle_is_to_come(s, day))
		return RC_OK;
	return remark(s, "in_future", visit,
		      arena_printf(&s->b->mem,
				   "visit '%s' was signed for %s, a day that "
				   "was yet to come: it does not count",
				   json_text(visit, "id"), day));
}

enum rc settle_match(struct settle *s, json_t *visit)
{
	enum rc rc = order_match(s, visit);

	if (rc == RC_OK)
		rc = signer_match(s, visit);
	return rc == RC_OK ? day_match(s, visit) : rc;
}
