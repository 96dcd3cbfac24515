/* blob/whole.h - a file that is read as a whole, and written whole or not at
 * all. */
#ifndef BLOB_WHOLE_H
#define BLOB_WHOLE_H

#include "base/buf.h"

/* RC_INVALID where there is a file of that name: nobody else's is written over.
 */
enum rc whole_is_free(const char *path, struct err *err);
/* Append the file; the buffer's limit is the most that is read. RC_NOT_FOUND.
 */
enum rc whole_read(const char *path, struct buf *out, struct err *err);
/* A new file, on the disk when this ends; after a failure there is none. */
enum rc whole_write(const char *path, const struct buf *file, struct err *err);

#endif
