#include "api/feed.h"

#include <string.h>

#include "api/border.h"
#include "api/kinds_asked.h"
#include "base/arena.h"
#include "base/jcs.h"
#include "object/commit.h"
#include "sql_store.gen.h"
#include "store/audit.h"

#define COMMIT_BYTES_MAX (1u << 20)

/* The row of log_since. */
enum { POSITION, KIND, ID, BODY, MERGED, AUTHOR, PACKET };

/* What the office called it, or "sync" for what a tablet sent; the merge of the
 * server itself has no packet. */
static enum rc operation_put(json_t *item, struct query *q, struct err *err)
{
	struct packet_commit commit;
	struct arena mem;
	struct oid oid;
	enum rc rc;

	if (query_is_null(q, PACKET)) {
		json_object_set_new(item, "author", json_string("server"));
		json_object_set_new(item, "operation", json_string("merge"));
		return RC_OK;
	}
	arena_init(&mem, COMMIT_BYTES_MAX);
	rc = packet_commit_read(&commit, &oid, query_get_text(q, PACKET),
				query_get_len(q, PACKET), &mem, err);
	if (rc == RC_OK) {
		json_object_set_new(item, "author",
				    json_string(query_get_text(q, AUTHOR)));
		json_object_set_new(item, "operation",
				    json_string(commit.operation
							? commit.operation
							: "sync"));
	}
	arena_release(&mem);
	return rc;
}

/* NULL (RC_OK) where the account may not see the record. The agency of a sealed
 * record is sealed too. */
static enum rc record_of(struct call *c, const struct kind *k,
			 const char *scope, struct query *q, json_t **out)
{
	const char *stored = query_get_text(q, BODY);
	size_t len = query_get_len(q, BODY);
	bool may = true;
	enum rc rc;

	*out = NULL;
	c->is_due = false;
	rc = border_out(c, k, stored, len, NULL, out);
	if (rc == RC_OK)
		rc = call_may_see(c, k, scope, *out, &may);
	if (rc == RC_OK && c->actor.agency[0] && kind_field(k, "agency") &&
	    json_is_true(json_object_get(*out, "shredded")))
		may = false;
	if (rc != RC_OK || !may) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

/* The record with the fields that were asked for: whether it may be seen is
 * asked of all of them. */
static enum rc record_put(struct call *c, const struct feed_wish *wish,
			  const struct kind *k, struct query *q, json_t *whole,
			  json_t *item)
{
	json_t *record = json_incref(whole);
	enum rc rc = RC_OK;

	if (wish->fields) {
		json_decref(record);
		record = NULL;
		rc = border_out(c, k, query_get_text(q, BODY),
				query_get_len(q, BODY), wish->fields, &record);
	}
	if (rc == RC_OK)
		json_object_set(item, "record", record);
	json_decref(record);
	return rc;
}

static enum rc item_add(struct call *c, const struct feed_wish *wish,
			const struct kind *k, struct query *q, json_t *items)
{
	json_t *record = NULL, *item;
	enum rc rc = record_of(c, k, wish->scope, q, &record);

	if (rc != RC_OK || !record)
		return rc;
	item = json_pack("{s:s, s:I, s:s, s:s, s:O, s:O, s:b}", "scope",
			 wish->scope, "position",
			 (json_int_t)query_get_int(q, POSITION), "kind",
			 k->name, "id", query_get_text(q, ID), "town",
			 json_object_get(record, "town"), "etag",
			 json_object_get(record, "etag"), "merged",
			 query_get_int(q, MERGED) != 0);
	rc = item ? operation_put(item, q, &c->err)
		  : err_set(&c->err, RC_NOMEM, "out of memory");
	/* Pages and streams leave no entry for what they tell, so what reads of
	 * leave one is not told. */
	if (rc == RC_OK && wish->with_record && !audit_is_due(k) && !c->is_due)
		rc = record_put(c, wish, k, q, record, item);
	if (rc == RC_OK)
		json_array_append(items, item);
	c->is_due = false;
	json_decref(item);
	json_decref(record);
	return rc;
}

enum rc feed_read(struct call *c, const struct feed_wish *wish,
		  int64_t *position, json_t *items)
{
	struct query *q = query_begin(c->store->db, SQL_LOG_SINCE);
	enum rc rc = RC_OK;

	query_text(q, 1, wish->scope);
	query_int(q, 2, *position);
	query_int(q, 3, FEED_ROWS_MAX);
	while (rc == RC_OK && json_array_size(items) < wish->most &&
	       query_row(q)) {
		const struct kind *k =
			registry_kind(c->store->kinds, query_get_text(q, KIND));

		if (k && kind_is_asked(c, wish->kinds, k))
			rc = item_add(c, wish, k, q, items);
		if (rc == RC_OK)
			*position = query_get_int(q, POSITION);
	}
	return query_end(q, &c->err) == RC_OK ? rc : c->err.code;
}

enum rc feed_begin_anew(struct call *c)
{
	return call_refuse(c, RC_CONFLICT, 410, "begin_anew",
			   "this position is none of the log any more, which "
			   "was restored from a backup: read again what you "
			   "follow, and begin at the position of that reply");
}

enum rc feed_epoch_check(struct call *c, const char *epoch, size_t n)
{
	const char *now = c->store->epoch;

	return !n || (n == strlen(now) && !strncmp(epoch, now, n))
		       ? RC_OK
		       : feed_begin_anew(c);
}

enum rc feed_head(struct call *c, const char *scope, int64_t *out)
{
	struct query *q = query_begin(c->store->db, SQL_LOG_HEAD);

	query_text(q, 1, scope);
	*out = query_row(q) ? query_get_int(q, 0) : 0;
	return query_end(q, &c->err);
}
