/* tree/tree_impl.h - what the files of this room share. */
#ifndef TREE_TREE_IMPL_H
#define TREE_TREE_IMPL_H

#include "base/buf.h"
#include "tree/tree.h"

#define HASH_BYTES 16

/* The digits of SHA-256(id) that a walk has taken so far. */
struct prefix {
	unsigned char digit[TREE_DEPTH_MAX];
	int depth;
};

struct child {
	struct oid oid;
	uint32_t count;
};

struct leaf {
	unsigned char hash[HASH_BYTES];
	char id[33];
	struct oid oid;
};

/* Where one walk is at work. */
struct walk {
	struct db *db;
	const char *scope;
	const char *town;
	const char *kind;
	const struct tree_sink *sink;
	size_t written;
	struct buf bytes; /* of the tree object being made */
	struct err *err;
};

void leaf_hash(unsigned char out[HASH_BYTES], const char *id);
int hash_digit(const unsigned char *hash, int depth);

/* All leaves under a prefix, sorted by hash; *out is owned by the caller. */
enum rc leaves_load(struct walk *w, const struct prefix *p, struct leaf **out,
		    size_t *n);
/* The node of a prefix; *found is false where leaves follow at once. */
enum rc node_get(struct walk *w, const struct prefix *p,
		 struct child children[16], bool *found);
/* Make the nodes over these leaves. */
enum rc node_build(struct walk *w, const struct prefix *p, struct leaf *leaves,
		   size_t n, struct child *out);
/* Bring the node at a prefix up to date for the touched hashes. */
enum rc node_update(struct walk *w, const struct prefix *p,
		    const unsigned char (*touched)[HASH_BYTES], size_t n,
		    struct child *out);
/* The nodes, tops and towns of a scope. */
enum rc nodes_forget(struct db *db, const char *scope, struct err *err);
/* Remove the rows of the node and all below it. */
enum rc node_forget(struct walk *w, const struct prefix *p);
/* Write the tops: a kind's node into its town, the town into the scope. */
enum rc top_put(struct walk *w, const struct child *node);
enum rc town_make(struct walk *w);
enum rc root_make(struct walk *w, struct oid *root);
/* Hash a tree object and show it to the sink. */
enum rc node_object(struct walk *w, void *entries, size_t n, struct oid *out);

#endif
