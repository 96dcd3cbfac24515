/* tree/tree.h - the Merkle tree of a scope over the tables hufu_leaf,
 * hufu_node, hufu_top and hufu_town: docs/protocol.md section 4.
 *
 * hufu_leaf has one row a record; hufu_node one row an inner node, with its 16
 * children; leaves have none. The cost of an update follows the change: k
 * changes write at most k x (depth + 2) tree nodes. The caller holds a
 * transaction. Git trees after Merkle, "A digital signature based on a
 * conventional encryption function" (1987). */
#ifndef TREE_TREE_H
#define TREE_TREE_H

#include <stdint.h>

#include "db/db.h"
#include "object/oid.h"

#define TREE_LEAF_MAX 32
#define TREE_NAME_SIZE 33
#define TREE_DEPTH_MAX 32
#define TREE_KEY_MIN 4
#define TREE_KEY_SIZE 65

struct tree_change {
	const char *kind, *id;
	const char *town_before; /* NULL: it is new here */
	const char *town_after; /* NULL: it leaves this tree */
	struct oid oid; /* its version afterwards */
	int64_t position; /* kept beside it; 0 in a replica */
};

/* Sees the bytes of every tree object that an update made. May be NULL. */
struct tree_sink {
	enum rc (*object)(void *ctx, const struct oid *oid, const void *bytes,
			  size_t n, struct err *err);
	void *ctx;
};

/* Make the tables where they are absent. */
enum rc tree_create(struct db *db, struct err *err);
/* Apply changes; a record may appear once. *root is the scope's new root;
 * *written (may be NULL) counts the tree objects that were made. */
enum rc tree_update(struct db *db, const char *scope,
		    const struct tree_change *changes, size_t n,
		    const struct tree_sink *sink, struct oid *root,
		    size_t *written, struct err *err);
/* Make all nodes of a scope anew from hufu_leaf. */
enum rc tree_rebuild(struct db *db, const char *scope,
		     const struct tree_sink *sink, struct oid *root,
		     struct err *err);
enum rc tree_root(struct db *db, const char *scope, struct oid *root,
		  struct err *err);
/* Around very many calls of tree_leaf_put: the index by hash is made once, of
 * all of them. tree_key and tree_find are slow in between. */
enum rc tree_bulk_begin(struct db *db, struct err *err);
enum rc tree_bulk_end(struct db *db, struct err *err);
/* Add a row to hufu_leaf without touching nodes: for bulk work that ends in
 * tree_rebuild. */
enum rc tree_leaf_put(struct db *db, const char *scope, const char *town,
		      const char *kind, const char *id, const struct oid *oid,
		      int64_t position, struct err *err);
/* The version of a record, RC_NOT_FOUND without a message. */
enum rc tree_version(struct db *db, const char *scope, const char *town,
		     const char *kind, const char *id, struct oid *oid,
		     struct err *err);
/* The same where neither scope nor town is sure. */
enum rc tree_version_anywhere(struct db *db, const char *kind, const char *id,
			      char scope[8], struct oid *oid, struct err *err);

/* The same where only the town is not. */
enum rc tree_version_in(struct db *db, const char *scope, const char *kind,
			const char *id, struct oid *oid, struct err *err);

/* protocol.md 9: a key that is unambiguous among the scope's records of the
 * kind, `margin` digits longer than needed to be so. */
enum rc tree_key(struct db *db, const char *scope, const char *kind,
		 const char *id, int margin, char out[TREE_KEY_SIZE],
		 struct err *err);
/* The id that a key means; RC_NOT_FOUND, or RC_CONFLICT when it is ambiguous
 * (neither sets a message). */
enum rc tree_find(struct db *db, const char *scope, const char *kind,
		  const char *key, char id[33], struct err *err);

/* What stands directly below a place of the tree: the scope's towns (town ""),
 * a town's kinds (kind ""), or what a kind has below a path of hash digits (""
 * for all of it): up to 16 nodes named by their digit, or the records of a
 * leaf. Where nothing stands, no records. In order of name. */
enum tree_below { TREE_TOWNS, TREE_KINDS, TREE_NODES, TREE_RECORDS };
struct tree_item {
	char name[TREE_NAME_SIZE];
	struct oid oid;
};
struct tree_list {
	enum tree_below what;
	struct tree_item *items; /* owned: tree_list_release */
	size_t n;
};
/* RC_INVALID: the path has other than hex digits, or more than there are. */
enum rc tree_list(struct db *db, const char *scope, const char *town,
		  const char *kind, const char *path, struct tree_list *out,
		  struct err *err);
/* All records below a path, however many nodes lie between. */
enum rc tree_records(struct db *db, const char *scope, const char *town,
		     const char *kind, const char *path, struct tree_list *out,
		     struct err *err);
void tree_list_release(struct tree_list *l);
/* Forget a scope's leaves and nodes: tree_leaf_put and tree_rebuild follow. */
enum rc tree_forget(struct db *db, const char *scope, struct err *err);

#endif
