/* ledger/answer.c - the answer to a sync: receipts, head, and what changed. */
#include "ledger/sync_impl.h"

#include "base/jcs.h"
#include "base/json_memory.h"
#include "ledger/trail.h"
#include "sql_store.gen.h"
#include "wire/group.h"
#include "wire/wipe.h"

/* One scope of the answer. */
struct reply_scope {
	const struct wire_scope *ws;
	const struct intake *intakes;
	bool may_read;
	struct head from, to; /* rows lie between these */
	bool has_head;
	bool has_known;
	struct oid known; /* of the commits that the terminal named */
	const char *error;
	json_t *receipts;
	json_t *own; /* path -> canonical text of the newest packet */
	json_t *merged; /* paths */
};

struct answering {
	struct sync *s;
	struct store *store;
	struct line_writer w;
	struct groups groups;
	struct reply_scope *scopes;
	struct buf from, to; /* what a record's two versions differ in */
	struct err *err;
};

static json_t *receipt_plain(const struct intake *in, const char *state,
			     const char *text)
{
	char hex[OID_HEX_SIZE];
	json_t *r;

	oid_hex(hex, &in->take.oid);
	r = json_pack("{s:s, s:s}", "packet", hex, "state", state);
	if (text && text[0])
		json_object_set_new(r, "text", json_string(text));
	return r;
}

/* The receipt of a packet as the store has it: taken, held, or neither. */
static enum rc receipt_load(struct answering *a, const struct intake *in,
			    json_t **out, int64_t *number)
{
	struct query *q = query_begin(a->store->db, SQL_PACKET_BY_OID);
	enum rc rc = RC_OK;

	*out = NULL;
	*number = 0;
	query_blob(q, 1, in->take.oid.b, OID_BYTES);
	if (query_row(q)) {
		*number = query_get_int(q, 0);
		rc = json_read(query_get_text(q, 1), query_get_len(q, 1), out,
			       a->err);
	}
	if (query_end(q, a->err) != RC_OK)
		return a->err->code;
	if (*out || rc != RC_OK)
		return rc;
	if (in->state == INTAKE_NEED_WHOLE) {
		*out = receipt_plain(in, "need_whole", NULL);
		return RC_OK;
	}
	q = query_begin(a->store->db, SQL_HELD_GET);
	query_blob(q, 1, in->take.oid.b, OID_BYTES);
	if (query_row(q))
		*out = receipt_plain(in, query_get_text(q, 0),
				     query_get_text(q, 1));
	else
		*out = receipt_plain(in, "waiting",
				     "an earlier packet of its journal is "
				     "missing");
	return query_end(q, a->err);
}

/* The records of a taken packet, as its author wrote them. */
static enum rc own_note(struct answering *a, struct reply_scope *rs,
			int64_t number)
{
	struct query *q = query_begin(a->store->db, SQL_PACKET_RECORDS);

	query_int(q, 1, number);
	query_text(q, 2, rs->ws->scope);
	while (query_row(q)) {
		char path[72];

		snprintf(path, sizeof(path), "%s/%s", query_get_text(q, 0),
			 query_get_text(q, 1));
		/* In quarantine: its standing version is told like anybody
		 * else's change. */
		json_object_set_new(
			rs->own, path,
			query_is_null(q, 3)
				? json_stringn_nocheck(query_get_text(q, 2),
						       query_get_len(q, 2))
				: json_null());
	}
	return query_end(q, a->err);
}

static enum rc receipts_load(struct answering *a, struct reply_scope *rs)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < rs->ws->npackets && rc == RC_OK; i++) {
		json_t *receipt;
		int64_t number;

		rc = receipt_load(a, &rs->intakes[i], &receipt, &number);
		if (rc == RC_OK && number)
			rc = own_note(a, rs, number);
		if (receipt)
			json_array_append_new(rs->receipts, receipt);
	}
	return rc;
}

/* A record that any of these receipts has in quarantine stays out of `own`. */
static void own_clean(struct reply_scope *rs)
{
	const json_t *receipt, *pair;
	size_t i, n;

	json_array_foreach(rs->receipts, i, receipt) json_array_foreach(
		json_object_get(receipt, "quarantined"), n, pair)
		json_object_del(rs->own,
				json_string_value(json_array_get(pair, 0)));
}

static enum rc known_find(struct answering *a, struct reply_scope *rs)
{
	enum rc rc;

	if (!rs->ws->known || !rs->may_read)
		return RC_OK;
	rc = comparison_known(a->store, rs->ws, &rs->known, a->err);
	rs->has_known = rc == RC_OK;
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc scope_open(struct answering *a, struct reply_scope *rs)
{
	const struct wire_scope *ws = rs->ws;
	enum rc rc;

	rs->receipts = json_array();
	rs->own = json_object();
	rs->merged = json_array();
	rs->may_read = enrolled_covers(&a->s->who, ws->scope) &&
		       !strcmp(a->s->who.state, "active");
	if (!rs->may_read)
		rs->error = strcmp(a->s->who.state, "active") != 0 ? "revoked"
								   : "scope";
	rc = ledger_head(a->store, ws->scope, &rs->to, a->err);
	rs->has_head = rc == RC_OK;
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	if (ws->has_target) {
		rc = ledger_head_at(a->store, ws->scope, &ws->target, &rs->to,
				    a->err);
		if (rc == RC_NOT_FOUND)
			rs->error = "unknown_target";
		else if (rc != RC_OK)
			return rc;
	}
	if (ws->has_head) {
		rc = ledger_head_at(a->store, ws->scope, &ws->head, &rs->from,
				    a->err);
		if (rc == RC_NOT_FOUND)
			rs->error = "unknown_head";
		else if (rc != RC_OK)
			return rc;
	}
	rc = receipts_load(a, rs);
	own_clean(rs);
	return rc == RC_OK ? known_find(a, rs) : rc;
}

/* A page after the first has only scopes that go on. */
static bool is_left_out(const struct answering *a, size_t i)
{
	return a->s->is_further && !a->s->places[i].is_asked;
}

static json_t *scope_head_json(const struct reply_scope *rs)
{
	json_t *o = json_pack("{s:s}", "scope", rs->ws->scope);
	char hex[OID_HEX_SIZE];
	bool unchanged = !wire_is_comparison(rs->ws) && rs->ws->has_head &&
			 oid_equal(&rs->ws->head, &rs->to.commit);

	if (rs->may_read && rs->has_head && !unchanged) {
		oid_hex(hex, &rs->to.commit);
		json_object_set_new(o, "head", json_string(hex));
		oid_hex(hex, &rs->to.root);
		json_object_set_new(o, "root", json_string(hex));
		json_object_set_new(o, "position",
				    json_integer(rs->to.position));
	}
	if (rs->has_known) {
		oid_hex(hex, &rs->known);
		json_object_set_new(o, "known", json_string(hex));
	}
	if (json_array_size(rs->receipts))
		json_object_set(o, "receipts", rs->receipts);
	if (rs->error)
		json_object_set_new(o, "error", json_string(rs->error));
	return o;
}

/* What a revoked terminal is to do, where the office ordered it. */
static enum rc wipe_put(struct answering *a, json_t *head)
{
	const struct enrolled *who = &a->s->who;
	const char *id = json_text(who->record, "wipe_order");
	struct wipe_order o = { .issued_ms =
					json_int(who->record, "wipe_at", 0) };
	json_t *order = NULL;
	enum rc rc;

	if (!id || strcmp(who->state, "active") == 0)
		return RC_OK;
	snprintf(o.id, sizeof(o.id), "%s", id);
	snprintf(o.terminal, sizeof(o.terminal), "%s", who->terminal);
	snprintf(o.enrolment, sizeof(o.enrolment), "%s", who->id);
	rc = wipe_order_write(&order, &o, &a->store->key, a->err);
	if (rc == RC_OK && json_object_set_new(head, "wipe", order) != 0)
		rc = err_set(a->err, RC_NOMEM, "out of memory");
	return rc;
}

static enum rc head_put(struct answering *a, int64_t now_ms)
{
	json_t *scopes = json_array();
	json_t *head = json_pack("{s:i, s:I, s:s, s:o}", "format", WIRE_FORMAT,
				 "time", (json_int_t)now_ms, "epoch",
				 a->store->epoch, "scopes", scopes);
	enum rc rc;

	if (!head)
		return err_set(a->err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < a->s->request.nscopes; i++)
		if (!is_left_out(a, i))
			json_array_append_new(scopes,
					      scope_head_json(&a->scopes[i]));
	rc = wipe_put(a, head);
	if (rc == RC_OK)
		rc = answer_begin(&a->w, head, &a->store->key,
				  a->s->request.digest, a->err);
	json_decref(head);
	return rc;
}

/* May the author's role read any sealed kind? */
static bool may_hold_keys(const struct answering *a)
{
	for (size_t i = 0; i < registry_count(a->store->kinds); i++) {
		const struct kind *k = registry_at(a->store->kinds, i);

		if (k->is_sealed && (k->readers & a->s->who.role))
			return true;
	}
	return false;
}

static enum rc keys_put(struct answering *a, const char *scope)
{
	struct query *q = query_begin(a->store->keys, SQL_KEY_EVENTS);
	json_t *events = json_array(), *line;
	enum rc rc = RC_OK;

	query_int(q, 1, a->s->request.keys);
	query_text(q, 2, scope);
	while (query_row(q)) {
		char secret[BASE64_SIZE(SEAL_KEY_BYTES)];
		size_t n;
		const void *p = query_get_blob(q, 4, &n);

		if (p && n == SEAL_KEY_BYTES)
			base64_encode(secret, p, n);
		json_array_append_new(
			events,
			json_pack("[I, s, s, s, o]",
				  (json_int_t)query_get_int(q, 0),
				  query_get_text(q, 1), query_get_text(q, 2),
				  query_get_text(q, 3),
				  p ? json_string(secret) : json_null()));
		wipe(secret, sizeof(secret));
	}
	if (query_end(q, a->err) != RC_OK)
		rc = a->err->code;
	if (rc == RC_OK && json_array_size(events)) {
		line = json_pack("{s:O}", "keys", events);
		rc = line_writer_put(&a->w, line, a->err);
		json_decref(line);
	}
	json_decref(events);
	return rc;
}

/* The record's text at a position; NULL: it was not there. */
static enum rc version_at(struct answering *a, const char *scope,
			  const char *kind, const char *id, int64_t position,
			  char **text, size_t *len)
{
	enum rc rc;

	*text = NULL;
	if (!position)
		return RC_OK;
	rc = store_record_at(a->store, scope, kind, id, position, text, len,
			     a->err);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* A record that the terminal has in another version. */
static enum rc change_add(struct answering *a, const char *scope,
			  const char *kind, const char *id,
			  const struct buf *before, const struct buf *after)
{
	json_t *from = NULL, *to = NULL;
	char key[TREE_KEY_SIZE];
	enum rc rc = json_read(before->data, before->len, &from, a->err);

	if (rc == RC_OK)
		rc = json_read(after->data, after->len, &to, a->err);
	if (rc == RC_OK)
		rc = tree_key(a->store->db, scope, kind, id, 0, key, a->err);
	if (rc == RC_OK)
		rc = groups_add_change(&a->groups, kind, key, from, to, a->err);
	json_decref(from);
	json_decref(to);
	return rc;
}

static enum rc whole_add(struct answering *a, const char *kind,
			 const char *text, size_t n)
{
	json_t *record = NULL;
	enum rc rc = json_read(text, n, &record, a->err);

	if (rc == RC_OK)
		rc = groups_add_whole(&a->groups, kind, record, a->err);
	json_decref(record);
	return rc;
}

/* One record: what the terminal has at its head, what stands at the target,
 * written at `position` if that is known. */
static enum rc row_add(struct answering *a, struct reply_scope *rs,
		       const char *kind, const char *id, int64_t position,
		       const char *own)
{
	const char *scope = rs->ws->scope;
	char *before = NULL, *after = NULL;
	size_t n_before = 0, n_after = 0;
	bool same;
	enum rc rc = version_at(a, scope, kind, id, rs->from.position, &before,
				&n_before);

	if (rc == RC_OK && position)
		rc = store_version(a->store, scope, position, &after, &n_after,
				   a->err);
	else if (rc == RC_OK)
		rc = version_at(a, scope, kind, id, rs->to.position, &after,
				&n_after);
	if (rc != RC_OK || !after)
		goto out;
	if (own && strlen(own) == n_after && !memcmp(own, after, n_after))
		goto out;
	same = before && n_before == n_after && !memcmp(before, after, n_after);
	/* What the terminal's packet did not change goes back whole: a change
	 * relative to its main state would be empty, and so unsaid. */
	if (!before || (own && same))
		rc = whole_add(a, kind, after, n_after);
	else if (!same)
		rc = jcs_differ(&a->from, &a->to, before, n_before, after,
				n_after, a->err);
	if (rc == RC_OK && before && !same)
		rc = change_add(a, scope, kind, id, &a->from, &a->to);
	a->s->rows_down++;
out:
	free(before);
	free(after);
	return rc;
}

static enum rc rows_flush(struct answering *a, struct reply_scope *rs)
{
	json_t *line;
	enum rc rc = RC_OK;

	if (a->groups.records) {
		line = json_pack("{s:s, s:o}", "scope", rs->ws->scope, "rows",
				 groups_take(&a->groups));
		rc = line ? line_writer_put(&a->w, line, a->err)
			  : err_set(a->err, RC_NOMEM, "out of memory");
		json_decref(line);
	}
	if (rc == RC_OK && json_array_size(rs->merged)) {
		line = json_pack("{s:s, s:O}", "scope", rs->ws->scope, "merged",
				 rs->merged);
		rc = line_writer_put(&a->w, line, a->err);
		json_decref(line);
	}
	return rc;
}

static enum rc own_rows(struct answering *a, struct reply_scope *rs)
{
	const char *path;
	json_t *text;
	enum rc rc = RC_OK;

	json_object_foreach(rs->own, path, text)
	{
		char kind[32];
		size_t n = strcspn(path, "/");

		snprintf(kind, sizeof(kind), "%.*s", (int)n, path);
		rc = row_add(a, rs, kind, path + n + 1, 0,
			     json_string_value(text));
		if (rc != RC_OK)
			break;
	}
	return rc;
}

static void place_keep(struct answering *a, const struct reply_scope *rs,
		       const char *kind, const char *id)
{
	struct page_place *p = &a->s->places[rs - a->scopes];

	p->has_more = true;
	p->head = rs->to.commit;
	/* `after_kind` and `after_id` of a further page stand here. */
	snprintf(p->kind, sizeof(p->kind), "%s", kind);
	snprintf(p->id, sizeof(p->id), "%s", id);
}

static enum rc changed_rows(struct answering *a, struct reply_scope *rs,
			    json_t **more)
{
	struct query *q = query_begin(a->store->db, SQL_LOG_CHANGED);
	enum rc rc = RC_OK;

	query_text(q, 1, rs->ws->scope);
	query_int(q, 2, rs->from.position);
	query_int(q, 3, rs->to.position);
	query_text(q, 4, rs->ws->after_kind ? rs->ws->after_kind : "");
	query_text(q, 5, rs->ws->after_id ? rs->ws->after_id : "");
	while (rc == RC_OK && query_row(q)) {
		const char *kind = query_get_text(q, 0);
		const char *id = query_get_text(q, 1);
		char path[72];

		snprintf(path, sizeof(path), "%s/%s", kind, id);
		if (!json_object_get(rs->own, path))
			rc = row_add(a, rs, kind, id, query_get_int(q, 2),
				     NULL);
		if (query_get_int(q, 3))
			json_array_append_new(rs->merged, json_string(path));
		if (a->groups.bytes > wire_page_bytes()) {
			*more = json_pack("{s:s, s:[s, s]}", "scope",
					  rs->ws->scope, "more", kind, id);
			place_keep(a, rs, kind, id);
			break;
		}
	}
	return query_end(q, a->err) == RC_OK ? rc : a->err->code;
}

static enum rc scope_rows(struct answering *a, struct reply_scope *rs)
{
	json_t *more = NULL;
	enum rc rc = RC_OK;

	if (!rs->may_read || rs->error || !rs->has_head)
		return RC_OK;
	if (wire_is_comparison(rs->ws))
		return comparison_put(a->store, rs->ws, &a->w, a->err);
	if (!rs->ws->has_target)
		rc = own_rows(a, rs);
	if (rc == RC_OK)
		rc = changed_rows(a, rs, &more);
	if (rc == RC_OK)
		rc = rows_flush(a, rs);
	if (rc == RC_OK && more)
		rc = line_writer_put(&a->w, more, a->err);
	json_decref(more);
	return rc;
}

static enum rc answer_write(struct answering *a, int64_t now_ms)
{
	bool keys = !a->s->is_further && a->s->request.keys >= 0 &&
		    may_hold_keys(a);
	size_t n = a->s->request.nscopes;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		a->scopes[i].ws = &a->s->request.scopes[i];
		a->scopes[i].intakes = a->s->intakes[i];
		rc = scope_open(a, &a->scopes[i]);
	}
	if (rc == RC_OK)
		rc = head_put(a, now_ms);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		if (keys && a->scopes[i].may_read)
			rc = keys_put(a, a->scopes[i].ws->scope);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		if (!is_left_out(a, i))
			rc = scope_rows(a, &a->scopes[i]);
	rc = json_memory_end(rc, a->err);
	return rc == RC_OK ? line_writer_end(&a->w, a->err) : rc;
}

enum rc sync_answer(struct sync *s, struct store *reader, int64_t now_ms,
		    struct buf *body, bool *revoked, struct err *err)
{
	struct answering a = { .s = s, .store = reader, .err = err };
	enum rc rc;

	json_memory_begin();
	*revoked = strcmp(s->who.state, "active") != 0;
	a.scopes = calloc(s->request.nscopes, sizeof(*a.scopes));
	if (!a.scopes)
		return err_set(err, RC_NOMEM, "out of memory");
	buf_init(&a.from, RECORD_BYTES_MAX + 2);
	buf_init(&a.to, RECORD_BYTES_MAX + 2);
	rc = groups_init(&a.groups, err);
	if (rc == RC_OK)
		rc = line_writer_init(&a.w, body, err);
	if (rc == RC_OK)
		rc = db_begin(reader->db, false, err);
	if (rc == RC_OK)
		rc = answer_write(&a, now_ms);
	db_rollback(reader->db);
	if (rc == RC_OK && *revoked)
		rc = trail_revoked(reader, s->who.officer, s->who.id, now_ms,
				   err);
	for (size_t i = 0; i < s->request.nscopes; i++) {
		json_decref(a.scopes[i].receipts);
		json_decref(a.scopes[i].own);
		json_decref(a.scopes[i].merged);
	}
	free(a.scopes);
	buf_release(&a.from);
	buf_release(&a.to);
	groups_release(&a.groups);
	line_writer_release(&a.w);
	return rc;
}
