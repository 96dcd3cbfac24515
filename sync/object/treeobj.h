/* object/treeobj.h - the bytes of Git tree objects, built from validated names
 * only and checked entry by entry when they come from outside. libgit2 accepts
 * entries such as "../evil", so it is never asked. */
#ifndef OBJECT_TREEOBJ_H
#define OBJECT_TREEOBJ_H

#include <stdint.h>

#include "base/buf.h"
#include "object/oid.h"

struct tree_entry {
	const char *name; /* borrowed; [a-z0-9_]{1,32} */
	bool is_tree; /* 40000 */
	bool is_marked; /* 100755 where it is no tree, else 100644 */
	struct oid oid;
};

/* Append one entry. Entries must come in Git's order, which for our names is
 * byte order with a directory compared as if its name ended in '/'. */
void treeobj_add(struct buf *out, const struct tree_entry *entry);
/* Sort into Git's order. */
void treeobj_sort(struct tree_entry *entries, size_t n);
/* Sort, encode into `bytes` (appended; may be NULL) and hash. */
enum rc treeobj_make(struct oid *out, struct buf *bytes,
		     struct tree_entry *entries, size_t n, struct err *err);

#endif
