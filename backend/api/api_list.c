/* api/api_list.c - GET /v1/<kinds>: records of a scope, a page at a time.
 *
 * In the order of ids, so a page costs the same however far behind it lies, and
 * what is made meanwhile neither moves nor doubles a record. */
#include "api/border.h"
#include "api/handlers.h"
#include "api/page.h"
#include "api/select.h"
#include "api/service_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "sql_store.gen.h"
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

/* The page of the ids in q, which is ended; one more than its limit says that
 * there are more, and so does `upto`, behind which nobody looked ("": at all).
 * Of the log come ids of records that were not yet there, too, without a
 * position: so many are looked at, and the next page goes on behind them. */
static enum rc page_put(struct call *c, struct query *q, int64_t position,
			const char *upto, bool is_log)
{
	int64_t limit = json_int(c->args, "limit", 100), n = 0, looked = 0;
	json_t *items = json_array();
	char last[40] = "";
	bool more = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && query_row(q)) {
		more = n == limit || (is_log && looked++ == SELECT_ROWS_MAX);
		if (more)
			break;
		snprintf(last, sizeof(last), "%s", query_get_text(q, 0));
		if (is_log && query_is_null(q, 1))
			continue;
		n++;
		rc = item_add(c, last, position, items);
	}
	if (query_end(q, &c->err) != RC_OK)
		rc = c->err.code;
	c->result = json_pack("{s:O, s:s, s:I}", "items", items, "scope",
			      c->scope, "position", (json_int_t)position);
	if (more || *upto)
		page_next(c, more ? last : upto);
	json_decref(items);
	return rc;
}

static enum rc page_read(struct call *c, const char *after, int64_t position)
{
	struct select s = { 0 };
	enum rc rc = select_make(&s, c, after,
				 json_int(c->args, "limit", 100) + 1, true);

	if (rc == RC_OK)
		rc = page_put(c, select_begin(&s, c), position, s.upto, false);
	select_release(&s);
	return rc;
}

/* Without a filter the log's index has the ids of any position. */
static enum rc page_read_log(struct call *c, const char *after,
			     int64_t position)
{
	struct query *q = query_begin(c->store->db, SQL_LOG_IDS_AT);

	query_text(q, 1, c->scope);
	query_text(q, 2, c->kind->name);
	query_text(q, 3, after);
	query_int(q, 4, position);
	query_int(q, 5, SELECT_ROWS_MAX + 1);
	return page_put(c, q, position, "", true);
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

static bool is_filtered(const struct call *c)
{
	static const char *const others[] = { "scope", "limit", "cursor",
					      "fields", "as-of" };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		n += json_object_get(c->args, others[i]) != NULL;
	return json_object_size(c->args) > n ||
	       (c->actor.agency[0] &&
		(kind_field(c->kind, "agency") || store_whose(c->kind)));
}

/* A filter wants the kind's table as it was, made from the log. */
static enum rc heavy_take(struct call *c)
{
	int wait_s = 0;

	if (!c->service ||
	    limit_take(c->service, contract_limit(c->contract, "heavy"),
		       c->by == BY_NOBODY && c->remote ? c->remote
						       : c->actor.name,
		       &wait_s))
		return RC_OK;
	c->retry_after_s = wait_s;
	return call_refuse(c, RC_BUSY, 429, "too_many_requests",
			   "too many lists of the past with a filter: try "
			   "again in %d seconds",
			   wait_s);
}

/* How many of what stands in front are asked for, up to a page and one more. */
static enum rc matches_count(struct call *c, const char *after, int64_t most,
			     int64_t *n)
{
	struct select s = { 0 };
	struct query *q;
	enum rc rc = select_make(&s, c, after, most, false);

	*n = 0;
	if (rc == RC_OK) {
		q = select_begin(&s, c);
		while (query_row(q))
			++*n;
		rc = query_end(q, &c->err);
	}
	select_release(&s);
	return rc;
}

/* Take in ever more records of the past until the page is full, there are no
 * more, or as many were looked at as one page may. */
static enum rc window_fill(struct call *c, struct past *past, const char *after,
			   int64_t position, char upto[33])
{
	int64_t most = json_int(c->args, "limit", 100) + 1, looked = 0, n = 0;
	int64_t part = 4 * most;
	char from[33];
	enum rc rc;

	snprintf(from, sizeof(from), "%s", after);
	do {
		if (part > SELECT_ROWS_MAX - looked)
			part = SELECT_ROWS_MAX - looked;
		rc = past_fill(past, position, from, part, upto, &c->err);
		if (rc == RC_OK)
			rc = matches_count(c, after, most, &n);
		looked += part;
		part *= 2;
		memcpy(from, upto, sizeof(from));
	} while (rc == RC_OK && n < most && *upto && looked < SELECT_ROWS_MAX);
	return rc;
}

static enum rc list_table(struct call *c, const char *after, int64_t position)
{
	const char *const kinds[] = { c->kind->name, NULL };
	struct past past = { 0 };
	struct select s = { 0 };
	char upto[33] = "";
	enum rc rc = heavy_take(c), ended;

	if (rc == RC_OK)
		rc = past_begin(&past, c->store, c->scope, kinds, NULL,
				&c->err);
	if (rc == RC_OK)
		rc = window_fill(c, &past, after, position, upto);
	if (rc == RC_OK)
		rc = select_make(&s, c, after,
				 json_int(c->args, "limit", 100) + 1, false);
	if (rc == RC_OK)
		rc = page_put(c, select_begin(&s, c), position, upto, false);
	select_release(&s);
	ended = past_end(&past, &c->err);
	return rc == RC_OK ? ended : rc;
}

static enum rc list_past(struct call *c, const char *after, const char *as_of)
{
	struct past_point point;
	enum rc rc =
		past_point_parse(c->store, c->scope, as_of, &point, &c->err);

	if (rc == RC_OK)
		rc = is_filtered(c) ? list_table(c, after, point.position)
				    : page_read_log(c, after, point.position);
	if (rc == RC_OK)
		page_etag(c, point.position);
	return rc;
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
