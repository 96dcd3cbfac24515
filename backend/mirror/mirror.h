/* mirror/mirror.h - the log as an ordinary bare Git repository, DIR/mirror.git,
 * which auditors clone and verify with stock git.
 *
 *   refs/heads/<scope>               the main line; HEAD is refs/heads/catalog
 *   refs/journals/<scope>/<journal>  what one author wrote
 *   allowed_signers                  for gpg.ssh.allowedSignersFile
 *
 * Only what the log gained since the last time is written. A ref moves when the
 * pack behind it was written and read back, and the mirror's own state
 * (DIR/mirror.db) is committed after the refs, so that a crash leaves an older
 * mirror that the next update finishes. Refs only go forward. Deleting
 * mirror.git, or both, makes the same ids again.
 *
 * It only reads the store, beside a running server. One program at a time:
 * another gets RC_BUSY. One thread at a time. Memory is bounded by 32 MiB of
 * objects plus what one main commit touches. */
#ifndef MIRROR_MIRROR_H
#define MIRROR_MIRROR_H

#include "store/store.h"

struct mirror;

/* `store` is borrowed until mirror_close. RC_CORRUPT when the mirror is of
 * another log. */
enum rc mirror_open(struct mirror **out, struct store *store, struct err *err);
void mirror_close(struct mirror *m);

/* Throw it away, with its state: the next update writes all of it again. */
enum rc mirror_forget(struct store *store, struct err *err);

/* Bring it up to date. `progress` (may be NULL) hears how many main commits are
 * done. RC_CORRUPT names the scope and position whose root is not what the main
 * commit says. After a failure close and open again. */
enum rc mirror_update(struct mirror *m,
		      void (*progress)(void *ctx, size_t done, size_t total),
		      void *ctx, struct err *err);

/* What it holds of a scope. */
struct mirror_scope {
	char scope[16];
	int64_t commits, packets, position;
	struct oid head;
};
typedef enum rc mirror_scope_fn(void *ctx, const struct mirror_scope *s,
				struct err *err);
/* Every scope in byte order. */
enum rc mirror_each(struct mirror *m, mirror_scope_fn *fn, void *ctx,
		    struct err *err);

#endif
