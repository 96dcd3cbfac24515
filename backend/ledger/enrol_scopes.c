/* ledger/enrol_scopes.c - in which scopes a terminal has a part:
 * docs/adr/0025-a-terminal-of-several-scopes.md. */
#include "ledger/enrol.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

#define CHANGED "change a terminal's scopes"

#define MAY_ENROL (ROLE_COORDINATOR | ROLE_ADMINISTRATOR)

static bool is_same_text(const json_t *a, const json_t *b, const char *field)
{
	const char *x = json_text(a, field), *y = json_text(b, field);

	return x && y && !strcmp(x, y);
}

/* One id in two counties may be two people: a certificate is one person's, and
 * where one of them has none, there is the name. */
static bool is_same_person(const json_t *home, const json_t *here)
{
	const char *a = json_text(home, "certificate");
	const char *b = json_text(here, "certificate");

	return a && *a && b && *b ? !strcmp(a, b)
				  : is_same_text(home, here, "name");
}

enum rc enrol_officer_check(struct op *op, const char *home, const char *scope,
			    const char *officer)
{
	json_t *here = NULL, *there = NULL;
	const char *state;
	enum rc rc;

	if (!account_may(op->actor, MAY_ENROL, scope))
		return err_set(op->err, RC_DENIED,
			       "account '%s' may not enrol terminals in scope "
			       "%s",
			       op->actor->name, scope);
	rc = ledger_record(op, scope, "officer", officer, &here);
	state = json_text(here, "state");
	if (rc == RC_OK && state && strcmp(state, "active") != 0)
		rc = err_set(op->err, RC_DENIED,
			     "officer '%s' is not active in scope %s", officer,
			     scope);
	/* Whoever has a terminal of an officer writes as that officer. */
	if (rc == RC_OK &&
	    !account_may_agency(op->actor, json_text(here, "agency")))
		rc = err_set(op->err, RC_DENIED,
			     "account '%s' acts for other agencies than that "
			     "of officer '%s'",
			     op->actor->name, officer);
	if (rc == RC_OK && strcmp(home, scope) != 0)
		rc = ledger_record(op, home, "officer", officer, &there);
	if (rc == RC_OK && there && !is_same_person(there, here))
		rc = err_set(op->err, RC_DENIED,
			     "officer '%s' of scope %s is not the one of scope "
			     "%s: certificate or name differ",
			     officer, scope, home);
	json_decref(here);
	json_decref(there);
	return rc;
}

/* The enrolment by its id or its terminal's; *home is the scope that has it. */
static enum rc enrolment_find(struct op *op, const char *id, char home[16],
			      json_t **out)
{
	struct query *q = query_begin(op->store->db, SQL_ENROLMENT_WHERE);
	char found[33] = "";
	enum rc rc;

	*out = NULL;
	query_text(q, 1, id);
	if (query_row(q)) {
		snprintf(home, 16, "%s", query_get_text(q, 0));
		snprintf(found, sizeof(found), "%s", query_get_text(q, 1));
	}
	rc = query_end(q, op->err);
	if (rc == RC_OK && !found[0])
		rc = err_set(op->err, RC_NOT_FOUND,
			     "there is no terminal or enrolment '%s'", id);
	return rc == RC_OK ? ledger_record(op, home, "enrolment", found, out)
			   : rc;
}

static size_t scope_at(const json_t *scopes, const char *scope)
{
	size_t i;

	for (i = 0; i < json_array_size(scopes); i++)
		if (!strcmp(json_string_value(json_array_get(scopes, i)),
			    scope))
			break;
	return i;
}

static enum rc scope_check(struct op *op, const char *scope)
{
	return name_is_scope(scope) && strcmp(scope, "catalog") != 0
		       ? RC_OK
		       : err_set(op->err, RC_INVALID,
				 "'%s' is no county: every terminal has part "
				 "in the catalog, and else in counties",
				 scope);
}

static enum rc scope_add(struct op *op, const char *home, const char *scope,
			 json_t *enrolment)
{
	json_t *scopes = json_object_get(enrolment, "scopes");
	size_t at = 0;

	while (at < json_array_size(scopes) &&
	       strcmp(json_string_value(json_array_get(scopes, at)), scope) < 0)
		at++;
	if (scope_at(scopes, scope) < json_array_size(scopes))
		return RC_OK;
	if (json_array_size(scopes) >= ENROL_SCOPES_MAX)
		return err_set(op->err, RC_INVALID,
			       "a terminal has part in at most %d scopes",
			       ENROL_SCOPES_MAX);
	if (json_array_insert_new(scopes, at, json_string(scope)) != 0)
		return err_set(op->err, RC_NOMEM, "out of memory");
	return enrol_write(op, home, enrolment, "join", CHANGED, scope);
}

enum rc enrol_join(struct op *op, const char *scope, const char *id,
		   json_t **out)
{
	json_t *enrolment = NULL;
	const char *state;
	char home[16] = "";
	enum rc rc = scope_check(op, scope);

	*out = NULL;
	if (rc == RC_OK)
		rc = enrolment_find(op, id, home, &enrolment);
	state = json_text(enrolment, "state");
	if (rc == RC_OK && (!state || strcmp(state, "active") != 0))
		rc = err_set(op->err, RC_CONFLICT,
			     "the enrolment of '%s' is not active", id);
	if (rc == RC_OK)
		rc = enrol_officer_check(op, home, home,
					 json_text(enrolment, "officer"));
	if (rc == RC_OK)
		rc = enrol_officer_check(op, home, scope,
					 json_text(enrolment, "officer"));
	if (rc == RC_OK)
		rc = scope_add(op, home, scope, enrolment);
	if (rc == RC_OK)
		*out = enrolment;
	else
		json_decref(enrolment);
	return rc;
}

enum rc enrol_leave(struct op *op, const char *scope, const char *id,
		    const char *reason, json_t **out)
{
	json_t *enrolment = NULL, *scopes;
	char home[16] = "";
	size_t at;
	enum rc rc = scope_check(op, scope);

	*out = NULL;
	if (rc == RC_OK && !account_may(op->actor, MAY_ENROL, scope))
		rc = err_set(op->err, RC_DENIED,
			     "account '%s' may not take terminals out of scope "
			     "%s",
			     op->actor->name, scope);
	if (rc == RC_OK)
		rc = enrolment_find(op, id, home, &enrolment);
	scopes = json_object_get(enrolment, "scopes");
	at = scope_at(scopes, scope);
	/* A terminal of others is not there. */
	if (rc == RC_OK && at == json_array_size(scopes))
		rc = err_set(op->err, RC_NOT_FOUND,
			     "no terminal '%s' has part in scope %s", id,
			     scope);
	if (rc == RC_OK && !strcmp(home, scope))
		rc = err_set(op->err, RC_CONFLICT,
			     "%s is the scope that '%s' was enrolled in: "
			     "revoke the terminal instead",
			     scope, id);
	if (rc == RC_OK)
		rc = enrol_officer_is_ones_own(op, scope,
					       json_text(enrolment, "officer"));
	if (rc == RC_OK) {
		json_array_remove(scopes, at);
		rc = enrol_write(op, home, enrolment, "leave", CHANGED, reason);
	}
	if (rc == RC_OK)
		*out = enrolment;
	else
		json_decref(enrolment);
	return rc;
}
