/* ledger/batch.c - the transaction, its scopes and its savepoints. */
#include "ledger/batch.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "base/json_memory.h"
#include "kind/rows.h"
#include "ledger/blame.h"
#include "sql_store.gen.h"

#define BATCH_BYTES_MAX (64u << 20)

/* Lengths of a scope's lists at a savepoint. */
struct scope_mark {
	int64_t position;
	struct sha256 chain;
	size_t ntouched, ntips, nmerged, nquarantined;
};

struct batch_mark {
	size_t nscopes, nreceipts;
	bool catalog_touched;
	struct scope_mark scopes[BATCH_SCOPES_MAX];
};

enum rc batch_begin(struct batch *b, struct store *s, int64_t now_ms,
		    struct err *err)
{
	enum rc rc;

	memset(b, 0, sizeof(*b));
	b->store = s;
	b->now_ms = now_ms;
	b->err = err;
	arena_init(&b->mem, BATCH_BYTES_MAX);
	json_memory_begin();
	b->receipts = json_array();
	if (!b->receipts)
		return err_set(err, RC_NOMEM, "out of memory");
	s->keys_wait = true;
	rc = db_begin(s->db, true, err);
	if (rc == RC_OK)
		rc = store_refresh_kinds(s, err);
	if (rc != RC_OK)
		batch_abort(b);
	return rc;
}

void batch_abort(struct batch *b)
{
	db_rollback(b->store->keys);
	b->store->keys_wait = false;
	db_rollback(b->store->db);
	/* A kind that was added in the transaction is unknown again. */
	if (b->catalog_touched)
		b->store->catalog_seen = -1;
	for (size_t i = 0; i < b->nscopes; i++) {
		free(b->scopes[i].touched);
		free(b->scopes[i].tips);
		free(b->scopes[i].merged);
		free(b->scopes[i].quarantined);
		json_decref(b->scopes[i].index);
	}
	json_decref(b->receipts);
	free(b->mark);
	arena_release(&b->mem);
	b->nscopes = 0;
	b->receipts = NULL;
	b->mark = NULL;
}

enum rc batch_scope(struct batch *b, const char *scope,
		    struct batch_scope **out)
{
	static const unsigned char zero[SHA256_BYTES];
	struct batch_scope *bs;
	enum rc rc;

	for (size_t i = 0; i < b->nscopes; i++)
		if (!strcmp(b->scopes[i].scope, scope)) {
			*out = &b->scopes[i];
			return RC_OK;
		}
	if (b->nscopes == BATCH_SCOPES_MAX)
		return err_set(b->err, RC_NOMEM, "too many scopes at once");
	bs = &b->scopes[b->nscopes];
	memset(bs, 0, sizeof(*bs));
	snprintf(bs->scope, sizeof(bs->scope), "%s", scope);
	rc = ledger_head(b->store, scope, &bs->head, b->err);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	bs->has_head = rc == RC_OK;
	bs->position = bs->head.position;
	bs->seconds = b->now_ms / 1000;
	if (bs->seconds < bs->head.seconds)
		bs->seconds = bs->head.seconds;
	bs->index = json_object();
	if (!bs->index)
		return err_set(b->err, RC_NOMEM, "out of memory");
	sha256_begin(&bs->chain);
	sha256_add(&bs->chain, bs->has_head ? bs->head.content : zero,
		   SHA256_BYTES);
	b->nscopes++;
	*out = bs;
	return RC_OK;
}

enum rc batch_mark(struct batch *b)
{
	struct batch_mark *m = calloc(1, sizeof(*m));

	if (!m)
		return err_set(b->err, RC_NOMEM, "out of memory");
	free(b->mark);
	b->mark = m;
	m->nscopes = b->nscopes;
	m->nreceipts = json_array_size(b->receipts);
	m->catalog_touched = b->catalog_touched;
	for (size_t i = 0; i < b->nscopes; i++) {
		const struct batch_scope *bs = &b->scopes[i];

		m->scopes[i] = (struct scope_mark){
			.position = bs->position,
			.chain = bs->chain,
			.ntouched = bs->ntouched,
			.ntips = bs->ntips,
			.nmerged = bs->nmerged,
			.nquarantined = bs->nquarantined,
		};
	}
	return db_savepoint(b->store->db, "one_sync", b->err);
}

enum rc batch_keep(struct batch *b)
{
	return db_release(b->store->db, "one_sync", b->err);
}

/* Lists shrink to the mark; a record that both sides of the mark touched, or a
 * journal whose tip moved, cannot be told from its length: the scope is then
 * read again from the database, where the savepoint has put it back. */
static enum rc scope_undo(struct batch *b, struct batch_scope *bs,
			  const struct scope_mark *m)
{
	struct err ignored = { 0 };

	bs->position = m->position;
	bs->chain = m->chain;
	bs->ntouched = m->ntouched;
	bs->nmerged = m->nmerged;
	bs->nquarantined = m->nquarantined;
	bs->ntips = m->ntips;
	json_object_clear(bs->index);
	for (size_t i = 0; i < bs->ntouched; i++) {
		struct touched *t = &bs->touched[i];
		char path[72];
		char *text = NULL;
		size_t len;
		json_t *record = NULL;

		snprintf(path, sizeof(path), "%s/%s", t->kind, t->id);
		json_object_set_new(bs->index, path, json_integer((int64_t)i));
		if (store_record(b->store, bs->scope, t->kind, t->id, &text,
				 &len, &t->position, &ignored) != RC_OK ||
		    json_read(text, len, &record, &ignored) != RC_OK ||
		    oid_of(&t->oid, OBJECT_BLOB, text, len, &ignored) !=
			    RC_OK) {
			free(text);
			return err_set(b->err, RC_CORRUPT,
				       "cannot take back '%s'", path);
		}
		snprintf(t->town_after, sizeof(t->town_after), "%s",
			 json_text(record, "town"));
		json_decref(record);
		free(text);
	}
	for (size_t i = 0; i < bs->ntips; i++) {
		struct query *q = query_begin(b->store->db, SQL_JOURNAL_GET);
		size_t len;

		query_text(q, 1, bs->scope);
		query_text(q, 2, bs->tips[i].journal);
		if (query_row(q))
			memcpy(bs->tips[i].oid.b, query_get_blob(q, 1, &len),
			       OID_BYTES);
		if (query_end(q, b->err) != RC_OK)
			return b->err->code;
	}
	return RC_OK;
}

enum rc batch_undo(struct batch *b)
{
	struct batch_mark *m = b->mark;
	enum rc rc;

	rc = db_rollback_to(b->store->db, "one_sync", b->err);
	while (b->nscopes > m->nscopes) {
		struct batch_scope *bs = &b->scopes[--b->nscopes];

		free(bs->touched);
		free(bs->tips);
		free(bs->merged);
		free(bs->quarantined);
		json_decref(bs->index);
	}
	while (json_array_size(b->receipts) > m->nreceipts)
		json_array_remove(b->receipts,
				  json_array_size(b->receipts) - 1);
	if (b->catalog_touched != m->catalog_touched)
		b->store->catalog_seen = -1;
	b->catalog_touched = m->catalog_touched;
	for (size_t i = 0; i < b->nscopes && rc == RC_OK; i++)
		rc = scope_undo(b, &b->scopes[i], &m->scopes[i]);
	return rc;
}

/* The entry of a record in the list of touched ones, added when it is new. */
static enum rc touched_entry(struct batch *b, struct batch_scope *bs,
			     const char *kind, const char *id,
			     struct touched **out, bool *added)
{
	char path[72];
	json_t *at;

	snprintf(path, sizeof(path), "%s/%s", kind, id);
	at = json_object_get(bs->index, path);
	*added = !at;
	if (at) {
		*out = &bs->touched[json_integer_value(at)];
		return RC_OK;
	}
	if (bs->ntouched == bs->room_touched) {
		size_t room = bs->room_touched ? bs->room_touched * 2 : 64;
		struct touched *grown =
			realloc(bs->touched, room * sizeof(*grown));

		if (!grown)
			return err_set(b->err, RC_NOMEM, "out of memory");
		bs->touched = grown;
		bs->room_touched = room;
	}
	*out = &bs->touched[bs->ntouched];
	memset(*out, 0, sizeof(**out));
	snprintf((*out)->kind, sizeof((*out)->kind), "%s", kind);
	snprintf((*out)->id, sizeof((*out)->id), "%s", id);
	json_object_set_new(bs->index, path,
			    json_integer((int64_t)bs->ntouched++));
	return RC_OK;
}

/* The town of the record's version before this batch. */
static enum rc town_before(struct batch *b, struct batch_scope *bs,
			   struct touched *t)
{
	char *text;
	size_t len;
	enum rc rc = store_record(b->store, bs->scope, t->kind, t->id, &text,
				  &len, NULL, b->err);

	t->is_new = rc == RC_NOT_FOUND;
	if (rc != RC_OK)
		return t->is_new ? RC_OK : rc;
	if (!jcs_member(text, len, "town", t->town_before,
			sizeof(t->town_before)))
		rc = err_set(b->err, RC_CORRUPT, "%s '%s' has no town", t->kind,
			     t->id);
	free(text);
	return rc;
}

/* A new definition of a kind: registry and table follow in the same
 * transaction. */
static enum rc kind_written(struct batch *b, const json_t *record)
{
	const json_t *definition = json_object_get(record, "definition");
	const char *name = json_text(definition, "kind");
	const struct kind *known =
		registry_kind(b->store->kinds, name ? name : "");
	enum rc rc = RC_OK;

	b->catalog_touched = true;
	/* Replacing a kind frees it under whoever borrowed it: not for nothing.
	 */
	if (!known || !json_equal(known->definition, definition))
		rc = registry_add(b->store->kinds, definition, b->err);
	if (rc == RC_OK)
		rc = rows_create(b->store->db,
				 registry_kind(b->store->kinds, name),
				 ROWS_SERVER, NULL, b->err);
	return rc;
}

enum rc batch_write(struct batch *b, struct batch_scope *bs, const char *kind,
		    const char *id, const json_t *record, const char *body,
		    size_t body_bytes, int64_t packet, bool merged,
		    int64_t *position)
{
	const struct kind *k;
	struct touched *t = NULL;
	struct query *q;
	bool added;
	enum rc rc = touched_entry(b, bs, kind, id, &t, &added);

	if (rc == RC_OK && added)
		rc = town_before(b, bs, t);
	if (rc == RC_OK)
		rc = oid_of(&t->oid, OBJECT_BLOB, body, body_bytes, b->err);
	if (rc != RC_OK)
		return rc;
	snprintf(t->town_after, sizeof(t->town_after), "%s",
		 json_text(record, "town"));
	t->position = *position = ++bs->position;
	sha256_add_record(&bs->chain, kind, id, body, body_bytes);
	if (!added || !t->is_new)
		rc = blame_write(b->store, bs->scope, kind, id, *position, body,
				 body_bytes, b->err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(b->store->db, SQL_LOG_PUT);
	query_text(q, 1, bs->scope);
	query_int(q, 2, *position);
	query_text(q, 3, kind);
	query_text(q, 4, id);
	query_textn(q, 5, body, body_bytes);
	if (packet)
		query_int(q, 6, packet);
	query_int(q, 7, merged);
	rc = query_end(q, b->err);
	if (rc == RC_OK && !strcmp(kind, "kind"))
		rc = kind_written(b, record);
	k = registry_kind(b->store->kinds, kind);
	if (rc == RC_OK && k)
		rc = rows_put(b->store->db, k, ROWS_SERVER, record, b->err);
	return rc;
}
