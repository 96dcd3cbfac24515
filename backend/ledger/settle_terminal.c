/* ledger/settle_terminal.c - an officer who has a terminal gets another, or who
 * coordinates makes the code of the only one: who made a code may be the one
 * who signs with the terminal. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "sql_store.gen.h"

static bool is_active(const json_t *enrolment)
{
	static const char *const active[] = { "active", NULL };

	return settle_state_is(enrolment, active);
}

/* An administrator hands terminals out; who says whom to check does not sign
 * for those who check. */
static enum rc maker_coordinates(struct settle *s, bool *does)
{
	struct account maker;
	struct err none = { 0 };
	enum rc rc =
		account_look(s->b->store, s->t->commit.author, &maker, &none);

	*does = rc == RC_OK && maker.roles & ROLE_COORDINATOR &&
		!(maker.roles & ROLE_ADMINISTRATOR);
	return rc == RC_OK || rc == RC_NOT_FOUND
		       ? RC_OK
		       : err_set(s->b->err, rc, "%s", none.text);
}

static enum rc only_one(struct settle *s, const json_t *enrolment)
{
	char text[300];
	bool does;
	enum rc rc = maker_coordinates(s, &does);

	if (rc != RC_OK || !does)
		return rc;
	snprintf(text, sizeof(text),
		 "'%.64s', who coordinates, made the code of terminal '%.32s' "
		 "for officer '%s', who has no other: ask the officer whether "
		 "it is in the right hands, and revoke it if not",
		 s->t->commit.author, json_text(enrolment, "terminal"),
		 json_text(enrolment, "officer"));
	return settle_alarm(s, "coordinators_terminal", "alarm", "enrolment",
			    enrolment, text);
}

enum rc settle_terminal(struct settle *s, const struct take_record *r,
			const json_t *enrolment)
{
	const char *officer = json_text(enrolment, "officer");
	const json_t *id;
	json_t *ids, *other = NULL;
	char text[300];
	size_t i;
	enum rc rc;

	if (!officer || !is_active(enrolment) || is_active(r->base))
		return RC_OK;
	rc = settle_ids(s, SQL_ENROLMENTS_OF_OFFICER, officer, &ids);
	json_array_foreach(ids, i, id)
	{
		if (rc == RC_OK && !other &&
		    strcmp(json_string_value(id), r->id) != 0)
			rc = settle_look(s, "enrolment", json_string_value(id),
					 &other);
	}
	json_decref(ids);
	if (rc != RC_OK || !other)
		return rc == RC_OK ? only_one(s, enrolment) : rc;
	snprintf(text, sizeof(text),
		 "'%.64s' made the code of terminal '%.32s' for officer '%s', "
		 "who has terminal '%.32s': ask the officer, and revoke the "
		 "one that is not used",
		 s->t->commit.author, json_text(enrolment, "terminal"), officer,
		 json_text(other, "terminal"));
	return settle_alarm(s, "second_terminal", "alarm", "enrolment",
			    enrolment, text);
}
