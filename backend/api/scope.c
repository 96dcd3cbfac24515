/* api/scope.c - where it happens, and whether the account may look there. */
#include "api/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "sql_store.gen.h"
#include "store/audit.h"

struct found {
	size_t n;
	char only[16];
};

/* The scopes among a statement's that the account may act in; of those with the
 * record of that id, where one is named. */
static enum rc scopes_of(struct call *c, const char *sql, const char *kind,
			 const char *id, struct found *f)
{
	struct query *q = query_begin(c->store->db, sql);

	*f = (struct found){ 0 };
	if (id) {
		query_text(q, 1, kind);
		query_text(q, 2, id);
	}
	while (query_row(q)) {
		const char *scope = query_get_text(q, 0);

		if (!account_may(&c->actor, ~0u, scope) ||
		    (id && !query_get_int(q, 1)))
			continue;
		snprintf(f->only, sizeof(f->only), "%s", scope);
		f->n++;
	}
	return query_end(q, &c->err);
}

static enum rc scope_set(struct call *c, const char *scope)
{
	snprintf(c->scope, sizeof(c->scope), "%s", scope);
	/* Reference data is everybody's who may read its kind. */
	if (!strcmp(scope, "catalog") && !strcmp(c->operation->method, "GET"))
		return RC_OK;
	if (!account_may(&c->actor, ~0u, scope))
		return call_refuse(c, RC_DENIED, 403, "denied",
				   "account '%s' has no rights in scope %s",
				   c->actor.name, scope);
	return RC_OK;
}

static enum rc scope_asked(struct call *c, const char *asked)
{
	const char *in_body = json_text(c->body, "scope");
	struct found f;
	enum rc rc;

	if (!asked)
		asked = in_body;
	if (asked && in_body && strcmp(asked, in_body) != 0)
		return call_wrong(c, "/scope",
				  "is not the scope of the parameter");
	if (c->kind && c->kind->is_catalog) {
		if (asked && strcmp(asked, "catalog") != 0)
			return call_wrong(c, "scope",
					  "has to be catalog for this kind");
		return scope_set(c, "catalog");
	}
	if (asked && c->kind && !strcmp(asked, "catalog"))
		return call_wrong(c, "scope",
				  "has to be a division for this kind");
	if (asked)
		return scope_set(c, asked);
	if (name_is_scope(c->actor.scopes))
		return scope_set(c, c->actor.scopes);
	rc = scopes_of(c, SQL_CLI_COUNTIES, NULL, NULL, &f);
	if (rc != RC_OK)
		return rc;
	if (f.n != 1)
		return call_wrong(c, "scope",
				  "has to say which of your scopes");
	return scope_set(c, f.only);
}

enum rc call_gone(struct call *c, const char *id)
{
	return call_refuse(c, RC_NOT_FOUND, 404, "not_found",
			   "there is no %s '%s' in your scopes", c->kind->name,
			   id);
}

/* For an account of some agencies a record of another one is not there, and
 * that is said at the same place, after the same work, as of one that is
 * nowhere. */
static enum rc agency_of_record(struct call *c, const char *id)
{
	json_t *record = NULL;
	char *text;
	size_t len;
	bool may;
	enum rc rc;

	if (!c->actor.agency[0] ||
	    (!kind_field(c->kind, "agency") && !store_whose(c->kind)))
		return RC_OK;
	rc = store_record(c->store, c->scope, c->kind->name, id, &text, &len,
			  NULL, &c->err);
	if (rc == RC_NOT_FOUND)
		return call_gone(c, id);
	if (rc != RC_OK)
		return rc;
	rc = json_read(text, len, &record, &c->err);
	free(text);
	if (rc == RC_OK)
		rc = call_may_see(c, c->kind, c->scope, record, &may);
	json_decref(record);
	return rc == RC_OK && !may ? call_gone(c, id) : rc;
}

/* A record of others is not there: whoever may not see it does not learn that
 * it exists. */
static enum rc scope_record(struct call *c)
{
	const char *asked = json_text(c->args, "scope");
	const char *id = json_text(c->args, "id");
	struct found f;
	enum rc rc;

	if (c->kind->is_catalog)
		return scope_asked(c, asked);
	if (asked && !account_may(&c->actor, ~0u, asked))
		return call_gone(c, id);
	if (asked) {
		rc = scope_set(c, asked);
		return rc == RC_OK ? agency_of_record(c, id) : rc;
	}
	rc = scopes_of(c, SQL_API_SCOPES_OF, c->kind->name, id, &f);
	if (rc != RC_OK)
		return rc;
	if (f.n > 1)
		return call_wrong(c, "scope",
				  "has to say which: several have this id");
	if (f.n)
		rc = scope_set(c, f.only);
	if (rc == RC_OK)
		rc = agency_of_record(c, id);
	return rc == RC_OK && !f.n ? call_gone(c, id) : rc;
}

enum rc call_scope(struct call *c)
{
	switch (c->operation->scope) {
	case SCOPE_NONE: return RC_OK;
	case SCOPE_ASKED: return scope_asked(c, json_text(c->args, "scope"));
	case SCOPE_RECORD: return scope_record(c);
	case SCOPE_ALL:
		return account_may(&c->actor, ~0u, "*") && !c->actor.agency[0]
			       ? RC_OK
			       : call_refuse(c, RC_DENIED, 403, "denied",
					     "this is for accounts of all "
					     "scopes and agencies");
	case SCOPE_WITHIN:
		return !c->actor.agency[0]
			       ? RC_OK
			       : call_refuse(c, RC_DENIED, 403, "denied",
					     "this is for accounts of all "
					     "agencies");
	}
	return RC_OK;
}

bool call_may_read(const struct call *c, const struct kind *k)
{
	return ((c->actor.roles | ROLE_PUBLIC) &
		contract_readers(c->contract, k)) != 0;
}

enum rc call_may_see(struct call *c, const struct kind *k, const char *scope,
		     const json_t *record, bool *may)
{
	const char *word = json_text(record, "record_kind");
	const struct kind *about =
		word ? registry_kind(c->store->kinds, word) : NULL;
	const struct field *whose = store_whose(k);
	const char *id = json_text(record, whose ? whose->name : "record_id");

	if (whose && id)
		return store_may_agency_of(c->store, &c->actor, scope,
					   whose->refers, id, may, &c->err);
	*may = !kind_field(k, "agency") ||
	       account_may_agency(&c->actor, json_text(record, "agency"));
	if (!about || !kind_field(k, "record_kind"))
		return RC_OK;
	*may = *may && call_may_read(c, about);
	c->is_due |= *may && audit_is_due(about);
	return *may && kind_field(about, "agency") && id
		       ? store_may_agency_of(c->store, &c->actor, scope,
					     about->name, id, may, &c->err)
		       : RC_OK;
}
