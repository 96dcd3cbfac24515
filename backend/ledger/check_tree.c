/* ledger/check_tree.c - the stored tree of a scope against one made anew from
 * the log, table by table, and its root against the newest main commit. */
#include "ledger/check_impl.h"

#include "base/hex.h"
#include "sql_store.gen.h"
#include "tree/tree.h"

/* A table of the tree, read in the order of its key on both sides. */
struct table {
	const char *name; /* of what a row is */
	const char *sql;
	int nkeys, ncols;
	int nnames; /* leading keys that name the row in a message */
	int last_name; /* one more, or -1 */
};

static int cell_order(struct query *a, struct query *b, int col)
{
	const void *x, *y;
	size_t nx, ny;
	int d;

	if (query_get_type(a, col) == 'i' && query_get_type(b, col) == 'i') {
		int64_t i = query_get_int(a, col), k = query_get_int(b, col);

		return (i > k) - (i < k);
	}
	x = query_get_blob(a, col, &nx);
	y = query_get_blob(b, col, &ny);
	d = nx && ny ? memcmp(x, y, nx < ny ? nx : ny) : 0;
	return d ? d : (nx > ny) - (nx < ny);
}

static void row_name(const struct table *t, struct query *q, char out[96])
{
	size_t n = (size_t)snprintf(out, 96, "%s", t->name);

	for (int i = 0; i < t->ncols && n < 96; i++) {
		const char *text;

		if (i >= t->nnames && i != t->last_name)
			continue;
		text = query_get_text(q, i);
		n += (size_t)snprintf(out + n, 96 - n, "%c%s", i ? '/' : ' ',
				      text ? text : "");
	}
}

/* Compare the rows that the two queries stand on; both exist. */
static enum rc rows_compare(struct check *c, const struct table *t,
			    struct query *want, struct query *is, int *order)
{
	char what[96];

	*order = 0;
	for (int i = 0; i < t->nkeys && !*order; i++)
		*order = cell_order(want, is, i);
	if (*order)
		return RC_OK;
	for (int i = t->nkeys; i < t->ncols; i++)
		if (cell_order(want, is, i) != 0) {
			row_name(t, is, what);
			return check_fault(c, 0, what,
					   "it is not what the log gives");
		}
	return RC_OK;
}

/* The next row; at the end the query is ended at once, because a row that could
 * not be read is not one that is missing. */
static bool row_next(struct check *c, struct query **q, enum rc *rc)
{
	if (!*q || *rc != RC_OK)
		return false;
	if (query_row(*q))
		return true;
	*rc = query_end(*q, c->err);
	*q = NULL;
	return false;
}

static enum rc table_compare(struct check *c, const struct table *t)
{
	struct query *want = query_begin(c->scratch, t->sql);
	struct query *is = query_begin(c->s->db, t->sql);
	bool has_want, has_is;
	char what[96];
	enum rc rc = RC_OK;

	query_text(want, 1, c->at->scope);
	query_text(is, 1, c->at->scope);
	has_want = row_next(c, &want, &rc);
	has_is = row_next(c, &is, &rc);
	while (rc == RC_OK && (has_want || has_is)) {
		int order = has_want ? -1 : 1;

		if (has_want && has_is)
			rc = rows_compare(c, t, want, is, &order);
		if (rc == RC_OK && order) {
			row_name(t, order < 0 ? want : is, what);
			rc = check_fault(c, 0, what,
					 order < 0 ? "it is missing"
						   : "the log knows nothing of "
						     "it");
		}
		has_want = row_next(c, &want, &rc);
		has_is = row_next(c, &is, &rc);
	}
	if (want && query_end(want, c->err) != RC_OK)
		rc = c->err->code;
	if (is && query_end(is, c->err) != RC_OK)
		rc = c->err->code;
	return rc;
}

enum rc check_tree(struct check *c)
{
	const struct table tables[] = {
		{ "leaf", SQL_CHECK_LEAF, 4, 6, 2, 3 },
		{ "node", SQL_CHECK_NODE, 3, 4, 3, -1 },
		{ "kind of a town", SQL_CHECK_TOP, 2, 4, 2, -1 },
		{ "town", SQL_CHECK_TOWN, 1, 2, 1, -1 },
	};
	struct oid root;
	enum rc rc =
		tree_rebuild(c->scratch, c->at->scope, NULL, &root, c->err);

	for (size_t i = 0; rc == RC_OK && i < sizeof(tables) / sizeof(*tables);
	     i++)
		rc = table_compare(c, &tables[i]);
	if (rc == RC_OK && !oid_equal(&root, &c->head_root)) {
		char hex[OID_HEX_SIZE];

		oid_hex(hex, &root);
		rc = check_fault(c, c->head_position, "root",
				 "the log gives the tree %s, the newest main "
				 "commit has another",
				 hex);
	}
	c->at->root = root;
	return rc;
}
