/* blob/file.c - calls of the file system, each of which may be made to fail. */
#include "blob/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

/* A disk that refuses, for the tests. */
static bool is_refused(void)
{
	if (!fault_hit(FAULT_FILE))
		return false;
	errno = EIO;
	return true;
}

enum rc blob_failed(const char *doing, const char *path, struct err *err)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_set(err, RC_NOMEM, "no room on the disk for '%s'",
			       path);
	return err_set(err, RC_IO, "cannot %s '%s': %s", doing, path,
		       strerror(errno));
}

enum rc blob_write(int fd, const void *p, size_t n, const char *path,
		   struct err *err)
{
	const char *at = p;

	while (n) {
		ssize_t done = is_refused() ? -1 : write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return blob_failed("write", path, err);
		at += done;
		n -= (size_t)done;
	}
	return RC_OK;
}

enum rc blob_sync(int fd, const char *path, struct err *err)
{
	if (is_refused() || fsync(fd) != 0)
		return blob_failed("write", path, err);
	return RC_OK;
}

enum rc blob_folder_make(const char *path, struct err *err)
{
	if (is_refused() || (mkdir(path, 0700) != 0 && errno != EEXIST))
		return blob_failed("make folder", path, err);
	return RC_OK;
}

enum rc blob_folder_sync(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum rc rc;

	if (fd < 0)
		return blob_failed("open folder", path, err);
	rc = blob_sync(fd, path, err);
	close(fd);
	return rc;
}

enum rc blob_parent_sync(const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *parent =
		slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	enum rc rc = parent ? blob_folder_sync(*parent ? parent : "/", err)
			    : err_set(err, RC_NOMEM, "out of memory");

	free(parent);
	return rc;
}
