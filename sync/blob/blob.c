/* blob/blob.c - what is in the folder. */
#include "blob/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/hash.h"
#include "base/hex.h"

#define PIECE_BYTES 65536

bool blob_name_is_legal(const char *name)
{
	return name && strlen(name) == BLOB_NAME_SIZE - 1 &&
	       strspn(name, "0123456789abcdef") == BLOB_NAME_SIZE - 1;
}

char *blob_path(const char *folder, const char *name, const char *suffix)
{
	size_t n = strlen(folder) + strlen(name) + strlen(suffix) + 5;
	char *path = malloc(n);

	if (path)
		snprintf(path, n, "%s/%.2s/%s%s", folder, name, name, suffix);
	return path;
}

static enum rc no_memory(struct err *err)
{
	return err_set(err, RC_NOMEM, "out of memory");
}

enum rc blob_look(const char *folder, const char *name, int64_t *bytes,
		  struct err *err)
{
	char *path = blob_path(folder, name, "");
	struct stat st;
	enum rc rc = RC_OK;

	*bytes = 0;
	if (!path)
		return no_memory(err);
	if (stat(path, &st) == 0)
		*bytes = st.st_size;
	else
		rc = errno == ENOENT || errno == ENOTDIR
			     ? RC_NOT_FOUND
			     : blob_failed("read", path, err);
	free(path);
	return rc;
}

static ssize_t piece_read(int fd, void *p)
{
	ssize_t n;

	if (fault_hit(FAULT_FILE)) {
		errno = EIO;
		return -1;
	}
	do
		n = read(fd, p, PIECE_BYTES);
	while (n < 0 && errno == EINTR);
	return n;
}

static void name_make(struct sha256 *h, char out[BLOB_NAME_SIZE])
{
	unsigned char hash[SHA256_BYTES];

	sha256_end(h, hash);
	hex_encode(out, hash, sizeof(hash));
}

enum rc blob_hash(int fd, const char *path, char out[BLOB_NAME_SIZE],
		  int64_t *bytes, struct err *err)
{
	char *piece = malloc(PIECE_BYTES);
	struct sha256 h;
	ssize_t n = 0;
	enum rc rc = RC_OK;

	*bytes = 0;
	if (!piece)
		return no_memory(err);
	sha256_begin(&h);
	if (lseek(fd, 0, SEEK_SET) != 0)
		rc = blob_failed("read", path, err);
	while (rc == RC_OK && (n = piece_read(fd, piece)) > 0) {
		sha256_add(&h, piece, (size_t)n);
		*bytes += n;
	}
	if (rc == RC_OK && n < 0)
		rc = blob_failed("read", path, err);
	name_make(&h, out);
	free(piece);
	return rc;
}

/* FOLDER, FOLDER/xx; a new name in FOLDER is on the disk too. */
static enum rc folders_make(const char *folder, const char *inner,
			    struct err *err)
{
	size_t room = strlen(folder) + strlen(inner) + 2;
	char *path = malloc(room);
	struct stat st;
	enum rc rc;

	if (!path)
		return no_memory(err);
	snprintf(path, room, "%s/%s", folder, inner);
	if (stat(path, &st) == 0) {
		free(path);
		return RC_OK;
	}
	rc = blob_folder_make(folder, err);
	if (rc == RC_OK)
		rc = blob_parent_sync(folder, err);
	if (rc == RC_OK)
		rc = blob_folder_make(path, err);
	if (rc == RC_OK)
		rc = blob_folder_sync(folder, err);
	free(path);
	return rc;
}

/* The bytes of `tmp` are on the disk: give it its name. */
static enum rc name_give(const char *folder, const char *tmp, const char *name,
			 struct err *err)
{
	char inner[3] = { name[0], name[1], '\0' };
	char *path = blob_path(folder, name, "");
	enum rc rc = path ? folders_make(folder, inner, err) : no_memory(err);

	if (rc == RC_OK && (fault_hit(FAULT_FILE) || rename(tmp, path) != 0))
		rc = blob_failed("name", path, err);
	if (rc == RC_OK)
		rc = blob_parent_sync(path, err);
	free(path);
	return rc;
}

static bool is_zeros(const char *p, size_t n)
{
	return n && !p[0] && !memcmp(p, p + 1, n - 1);
}

struct copy {
	int from, to;
	const char *from_path;
	char *to_path; /* owned */
	int64_t bytes_max;
	struct blob_taken *out;
};

static enum rc piece_copy(const struct copy *c, const char *piece, size_t n,
			  struct err *err)
{
	if (n == PIECE_BYTES && is_zeros(piece, n))
		return lseek(c->to, (off_t)n, SEEK_CUR) < 0
			       ? blob_failed("write", c->to_path, err)
			       : RC_OK;
	return blob_write(c->to, piece, n, c->to_path, err);
}

static enum rc copy_run(const struct copy *c, char *piece, struct err *err)
{
	struct sha256 h;
	ssize_t n = 0;
	enum rc rc = RC_OK;

	sha256_begin(&h);
	while (rc == RC_OK && (n = piece_read(c->from, piece)) > 0) {
		sha256_add(&h, piece, (size_t)n);
		c->out->bytes += n;
		if (c->out->bytes > c->bytes_max)
			return err_set(err, RC_NOMEM,
				       "'%s' has more than %lld bytes",
				       c->from_path, (long long)c->bytes_max);
		rc = piece_copy(c, piece, (size_t)n, err);
	}
	name_make(&h, c->out->name);
	if (rc == RC_OK && n < 0)
		rc = blob_failed("read", c->from_path, err);
	if (rc == RC_OK && !c->out->bytes)
		rc = err_set(err, RC_INVALID, "'%s' is empty", c->from_path);
	/* What ends with a hole has its length only so. */
	if (rc == RC_OK && ftruncate(c->to, c->out->bytes) != 0)
		rc = blob_failed("write", c->to_path, err);
	return rc == RC_OK ? blob_sync(c->to, c->to_path, err) : rc;
}

static enum rc copy_open(struct copy *c, const char *folder, struct err *err)
{
	size_t room = strlen(folder) + 16;
	struct stat st;
	enum rc rc;

	c->from = open(c->from_path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (c->from < 0 || fstat(c->from, &st) != 0)
		return err_set(err, RC_INVALID, "cannot read '%s': %s",
			       c->from_path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, RC_INVALID, "'%s' is no plain file",
			       c->from_path);
	rc = folders_make(folder, "tmp", err);
	if (rc != RC_OK)
		return rc;
	c->to_path = malloc(room);
	if (!c->to_path)
		return no_memory(err);
	snprintf(c->to_path, room, "%s/tmp/XXXXXX", folder);
	c->to = fault_hit(FAULT_FILE) ? -1 : mkstemp(c->to_path);
	if (c->to >= 0) {
		fcntl(c->to, F_SETFD, FD_CLOEXEC);
		return RC_OK;
	}
	rc = blob_failed("write", c->to_path, err);
	free(c->to_path); /* nothing is there to be taken away */
	c->to_path = NULL;
	return rc;
}

enum rc blob_take(const char *folder, const char *from, int64_t bytes_max,
		  struct blob_taken *out, struct err *err)
{
	struct copy c = { .from = -1,
			  .to = -1,
			  .from_path = from,
			  .bytes_max = bytes_max,
			  .out = out };
	char *piece = malloc(PIECE_BYTES);
	int64_t bytes;
	enum rc rc = piece ? RC_OK : no_memory(err);

	memset(out, 0, sizeof(*out));
	if (rc == RC_OK)
		rc = copy_open(&c, folder, err);
	if (rc == RC_OK)
		rc = copy_run(&c, piece, err);
	if (rc == RC_OK) {
		rc = blob_look(folder, out->name, &bytes, err);
		out->was_there = rc == RC_OK && bytes == out->bytes;
		if (rc == RC_NOT_FOUND || (rc == RC_OK && !out->was_there))
			rc = name_give(folder, c.to_path, out->name, err);
	}
	if (c.to_path)
		unlink(c.to_path); /* where it has not got its name */
	if (c.from >= 0)
		close(c.from);
	if (c.to >= 0)
		close(c.to);
	free(c.to_path);
	free(piece);
	return rc;
}

enum rc blob_adopt(const char *folder, const char *path, const char *name,
		   struct err *err)
{
	char hash[BLOB_NAME_SIZE];
	int64_t bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum rc rc;

	if (fd < 0)
		return blob_failed("read", path, err);
	rc = blob_hash(fd, path, hash, &bytes, err);
	if (rc == RC_OK && strcmp(hash, name) != 0)
		rc = err_set(err, RC_CORRUPT,
			     "the SHA-256 of these %lld bytes is %.10s, not "
			     "%.10s",
			     (long long)bytes, hash, name);
	if (rc == RC_OK)
		rc = blob_sync(fd, path, err);
	close(fd);
	return rc == RC_OK ? name_give(folder, path, name, err) : rc;
}

enum rc blob_mark(const char *folder, const char *name, const char *suffix,
		  struct err *err)
{
	char inner[3] = { name[0], name[1], '\0' };
	char *path = blob_path(folder, name, suffix);
	enum rc rc = path ? folders_make(folder, inner, err) : no_memory(err);
	int fd = -1;

	if (rc == RC_OK) {
		fd = fault_hit(FAULT_FILE)
			     ? -1
			     : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			rc = blob_failed("write", path, err);
	}
	if (rc == RC_OK)
		rc = blob_sync(fd, path, err);
	if (fd >= 0)
		close(fd);
	if (rc == RC_OK)
		rc = blob_parent_sync(path, err);
	free(path);
	return rc;
}

enum rc blob_drop(const char *folder, const char *name, struct err *err)
{
	char *path = blob_path(folder, name, "");
	enum rc rc = path ? RC_OK : no_memory(err);

	if (rc == RC_OK && unlink(path) != 0 && errno != ENOENT)
		rc = blob_failed("remove", path, err);
	free(path);
	return rc;
}

static enum rc inner_each(const char *folder, const char *inner, blob_fn *fn,
			  void *ctx, struct err *err)
{
	size_t room = strlen(folder) + strlen(inner) + 2;
	char *path = malloc(room);
	struct dirent *e;
	enum rc rc = RC_OK;
	DIR *dir;

	if (!path)
		return no_memory(err);
	snprintf(path, room, "%s/%s", folder, inner);
	dir = opendir(path);
	while (dir && rc == RC_OK && (e = readdir(dir))) {
		struct stat st;

		if (blob_name_is_legal(e->d_name) &&
		    fstatat(dirfd(dir), e->d_name, &st, 0) == 0)
			rc = fn(ctx, e->d_name, st.st_size, err);
	}
	if (dir)
		closedir(dir);
	free(path);
	return rc;
}

enum rc blob_each(const char *folder, blob_fn *fn, void *ctx, struct err *err)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	enum rc rc = RC_OK;

	if (!dir)
		return errno == ENOENT ? RC_OK
				       : blob_failed("read", folder, err);
	while (rc == RC_OK && (e = readdir(dir)))
		if (strlen(e->d_name) == 2 &&
		    strspn(e->d_name, "0123456789abcdef") == 2)
			rc = inner_each(folder, e->d_name, fn, ctx, err);
	closedir(dir);
	return rc;
}

void blob_sweep(const char *folder, int64_t now_ms)
{
	size_t room = strlen(folder) + 5;
	char *path = malloc(room);
	struct dirent *e;
	DIR *dir = NULL;

	if (path) {
		snprintf(path, room, "%s/tmp", folder);
		dir = opendir(path);
	}
	while (dir && (e = readdir(dir))) {
		struct stat st;

		if (e->d_name[0] != '.' &&
		    fstatat(dirfd(dir), e->d_name, &st, 0) == 0 &&
		    (int64_t)st.st_mtime * 1000 < now_ms - 3600 * 1000)
			unlinkat(dirfd(dir), e->d_name, 0);
	}
	if (dir)
		closedir(dir);
	free(path);
}
