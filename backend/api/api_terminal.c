/* api/api_terminal.c - tablets: codes, what is enrolled, what is not any
 * more. */
#include "api/handlers.h"
#include "api/page.h"
#include "api/record.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "ledger/enrol.h"
#include "sql_store.gen.h"

/* The code is told once: the store keeps its hash. */
enum rc terminal_code(struct call *c)
{
	const char *officer = json_text(c->body, "officer");
	const char *scopes[ENROL_SCOPES_MAX + 1] = { c->scope };
	const json_t *also = json_object_get(c->body, "also"), *one;
	char code[ENROL_CODE_SIZE], expires[25];
	json_t *list;
	size_t i, n = 1;
	enum rc rc;

	json_array_foreach(also, i, one)
	{
		if (n <= ENROL_SCOPES_MAX)
			scopes[n++] = json_string_value(one);
	}
	rc = enrol_code_for(&c->op, officer, scopes, n, code);
	if (rc != RC_OK)
		return rc;
	list = json_array();
	for (i = 0; i < n; i++)
		json_array_append_new(list, json_string(scopes[i]));
	time_format(expires, c->op.now_ms + ENROL_CODE_MS);
	c->status = 201;
	c->result = json_pack("{s:s, s:s, s:s, s:o, s:s}", "code", code,
			      "officer", officer, "scope", c->scope, "scopes",
			      list, "expires", expires);
	return RC_OK;
}

enum rc terminal_list(struct call *c)
{
	struct query *q = query_begin(c->store->db, SQL_TERMINAL_LIST);
	json_t *items = json_array();
	char contact[25];
	enum rc rc = RC_OK;

	query_text(q, 1, c->scope);
	while (rc == RC_OK && query_row(q)) {
		json_t *item;
		bool may;

		rc = store_may_agency_of(c->store, &c->actor, c->scope,
					 "officer", query_get_text(q, 1), &may,
					 &c->err);
		if (rc != RC_OK || !may)
			continue;
		item = json_pack("{s:s, s:s, s:s, s:s}", "terminal",
				 query_get_text(q, 0), "officer",
				 query_get_text(q, 1), "state",
				 query_get_text(q, 2), "id",
				 query_get_text(q, 3));
		json_object_set_new(item, "scopes",
				    json_loads(query_get_text(q, 5), 0, NULL));
		if (!query_is_null(q, 4)) {
			time_format(contact, query_get_int(q, 4));
			json_object_set_new(item, "last_contact",
					    json_string(contact));
		}
		json_array_append_new(items, item);
	}
	c->result = json_pack("{s:o, s:s}", "items", items, "scope", c->scope);
	if (query_end(q, &c->err) != RC_OK)
		return c->err.code;
	return rc == RC_OK ? page_cut(c, "id") : rc;
}

/* The enrolment, once the caller's copy is the newest. */
static enum rc enrolment_seen(struct call *c, const char *id, json_t **seen)
{
	enum rc rc = record_seen(c, id, seen);

	return rc == RC_OK && !json_text(*seen, "state")
		       ? err_set(&c->err, RC_CORRUPT,
				 "enrolment '%s' has no state", id)
		       : rc;
}

/* What the tablet sends from then on goes to quarantine. */
enum rc terminal_revoke(struct call *c)
{
	const char *id = json_text(c->args, "id");
	json_t *seen = NULL;
	enum rc rc = enrolment_seen(c, id, &seen);

	if (rc == RC_OK && strcmp(json_text(seen, "state"), "active") != 0)
		rc = call_refuse(c, RC_CONFLICT, 409, "wrong_state",
				 "enrolment '%s' is not active", id);
	if (rc == RC_OK)
		rc = enrol_revoke(&c->op, c->scope, id,
				  json_text(c->body, "reason"));
	json_decref(seen);
	return rc == RC_OK ? record_show(c, id) : rc;
}

/* And what is on it goes at its next contact; of one that was revoked before,
 * too. */
enum rc terminal_wipe(struct call *c)
{
	const char *id = json_text(c->args, "id");
	json_t *seen = NULL;
	enum rc rc = enrolment_seen(c, id, &seen);

	if (rc == RC_OK && json_text(seen, "wipe_order"))
		rc = call_refuse(c, RC_CONFLICT, 409, "wrong_state",
				 "enrolment '%s' was ordered to be wiped "
				 "already",
				 id);
	if (rc == RC_OK)
		rc = enrol_wipe(&c->op, c->scope, id,
				json_text(c->body, "reason"));
	json_decref(seen);
	return rc == RC_OK ? record_show(c, id) : rc;
}

/* The enrolment is a record of another scope than the one that was asked. */
static enum rc part_show(struct call *c, enum rc rc, json_t *enrolment)
{
	if (rc == RC_OK)
		c->result =
			json_pack("{s:s, s:s, s:s, s:O}", "id",
				  json_text(enrolment, "id"), "terminal",
				  json_text(enrolment, "terminal"), "officer",
				  json_text(enrolment, "officer"), "scopes",
				  json_object_get(enrolment, "scopes"));
	json_decref(enrolment);
	return rc;
}

enum rc terminal_join(struct call *c)
{
	json_t *enrolment;
	enum rc rc = enrol_join(&c->op, c->scope, json_text(c->args, "id"),
				&enrolment);

	return part_show(c, rc, enrolment);
}

enum rc terminal_leave(struct call *c)
{
	json_t *enrolment;
	enum rc rc = enrol_leave(&c->op, c->scope, json_text(c->args, "id"),
				 json_text(c->body, "reason"), &enrolment);

	return part_show(c, rc, enrolment);
}
