/* store/lock.c - one server on a data folder. */
#include "store/store_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* What an earlier release left in a file under way when it was killed. There is
 * no more than one folder in the other. */
static void leftovers_remove(int at, const char *prefix)
{
	DIR *dir = fdopendir(at);
	struct dirent *entry;
	size_t n = strlen(prefix);

	if (!dir) {
		close(at);
		return;
	}
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;
		int inner;

		if (strncmp(name, prefix, n) != 0 || !strcmp(name, ".") ||
		    !strcmp(name, "..") || unlinkat(at, name, 0) == 0 || !n)
			continue;
		inner = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		if (inner >= 0)
			leftovers_remove(inner, "");
		(void)unlinkat(at, name, AT_REMOVEDIR);
	}
	closedir(dir);
}

enum rc store_serve_lock(const char *dir, int *out, struct err *err)
{
	size_t n = strlen(dir) + sizeof("/serve.lock");
	char *path = malloc(n);
	int fd, why, at;

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
	at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at >= 0)
		leftovers_remove(at, "work-");
	return RC_OK;
}
