/* store/lock.c - one server on a data folder. */
#include "store/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

enum rc store_serve_lock(const char *dir, int *out, struct err *err)
{
	size_t n = strlen(dir) + sizeof("/serve.lock");
	char *path = malloc(n);
	int fd, why;

	*out = -1;
	if (!path)
		return err_set(err, RC_NOMEM, "out of memory");
	snprintf(path, n, "%s/serve.lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	why = errno;
	if (fd < 0)
		err_set(err, RC_IO, "cannot open '%s': %s", path,
			strerror(why));
	free(path);
	if (fd < 0)
		return err->code;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		why = errno;
		close(fd);
		if (why == EWOULDBLOCK)
			return err_set(err, RC_BUSY,
				       "'%s' is served by another hufud: stop "
				       "it first",
				       dir);
		return err_set(err, RC_IO, "cannot lock '%s/serve.lock': %s",
			       dir, strerror(why));
	}
	*out = fd;
	return RC_OK;
}
