/* evidence/evidence.c - what is there, what may be begun. */
#include "evidence/evidence_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/hex.h"

#define MIB (INT64_C(1) << 20)

const struct evidence_limits evidence_limits_usual = {
	.file_bytes = 512 * MIB,
	.total_bytes = 0,
	.free_bytes = 64 * MIB,
};

enum rc evidence_no_memory(struct err *err)
{
	return err_set(err, RC_NOMEM, "out of memory");
}

static char *folder_of(const char *dir)
{
	size_t n = strlen(dir) + sizeof("/evidence");
	char *folder = malloc(n);

	if (folder)
		snprintf(folder, n, "%s/evidence", dir);
	return folder;
}

char *evidence_part_path(const char *folder, const struct evidence_file *f)
{
	size_t n = strlen(folder) + strlen(f->scope) + strlen(f->sha256) + 10;
	char *path = malloc(n);

	if (path)
		snprintf(path, n, "%s/parts/%s-%s", folder, f->scope,
			 f->sha256);
	return path;
}

enum rc evidence_new(struct evidence **out, const char *dir,
		     const struct evidence_limits *limits, struct err *err)
{
	struct evidence *e = calloc(1, sizeof(*e));

	*out = e;
	if (e)
		e->folder = folder_of(dir);
	if (!e || !e->folder) {
		free(e);
		*out = NULL;
		return evidence_no_memory(err);
	}
	e->limits = *limits;
	pthread_mutex_init(&e->lock, NULL);
	return RC_OK;
}

void evidence_free(struct evidence *e)
{
	if (!e)
		return;
	pthread_mutex_destroy(&e->lock);
	free(e->folder);
	free(e);
}

enum rc evidence_file_check(const struct evidence_file *f, struct err *err)
{
	if (!blob_name_is_legal(f->sha256))
		return err_set(err, RC_CONFLICT,
			       "the record's sha256 is none: 64 digits of 0-9 "
			       "and a-f; make it void and attach the file "
			       "again");
	if (f->bytes < 1)
		return err_set(err, RC_CONFLICT,
			       "the record says no size: make it void and "
			       "attach the file again");
	return RC_OK;
}

const char *evidence_state_name(enum evidence_state state)
{
	static const char *const names[] = { "none", "part", "whole" };

	return names[state];
}

static bool is_there(const char *path, struct stat *st)
{
	return path && stat(path, st) == 0;
}

static enum rc seen_in(const char *folder, const struct evidence_file *f,
		       struct evidence_seen *out, struct err *err)
{
	char suffix[20], *mark, *part, *blob;
	struct stat st;

	*out = (struct evidence_seen){ .state = EVIDENCE_NONE };
	if (!blob_name_is_legal(f->sha256) || !name_is_scope(f->scope))
		return RC_OK;
	snprintf(suffix, sizeof(suffix), ".%s", f->scope);
	mark = blob_path(folder, f->sha256, suffix);
	blob = blob_path(folder, f->sha256, "");
	part = evidence_part_path(folder, f);
	if (is_there(mark, &st) && is_there(blob, &st)) {
		out->state = EVIDENCE_WHOLE;
		out->offset = st.st_size;
	} else if (is_there(part, &st)) {
		out->state = EVIDENCE_PART;
		out->offset = st.st_size;
		out->touched_ms = (int64_t)st.st_mtime * 1000;
	}
	if (!mark || !blob || !part)
		evidence_no_memory(err);
	free(mark);
	free(blob);
	free(part);
	return err->code;
}

enum rc evidence_look(const char *dir, const struct evidence_file *f,
		      struct evidence_seen *out, struct err *err)
{
	struct err why = { 0 };
	char *folder = folder_of(dir);
	enum rc rc = folder ? seen_in(folder, f, out, &why)
			    : evidence_no_memory(&why);

	free(folder);
	return rc == RC_OK ? rc : err_set(err, rc, "%s", why.text);
}

char *evidence_path(const char *dir, const struct evidence_file *f)
{
	char *folder = folder_of(dir);
	char *path = folder ? blob_path(folder, f->sha256, "") : NULL;

	free(folder);
	return path;
}

/* -- room -- */

/* Adds up parts, and takes away those that nobody goes on with. */
static int64_t parts_sum(const struct evidence *e, int64_t now_ms)
{
	size_t n = strlen(e->folder) + 7;
	char *path = malloc(n);
	struct dirent *entry;
	int64_t sum = 0;
	DIR *dir = NULL;

	if (path) {
		snprintf(path, n, "%s/parts", e->folder);
		dir = opendir(path);
	}
	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) != 0)
			continue;
		if ((int64_t)st.st_mtime * 1000 < now_ms - EVIDENCE_PART_MS)
			unlinkat(dirfd(dir), entry->d_name, 0);
		else
			sum += st.st_size;
	}
	if (dir)
		closedir(dir);
	free(path);
	return sum;
}

static enum rc add_up(void *ctx, const char *name, int64_t bytes,
		      struct err *err)
{
	(void)name;
	(void)err;
	*(int64_t *)ctx += bytes;
	return RC_OK;
}

/* All files are counted once, and then as they come. */
static enum rc total_check(struct evidence *e, int64_t parts, int64_t bytes,
			   struct err *err)
{
	enum rc rc = RC_OK;

	pthread_mutex_lock(&e->lock);
	if (!e->is_counted) {
		e->whole_bytes = 0;
		rc = blob_each(e->folder, add_up, &e->whole_bytes, err);
		e->is_counted = rc == RC_OK;
	}
	if (rc == RC_OK &&
	    e->whole_bytes + parts + bytes > e->limits.total_bytes)
		rc = err_set(err, RC_NOMEM,
			     "there is no room for evidence of %lld bytes: "
			     "%lld of the %lld that 'hufud serve "
			     "--evidence-total' allows are taken",
			     (long long)bytes,
			     (long long)(e->whole_bytes + parts),
			     (long long)e->limits.total_bytes);
	pthread_mutex_unlock(&e->lock);
	return rc;
}

void evidence_count(struct evidence *e, int64_t bytes)
{
	pthread_mutex_lock(&e->lock);
	e->whole_bytes += bytes;
	pthread_mutex_unlock(&e->lock);
}

static enum rc disk_check(const struct evidence *e, int64_t bytes,
			  struct err *err)
{
	struct statvfs fs;
	int64_t free_bytes;

	if (statvfs(e->folder, &fs) != 0)
		return blob_failed("read", e->folder, err);
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (bytes > free_bytes - e->limits.free_bytes)
		return err_set(err, RC_NOMEM,
			       "there is no room for evidence of %lld bytes: "
			       "the disk has %lld free, of which %lld stay "
			       "free",
			       (long long)bytes, (long long)free_bytes,
			       (long long)e->limits.free_bytes);
	return RC_OK;
}

static enum rc part_make(const struct evidence *e,
			 const struct evidence_file *f, struct err *err)
{
	char *path = evidence_part_path(e->folder, f);
	int fd = -1;
	enum rc rc = RC_OK;

	if (!path)
		return evidence_no_memory(err);
	*strrchr(path, '/') = '\0';
	rc = blob_folder_make(path, err);
	path[strlen(path)] = '/';
	if (rc == RC_OK)
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (rc == RC_OK && fd < 0)
		rc = blob_failed("write", path, err);
	if (fd >= 0)
		close(fd);
	if (rc == RC_OK)
		rc = blob_parent_sync(path, err);
	free(path);
	return rc;
}

enum rc evidence_begin(struct evidence *e, const struct evidence_file *f,
		       int64_t now_ms, struct err *err)
{
	struct evidence_seen seen;
	int64_t parts;
	enum rc rc = seen_in(e->folder, f, &seen, err);

	if (rc != RC_OK || seen.state != EVIDENCE_NONE)
		return rc;
	if (f->bytes > e->limits.file_bytes)
		return err_set(err, RC_INVALID,
			       "the file has %lld bytes, more than the %lld "
			       "that 'hufud serve --evidence-file' allows",
			       (long long)f->bytes,
			       (long long)e->limits.file_bytes);
	rc = blob_folder_make(e->folder, err);
	parts = parts_sum(e, now_ms);
	if (rc == RC_OK && e->limits.total_bytes)
		rc = total_check(e, parts, f->bytes, err);
	if (rc == RC_OK)
		rc = disk_check(e, f->bytes, err);
	return rc == RC_OK ? part_make(e, f, err) : rc;
}

enum rc evidence_drop(struct evidence *e, const struct evidence_file *f,
		      struct err *err)
{
	char *path = evidence_part_path(e->folder, f);
	enum rc rc = RC_OK;

	if (!path)
		return evidence_no_memory(err);
	if (unlink(path) != 0)
		rc = errno == ENOENT || errno == ENOTDIR
			     ? RC_NOT_FOUND
			     : blob_failed("remove", path, err);
	free(path);
	return rc;
}
