/* object/repo_inner.h - for this room only: what repo.c and repo_pack.c share.
 */
#ifndef OBJECT_REPO_INNER_H
#define OBJECT_REPO_INNER_H

#include "base/buf.h"
#include "object/git2_parts.h"
#include "object/repo.h"

struct repo {
	char *path; /* owned */
	git_repository *git;
	git_odb *odb;
	git_odb_backend *fresh; /* objects not yet on disk; owned by odb */
	struct buf queue; /* git_oid after git_oid: what `fresh` holds */
	size_t queued_bytes;
};

/* Drop and open again libgit2's view of the folder: it never notices by itself
 * that a pack went away. */
enum rc repo_reopen(struct repo *repo, struct err *err);

/* Write these objects as one pack, fsync it and read every one of them back
 * from the file. `name` gets "pack-<40 hex>". */
#define PACK_NAME_SIZE 46
enum rc repo_pack_write(struct repo *repo, const git_oid *ids, size_t n,
			char name[PACK_NAME_SIZE], struct err *err);
/* The reading back: RC_CORRUPT where a pack does not give each of these ids the
 * bytes that hash to it. */
enum rc repo_pack_verify(struct repo *repo, const char *name,
			 const git_oid *ids, size_t n, struct err *err);

/* "<repository>/<file>", or NULL without memory; the caller frees it. */
char *repo_file(const struct repo *repo, const char *file);
/* Replace a file by these bytes: tmp, fsync, rename. */
enum rc repo_replace(struct repo *repo, const char *file,
		     const struct buf *bytes, struct err *err);
/* objects/info/packs without the packs named in `gone`. */
enum rc repo_list_packs(struct repo *repo, const char (*gone)[PACK_NAME_SIZE],
			size_t ngone, struct err *err);

#endif
