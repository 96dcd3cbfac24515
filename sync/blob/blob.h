/* blob/blob.h - files in a folder, each named by the SHA-256 of its bytes:
 *
 *   FOLDER/<2 hex>/<64 hex>   whole, and never changed again
 *   FOLDER/tmp/               what is being copied in
 *
 * A file gets its name by a rename, after its bytes are on the disk, and the
 * name is on the disk before a call that made it ends: whatever has a name is
 * whole. Bytes are read and hashed and never looked into. FOLDER and what is
 * missing in it are made where something is put there. Any number of processes
 * may use a folder.
 *
 * A full disk is RC_NOMEM, "no room ..."; any other failure of the file system
 * RC_IO with the path and the reason. */
#ifndef BLOB_BLOB_H
#define BLOB_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BLOB_NAME_SIZE 65

/* 64 lower-case hex digits. */
bool blob_name_is_legal(const char *name);

/* Where a blob is, or would be; malloc'd, NULL when memory ran out. `suffix` is
 * put behind the name ("" for the blob itself). */
char *blob_path(const char *folder, const char *name, const char *suffix);

/* RC_NOT_FOUND without a message. */
enum rc blob_look(const char *folder, const char *name, int64_t *bytes,
		  struct err *err);

/* Copy the file at `from` in, hashing on the way; its holes stay holes. One
 * that is there already is left as it is. RC_INVALID when it is empty or no
 * plain file, RC_NOMEM when it has more than bytes_max. */
struct blob_taken {
	char name[BLOB_NAME_SIZE];
	int64_t bytes;
	bool was_there;
};
enum rc blob_take(const char *folder, const char *from, int64_t bytes_max,
		  struct blob_taken *out, struct err *err);

/* The file at `path`, in the same file system, becomes the blob if its hash is
 * `name`: RC_CORRUPT when it is not, and the file stays where it is. */
enum rc blob_adopt(const char *folder, const char *path, const char *name,
		   struct err *err);

/* An empty file beside the blob, on the disk when this ends. */
enum rc blob_mark(const char *folder, const char *name, const char *suffix,
		  struct err *err);

/* Forget a blob; one that is not there is forgotten already. */
enum rc blob_drop(const char *folder, const char *name, struct err *err);

/* Each blob, in no order. Ends with what `fn` answers, when it is not RC_OK. A
 * folder that is not there has none. */
typedef enum rc blob_fn(void *ctx, const char *name, int64_t bytes,
			struct err *err);
enum rc blob_each(const char *folder, blob_fn *fn, void *ctx, struct err *err);

/* Take away what copies left in FOLDER/tmp that were cut an hour ago or
 * earlier. Failures do not matter. */
void blob_sweep(const char *folder, int64_t now_ms);

/* The SHA-256 of an open file, from its beginning to its end. */
enum rc blob_hash(int fd, const char *path, char out[BLOB_NAME_SIZE],
		  int64_t *bytes, struct err *err);

/* -- calls of the file system as this room makes them: FAULT_FILE counts each
 * one, and a failure is told with the path -- */

enum rc blob_failed(const char *doing, const char *path, struct err *err);
enum rc blob_write(int fd, const void *p, size_t n, const char *path,
		   struct err *err);
enum rc blob_sync(int fd, const char *path, struct err *err);
enum rc blob_folder_make(const char *path, struct err *err);
/* The entries of a folder are on the disk. */
enum rc blob_folder_sync(const char *path, struct err *err);
/* The folder of a path. */
enum rc blob_parent_sync(const char *path, struct err *err);

#endif
