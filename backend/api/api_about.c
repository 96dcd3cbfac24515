/* api/api_about.c - the service itself: who asks, scopes, the document. */
#include "api/handlers.h"
#include "api/page.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "object/oid.h"
#include "sql_store.gen.h"

enum rc about_me(struct call *c)
{
	static const char *const by[] = { [BY_TOKEN] = "token",
					  [BY_SESSION] = "session",
					  [BY_PASSWORD] = "password" };
	json_t *roles = json_array();

	for (unsigned bit = 1; bit <= ROLE_ADMINISTRATOR; bit <<= 1)
		if (c->actor.roles & bit)
			json_array_append_new(roles,
					      json_string(role_name(bit)));
	c->result =
		json_pack("{s:s, s:o, s:o}", "account", c->actor.name, "roles",
			  roles, "scopes", page_words(c->actor.scopes));
	if (c->by != BY_NOBODY && c->by != BY_COMMAND)
		json_object_set_new(c->result, "by", json_string(by[c->by]));
	if (c->actor.agency[0])
		json_object_set_new(c->result, "agencies",
				    page_words(c->actor.agency));
	return RC_OK;
}

static void hex_put(json_t *o, const char *name, struct query *q, int column)
{
	struct oid oid;
	char hex[OID_HEX_SIZE];
	size_t n;
	const void *p = query_get_blob(q, column, &n);

	if (!p || n != OID_BYTES)
		return;
	memcpy(oid.b, p, OID_BYTES);
	oid_hex(hex, &oid);
	json_object_set_new(o, name, json_string(hex));
}

enum rc about_scopes(struct call *c)
{
	struct query *q = query_begin(c->store->db, SQL_SCOPE_HEADS);
	json_t *items = json_array();

	while (query_row(q)) {
		const char *scope = query_get_text(q, 0);
		char when[25];
		json_t *item;

		if (strcmp(scope, "catalog") != 0 &&
		    !account_may(&c->actor, ~0u, scope))
			continue;
		time_format(when, query_get_int(q, 4));
		item = json_pack("{s:s, s:I, s:s}", "scope", scope, "position",
				 (json_int_t)query_get_int(q, 1),
				 "committed_at", when);
		hex_put(item, "commit", q, 2);
		hex_put(item, "root", q, 3);
		json_array_append_new(items, item);
	}
	c->result = json_pack("{s:o}", "items", items);
	return query_end(q, &c->err) == RC_OK ? page_cut(c, "scope")
					      : c->err.code;
}

enum rc about_document(struct call *c)
{
	snprintf(c->etag, sizeof(c->etag), "%.40s", contract_tag(c->contract));
	c->result = json_incref(
		(json_t *)(uintptr_t)contract_document(c->contract));
	return RC_OK;
}
