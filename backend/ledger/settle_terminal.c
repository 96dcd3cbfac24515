/* ledger/settle_terminal.c - an officer who has a terminal gets another: who
 * made its code may be the one who signs with it. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "sql_store.gen.h"

static bool is_active(const json_t *enrolment)
{
	static const char *const active[] = { "active", NULL };

	return settle_state_is(enrolment, active);
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
		return rc;
	snprintf(text, sizeof(text),
		 "'%.64s' made the code of terminal '%.32s' for officer '%s', "
		 "who has terminal '%.32s': ask the officer, and revoke the "
		 "one that is not used",
		 s->t->commit.author, json_text(enrolment, "terminal"), officer,
		 json_text(other, "terminal"));
	return settle_alarm(s, "second_terminal", "alarm", "enrolment",
			    enrolment, text);
}
