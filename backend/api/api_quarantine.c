/* api/api_quarantine.c - what was received and may not stand on the main line,
 * and what becomes of it. */
#include "api/handlers.h"
#include "api/page.h"

#include <string.h>

#include "base/date.h"
#include "base/jcs.h"
#include "ledger/quarantine.h"
#include "store/audit.h"

/* Single records of packets and packets as a whole have no one id; in the order
 * of receipt a row's number stays what it was. */
enum rc quarantine_page(struct call *c)
{
	int64_t limit = json_int(c->args, "limit", 100), from = 0;
	json_t *rows = NULL, *items = json_array(), *row;
	char text[32];
	size_t i;
	enum rc rc = page_from(c, &from);

	if (rc == RC_OK)
		rc = page_members(c);
	if (rc == RC_OK)
		rc = quarantine_list(&c->op, c->scope, from, limit + 1, &rows);
	json_array_foreach(rows, i, row)
	{
		if ((int64_t)i == limit)
			break;
		time_format(text, json_int(row, "time", 0));
		json_object_set_new(row, "time", json_string(text));
		json_array_append_new(items, page_item(c, row, "packet"));
	}
	c->result = json_pack("{s:o, s:s}", "items", items, "scope", c->scope);
	if ((int64_t)json_array_size(rows) > limit) {
		snprintf(text, sizeof(text), "%lld", (long long)(from + limit));
		page_next(c, text);
	}
	json_decref(rows);
	return rc;
}

/* The entry that the path names, in c->result; 404 also for a record that the
 * account may not see. */
static enum rc quarantined_show(struct call *c)
{
	const char *name = json_text(c->args, "kind");
	const struct kind *k = registry_kind(c->store->kinds, name);
	json_t *entry = NULL;
	char text[32];
	bool may = true;
	enum rc rc = quarantine_entry(&c->op, json_text(c->args, "packet"),
				      name, json_text(c->args, "id"), &entry);

	if (rc == RC_OK && k)
		rc = call_may_see(c, k, c->scope,
				  json_object_get(entry, "record"), &may);
	if (rc == RC_OK &&
	    (!may || strcmp(json_text(entry, "scope"), c->scope) != 0))
		rc = call_refuse(c, RC_NOT_FOUND, 404, "not_found",
				 "there is no such record in quarantine of "
				 "scope %s",
				 c->scope);
	if (rc == RC_OK) {
		time_format(text, json_int(entry, "time", 0));
		json_object_set_new(entry, "time", json_string(text));
		snprintf(c->about_kind, sizeof(c->about_kind), "%s", name);
		c->is_due = k && audit_is_due(k);
		json_decref(c->result);
		c->result = json_incref(entry);
	}
	json_decref(entry);
	return rc;
}

enum rc quarantine_get(struct call *c)
{
	return quarantined_show(c);
}

static enum rc quarantined_close(struct call *c, bool adopts)
{
	enum rc rc = quarantined_show(c);

	if (rc != RC_OK)
		return rc;
	rc = quarantine_close(&c->op, json_text(c->args, "packet"),
			      json_text(c->args, "kind"),
			      json_text(c->args, "id"), adopts,
			      json_text(c->body, "reason"));
	if (rc == RC_DENIED || rc == RC_CONFLICT)
		/* The role was checked: it is the ledger that refuses. */
		c->problem_status = 409, c->problem_type = "refused";
	return rc == RC_OK ? quarantined_show(c) : rc;
}

enum rc quarantine_adopt(struct call *c)
{
	return quarantined_close(c, true);
}

enum rc quarantine_reject(struct call *c)
{
	return quarantined_close(c, false);
}
