/* tree/list.c - what stands at a place of a tree, for those who compare two. */
#include "tree/tree_impl.h"

#include <stdlib.h>
#include <string.h>

#include "sql_sync.gen.h"

static struct tree_item *item_add(struct tree_list *l, size_t *room,
				  struct err *err)
{
	if (l->n == *room) {
		size_t grown = *room ? *room * 2 : 32;
		struct tree_item *items =
			realloc(l->items, grown * sizeof(*items));

		if (!items) {
			err_set(err, RC_NOMEM, "out of memory");
			return NULL;
		}
		l->items = items;
		*room = grown;
	}
	return &l->items[l->n++];
}

/* Rows (name, oid). */
static enum rc rows_list(struct query *q, struct tree_list *out,
			 struct err *err)
{
	size_t room = 0, len;
	enum rc rc = RC_OK, ended;

	while (query_row(q)) {
		const void *oid = query_get_blob(q, 1, &len);
		struct tree_item *item = item_add(out, &room, err);

		if (!item) {
			rc = err->code;
			break;
		}
		snprintf(item->name, sizeof(item->name), "%s",
			 query_get_text(q, 0));
		memset(&item->oid, 0, sizeof(item->oid));
		if (len == OID_BYTES)
			memcpy(item->oid.b, oid, OID_BYTES);
	}
	ended = query_end(q, err);
	return rc == RC_OK ? ended : rc;
}

static enum rc prefix_read(struct prefix *p, const char *path, struct err *err)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = strlen(path);

	memset(p, 0, sizeof(*p));
	if (n > TREE_DEPTH_MAX || strspn(path, digits) != n)
		return err_set(err, RC_INVALID, "'%.40s' is no path in a tree",
			       path);
	for (size_t i = 0; i < n; i++)
		p->digit[i] = (unsigned char)(strchr(digits, path[i]) - digits);
	p->depth = (int)n;
	return RC_OK;
}

static int item_order(const void *a, const void *b)
{
	const struct tree_item *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static enum rc leaves_list(struct walk *w, const struct prefix *p,
			   struct tree_list *out)
{
	struct leaf *leaves;
	size_t n;
	enum rc rc = leaves_load(w, p, &leaves, &n);

	out->what = TREE_RECORDS;
	if (rc == RC_OK && n) {
		out->items = calloc(n, sizeof(*out->items));
		if (!out->items)
			rc = err_set(w->err, RC_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		snprintf(out->items[i].name, sizeof(out->items[i].name), "%s",
			 leaves[i].id);
		out->items[i].oid = leaves[i].oid;
		out->n++;
	}
	free(leaves);
	if (out->n)
		qsort(out->items, out->n, sizeof(*out->items), item_order);
	return rc;
}

static enum rc nodes_list(struct walk *w, const struct child children[16],
			  struct tree_list *out)
{
	size_t room = 0;

	out->what = TREE_NODES;
	for (int i = 0; i < 16; i++) {
		struct tree_item *item;

		if (!children[i].count)
			continue;
		item = item_add(out, &room, w->err);
		if (!item)
			return w->err->code;
		snprintf(item->name, sizeof(item->name), "%x", i);
		item->oid = children[i].oid;
	}
	return RC_OK;
}

static enum rc path_list(struct walk *w, const char *path,
			 struct tree_list *out)
{
	struct child children[16];
	struct prefix p;
	bool found = false;
	enum rc rc = prefix_read(&p, path, w->err);

	if (rc == RC_OK && p.depth < TREE_DEPTH_MAX)
		rc = node_get(w, &p, children, &found);
	if (rc != RC_OK)
		return rc;
	return found ? nodes_list(w, children, out) : leaves_list(w, &p, out);
}

enum rc tree_list(struct db *db, const char *scope, const char *town,
		  const char *kind, const char *path, struct tree_list *out,
		  struct err *err)
{
	struct walk w = {
		.db = db, .scope = scope, .town = town, .kind = kind, .err = err
	};
	struct query *q;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	if (kind[0]) {
		rc = path_list(&w, path, out);
	} else {
		out->what = town[0] ? TREE_KINDS : TREE_TOWNS;
		q = query_begin(db, town[0] ? SQL_TOP_OF_TOWN : SQL_TOWN_ALL);
		query_text(q, 1, scope);
		if (town[0])
			query_text(q, 2, town);
		rc = rows_list(q, out, err);
	}
	if (rc != RC_OK)
		tree_list_release(out);
	return rc;
}

enum rc tree_records(struct db *db, const char *scope, const char *town,
		     const char *kind, const char *path, struct tree_list *out,
		     struct err *err)
{
	struct walk w = {
		.db = db, .scope = scope, .town = town, .kind = kind, .err = err
	};
	struct prefix p;
	enum rc rc = prefix_read(&p, path, err);

	memset(out, 0, sizeof(*out));
	if (rc == RC_OK)
		rc = leaves_list(&w, &p, out);
	if (rc != RC_OK)
		tree_list_release(out);
	return rc;
}

void tree_list_release(struct tree_list *l)
{
	free(l->items);
	memset(l, 0, sizeof(*l));
}

enum rc tree_forget(struct db *db, const char *scope, struct err *err)
{
	struct query *q = query_begin(db, SQL_LEAF_DROP_SCOPE);
	enum rc rc;

	query_text(q, 1, scope);
	rc = query_end(q, err);
	return rc == RC_OK ? nodes_forget(db, scope, err) : rc;
}
