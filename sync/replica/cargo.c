/* replica/cargo.c - what this tablet carries for others: sealed requests on
 * their way to the server, sealed answers on their way back. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "blob/whole.h"
#include "sql_sync.gen.h"
#include "wire/bundle.h"

enum rc cargo_put(struct replica *r, const struct bundle_item *item,
		  struct err *err)
{
	int64_t anchor_ms, now_ms = 0;
	enum rc rc = anchor_get(r, &anchor_ms, &now_ms, err);
	struct query *q;
	char hash[65];

	if (rc != RC_OK)
		return rc;
	sha256_hex(hash, item->box, item->box_bytes);
	q = query_begin(r->db, SQL_R_CARGO_PUT);
	query_text(q, 1, item->type == BUNDLE_ANSWER ? "answer" : "request");
	query_text(q, 2, item->terminal);
	query_text(q, 3, item->digest);
	query_blob(q, 4, item->box, item->box_bytes);
	query_int(q, 5, now_ms);
	query_text(q, 6, hash);
	rc = query_end(q, err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(r->db, SQL_R_CARGO_PRUNE);
	query_int(q, 1, now_ms - KEEP_MS);
	return query_end(q, err);
}

enum rc cargo_is_carried(struct replica *r, const char *digest, bool *carried,
			 struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_CARGO_IS_CARRIED);

	query_text(q, 1, digest);
	*carried = query_row(q) && query_get_int(q, 0) > 0;
	return query_end(q, err);
}

enum rc cargo_next(struct replica *r, bool answers, int64_t *n,
		   struct bundle_item *item, struct buf *box, struct err *err)
{
	struct query *q = query_begin(r->db, answers ? SQL_R_CARGO_ANSWERS
						     : SQL_R_CARGO_UNANSWERED);
	bool found;
	enum rc rc;

	*item = (struct bundle_item){ .type = answers ? BUNDLE_ANSWER
						      : BUNDLE_REQUEST };
	query_int(q, 1, *n);
	found = query_row(q);
	if (found) {
		size_t bytes;
		const void *p = query_get_blob(q, 3, &bytes);

		*n = query_get_int(q, 0);
		snprintf(item->terminal, sizeof(item->terminal), "%s",
			 query_get_text(q, 1));
		snprintf(item->digest, sizeof(item->digest), "%s",
			 query_get_text(q, 2));
		buf_put(box, p, bytes);
	}
	rc = query_end(q, err);
	if (rc == RC_OK)
		rc = buf_status(box, err);
	item->box = box->data;
	item->box_bytes = box->len;
	return rc == RC_OK && !found ? RC_NOT_FOUND : rc;
}

/* Others' items of a file; an answer only where the request came this way. */
static enum rc items_carry(struct replica *r, const struct bundle_file *f,
			   struct bundle_carried *out, struct err *err)
{
	enum rc rc = bundle_tables(r, err);

	for (size_t i = 0; i < f->n && rc == RC_OK; i++) {
		if (!strcmp(f->items[i].terminal, f->terminal)) {
			out->own++;
			continue;
		}
		if (f->items[i].type == BUNDLE_PEER)
			continue;
		rc = cargo_put(r, &f->items[i], err);
		out->requests += f->items[i].type == BUNDLE_REQUEST;
		out->answers += f->items[i].type == BUNDLE_ANSWER;
	}
	if (rc == RC_OK && !out->requests && !out->answers)
		rc = err_set(err, RC_INVALID,
			     "the file has nothing of other tablets: what is "
			     "this one's goes by 'hufu sync', answers to it by "
			     "'hufu bundle apply'");
	return rc;
}

enum rc replica_bundle_carry(struct replica *r, const char *path,
			     struct bundle_carried *out, struct err *err)
{
	struct bundle_file f;
	enum rc rc = bundle_file_read(r, path, &f, err);

	*out = (struct bundle_carried){ 0 };
	if (rc == RC_OK)
		rc = replica_begin(r, err);
	if (rc == RC_OK)
		rc = replica_end(r, items_carry(r, &f, out, err), err);
	bundle_file_release(&f);
	return rc;
}

/* What the server said to one request: its answer, or why it has none. */
static enum rc reply_keep(struct replica *r, int64_t number,
			  const struct bundle_item *request,
			  const struct exchange_reply *reply,
			  struct sync_summary *sum, struct err *err)
{
	struct bundle_item *items = NULL;
	struct err why = { 0 };
	struct query *q;
	size_t n = 0;
	enum rc rc;

	if (reply->status != 200) {
		rc = reply_failed(
			reply, "a request that is carried was refused", &why);
		snprintf(sum->carried_why, sizeof(sum->carried_why), "%s",
			 why.text);
		/* Not its own fault: another time. */
		if (rc != RC_DENIED && rc != RC_INVALID)
			return RC_OK;
		q = query_begin(r->db, SQL_R_CARGO_REFUSED);
		query_int(q, 1, number);
		query_text(q, 2, why.text);
		return query_end(q, err);
	}
	rc = bundle_read(reply->body.data, reply->body.len, &items, &n, err);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		if (items[i].type == BUNDLE_ANSWER &&
		    !strcmp(items[i].digest, request->digest)) {
			rc = cargo_put(r, &items[i], err);
			sum->carried++;
		}
	free(items);
	return rc;
}

static enum rc request_deliver(struct replica *r, const struct exchange *x,
			       int64_t number, const struct bundle_item *item,
			       struct sync_summary *sum, struct err *err)
{
	struct exchange_reply reply = { 0 };
	struct buf body;
	enum rc rc;

	buf_init(&body, BUNDLE_BYTES_MAX);
	buf_init(&reply.body, BUNDLE_BYTES_MAX);
	rc = bundle_write(&body, item, 1, err);
	if (rc == RC_OK)
		rc = exchange_post(r, x, "/v1/bundle",
				   "application/x-hufu-bundle", true, &body,
				   &reply, err);
	if (rc == RC_OK)
		rc = replica_begin(r, err);
	if (rc == RC_OK)
		rc = replica_end(
			r, reply_keep(r, number, item, &reply, sum, err), err);
	buf_release(&body);
	buf_release(&reply.body);
	return rc;
}

static enum rc next_read(struct replica *r, int64_t *number,
			 struct bundle_item *item, struct buf *box,
			 struct err *err)
{
	bool here;
	enum rc rc = replica_begin_read(r, err), ended;

	if (rc != RC_OK)
		return rc;
	rc = bundle_tables_are_here(r, &here, err);
	if (rc == RC_OK)
		rc = here ? cargo_next(r, false, number, item, box, err)
			  : RC_NOT_FOUND;
	ended = replica_end(r, rc == RC_NOT_FOUND ? RC_OK : rc, err);
	return ended == RC_OK ? rc : ended;
}

enum rc cargo_deliver(struct replica *r, const struct exchange *x,
		      struct sync_summary *sum, struct err *err)
{
	int64_t number = 0;
	enum rc rc;

	do {
		struct bundle_item item;
		struct buf box;

		buf_init(&box, BUNDLE_BYTES_MAX);
		rc = next_read(r, &number, &item, &box, err);
		if (rc == RC_OK)
			rc = request_deliver(r, x, number, &item, sum, err);
		buf_release(&box);
	} while (rc == RC_OK);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc replica_bundle_cargo(struct replica *r, json_fn *fn, void *ctx,
			     struct err *err)
{
	json_t *list = json_array();
	const json_t *entry;
	struct query *q;
	size_t i;
	enum rc rc = replica_begin(r, err);

	if (rc == RC_OK) {
		rc = bundle_tables(r, err);
		q = query_begin(r->db, SQL_R_CARGO_LIST);
		while (rc == RC_OK && query_row(q)) {
			const char *refused = query_get_text(q, 3);
			json_t *o = json_pack(
				"{s:s, s:s, s:I, s:s, s:I, s:s}", "terminal",
				query_get_text(q, 0), "digest",
				query_get_text(q, 1), "bytes",
				(json_int_t)query_get_int(q, 2), "state",
				query_get_int(q, 5) ? "answered"
				: refused           ? "refused"
						    : "waiting",
				"taken", (json_int_t)query_get_int(q, 4), "why",
				refused ? refused : "");

			if (json_array_append_new(list, o) != 0)
				rc = out_of_memory(err);
		}
		if (query_end(q, err) != RC_OK)
			rc = err->code;
		rc = replica_end(r, rc, err);
	}
	json_array_foreach(list, i, entry)
	{
		if (rc == RC_OK)
			rc = fn(ctx, entry, err);
	}
	json_decref(list);
	return rc;
}
