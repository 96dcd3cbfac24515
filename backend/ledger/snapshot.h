/* ledger/snapshot.h - prepared clones of a scope (docs/protocol.md section 11).
 *
 * A snapshot is made once and serves until the scope has moved on by a
 * twentieth of its records (a sync brings the rest), at least 1,000 changes. */
#ifndef LEDGER_SNAPSHOT_H
#define LEDGER_SNAPSHOT_H

#include "store/store.h"

/* The path of a usable snapshot, made now when there is none, and its ETag (the
 * main commit). *path is malloc'd. One caller a scope at a time per process;
 * other processes are safe (tmp and rename). */
enum rc snapshot_get(struct store *s, const char *scope, char **path,
		     char etag[80], struct err *err);

#endif
