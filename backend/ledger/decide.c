/* ledger/decide.c - a person decides a conflict; the decision is a packet. */
#include "ledger/batch.h"

#include "base/jcs.h"
#include "kind/fsm.h"
#include "ledger/gate_assignment.h"

/* The conflict in either of its kinds. */
static enum rc conflict_load(struct op *op, const char *scope, const char *id,
			     const char **kind, json_t **out)
{
	struct err first = { 0 };
	struct op quiet = *op;
	enum rc rc;

	quiet.err = &first;
	*kind = "conflict";
	rc = ledger_record(&quiet, scope, *kind, id, out);
	if (rc != RC_NOT_FOUND)
		return rc == RC_OK ? rc
				   : err_set(op->err, rc, "%s", first.text);
	*kind = "conflict_private";
	rc = ledger_record(op, scope, *kind, id, out);
	return rc;
}

/* The value that the decision gives to the group. */
static enum rc decided_value(struct op *op, const json_t *conflict,
			     const char *decision, const json_t *value,
			     const json_t **out)
{
	if (!strcmp(decision, "terminal"))
		*out = json_object_get(conflict, "terminal_value");
	else if (!strcmp(decision, "server"))
		*out = json_object_get(conflict, "server_value");
	else if (!strcmp(decision, "other") && json_is_object(value))
		*out = value;
	else
		return err_set(op->err, RC_INVALID,
			       "decide for 'terminal', 'server', or 'other' "
			       "with a value");
	return RC_OK;
}

/* The record with the decided values in place of the group's. */
static enum rc record_decided(struct op *op, const json_t *before,
			      const json_t *conflict, const json_t *value,
			      bool is_other, json_t **out)
{
	const json_t *fields = json_object_get(conflict, "fields"), *name;
	json_t *member;
	const char *key;
	size_t i;

	/* A group moves together: another value names all of it, null for a
	 * field that is to be absent. */
	json_array_foreach(fields, i, name) if (
		is_other &&
		!json_object_get(
			value,
			json_string_value(
				name))) return err_set(op->err, RC_INVALID,
						       "the value lacks '%s': "
						       "name every field "
						       "of the group, null "
						       "where there is none",
						       json_string_value(name));
	*out = json_deep_copy(before);
	json_array_foreach(fields, i, name)
		json_object_del(*out, json_string_value(name));
	json_object_foreach((json_t *)(uintptr_t)value, key, member)
	{
		bool of_group = false;

		json_array_foreach(fields, i, name) of_group |=
			!strcmp(json_string_value(name), key);
		if (!of_group) {
			json_decref(*out);
			*out = NULL;
			return err_set(op->err, RC_INVALID,
				       "field '%s' is not part of this "
				       "conflict",
				       key);
		}
		if (!json_is_null(member))
			json_object_set(*out, key, member);
	}
	return RC_OK;
}

/* Some questions are for a second person. */
static enum rc second_person(struct op *op, const json_t *conflict,
			     const json_t *before)
{
	const char *rule = json_text(conflict, "rule");
	struct people who;
	enum rc rc;

	if (!rule || strcmp(rule, RULE_CONTESTED) != 0)
		return RC_OK;
	rc = people_in_person(op->actor, op->err);
	if (rc == RC_OK)
		rc = people_behind(op->store, json_text(conflict, "scope"),
				   op->actor->name, &who, op->err);
	return rc == RC_OK
		       ? contest_may_judge(
				 &who, before, json_text(conflict, "author"),
				 json_text(conflict, "server_author"), op->err)
		       : rc;
}

static json_t *conflict_decided(const struct op *op, const json_t *conflict,
				const char *decision, const json_t *value,
				const char *reason, const char *kind)
{
	json_t *out = json_deep_copy(conflict), *kept = json_object();
	json_t *member;
	const char *key;

	conflict_past(op->store->kinds, kind, out);
	json_object_set_new(out, "state", json_string("decided"));
	json_object_set_new(out, "decision", json_string(decision));
	json_object_set_new(out, "decided_value", kept);
	json_object_foreach((json_t *)(uintptr_t)value, key,
			    member) if (!json_is_null(member))
		json_object_set(kept, key, member);
	json_object_set_new(out, "decided_by", json_string(op->actor->name));
	json_object_set_new(out, "decided_at", json_integer(op->now_ms));
	json_object_set_new(out, "reason", json_string(reason));
	return out;
}

static enum rc decision_write(struct op *op, const char *scope,
			      const char *detail,
			      struct office_record records[2])
{
	struct office_write w = { .scope = scope,
				  .operation = "decide",
				  .message = "decide a conflict",
				  .records = records,
				  .n = 2,
				  .about_kind = records[1].kind,
				  .about_id = records[1].id,
				  .detail = detail };
	enum rc rc = ledger_office(op, &w);

	for (size_t i = 0; i < 2 && rc == RC_OK; i++)
		if (records[i].outcome == OFFICE_REFUSED)
			rc = err_set(op->err, RC_DENIED, "%s '%s': %s",
				     records[i].kind, records[i].id,
				     records[i].why);
	return rc;
}

enum rc ledger_decide(struct op *op, const char *scope, const char *conflict,
		      const char *decision, const json_t *value,
		      const char *reason)
{
	struct office_record records[2] = { 0 };
	json_t *c = NULL, *before = NULL, *after = NULL, *closed = NULL;
	const json_t *decided = NULL;
	const struct kind *k;
	const char *kind = NULL;
	char detail[128];
	enum rc rc;

	if (!account_may(op->actor, ROLE_COORDINATOR, scope))
		return err_set(op->err, RC_DENIED,
			       "account '%s' may not decide conflicts in "
			       "scope %s",
			       op->actor->name, scope);
	rc = conflict_load(op, scope, conflict, &kind, &c);
	if (rc == RC_OK && !reason)
		rc = err_set(op->err, RC_INVALID, "a decision needs a reason");
	if (rc == RC_OK)
		rc = decided_value(op, c, decision, value, &decided);
	if (rc == RC_OK)
		rc = ledger_record(op, scope, json_text(c, "record_kind"),
				   json_text(c, "record_id"), &before);
	if (rc == RC_OK)
		rc = second_person(op, c, before);
	if (rc == RC_OK)
		rc = record_decided(op, before, c, decided,
				    !strcmp(decision, "other"), &after);
	k = rc == RC_OK ? registry_kind(op->store->kinds,
					json_text(c, "record_kind"))
			: NULL;
	if (rc == RC_OK)
		rc = kind_check(k, after, op->err);
	if (rc == RC_OK)
		rc = kind_may_write(k,
				    op->actor->roles | ROLE_COORDINATOR |
					    ROLE_SERVER | ROLE_INSPECTOR,
				    before, after, op->err);
	/* What was signed stays: refused before the conflict is closed. */
	if (rc == RC_OK)
		rc = fsm_check(k, ROLE_SERVER, before, after, op->err);
	if (rc == RC_OK) {
		struct account judge = *op->actor;
		struct op as_judge = *op;

		/* A decision may set what the decider could not write
		 * otherwise, and move a state where no table leads: that is
		 * what deciding means. */
		judge.roles |= ROLE_INSPECTOR | ROLE_COORDINATOR |
			       ROLE_ADMINISTRATOR | ROLE_ANALYST | ROLE_SERVER;
		as_judge.actor = &judge;
		closed = conflict_decided(op, c, decision, decided, reason,
					  kind);
		records[0] = (struct office_record){
			.kind = k->name,
			.id = json_text(c, "record_id"),
			.record = after,
		};
		records[1] = (struct office_record){ .kind = kind,
						     .id = conflict,
						     .record = closed };
		snprintf(detail, sizeof(detail), "for=%s record=%s/%s",
			 decision, k->name, records[0].id);
		rc = decision_write(&as_judge, scope, detail, records);
	}
	json_decref(c);
	json_decref(before);
	json_decref(after);
	json_decref(closed);
	return rc;
}
