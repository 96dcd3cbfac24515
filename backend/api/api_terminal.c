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
	char code[ENROL_CODE_SIZE], expires[25];
	enum rc rc = enrol_code_new(&c->op, officer, c->scope, code);

	if (rc != RC_OK)
		return rc;
	time_format(expires, c->op.now_ms + ENROL_CODE_MS);
	c->status = 201;
	c->result = json_pack("{s:s, s:s, s:s, s:s}", "code", code, "officer",
			      officer, "scope", c->scope, "expires", expires);
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

/* What the tablet sends from then on goes to quarantine. */
enum rc terminal_revoke(struct call *c)
{
	const char *id = json_text(c->args, "id");
	json_t *seen = NULL;
	bool is_active;
	enum rc rc = record_seen(c, id, &seen);

	is_active = rc == RC_OK && json_text(seen, "state") &&
		    !strcmp(json_text(seen, "state"), "active");
	json_decref(seen);
	if (rc == RC_OK && !is_active)
		rc = call_refuse(c, RC_CONFLICT, 409, "wrong_state",
				 "enrolment '%s' is not active", id);
	if (rc == RC_OK)
		rc = enrol_revoke(&c->op, c->scope, id,
				  json_text(c->body, "reason"));
	return rc == RC_OK ? record_show(c, id) : rc;
}
