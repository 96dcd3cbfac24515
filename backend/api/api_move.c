/* api/api_move.c - deeds that move a state: {"with": {"to": STATE}} says where
 * to, and of the kind's table follows from where and for whom. */
#include "api/handlers.h"
#include "api/record.h"

#include <string.h>

#include "base/jcs.h"
#include "base/words.h"
#include "kind/fsm.h"

/* Does the table have the move, for anybody? */
static bool leads(const struct fsm *fsm, const json_t *seen, const char *to)
{
	int from = fsm_state(fsm, seen);

	for (size_t i = 0; i < fsm->nmoves; i++)
		if (fsm_in(fsm->moves[i].from, from) &&
		    !strcmp(fsm->field->values[fsm->moves[i].to], to))
			return true;
	return false;
}

/* {"from": [...]}: this deed, where another leads to the same state. */
static enum rc state_check(struct call *c, const json_t *seen)
{
	const json_t *from = json_object_get(c->operation->with, "from");
	const char *to = json_text(c->operation->with, "to");
	const char *state = json_text(seen, "state");
	bool is_legal = !from || json_has_text(from, state ? state : "");

	if (is_legal && state && to && !strcmp(state, to))
		is_legal = false;
	if (is_legal && !from && to && c->kind->fsm)
		is_legal = leads(c->kind->fsm, seen, to);
	if (is_legal)
		return RC_OK;
	return call_refuse(c, RC_CONFLICT, 409, "wrong_state",
			   "%s '%s' is %s: %s is not possible from there",
			   c->kind->name, json_text(seen, "id"),
			   state ? state : "in no state", c->operation->id);
}

/* What else the deed needs is in the body; whether this account may do it is
 * the ledger's to say. */
enum rc record_move(struct call *c)
{
	const json_t *with = c->operation->with;
	const char *to = json_text(with, "to");
	json_t *patch = c->body ? json_deep_copy(c->body) : json_object();
	json_t *seen = NULL;
	enum rc rc = record_seen(c, json_text(c->args, "id"), &seen);

	if (rc == RC_OK)
		rc = state_check(c, seen);
	if (to)
		json_object_set_new(patch, "state", json_string(to));
	if (rc == RC_OK)
		rc = record_patch(c, patch);
	json_decref(patch);
	json_decref(seen);
	return rc;
}
