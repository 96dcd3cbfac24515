/* evidence/rescued.c - a file gets its name when all of it is on the disk. */
#include "evidence/rescued.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blob/blob.h"
#include "blob/whole.h"

static char *path_of(const char *dir, const char *name, const char *end)
{
	size_t room = strlen(dir) + strlen(name) + 16;
	char *path = malloc(room);

	if (path)
		snprintf(path, room, "%s/rescue%s%s%s", dir, *name ? "/" : "",
			 name, end);
	return path;
}

static enum rc file_put(const char *path, const char *part,
			const struct buf *file, struct err *err)
{
	enum rc rc;

	unlink(part); /* of a try that died */
	rc = whole_write(part, file, err);
	if (rc == RC_OK && rename(part, path) != 0)
		rc = blob_failed("rename", part, err);
	return rc == RC_OK ? blob_parent_sync(path, err) : rc;
}

enum rc rescued_put(const char *dir, const char *sha256, const struct buf *file,
		    struct err *err)
{
	char *folder = path_of(dir, "", "");
	char *path = path_of(dir, sha256, "");
	char *part = path_of(dir, sha256, ".part");
	enum rc rc = RC_OK;

	if (!folder || !path || !part)
		rc = err_set(err, RC_NOMEM, "out of memory");
	if (rc == RC_OK)
		rc = blob_folder_make(folder, err);
	if (rc == RC_OK)
		rc = blob_parent_sync(folder, err);
	if (rc == RC_OK && access(path, F_OK) != 0)
		rc = file_put(path, part, file, err);
	free(folder);
	free(path);
	free(part);
	return rc;
}

enum rc rescued_read(const char *dir, const char *sha256, struct buf *out,
		     struct err *err)
{
	char *path = path_of(dir, sha256, "");
	enum rc rc = path ? whole_read(path, out, err)
			  : err_set(err, RC_NOMEM, "out of memory");

	free(path);
	return rc;
}
