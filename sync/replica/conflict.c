/* replica/conflict.c - an officer accepts what stands in a conflict, or appeals
 * a decision: an edit of the conflict's record like any other. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "kind/telling.h"

static bool is_party(const json_t *conflict, const char *who)
{
	const json_t *one;
	size_t i;

	json_array_foreach(
		json_object_get(conflict, "parties"), i,
		one) if (!strcmp(json_string_value(one), who)) return true;
	return false;
}

static enum rc appeal_make(const json_t *conflict, const char *appeal,
			   json_t **fields, struct err *err)
{
	const char *state = json_text(conflict, "state");
	const char *id = json_text(conflict, "id");

	if (!*appeal)
		return err_set(err, RC_INVALID, "say why you appeal");
	if (!state || strcmp(state, "decided") != 0)
		return err_set(err, RC_INVALID,
			       "conflict '%s' is not decided yet: there is "
			       "nothing to appeal",
			       id);
	*fields = json_pack("{s:s, s:s}", "state", "open", "appeal", appeal);
	return *fields ? RC_OK : out_of_memory(err);
}

static enum rc acceptance_make(const json_t *conflict, const char *me,
			       json_t **fields, struct err *err)
{
	json_t *all = json_object_get(conflict, "accepted_by");
	char word[CONFLICT_ACCEPTED_SIZE];

	if (conflict_is_accepted(conflict, me))
		return err_set(err, RC_INVALID,
			       "you accepted conflict '%s' already",
			       json_text(conflict, "id"));
	conflict_acceptance(word, conflict, me);
	all = all ? json_copy(all) : json_array();
	if (json_array_append_new(all, json_string(word)) != 0) {
		json_decref(all);
		return out_of_memory(err);
	}
	*fields = json_pack("{s:o}", "accepted_by", all);
	return *fields ? RC_OK : out_of_memory(err);
}

static enum rc answer_put(struct replica *r, const char *kind, const char *id,
			  const json_t *fields, struct err *err)
{
	char made[33], *text = json_dumps(fields, JSON_COMPACT);
	enum rc rc = text ? replica_put(r, kind, id, text, made, err)
			  : out_of_memory(err);

	free(text);
	return rc;
}

enum rc replica_answer_conflict(struct replica *r, const char *id,
				const char *appeal, struct err *err)
{
	const char *kind = "conflict";
	json_t *conflict = NULL, *fields = NULL;
	struct err first = { 0 };
	char *me = NULL;
	enum rc rc = replica_live(r, kind, id, &conflict, &first);

	if (rc == RC_NOT_FOUND && captured_of(r, "conflict_private")) {
		kind = "conflict_private";
		rc = replica_live(r, kind, id, &conflict, err);
	} else if (rc != RC_OK) {
		err_set(err, rc, "%s", first.text);
	}
	if (rc == RC_OK)
		rc = meta_need(r, "officer", &me, err);
	if (rc == RC_OK && !is_party(conflict, me))
		rc = err_set(err, RC_DENIED,
			     "conflict '%s' is between others: only who wrote "
			     "one of its values answers it",
			     id);
	if (rc == RC_OK)
		rc = appeal ? appeal_make(conflict, appeal, &fields, err)
			    : acceptance_make(conflict, me, &fields, err);
	if (rc == RC_OK)
		rc = answer_put(r, kind, id, fields, err);
	json_decref(fields);
	json_decref(conflict);
	free(me);
	return rc;
}
