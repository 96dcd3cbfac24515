/* ledger/main_line.c - the end of a batch: trees, signed main commits,
 * receipts. */
#include "ledger/batch.h"

#include "base/jcs.h"
#include "base/json_memory.h"
#include "sql_store.gen.h"

#define MAIN_COMMIT_MAX (4u << 20)

static void head_read(struct query *q, struct head *out)
{
	size_t n;

	memcpy(out->commit.b, query_get_blob(q, 0, &n), OID_BYTES);
	memcpy(out->root.b, query_get_blob(q, 1, &n), OID_BYTES);
	out->position = query_get_int(q, 2);
	out->number = query_get_int(q, 3);
	memcpy(out->content, query_get_blob(q, 4, &n), SHA256_BYTES);
	out->seconds = query_get_int(q, 5);
}

enum rc ledger_head(struct store *s, const char *scope, struct head *out,
		    struct err *err)
{
	struct query *q = query_begin(s->db, SQL_MAIN_HEAD);
	bool found;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, scope);
	found = query_row(q);
	if (found)
		head_read(q, out);
	rc = query_end(q, err);
	return rc != RC_OK ? rc : found ? RC_OK : RC_NOT_FOUND;
}

enum rc ledger_head_at(struct store *s, const char *scope,
		       const struct oid *commit, struct head *out,
		       struct err *err)
{
	struct query *q = query_begin(s->db, SQL_MAIN_BY_OID);
	bool found;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, scope);
	query_blob(q, 2, commit->b, OID_BYTES);
	found = query_row(q);
	if (found)
		head_read(q, out);
	rc = query_end(q, err);
	return rc != RC_OK ? rc : found ? RC_OK : RC_NOT_FOUND;
}

static enum rc tree_follow(struct batch *b, struct batch_scope *bs,
			   struct oid *root)
{
	struct tree_change *changes =
		calloc(bs->ntouched + 1, sizeof(*changes));
	enum rc rc;

	if (!changes)
		return err_set(b->err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < bs->ntouched; i++) {
		const struct touched *t = &bs->touched[i];

		changes[i].kind = t->kind;
		changes[i].id = t->id;
		changes[i].town_before = t->is_new ? NULL : t->town_before;
		changes[i].town_after = t->town_after;
		changes[i].oid = t->oid;
		changes[i].position = t->position;
	}
	rc = tree_update(b->store->db, bs->scope, changes, bs->ntouched, NULL,
			 root, NULL, b->err);
	free(changes);
	return rc;
}

static int tip_order(const void *a, const void *b)
{
	return strcmp(((const struct batch_tip *)a)->journal,
		      ((const struct batch_tip *)b)->journal);
}

static enum rc main_build(struct batch *b, struct batch_scope *bs,
			  struct main_commit *c)
{
	memset(c, 0, sizeof(*c));
	c->parents = arena_alloc(&b->mem, (bs->ntips + 1) * sizeof(struct oid));
	if (!c->parents)
		return err_set(b->err, RC_NOMEM, "out of memory");
	if (bs->has_head)
		c->parents[c->nparents++] = bs->head.commit;
	qsort(bs->tips, bs->ntips, sizeof(*bs->tips), tip_order);
	for (size_t i = 0; i < bs->ntips; i++)
		c->parents[c->nparents++] = bs->tips[i].oid;
	c->seconds = bs->seconds;
	c->scope = bs->scope;
	c->epoch = b->store->epoch;
	c->position = bs->position;
	c->time_ms = b->now_ms;
	c->nmerged = bs->nmerged;
	c->merged = bs->merged;
	c->nquarantined = bs->nquarantined;
	c->quarantined = bs->quarantined;
	sha256_end(&bs->chain, c->content);
	return RC_OK;
}

static enum rc main_store(struct batch *b, const struct batch_scope *bs,
			  const struct main_commit *c, const struct oid *oid,
			  const struct buf *bytes)
{
	struct query *q = query_begin(b->store->db, SQL_MAIN_PUT);

	query_text(q, 1, bs->scope);
	query_int(q, 2, bs->head.number + 1);
	query_blob(q, 3, oid->b, OID_BYTES);
	query_blob(q, 4, c->tree.b, OID_BYTES);
	query_int(q, 5, c->position);
	query_int(q, 6, c->time_ms);
	query_int(q, 7, c->seconds);
	query_blob(q, 8, c->content, SHA256_BYTES);
	query_textn(q, 9, bytes->data, bytes->len);
	return query_end(q, b->err);
}

/* Receipts name the main commit, which is known only now. */
static enum rc receipts_finish(struct batch *b, const struct batch_scope *bs,
			       const struct oid *oid)
{
	char hex[OID_HEX_SIZE];
	json_t *entry;
	size_t i;

	oid_hex(hex, oid);
	json_array_foreach(b->receipts, i, entry)
	{
		json_t *receipt = json_object_get(entry, "receipt");
		struct buf text;
		struct query *q;
		enum rc rc;

		if (strcmp(json_text(entry, "scope"), bs->scope) != 0)
			continue;
		json_object_set_new(receipt, "main", json_string(hex));
		json_object_set_new(receipt, "position",
				    json_integer(bs->position));
		buf_init(&text, JSON_BYTES_MAX);
		rc = json_write(&text, receipt, b->err);
		if (rc == RC_OK) {
			q = query_begin(b->store->db, SQL_PACKET_RECEIPT);
			query_int(q, 1, json_int(entry, "number", 0));
			query_textn(q, 2, text.data, text.len);
			rc = query_end(q, b->err);
		}
		buf_release(&text);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc scope_end(struct batch *b, struct batch_scope *bs)
{
	struct main_commit c;
	struct buf bytes;
	struct oid oid;
	enum rc rc;

	if (!bs->nmerged && !bs->ntouched)
		return RC_OK;
	rc = main_build(b, bs, &c);
	if (rc == RC_OK)
		rc = tree_follow(b, bs, &c.tree);
	buf_init(&bytes, MAIN_COMMIT_MAX);
	if (rc == RC_OK)
		rc = main_commit_write(&bytes, &oid, &c, &b->store->key,
				       b->err);
	if (rc == RC_OK)
		rc = main_store(b, bs, &c, &oid, &bytes);
	if (rc == RC_OK)
		rc = receipts_finish(b, bs, &oid);
	buf_release(&bytes);
	return rc;
}

enum rc batch_end(struct batch *b)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < b->nscopes && rc == RC_OK; i++)
		rc = scope_end(b, &b->scopes[i]);
	rc = json_memory_end(rc, b->err);
	if (rc == RC_OK && db_in_transaction(b->store->keys))
		rc = db_commit(b->store->keys, b->err);
	if (rc == RC_OK)
		rc = db_commit(b->store->db, b->err);
	/* The registry is already what the transaction wrote; only another
	 * program's change makes it read again. */
	if (rc == RC_OK && b->catalog_touched) {
		for (size_t i = 0; i < b->nscopes; i++)
			if (!strcmp(b->scopes[i].scope, "catalog"))
				b->store->catalog_seen = b->scopes[i].position;
		b->catalog_touched = false;
	}
	batch_abort(b); /* releases; nothing is left to roll back */
	return rc;
}
