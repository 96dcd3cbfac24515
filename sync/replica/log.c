/* replica/log.c - what the replica can tell of itself, as JSON. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "kind/refusal.h"
#include "kind/rows.h"
#include "kind/telling.h"
#include "sql_sync.gen.h"

static enum rc hand_out(json_fn *fn, void *ctx, json_t *o, struct err *err)
{
	enum rc rc = o ? fn(ctx, o, err) : out_of_memory(err);

	json_decref(o);
	return rc;
}

static void text_add(json_t *o, const char *key, const char *text)
{
	if (o && text)
		json_object_set_new(o, key, json_string(text));
}

static json_t *receipt_read(struct query *q, int col)
{
	struct err ignored = { 0 };
	json_t *receipt = NULL;

	if (!query_is_null(q, col))
		json_read(query_get_text(q, col), query_get_len(q, col),
			  &receipt, &ignored);
	return receipt;
}

/* Columns of r_packet_all; `wall` stands in the commit itself. */
static json_t *packet_object(struct query *q)
{
	json_t *o = json_pack(
		"{s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:s}", "packet",
		query_get_text(q, 1), "scope", query_get_text(q, 2), "journal",
		query_get_text(q, 3), "sequence",
		(json_int_t)query_get_int(q, 4), "message",
		query_get_text(q, 6), "records",
		(json_int_t)query_get_int(q, 10), "wall",
		(json_int_t)query_get_int(q, 9), "state", query_get_text(q, 7));
	json_t *receipt = receipt_read(q, 8);

	if (o && receipt)
		json_object_set(o, "receipt", receipt);
	json_decref(receipt);
	return o;
}

enum rc replica_log(struct replica *r, json_fn *fn, void *ctx, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_PACKET_ALL);
	enum rc rc = RC_OK, ended;

	while (rc == RC_OK && query_row(q))
		rc = hand_out(fn, ctx, packet_object(q), err);
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

/* The officer's name, where the author is one of this district's officers; an
 * account of the office has no record. */
static enum rc name_add(struct replica *r, json_t *o, const char *author,
			const char *key, struct err *err)
{
	const struct captured *c = captured_of(r, "officer");
	const char *id = json_text(o, author);
	struct query *q;

	if (!id || !c || !kind_field(c->kind, "name"))
		return RC_OK;
	q = query_begin(r->db, "SELECT name FROM officer WHERE id=?1");
	query_text(q, 1, id);
	if (query_row(q))
		text_add(o, key, query_get_text(q, 0));
	return query_end(q, err);
}

/* The sentences, in both languages. */
static enum rc conflict_tell(struct replica *r, json_t *o, const char *me,
			     struct err *err)
{
	const struct captured *c = captured_of(r, json_text(o, "record_kind"));
	struct telling t = { .kind = c ? c->kind : NULL,
			     .conflict = o,
			     .me = me,
			     .author = json_text(o, "author_name"),
			     .server_author =
				     json_text(o, "server_author_name") };
	json_t *says = json_object();
	enum rc rc = RC_OK;

	for (int i = 0; i < 2 && rc == RC_OK; i++) {
		struct buf text;

		t.in_chinese = i == 1;
		buf_init(&text, RECORD_BYTES_MAX);
		telling_write(&text, &t);
		rc = buf_status(&text, err);
		if (rc == RC_OK)
			text_add(says, i ? "zh" : "en", text.data);
		buf_release(&text);
	}
	if (rc == RC_OK && json_object_set(o, "says", says) != 0)
		rc = out_of_memory(err);
	json_decref(says);
	return rc;
}

/* Open ones; and one that was decided otherwise than this officer wrote, until
 * he accepts it. */
static bool conflict_waits(const json_t *o, const char *me)
{
	const char *state = json_text(o, "state");
	const char *decision = json_text(o, "decision");
	const char *author = json_text(o, "author");
	const char *server = json_text(o, "server_author");
	bool wrote_last = author && me && !strcmp(author, me);
	bool wrote_first = server && me && !strcmp(server, me);

	if (state && !strcmp(state, "open"))
		return true;
	if (!state || !decision || !json_object_get(o, "parties") ||
	    (!wrote_last && !wrote_first) || conflict_is_accepted(o, me))
		return false;
	return strcmp(decision, wrote_last ? "terminal" : "server") != 0;
}

static enum rc conflict_explain(struct replica *r, json_t *o, const char *kind,
				const char *me, struct err *err)
{
	const json_t *stands = json_object_get(o, "standing_value");
	enum rc rc;

	text_add(o, "what", "conflict");
	text_add(o, "kind", kind);
	text_add(o, "stands",
		 json_equal(stands, json_object_get(o, "server_value"))
			 ? "server"
		 : json_equal(stands, json_object_get(o, "terminal_value"))
			 ? "terminal"
			 : "other");
	if (me && conflict_is_accepted(o, me))
		json_object_set_new(o, "accepted", json_true());
	rc = name_add(r, o, "author", "author_name", err);
	if (rc == RC_OK)
		rc = name_add(r, o, "server_author", "server_author_name", err);
	return rc == RC_OK ? conflict_tell(r, o, me, err) : rc;
}

/* Open conflicts of one kind as whole records, with what they are. */
static enum rc conflicts_of(struct replica *r, const char *kind, const char *me,
			    json_fn *fn, void *ctx, struct err *err)
{
	const struct captured *c = captured_of(r, kind);
	char id[33] = "";

	if (!c)
		return RC_OK;
	for (;;) {
		json_t *record = NULL;
		bool found;
		enum rc rc = next_id(r, c->live_next, NULL, id, &found, err);

		if (rc != RC_OK || !found)
			return rc;
		rc = rows_get(r->db, c->kind, ROWS_REPLICA, NULL, id, &record,
			      err);
		if (rc == RC_OK && conflict_waits(record, me)) {
			rc = conflict_explain(r, record, kind, me, err);
			if (rc == RC_OK)
				rc = fn(ctx, record, err);
		}
		json_decref(record);
		if (rc != RC_OK)
			return rc;
	}
}

/* What somebody said of it since. */
static enum rc closed_add(struct replica *r, json_t *o, struct err *err)
{
	const struct captured *c = captured_of(r, "adoption");
	struct query *q;

	if (!c)
		return RC_OK;
	q = query_begin(r->db, "SELECT state,decided_by,reason FROM adoption "
			       "WHERE packet=?1 AND record_kind=?2 AND "
			       "record_id=?3");
	query_text(q, 1, json_text(o, "packet"));
	query_text(q, 2, json_text(o, "record_kind"));
	query_text(q, 3, json_text(o, "record_id"));
	if (query_row(q)) {
		text_add(o, "state", query_get_text(q, 0));
		text_add(o, "decided_by", query_get_text(q, 1));
		text_add(o, "decision", query_get_text(q, 2));
	}
	return query_end(q, err);
}

static enum rc quarantined_list(struct replica *r, json_fn *fn, void *ctx,
				struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_STATUS_QUARANTINED);
	enum rc rc = RC_OK, ended;

	while (rc == RC_OK && query_row(q)) {
		json_t *o = json_pack(
			"{s:s, s:s, s:s, s:s, s:s, s:s}", "what", "quarantined",
			"record_kind", query_get_text(q, 0), "record_id",
			query_get_text(q, 1), "code", query_get_text(q, 2),
			"packet", query_get_text(q, 3), "scope",
			query_get_text(q, 4));
		json_t *body = receipt_read(q, 5);

		if (o && body)
			json_object_set(o, "record", body);
		json_decref(body);
		if (o)
			json_object_set_new(
				o, "says",
				json_pack("{s:s, s:s}", "en",
					  refusal_says(json_text(o, "code"),
						       false),
					  "zh",
					  refusal_says(json_text(o, "code"),
						       true)));
		rc = o ? closed_add(r, o, err) : out_of_memory(err);
		if (rc == RC_OK)
			rc = fn(ctx, o, err);
		json_decref(o);
	}
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

enum rc replica_conflicts(struct replica *r, json_fn *fn, void *ctx,
			  struct err *err)
{
	enum rc rc = replica_begin_read(r, err);
	char *me = NULL;

	if (rc != RC_OK)
		return rc;
	rc = meta_get(r, "officer", &me, err);
	if (rc == RC_OK)
		rc = conflicts_of(r, "conflict", me, fn, ctx, err);
	if (rc == RC_OK)
		rc = conflicts_of(r, "conflict_private", me, fn, ctx, err);
	if (rc == RC_OK)
		rc = quarantined_list(r, fn, ctx, err);
	free(me);
	return replica_end(r, rc, err);
}

static enum rc scope_object(struct replica *r, const struct scope *s,
			    json_t *list, struct err *err)
{
	char head[OID_HEX_SIZE], root[OID_HEX_SIZE];
	struct query *q = query_begin(r->db, SQL_R_LEAF_COUNT_SCOPE);
	int64_t records = 0;
	json_t *o;
	enum rc rc;

	query_text(q, 1, s->scope);
	if (query_row(q))
		records = query_get_int(q, 0);
	rc = query_end(q, err);
	if (rc != RC_OK)
		return rc;
	oid_hex(head, &s->head);
	oid_hex(root, &s->root);
	o = json_pack("{s:s, s:s, s:I, s:I}", "scope", s->scope, "root", root,
		      "position", (json_int_t)s->position, "records",
		      (json_int_t)records);
	if (s->has_head)
		text_add(o, "head", head);
	return json_array_append_new(list, o) ? out_of_memory(err) : RC_OK;
}

static enum rc meta_add(struct replica *r, json_t *o, const char *key,
			struct err *err)
{
	char *value;
	enum rc rc = meta_get(r, key, &value, err);

	text_add(o, key, value);
	free(value);
	return rc;
}

enum rc replica_info(struct replica *r, json_t **out, struct err *err)
{
	static const char *const keys[] = { "terminal", "enrolment",
					    "officer",  "name",
					    "url",      "server_key",
					    "epoch" };
	json_t *o = json_object(), *list = json_array();
	struct scope *all = NULL;
	size_t n = 0;
	enum rc rc = replica_begin_read(r, err);

	*out = NULL;
	if (rc == RC_OK) {
		for (size_t i = 0; i < 7 && rc == RC_OK; i++)
			rc = meta_add(r, o, keys[i], err);
		if (rc == RC_OK)
			rc = scope_all(r, &all, &n, err);
		for (size_t i = 0; i < n && rc == RC_OK; i++)
			rc = scope_object(r, &all[i], list, err);
		rc = replica_end(r, rc, err);
	}
	free(all);
	if (json_object_set_new(o, "scopes", list) != 0 && rc == RC_OK)
		rc = out_of_memory(err);
	if (rc == RC_OK)
		*out = o;
	else
		json_decref(o);
	return rc;
}
