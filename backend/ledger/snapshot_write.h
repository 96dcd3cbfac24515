/* ledger/snapshot_write.h - the bytes of one snapshot. */
#ifndef LEDGER_SNAPSHOT_WRITE_H
#define LEDGER_SNAPSHOT_WRITE_H

#include "ledger/snapshot.h"

/* The scope as it stands, from one read transaction; what was written is
 * flushed to the disk. Of format 1 the ETag is the head, of later ones the head
 * and a hash of the bytes. RC_NOT_FOUND when there is no such scope. */
enum rc snapshot_write(struct store *s, const char *scope, int format, int fd,
		       char etag[SNAPSHOT_ETAG_BYTES], struct err *err);

#endif
