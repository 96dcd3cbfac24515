/* object/repo.h - an ordinary bare Git repository on disk: the mirror.
 *
 * Objects are gathered in memory and written as one pack; a pack is read back
 * and checked before any ref relies on it. Not thread safe. */
#ifndef OBJECT_REPO_H
#define OBJECT_REPO_H

#include <stdint.h>

#include "object/oid.h"

struct repo;

/* Opens or creates the bare repository at `path`, with HEAD on the branch
 * `head` ("refs/heads/..."). New reference: repo_close. */
enum rc repo_open(struct repo **out, const char *path, const char *head,
		  struct err *err);
void repo_close(struct repo *repo);

/* Queue an object for the next pack unless the repository has it; answers its
 * id through `oid` (may be NULL). */
enum rc repo_add(struct repo *repo, enum object_kind kind, const void *p,
		 size_t n, struct oid *oid, struct err *err);
size_t repo_queued_bytes(const struct repo *repo);
/* Write what is queued as one pack (delta compressed), fsync and verify it. A
 * no-op with nothing queued. */
enum rc repo_flush(struct repo *repo, struct err *err);
/* Point a ref ("refs/heads/330106") at a commit, creating or moving it. */
enum rc repo_ref(struct repo *repo, const char *name, const struct oid *oid,
		 struct err *err);
/* The commit a ref points at, or RC_NOT_FOUND. */
enum rc repo_ref_get(struct repo *repo, const char *name, struct oid *oid,
		     struct err *err);
bool repo_has(struct repo *repo, const struct oid *oid);
/* Read every pack and compare its checksum: RC_CORRUPT names the file. */
enum rc repo_check_packs(struct repo *repo, struct err *err);
/* Merge packs geometrically: while the newest pack is at least half as large as
 * the one before it, they become one. */
enum rc repo_merge_packs(struct repo *repo, struct err *err);
/* info/refs, objects/info/packs and HEAD for clones over plain HTTP. */
enum rc repo_update_server_info(struct repo *repo, struct err *err);

#endif
