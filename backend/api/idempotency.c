/* api/idempotency.c - the same deed is done once, however often it is asked
 * for: the key and what came of it stand in the transaction of the deed itself
 * (draft-ietf-httpapi-idempotency-key-header). */
#include "api/call.h"
#include "api/record.h"

#include <string.h>

#include "base/hash.h"
#include "base/jcs.h"
#include "sql_store.gen.h"

#define KEPT_MS INT64_C(86400000)

/* {"with": {"secret": true}}: what the reply holds is kept nowhere. */
static bool is_secret(const struct call *c)
{
	return json_is_true(json_object_get(c->operation->with, "secret"));
}

/* Personal data stands sealed or not at all: a reply with it is not kept. */
static bool is_personal(const struct call *c)
{
	const char *named = json_text(c->args, "kind");
	const struct kind *k =
		named ? registry_kind(c->store->kinds, named) : c->kind;

	return k && k->is_sealed;
}

/* The record that was made then, as it stands now: shredded, where its key was
 * destroyed since. */
static enum rc shown_again(struct call *c)
{
	const char *at = strrchr(c->location, '/');
	size_t n = at ? strcspn(++at, "?") : 0;
	int status = c->status;
	char id[33];
	enum rc rc;

	if (!n || n >= sizeof(id))
		return call_refuse(c, RC_CONFLICT, 409, "conflict",
				   "that was done; its reply held personal "
				   "data and was not kept");
	memcpy(id, at, n);
	id[n] = '\0';
	rc = record_show(c, id);
	c->status = status;
	return rc;
}

enum rc idempotency_look(struct call *c, const char *key,
			 const unsigned char request[32], bool *done)
{
	struct query *q = query_begin(c->store->db, SQL_IDEMPOTENCY_GET);
	const void *before;
	size_t n;
	bool is_same = false;
	enum rc rc = RC_OK;

	*done = false;
	query_text(q, 1, c->actor.name);
	query_text(q, 2, key);
	query_int(q, 3, c->op.now_ms - KEPT_MS);
	if (query_row(q)) {
		before = query_get_blob(q, 0, &n);
		is_same = n == SHA256_BYTES && !memcmp(before, request, n);
		*done = true;
		c->status = (int)query_get_int(q, 1);
		if (is_same && !query_is_null(q, 2))
			rc = json_read(query_get_text(q, 2),
				       query_get_len(q, 2), &c->result,
				       &c->err);
		snprintf(c->etag, sizeof(c->etag), "%s", query_get_text(q, 3));
		snprintf(c->location, sizeof(c->location), "%s",
			 query_get_text(q, 4));
	}
	if (query_end(q, &c->err) != RC_OK || rc != RC_OK)
		return c->err.code;
	if (*done && !is_same)
		return call_refuse(c, RC_CONFLICT, 422,
				   "idempotency_key_reused",
				   "the Idempotency-Key was used for another "
				   "request: take a new one");
	if (*done && is_secret(c))
		return call_refuse(c, RC_CONFLICT, 409, "conflict",
				   "that was done, and the secret in its reply "
				   "is told only once");
	if (*done && is_personal(c))
		return shown_again(c);
	return RC_OK;
}

enum rc idempotency_keep(struct call *c, const char *key,
			 const unsigned char request[32])
{
	struct query *q = query_begin(c->store->db, SQL_IDEMPOTENCY_PRUNE);
	struct buf reply;
	enum rc rc;

	query_int(q, 1, c->op.now_ms - KEPT_MS);
	rc = query_end(q, &c->err);
	if (rc != RC_OK)
		return rc;
	buf_init(&reply, JSON_BYTES_MAX);
	if (c->result && !is_secret(c) && !is_personal(c))
		rc = json_write(&reply, c->result, &c->err);
	if (rc == RC_OK)
		rc = buf_status(&reply, &c->err);
	q = query_begin(c->store->db, SQL_IDEMPOTENCY_PUT);
	query_text(q, 1, c->actor.name);
	query_text(q, 2, key);
	query_blob(q, 3, request, SHA256_BYTES);
	query_int(q, 4, c->status);
	if (reply.len)
		query_textn(q, 5, reply.data, reply.len);
	query_text(q, 6, c->etag);
	query_text(q, 7, c->location);
	query_int(q, 8, c->op.now_ms);
	if (query_end(q, &c->err) != RC_OK)
		rc = c->err.code;
	buf_release(&reply);
	return rc;
}
