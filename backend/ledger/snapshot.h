/* ledger/snapshot.h - prepared clones of a scope (docs/protocol.md section 11).
 *
 * A snapshot is a file, made once. It is fresh until the scope has moved on by
 * a twentieth of its records (a sync brings the rest), at least 1,000 changes;
 * then another takes its place. The one before is kept until the next change of
 * places, for those who are in the middle of it. Each format has its own. */
#ifndef LEDGER_SNAPSHOT_H
#define LEDGER_SNAPSHOT_H

#include "store/store.h"

#define SNAPSHOT_ETAG_BYTES 80

struct snapshot_file {
	char *path; /* malloc'd; NULL: there is none to serve */
	char etag[SNAPSHOT_ETAG_BYTES];
	int64_t bytes;
};

/* The snapshot of that ETag if it is still here, otherwise the fresh one,
 * otherwise none. `etag` may be NULL, and is whatever somebody sent. Any
 * thread; it makes nothing. */
enum rc snapshot_find(struct store *s, const char *scope, int format,
		      const char *etag, struct snapshot_file *out,
		      struct err *err);
/* Make it now, unless it is fresh. One caller at a time in one process; other
 * processes are safe (tmp and rename). */
enum rc snapshot_make(struct store *s, const char *scope, int format,
		      struct err *err);
/* The records of a scope. */
enum rc snapshot_count(struct store *s, const char *scope, int64_t *records,
		       struct err *err);
/* Which snapshots have been asked for so far: each scope and format of which
 * there is one, fresh or not. */
typedef enum rc snapshot_fn(void *ctx, const char *scope, int format,
			    struct err *err);
enum rc snapshot_each(struct store *s, snapshot_fn *fn, void *ctx,
		      struct err *err);
/* Remove what a process that died has left half done. Before any is made. */
void snapshot_tidy(struct store *s);

#endif
