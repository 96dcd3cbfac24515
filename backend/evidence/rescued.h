/* evidence/rescued.h - what was rescued from terminals that were wiped, sealed
 * as it came: DIR/rescue/<sha256 of the body>, each file a bundle of
 * sync/wire/bundle.h. */
#ifndef EVIDENCE_RESCUED_H
#define EVIDENCE_RESCUED_H

#include "base/buf.h"

/* On the disk when this ends. One that is there stays. */
enum rc rescued_put(const char *dir, const char *sha256, const struct buf *file,
		    struct err *err);
/* Append it; RC_NOT_FOUND. */
enum rc rescued_read(const char *dir, const char *sha256, struct buf *out,
		     struct err *err);

#endif
