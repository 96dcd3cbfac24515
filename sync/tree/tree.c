/* tree/tree.c - a scope's tree: its leaves, its tops, its root. */
#include "tree/tree_impl.h"

#include "base/hash.h"
#include "base/hex.h"
#include "object/treeobj.h"
#include "sql_sync.gen.h"

#define TREE_OBJECT_MAX (1u << 20)

/* One record that an update touched: where, and its hash. */
struct touch {
	const char *town, *kind;
	unsigned char hash[HASH_BYTES];
};

enum rc tree_create(struct db *db, struct err *err)
{
	enum rc rc = db_script(db, SQL_TREE_CREATE, err);

	return rc == RC_OK ? tree_bulk_end(db, err) : rc;
}

enum rc tree_bulk_begin(struct db *db, struct err *err)
{
	return db_script(db, SQL_TREE_NO_INDEX, err);
}

enum rc tree_bulk_end(struct db *db, struct err *err)
{
	return db_script(db, SQL_TREE_INDEX, err);
}

enum rc tree_leaf_put(struct db *db, const char *scope, const char *town,
		      const char *kind, const char *id, const struct oid *oid,
		      int64_t position, struct err *err)
{
	unsigned char hash[HASH_BYTES];
	struct query *q = query_begin(db, SQL_LEAF_PUT);

	leaf_hash(hash, id);
	query_text(q, 1, scope);
	query_text(q, 2, town);
	query_text(q, 3, kind);
	query_blob(q, 4, hash, HASH_BYTES);
	query_text(q, 5, id);
	query_blob(q, 6, oid->b, OID_BYTES);
	query_int(q, 7, position);
	return query_end(q, err);
}

static enum rc leaf_drop(struct db *db, const char *scope, const char *town,
			 const char *kind, const char *id, struct err *err)
{
	unsigned char hash[HASH_BYTES];
	struct query *q = query_begin(db, SQL_LEAF_DROP);

	leaf_hash(hash, id);
	query_text(q, 1, scope);
	query_text(q, 2, town);
	query_text(q, 3, kind);
	query_blob(q, 4, hash, HASH_BYTES);
	query_text(q, 5, id);
	return query_end(q, err);
}

enum rc top_put(struct walk *w, const struct child *node)
{
	struct query *q =
		query_begin(w->db, node->count ? SQL_TOP_PUT : SQL_TOP_DROP);

	query_text(q, 1, w->scope);
	query_text(q, 2, w->town);
	query_text(q, 3, w->kind);
	if (node->count) {
		query_blob(q, 4, node->oid.b, OID_BYTES);
		query_int(q, 5, node->count);
	}
	return query_end(q, w->err);
}

/* Read (name, oid) rows as directories; the names live in `names`. */
static enum rc entries_read(struct walk *w, struct query *q,
			    struct tree_entry **out, size_t *n)
{
	struct tree_entry *all = NULL;
	size_t room = 0, len;
	enum rc rc = RC_OK;

	*n = 0;
	while (rc == RC_OK && query_row(q)) {
		if (*n == room) {
			struct tree_entry *grown;

			room = room ? room * 2 : 32;
			grown = realloc(all, room * sizeof(*all));
			if (!grown) {
				rc = err_set(w->err, RC_NOMEM, "out of memory");
				break;
			}
			all = grown;
		}
		memset(&all[*n], 0, sizeof(*all));
		all[*n].name = strdup(query_get_text(q, 0));
		all[*n].is_tree = true;
		memcpy(all[*n].oid.b, query_get_blob(q, 1, &len), OID_BYTES);
		if (!all[*n].name)
			rc = err_set(w->err, RC_NOMEM, "out of memory");
		else
			(*n)++;
	}
	*out = all;
	if (query_end(q, w->err) != RC_OK)
		rc = w->err->code;
	return rc;
}

static void entries_free(struct tree_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)entries[i].name);
	free(entries);
}

enum rc town_make(struct walk *w)
{
	struct query *q = query_begin(w->db, SQL_TOP_OF_TOWN);
	struct tree_entry *entries = NULL;
	struct oid oid;
	size_t n;
	enum rc rc;

	query_text(q, 1, w->scope);
	query_text(q, 2, w->town);
	rc = entries_read(w, q, &entries, &n);
	if (rc == RC_OK && n)
		rc = node_object(w, entries, n, &oid);
	if (rc == RC_OK) {
		q = query_begin(w->db, n ? SQL_TOWN_PUT : SQL_TOWN_DROP);
		query_text(q, 1, w->scope);
		query_text(q, 2, w->town);
		if (n)
			query_blob(q, 3, oid.b, OID_BYTES);
		rc = query_end(q, w->err);
	}
	entries_free(entries, n);
	return rc;
}

enum rc root_make(struct walk *w, struct oid *root)
{
	struct query *q = query_begin(w->db, SQL_TOWN_ALL);
	struct tree_entry *entries = NULL;
	size_t n;
	enum rc rc;

	query_text(q, 1, w->scope);
	rc = entries_read(w, q, &entries, &n);
	if (rc == RC_OK)
		rc = node_object(w, entries, n, root);
	entries_free(entries, n);
	return rc;
}

static int touch_order(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;
	int d = strcmp(x->town, y->town);

	if (!d)
		d = strcmp(x->kind, y->kind);
	return d ? d : memcmp(x->hash, y->hash, HASH_BYTES);
}

static void touch_add(struct touch *all, size_t *n, const char *town,
		      const struct tree_change *c)
{
	all[*n].town = town;
	all[*n].kind = c->kind;
	leaf_hash(all[*n].hash, c->id);
	(*n)++;
}

/* Bring hufu_leaf up to date and note what was touched. */
static enum rc leaves_apply(struct walk *w, const struct tree_change *changes,
			    size_t n, struct touch *touched, size_t *ntouched)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		const struct tree_change *c = &changes[i];

		if (c->town_before &&
		    (!c->town_after ||
		     strcmp(c->town_before, c->town_after) != 0)) {
			rc = leaf_drop(w->db, w->scope, c->town_before, c->kind,
				       c->id, w->err);
			touch_add(touched, ntouched, c->town_before, c);
		}
		if (rc == RC_OK && c->town_after) {
			rc = tree_leaf_put(w->db, w->scope, c->town_after,
					   c->kind, c->id, &c->oid, c->position,
					   w->err);
			touch_add(touched, ntouched, c->town_after, c);
		}
	}
	qsort(touched, *ntouched, sizeof(*touched), touch_order);
	return rc;
}

/* One town and kind: the touched hashes lie in a row. */
static enum rc kind_update(struct walk *w, const struct touch *touched,
			   size_t n)
{
	unsigned char(*hashes)[HASH_BYTES] = calloc(n, HASH_BYTES);
	struct prefix root = { .depth = 0 };
	struct child node;
	enum rc rc;

	if (!hashes)
		return err_set(w->err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		memcpy(hashes[i], touched[i].hash, HASH_BYTES);
	rc = node_update(w, &root, (const unsigned char(*)[HASH_BYTES])hashes,
			 n, &node);
	free(hashes);
	return rc == RC_OK ? top_put(w, &node) : rc;
}

static enum rc towns_update(struct walk *w, const struct touch *touched,
			    size_t n)
{
	enum rc rc = RC_OK;

	for (size_t i = 0, end; i < n && rc == RC_OK; i = end) {
		w->town = touched[i].town;
		w->kind = touched[i].kind;
		for (end = i + 1; end < n; end++)
			if (strcmp(touched[end].town, w->town) != 0 ||
			    strcmp(touched[end].kind, w->kind) != 0)
				break;
		rc = kind_update(w, touched + i, end - i);
		if (rc == RC_OK &&
		    (end == n || strcmp(touched[end].town, w->town) != 0))
			rc = town_make(w);
	}
	return rc;
}

enum rc tree_update(struct db *db, const char *scope,
		    const struct tree_change *changes, size_t n,
		    const struct tree_sink *sink, struct oid *root,
		    size_t *written, struct err *err)
{
	struct walk w = { .db = db, .scope = scope, .sink = sink, .err = err };
	struct touch *touched = calloc(2 * n + 1, sizeof(*touched));
	size_t ntouched = 0;
	enum rc rc;

	if (!touched)
		return err_set(err, RC_NOMEM, "out of memory");
	buf_init(&w.bytes, TREE_OBJECT_MAX);
	rc = leaves_apply(&w, changes, n, touched, &ntouched);
	if (rc == RC_OK)
		rc = towns_update(&w, touched, ntouched);
	if (rc == RC_OK)
		rc = root_make(&w, root);
	if (written)
		*written = w.written;
	buf_release(&w.bytes);
	free(touched);
	return rc;
}

enum rc nodes_forget(struct db *db, const char *scope, struct err *err)
{
	const char *const all[] = { SQL_NODE_DROP_SCOPE, SQL_TOP_DROP_SCOPE,
				    SQL_TOWN_DROP_SCOPE };
	enum rc rc = RC_OK;

	for (size_t i = 0; i < 3 && rc == RC_OK; i++) {
		struct query *q = query_begin(db, all[i]);

		query_text(q, 1, scope);
		rc = query_end(q, err);
	}
	return rc;
}

static enum rc kind_rebuild(struct walk *w)
{
	struct prefix root = { .depth = 0 };
	struct leaf *leaves;
	struct child node;
	size_t n;
	enum rc rc = leaves_load(w, &root, &leaves, &n);

	if (rc == RC_OK)
		rc = node_build(w, &root, leaves, n, &node);
	free(leaves);
	if (rc == RC_OK)
		rc = top_put(w, &node);
	return rc == RC_OK ? town_make(w) : rc;
}

enum rc tree_rebuild(struct db *db, const char *scope,
		     const struct tree_sink *sink, struct oid *root,
		     struct err *err)
{
	struct walk w = { .db = db, .scope = scope, .sink = sink, .err = err };
	struct query *q;
	enum rc rc = nodes_forget(db, scope, err);

	if (rc != RC_OK)
		return rc;
	buf_init(&w.bytes, TREE_OBJECT_MAX);
	q = query_begin(db, SQL_LEAF_KINDS);
	query_text(q, 1, scope);
	while (rc == RC_OK && query_row(q)) {
		w.town = query_get_text(q, 0);
		w.kind = query_get_text(q, 1);
		rc = kind_rebuild(&w);
	}
	if (query_end(q, err) != RC_OK)
		rc = err->code;
	if (rc == RC_OK)
		rc = root_make(&w, root);
	buf_release(&w.bytes);
	return rc;
}

enum rc tree_root(struct db *db, const char *scope, struct oid *root,
		  struct err *err)
{
	struct walk w = { .db = db, .scope = scope, .err = err };
	enum rc rc;

	buf_init(&w.bytes, TREE_OBJECT_MAX);
	rc = root_make(&w, root);
	buf_release(&w.bytes);
	return rc;
}

/* The version in column `col` of the row, if there is one; `scope` (or NULL) is
 * taken from the column before. */
static enum rc version_end(struct query *q, int col, char scope[8],
			   struct oid *oid, struct err *err)
{
	bool found = query_row(q);
	size_t len;
	enum rc rc;

	if (found && scope)
		snprintf(scope, 8, "%s", query_get_text(q, col - 1));
	if (found)
		memcpy(oid->b, query_get_blob(q, col, &len), OID_BYTES);
	rc = query_end(q, err);
	return rc != RC_OK ? rc : found ? RC_OK : RC_NOT_FOUND;
}

enum rc tree_version(struct db *db, const char *scope, const char *town,
		     const char *kind, const char *id, struct oid *oid,
		     struct err *err)
{
	unsigned char hash[HASH_BYTES];
	struct query *q = query_begin(db, SQL_LEAF_OID);

	leaf_hash(hash, id);
	query_text(q, 1, scope);
	query_text(q, 2, town);
	query_text(q, 3, kind);
	query_blob(q, 4, hash, HASH_BYTES);
	query_text(q, 5, id);
	return version_end(q, 0, NULL, oid, err);
}

enum rc tree_version_anywhere(struct db *db, const char *kind, const char *id,
			      char scope[8], struct oid *oid, struct err *err)
{
	unsigned char hash[HASH_BYTES];
	struct query *q = query_begin(db, SQL_LEAF_ANYWHERE);

	leaf_hash(hash, id);
	query_text(q, 1, kind);
	query_blob(q, 2, hash, HASH_BYTES);
	query_text(q, 3, id);
	return version_end(q, 1, scope, oid, err);
}

enum rc tree_version_in(struct db *db, const char *scope, const char *kind,
			const char *id, struct oid *oid, struct err *err)
{
	unsigned char hash[HASH_BYTES];
	struct query *q = query_begin(db, SQL_LEAF_IN);

	leaf_hash(hash, id);
	query_text(q, 1, kind);
	query_blob(q, 2, hash, HASH_BYTES);
	query_text(q, 3, id);
	query_text(q, 4, scope);
	return version_end(q, 0, NULL, oid, err);
}
