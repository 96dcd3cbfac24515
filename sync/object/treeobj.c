#include "object/treeobj.h"

#include <assert.h>

#include "object/oid.h"

#define NAME_MAX_BYTES 32

/* An entry is: mode, space, name, NUL, 20 bytes of id. No character of our
 * names sorts below '/', so that Git's order, which compares a directory as if
 * its name ended in '/', is plain byte order of the names. */

static bool name_is_entry(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n >= 1 && n <= NAME_MAX_BYTES && name[n] == '\0';
}

void treeobj_add(struct buf *out, const struct tree_entry *entry)
{
	assert(name_is_entry(entry->name));
	buf_puts(out, entry->is_tree     ? "40000 "
		      : entry->is_marked ? "100755 "
					 : "100644 ");
	buf_puts(out, entry->name);
	buf_byte(out, '\0');
	buf_put(out, entry->oid.b, OID_BYTES);
}

static int entry_cmp(const void *a, const void *b)
{
	const struct tree_entry *x = a;
	const struct tree_entry *y = b;

	return strcmp(x->name, y->name);
}

void treeobj_sort(struct tree_entry *entries, size_t n)
{
	if (n > 1)
		qsort(entries, n, sizeof *entries, entry_cmp);
}

static enum rc entries_check(const struct tree_entry *entries, size_t n,
			     struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!name_is_entry(entries[i].name))
			return err_set(err, RC_INVALID,
				       "tree entry '%.40s' has a bad name",
				       entries[i].name);
		/* A file and a directory of one name would stand side by side
		 * too, and Git refuses both. */
		if (i > 0 && strcmp(entries[i - 1].name, entries[i].name) == 0)
			return err_set(err, RC_INVALID,
				       "tree entry '%s' stands twice",
				       entries[i].name);
		if (oid_is_zero(&entries[i].oid))
			return err_set(err, RC_INVALID,
				       "tree entry '%s' has no object",
				       entries[i].name);
	}
	return RC_OK;
}

enum rc treeobj_make(struct oid *out, struct buf *bytes,
		     struct tree_entry *entries, size_t n, struct err *err)
{
	struct buf own;
	size_t start;
	enum rc rc;

	/* Mode, space, NUL and id take 28 bytes at most. */
	buf_init(&own, n * (28 + NAME_MAX_BYTES) + 1);
	if (!bytes)
		bytes = &own;
	start = bytes->len;
	treeobj_sort(entries, n);
	rc = entries_check(entries, n, err);
	if (rc != RC_OK)
		goto out;
	for (size_t i = 0; i < n; i++)
		treeobj_add(bytes, &entries[i]);
	rc = buf_status(bytes, err);
	if (rc != RC_OK)
		goto out;
	rc = oid_of(out, OBJECT_TREE, n ? bytes->data + start : "",
		    bytes->len - start, err);
out:
	buf_release(&own);
	return rc;
}
