/* api/api_list.c - GET /v1/<kinds>: records of a scope, a page at a time.
 *
 * In the order of ids, so a page costs the same however far behind it lies, and
 * what is made meanwhile neither moves nor doubles a record. */
#include "api/border.h"
#include "api/handlers.h"
#include "api/page.h"
#include "api/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "store/past.h"

/* One item, from the log: with what no column holds, and its exact bytes. */
static enum rc item_add(struct call *c, const char *id, int64_t position,
			json_t *items)
{
	json_t *record = NULL;
	char *stored;
	size_t len;
	bool may = true;
	enum rc rc = store_record_at(c->store, c->scope, c->kind->name, id,
				     position, &stored, &len, &c->err);

	if (rc != RC_OK)
		return err_set(&c->err, RC_CORRUPT, "%s '%s' has no record",
			       c->kind->name, id);
	rc = border_may_see(c, stored, len, &may);
	if (rc == RC_OK && may)
		rc = border_out(c, c->kind, stored, len,
				json_object_get(c->args, "fields"), &record);
	free(stored);
	if (rc == RC_OK && record)
		json_array_append_new(items, record);
	return rc;
}

static enum rc page_read(struct call *c, const char *after, int64_t position)
{
	int64_t limit = json_int(c->args, "limit", 100), n = 0;
	json_t *items = json_array();
	struct select s = { 0 };
	char last[40] = "";
	bool more = false;
	struct query *q;
	enum rc rc = select_make(&s, c, after, limit + 1);

	if (rc == RC_OK) {
		q = select_begin(&s, c);
		while (rc == RC_OK && query_row(q)) {
			more = n++ == limit;
			if (more)
				break;
			snprintf(last, sizeof(last), "%s",
				 query_get_text(q, 0));
			rc = item_add(c, last, position, items);
		}
		if (query_end(q, &c->err) != RC_OK)
			rc = c->err.code;
	}
	c->result = json_pack("{s:O, s:s, s:I}", "items", items, "scope",
			      c->scope, "position", (json_int_t)position);
	if (more)
		page_next(c, last);
	json_decref(items);
	select_release(&s);
	return rc;
}

/* The page is what it was as long as nothing was written in its scope. */
static void page_etag(struct call *c, int64_t position)
{
	unsigned char hash[SHA256_BYTES];
	struct err ignored = { 0 };
	struct sha256 h;
	struct buf b;

	buf_init(&b, 64u << 10);
	buf_printf(&b, "%s %s %lld %s %u ", c->operation->id, c->scope,
		   (long long)position, c->actor.agency, c->actor.roles);
	if (json_write(&b, c->args, &ignored) == RC_OK &&
	    buf_status(&b, &ignored) == RC_OK) {
		sha256_begin(&h);
		sha256_add(&h, b.data, b.len);
		sha256_end(&h, hash);
		hex_encode(c->etag, hash, 16);
	}
	buf_release(&b);
}

static enum rc list_now(struct call *c, const char *after)
{
	struct past_point now;
	enum rc rc = db_begin(c->store->db, false, &c->err);

	if (rc != RC_OK)
		return rc;
	rc = past_now(c->store, c->scope, &now, &c->err);
	if (rc == RC_OK)
		rc = page_read(c, after, now.position);
	if (rc == RC_OK)
		page_etag(c, now.position);
	db_rollback(c->store->db);
	return rc;
}

static enum rc list_past(struct call *c, const char *after, const char *as_of)
{
	const char *const kinds[] = { c->kind->name, NULL };
	struct past past = { 0 };
	struct past_point point;
	enum rc rc =
		past_point_parse(c->store, c->scope, as_of, &point, &c->err);
	enum rc ended;

	if (rc == RC_OK)
		rc = past_begin(&past, c->store, c->scope, kinds, NULL,
				&c->err);
	if (rc != RC_OK)
		return rc;
	rc = past_advance(&past, point.position, &c->err);
	if (rc == RC_OK)
		rc = page_read(c, after, point.position);
	if (rc == RC_OK)
		page_etag(c, point.position);
	ended = past_end(&past, &c->err);
	return rc == RC_OK ? ended : rc;
}

enum rc record_list(struct call *c)
{
	const char *as_of = json_text(c->args, "as-of"), *after;
	enum rc rc = page_after(c, &after);

	if (rc == RC_OK)
		rc = page_fields(c);
	if (rc != RC_OK)
		return rc;
	return as_of ? list_past(c, after, as_of) : list_now(c, after);
}
