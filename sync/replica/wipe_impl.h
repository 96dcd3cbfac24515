/* replica/wipe_impl.h - what rescue.c, wipe.c and erase.c share: a terminal
 * that the office ordered to be wiped (docs/protocol.md section 17).
 *
 *   ordered   the signed order is in hufu_meta; from here every start goes on
 *   rescued   what the server has not got is sealed to it: it said so, or a
 *             file lies beside the replica
 *   wiped     the first sector of the replica says so: no way back; then the
 *             rest goes
 *
 * Each step is on the disk before the next begins, and the last two need no
 * room there. */
#ifndef REPLICA_WIPE_IMPL_H
#define REPLICA_WIPE_IMPL_H

#include "replica/replica_impl.h"
#include "wire/wipe.h"

/* What a rescue has. */
struct rescued {
	int packets, edits, unread; /* unread: rows that are no record */
	int files, files_named; /* evidence with its bytes, and by name alone */
	int64_t version; /* of the replica, as it was gathered */
	char sha256[65]; /* of the body */
};
/* Everything that the server has not acknowledged, as a file of
 * sync/wire/bundle.h with one item of the type `rescue`; appended. */
enum rc rescue_make(struct replica *r, const struct wipe_order *order,
		    struct buf *file, struct rescued *out, struct err *err);

/* What a wiped replica still says of itself. */
enum rc wiped_read(const char *path, struct wiped *out, struct err *err);
/* Put that in place of the file's beginning, and hold the file: *fd. After a
 * failure the file may be either. */
enum rc erase_begin(const char *path, const struct wiped *w, int *fd,
		    struct err *err);
/* The rest of the file, what lies beside it, and the folder of evidence; as
 * often as it takes. Closes *fd, or opens the file where that is -1. */
enum rc erase_finish(const char *path, int *fd, struct err *err);

#endif
