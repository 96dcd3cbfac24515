#include "object/repo_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* gitrepository-layout(5): what a client that only fetches files needs. */

#define INFO_REFS_BYTES_MAX (64u << 20)

char *repo_file(const struct repo *repo, const char *file)
{
	size_t n = strlen(repo->path) + strlen(file) + 2;
	char *path = malloc(n);

	if (path)
		snprintf(path, n, "%s/%s", repo->path, file);
	return path;
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return fsync(fd) == 0;
}

static bool dir_sync(const char *file)
{
	char *dir = strdup(file);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	bool synced = false;
	int fd;

	if (slash) {
		*slash = '\0';
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		synced = fd >= 0 && fsync(fd) == 0;
		if (fd >= 0)
			close(fd);
	}
	free(dir);
	return synced;
}

enum rc repo_replace(struct repo *repo, const char *file,
		     const struct buf *bytes, struct err *err)
{
	char name[64];
	char *path, *tmp;
	bool written = false;
	enum rc rc = buf_status(bytes, err);
	int fd;

	if (rc != RC_OK)
		return rc;
	snprintf(name, sizeof name, "%s.tmp", file);
	path = repo_file(repo, file);
	tmp = repo_file(repo, name);
	if (!path || !tmp) {
		rc = err_set(err, RC_NOMEM, "no memory for a path");
		goto out;
	}
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd >= 0) {
		written = write_all(fd, bytes->data, bytes->len);
		written = close(fd) == 0 && written;
	}
	if (!written || rename(tmp, path) != 0 || !dir_sync(path)) {
		rc = err_set(err, RC_IO, "cannot write '%s': %s", file,
			     strerror(errno));
		unlink(tmp);
	}
out:
	free(tmp);
	free(path);
	return rc;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum rc refs_list(struct repo *repo, struct buf *text, struct err *err)
{
	git_strarray names = { NULL, 0 };
	char hex[OID_HEX_SIZE];
	struct oid oid;
	enum rc rc = RC_OK;

	if (git_reference_list(&names, repo->git) < 0)
		return object_failed(err, RC_IO, "list the refs");
	if (names.count > 1)
		qsort(names.strings, names.count, sizeof *names.strings,
		      name_cmp);
	for (size_t i = 0; i < names.count; i++) {
		rc = repo_ref_get(repo, names.strings[i], &oid, err);
		if (rc != RC_OK)
			break;
		oid_hex(hex, &oid);
		buf_printf(text, "%s\t%s\n", hex, names.strings[i]);
	}
	git_strarray_dispose(&names);
	return rc == RC_OK ? buf_status(text, err) : rc;
}

enum rc repo_update_server_info(struct repo *repo, struct err *err)
{
	struct buf text;
	enum rc rc;

	buf_init(&text, INFO_REFS_BYTES_MAX);
	rc = refs_list(repo, &text, err);
	if (rc == RC_OK)
		rc = repo_list_packs(repo, NULL, 0, err);
	if (rc == RC_OK)
		rc = repo_replace(repo, "info/refs", &text, err);
	buf_release(&text);
	return rc;
}
