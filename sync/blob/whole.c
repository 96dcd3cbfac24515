/* blob/whole.c - whole files. */
#include "blob/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blob/blob.h"

static enum rc is_there(const char *path, struct err *err)
{
	return err_set(err, RC_INVALID,
		       "there is already a file '%s': name another", path);
}

enum rc whole_is_free(const char *path, struct err *err)
{
	return access(path, F_OK) == 0 ? is_there(path, err) : RC_OK;
}

enum rc whole_read(const char *path, struct buf *out, struct err *err)
{
	char piece[65536];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum rc rc = RC_OK;

	if (fd < 0 && errno == ENOENT)
		return err_set(err, RC_NOT_FOUND, "there is no file '%s'",
			       path);
	if (fd < 0)
		return blob_failed("open", path, err);
	while (rc == RC_OK && (n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = blob_failed("read", path, err);
			break;
		}
		buf_put(out, piece, (size_t)n);
		if (buf_status(out, err) != RC_OK)
			rc = err->code;
	}
	close(fd);
	return rc;
}

enum rc whole_write(const char *path, const struct buf *file, struct err *err)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	enum rc rc;

	if (fd < 0 && errno == EEXIST)
		return is_there(path, err);
	if (fd < 0)
		return blob_failed("make", path, err);
	rc = blob_write(fd, file->data, file->len, path, err);
	if (rc == RC_OK)
		rc = blob_sync(fd, path, err);
	if (close(fd) != 0 && rc == RC_OK)
		rc = blob_failed("write", path, err);
	if (rc == RC_OK)
		rc = blob_parent_sync(path, err);
	if (rc != RC_OK)
		unlink(path);
	return rc;
}
