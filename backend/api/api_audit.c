/* api/api_audit.c - the audit log over HTTP: its entries and its head. */
#include "api/handlers.h"

#include "api/page.h"
#include "api/select.h"
#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "store/audit.h"

struct page {
	const struct call *c;
	json_t *items;
	int64_t last; /* `seq` of the last entry that was looked at */
	size_t most, looked_at;
	bool more;
};

static enum rc audit_item(void *ctx, const struct audit_row *row,
			  struct err *err)
{
	static const char *const names[] = {
		"who", "via",     "operation",  "scope", "kind",
		"id",  "outcome", "request_id", "detail"
	};
	const char *const texts[] = {
		row->who, row->via,     row->operation,  row->scope, row->kind,
		row->id,  row->outcome, row->request_id, row->detail
	};
	struct page *p = ctx;
	char hash[2 * SHA256_BYTES + 1];
	json_t *item;

	if (json_array_size(p->items) == p->most ||
	    p->looked_at++ == SELECT_ROWS_MAX) {
		p->more = true;
		return err_set(err, RC_BUSY, "the page is full");
	}
	p->last = row->seq;
	if (!audit_is_seen(&p->c->actor, row))
		return RC_OK;
	hex_encode(hash, row->hash, SHA256_BYTES);
	item = json_pack("{s:I, s:s}", "seq", (json_int_t)row->seq, "hash",
			 hash);
	page_time(item, "at", row->at_ms);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (texts[i])
			json_object_set_new(item, names[i],
					    json_string(texts[i]));
	json_array_append_new(p->items, page_item(p->c, item, "seq"));
	json_decref(item);
	return RC_OK;
}

enum rc audit_page(struct call *c)
{
	const char *from = json_text(c->args, "from");
	const char *to = json_text(c->args, "to");
	struct audit_filter f = {
		.who = json_text(c->args, "who"),
		.operation = json_text(c->args, "operation"),
		.scope = json_text(c->args, "scope"),
		.kind = json_text(c->args, "kind"),
		.outcome = json_text(c->args, "outcome"),
		.request_id = json_text(c->args, "request"),
		.about = json_text(c->args, "about"),
		.with = json_text(c->args, "credential"),
	};
	struct page p = { .c = c,
			  .items = json_array(),
			  .most = (size_t)json_int(c->args, "limit", 100) };
	struct err why = { 0 };
	enum rc rc = page_from(c, &f.after_seq);

	if (rc == RC_OK && f.scope &&
	    !account_may(&c->actor, AUDIT_ROLES, f.scope))
		rc = call_refuse(c, RC_DENIED, 403, "denied",
				 "account '%s' has no rights in scope %s",
				 c->actor.name, f.scope);
	if (rc == RC_OK)
		rc = page_members(c);
	if (rc != RC_OK) {
		json_decref(p.items);
		return rc;
	}
	if (from)
		(void)time_parse(from, &f.from_ms);
	if (to)
		(void)time_parse(to, &f.to_ms);
	rc = audit_each(c->store, &f, audit_item, &p, &why);
	c->result = json_pack("{s:o}", "items", p.items);
	if (p.more) {
		char last[24];

		snprintf(last, sizeof(last), "%lld", (long long)p.last);
		page_next(c, last);
	} else if (rc != RC_OK) {
		return err_set(&c->err, rc, "%s", why.text);
	}
	return RC_OK;
}

enum rc audit_top(struct call *c)
{
	struct buf b;
	enum rc rc;

	buf_init(&b, 16u << 10);
	rc = audit_head_write(c->store, &b, &c->err);
	if (rc == RC_OK)
		rc = json_read(b.data, b.len, &c->result, &c->err);
	buf_release(&b);
	return rc;
}
