/* tree/node.c - inner nodes and leaves under one town and kind. */
#include "tree/tree_impl.h"

#include "base/hash.h"
#include "base/hex.h"
#include "object/treeobj.h"
#include "sql_sync.gen.h"

#define CHILD_BYTES (OID_BYTES + 4)
#define CHILDREN_BYTES (16 * CHILD_BYTES)

static const char digits[] = "0123456789abcdef";

void leaf_hash(unsigned char out[HASH_BYTES], const char *id)
{
	unsigned char full[SHA256_BYTES];

	sha256(full, id, strlen(id));
	memcpy(out, full, HASH_BYTES);
}

int hash_digit(const unsigned char *hash, int depth)
{
	return depth % 2 ? hash[depth / 2] & 15 : hash[depth / 2] >> 4;
}

/* The prefix as text: the path of a node's row. */
static void prefix_text(const struct prefix *p, char out[TREE_DEPTH_MAX + 1])
{
	for (int i = 0; i < p->depth; i++)
		out[i] = digits[p->digit[i]];
	out[p->depth] = '\0';
}

static void prefix_range(const struct prefix *p, unsigned char low[HASH_BYTES],
			 unsigned char high[HASH_BYTES])
{
	memset(low, 0, HASH_BYTES);
	memset(high, 0xff, HASH_BYTES);
	for (int i = 0; i < p->depth; i++) {
		int shift = i % 2 ? 0 : 4;

		low[i / 2] |= (unsigned char)(p->digit[i] << shift);
		high[i / 2] &= (unsigned char)~(15 << shift);
		high[i / 2] |= (unsigned char)(p->digit[i] << shift);
	}
}

static void walk_bind(struct query *q, const struct walk *w)
{
	query_text(q, 1, w->scope);
	query_text(q, 2, w->town);
	query_text(q, 3, w->kind);
}

enum rc leaves_load(struct walk *w, const struct prefix *p, struct leaf **out,
		    size_t *n)
{
	unsigned char low[HASH_BYTES], high[HASH_BYTES];
	struct query *q = query_begin(w->db, SQL_LEAF_RANGE);
	size_t room = 0, len;
	struct leaf *all = NULL;

	*out = NULL;
	*n = 0;
	prefix_range(p, low, high);
	walk_bind(q, w);
	query_blob(q, 4, low, HASH_BYTES);
	query_blob(q, 5, high, HASH_BYTES);
	while (query_row(q)) {
		if (*n == room) {
			struct leaf *grown;

			room = room ? room * 2 : 48;
			grown = realloc(all, room * sizeof(*all));
			if (!grown) {
				free(all);
				query_end(q, w->err);
				return err_set(w->err, RC_NOMEM,
					       "out of memory");
			}
			all = grown;
		}
		memcpy(all[*n].hash, query_get_blob(q, 0, &len), HASH_BYTES);
		snprintf(all[*n].id, sizeof(all[*n].id), "%s",
			 query_get_text(q, 1));
		memcpy(all[*n].oid.b, query_get_blob(q, 2, &len), OID_BYTES);
		(*n)++;
	}
	*out = all;
	return query_end(q, w->err);
}

enum rc node_object(struct walk *w, void *entries, size_t n, struct oid *out)
{
	enum rc rc;

	buf_reset(&w->bytes);
	rc = treeobj_make(out, w->sink ? &w->bytes : NULL, entries, n, w->err);
	if (rc == RC_OK && w->sink)
		rc = w->sink->object(w->sink->ctx, out, w->bytes.data,
				     w->bytes.len, w->err);
	w->written++;
	return rc;
}

static enum rc leaf_make(struct walk *w, struct leaf *leaves, size_t n,
			 struct child *out)
{
	struct tree_entry *entries;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	if (!n)
		return RC_OK;
	entries = calloc(n, sizeof(*entries));
	if (!entries)
		return err_set(w->err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		entries[i].name = leaves[i].id;
		entries[i].oid = leaves[i].oid;
	}
	rc = node_object(w, entries, n, &out->oid);
	out->count = (uint32_t)n;
	free(entries);
	return rc;
}

static enum rc inner_make(struct walk *w, const struct child children[16],
			  struct child *out)
{
	struct tree_entry entries[16];
	char names[16][2];
	size_t n = 0;

	memset(entries, 0, sizeof(entries));
	out->count = 0;
	for (int i = 0; i < 16; i++) {
		if (!children[i].count)
			continue;
		names[i][0] = digits[i];
		names[i][1] = '\0';
		entries[n].name = names[i];
		entries[n].is_tree = true;
		entries[n].oid = children[i].oid;
		out->count += children[i].count;
		n++;
	}
	return node_object(w, entries, n, &out->oid);
}

static enum rc node_put(struct walk *w, const struct prefix *p,
			const struct child children[16])
{
	unsigned char row[CHILDREN_BYTES];
	char path[TREE_DEPTH_MAX + 1];
	struct query *q = query_begin(w->db, SQL_NODE_PUT);

	for (int i = 0; i < 16; i++) {
		unsigned char *at = row + i * CHILD_BYTES;

		memcpy(at, children[i].oid.b, OID_BYTES);
		for (int b = 0; b < 4; b++)
			at[OID_BYTES + b] = (unsigned char)(children[i].count >>
							    (24 - 8 * b));
	}
	prefix_text(p, path);
	walk_bind(q, w);
	query_text(q, 4, path);
	query_blob(q, 5, row, sizeof(row));
	return query_end(q, w->err);
}

enum rc node_get(struct walk *w, const struct prefix *p,
		 struct child children[16], bool *found)
{
	char path[TREE_DEPTH_MAX + 1];
	struct query *q = query_begin(w->db, SQL_NODE_GET);
	size_t len = 0;

	prefix_text(p, path);
	walk_bind(q, w);
	query_text(q, 4, path);
	*found = query_row(q);
	if (*found) {
		const unsigned char *row = query_get_blob(q, 0, &len);

		for (int i = 0; i < 16 && len == CHILDREN_BYTES; i++) {
			const unsigned char *at = row + i * CHILD_BYTES;

			memcpy(children[i].oid.b, at, OID_BYTES);
			at += OID_BYTES;
			children[i].count = (uint32_t)at[0] << 24 |
					    (uint32_t)at[1] << 16 |
					    (uint32_t)at[2] << 8 | at[3];
		}
		if (len != CHILDREN_BYTES)
			err_set(w->err, RC_CORRUPT,
				"tree node '%s/%s/%s/%s' is damaged", w->scope,
				w->town, w->kind, path);
	}
	if (query_end(q, w->err) != RC_OK || (*found && len != CHILDREN_BYTES))
		return w->err->code;
	return RC_OK;
}

enum rc node_forget(struct walk *w, const struct prefix *p)
{
	char path[TREE_DEPTH_MAX + 1], end[TREE_DEPTH_MAX + 2];
	struct query *q = query_begin(w->db, SQL_NODE_DROP);

	prefix_text(p, path);
	snprintf(end, sizeof(end), "%sg", path);
	walk_bind(q, w);
	query_text(q, 4, path);
	query_text(q, 5, end);
	return query_end(q, w->err);
}

/* How many leading elements of the sorted leaves have this digit. */
static size_t digit_run(const struct leaf *leaves, size_t n, int depth,
			int digit)
{
	size_t i = 0;

	while (i < n && hash_digit(leaves[i].hash, depth) == digit)
		i++;
	return i;
}

enum rc node_build(struct walk *w, const struct prefix *p, struct leaf *leaves,
		   size_t n, struct child *out)
{
	struct child children[16];
	struct prefix below = *p;
	size_t done = 0;
	enum rc rc = RC_OK;

	if (n <= TREE_LEAF_MAX || p->depth == TREE_DEPTH_MAX)
		return leaf_make(w, leaves, n, out);
	memset(children, 0, sizeof(children));
	below.depth++;
	for (int digit = 0; digit < 16 && rc == RC_OK; digit++) {
		size_t run =
			digit_run(leaves + done, n - done, p->depth, digit);

		if (!run)
			continue;
		below.digit[p->depth] = (unsigned char)digit;
		rc = node_build(w, &below, leaves + done, run,
				&children[digit]);
		done += run;
	}
	if (rc == RC_OK)
		rc = node_put(w, p, children);
	return rc == RC_OK ? inner_make(w, children, out) : rc;
}

static enum rc node_rebuild(struct walk *w, const struct prefix *p,
			    struct child *out)
{
	struct leaf *leaves;
	size_t n;
	enum rc rc = leaves_load(w, p, &leaves, &n);

	if (rc == RC_OK)
		rc = node_build(w, p, leaves, n, out);
	free(leaves);
	return rc;
}

enum rc node_update(struct walk *w, const struct prefix *p,
		    const unsigned char (*touched)[HASH_BYTES], size_t n,
		    struct child *out)
{
	struct child children[16];
	struct prefix below = *p;
	uint32_t total = 0;
	bool found = false;
	enum rc rc;

	memset(children, 0, sizeof(children));
	rc = p->depth < TREE_DEPTH_MAX ? node_get(w, p, children, &found)
				       : RC_OK;
	if (rc != RC_OK)
		return rc;
	if (!found)
		return node_rebuild(w, p, out);
	below.depth++;
	for (size_t i = 0, end; i < n && rc == RC_OK; i = end) {
		int digit = hash_digit(touched[i], p->depth);

		for (end = i + 1; end < n; end++)
			if (hash_digit(touched[end], p->depth) != digit)
				break;
		below.digit[p->depth] = (unsigned char)digit;
		rc = node_update(w, &below, touched + i, end - i,
				 &children[digit]);
	}
	for (int i = 0; i < 16; i++)
		total += children[i].count;
	if (rc == RC_OK && total <= TREE_LEAF_MAX) {
		rc = node_forget(w, p);
		return rc == RC_OK ? node_rebuild(w, p, out) : rc;
	}
	if (rc == RC_OK)
		rc = node_put(w, p, children);
	return rc == RC_OK ? inner_make(w, children, out) : rc;
}
