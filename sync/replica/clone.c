/* replica/clone.c - the first copy: snapshots into part files beside the
 * replica, resumed where they broke off, then all scopes in one transaction. */
#include "replica/replica_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PROBLEM_BYTES_MAX (64u << 10)
#define PIECE_BYTES 65536
#define BUSY_TRIES 300
#define BUSY_PAUSE_MS 1000

/* The server prepares a snapshot in the background. */
static void clone_pause(progress_fn *progress, void *ctx, const char *scope)
{
	const struct timespec pause = { .tv_sec = BUSY_PAUSE_MS / 1000,
					.tv_nsec = BUSY_PAUSE_MS % 1000 *
						   1000000L };
	char what[32];

	snprintf(what, sizeof(what), "wait for %s", scope);
	if (progress)
		progress(ctx, what, 0, 0);
	nanosleep(&pause, NULL);
}

struct download {
	struct replica *r;
	const char *scope;
	char *path; /* owned: the part file */
	char what[24]; /* what progress calls it */
	FILE *file;
	int64_t from; /* bytes that were there before */
	int64_t done;
	bool has_started;
	struct exchange_reply reply;
	progress_fn *progress;
	void *ctx;
};

static void etag_key(const char *scope, char out[24])
{
	snprintf(out, 24, "part:%s", scope);
}

static char *part_path(const struct replica *r, const char *scope)
{
	size_t room = strlen(r->path) + strlen(scope) + 8;
	char *path = malloc(room);

	if (path)
		snprintf(path, room, "%s.%s.part", r->path, scope);
	return path;
}

static enum rc file_failed(const char *path, struct err *err)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_set(err, RC_IO,
			       "the disk is full (%s): free some space and "
			       "clone again, it goes on where it stopped",
			       path);
	return err_set(err, RC_IO, "cannot write '%s': %s", path,
		       strerror(errno));
}

/* The first piece says whether the server goes on where we stopped. */
static enum rc download_start(struct download *d, struct err *err)
{
	char key[24];

	d->has_started = true;
	if (d->from > 0 && d->reply.status == 206)
		return RC_OK;
	d->from = 0;
	if (ftruncate(fileno(d->file), 0) != 0)
		return file_failed(d->path, err);
	rewind(d->file);
	etag_key(d->scope, key);
	return meta_put(d->r, key, d->reply.etag[0] ? d->reply.etag : NULL,
			err);
}

static enum rc download_sink(void *ctx, const void *p, size_t n,
			     struct err *err)
{
	struct download *d = ctx;
	enum rc rc;

	if (d->reply.status != 200 && d->reply.status != 206) {
		buf_put(&d->reply.body, p, n);
		return RC_OK;
	}
	if (!d->has_started) {
		rc = download_start(d, err);
		if (rc != RC_OK)
			return rc;
	}
	/* Flushed, so that a killed process has what it was given. */
	if (fwrite(p, 1, n, d->file) != n || fflush(d->file) != 0)
		return file_failed(d->path, err);
	d->done += (int64_t)n;
	if (d->progress)
		d->progress(d->ctx, d->what, d->from + d->done, 0);
	return RC_OK;
}

static enum rc download_open(struct download *d, char **etag, struct err *err)
{
	char key[24];
	enum rc rc;

	*etag = NULL;
	d->path = part_path(d->r, d->scope);
	if (!d->path)
		return out_of_memory(err);
	etag_key(d->scope, key);
	rc = meta_get(d->r, key, etag, err);
	if (rc != RC_OK)
		return rc;
	d->file = fopen(d->path, "ab+");
	if (!d->file || fseek(d->file, 0, SEEK_END) != 0)
		return file_failed(d->path, err);
	d->from = *etag ? (int64_t)ftell(d->file) : 0;
	return RC_OK;
}

/* Nothing was written to the scope yet: the part stays absent. */
static enum rc download_none(struct download *d)
{
	unlink(d->path);
	return RC_OK;
}

static enum rc download_run(struct download *d, const struct exchange *x,
			    struct err *err)
{
	char path[64], *etag;
	enum rc rc = download_open(d, &etag, err);

	snprintf(path, sizeof(path), "/v1/snapshot/%s", d->scope);
	snprintf(d->what, sizeof(d->what), "download %s", d->scope);
	if (rc == RC_OK)
		rc = exchange_get(d->r, x, path, d->from, etag, &d->reply, err);
	free(etag);
	if (d->file && fclose(d->file) != 0 && rc == RC_OK)
		rc = file_failed(d->path, err);
	if (rc != RC_OK)
		return rc;
	if (d->reply.status == 404)
		return download_none(d);
	/* 416: all of it was here already. */
	if (d->reply.status != 200 && d->reply.status != 206 &&
	    d->reply.status != 416)
		return reply_failed(&d->reply, "cannot fetch the snapshot",
				    err);
	return RC_OK;
}

/* One try; *is_busy: the server is still preparing it. */
static enum rc download_try(struct download *d, const struct exchange *x,
			    bool *is_busy, struct err *err)
{
	enum rc rc;

	buf_init(&d->reply.body, PROBLEM_BYTES_MAX);
	d->reply.sink = download_sink;
	d->reply.sink_ctx = d;
	rc = download_run(d, x, err);
	*is_busy = rc == RC_BUSY && d->reply.status == 503;
	buf_release(&d->reply.body);
	free(d->path);
	return rc;
}

static enum rc scope_download(struct replica *r, const struct exchange *x,
			      const char *scope, progress_fn *progress,
			      void *ctx, struct err *err)
{
	enum rc rc = RC_OK;

	for (int tries = 0; tries < BUSY_TRIES; tries++) {
		struct download d = {
			.r = r, .scope = scope, .progress = progress, .ctx = ctx
		};
		bool is_busy;

		rc = download_try(&d, x, &is_busy, err);
		if (!is_busy || tries == BUSY_TRIES - 1)
			break;
		err_clear(err);
		clone_pause(progress, ctx, scope);
	}
	return rc;
}

static enum rc part_read(struct snapshot *s, FILE *file, const char *what,
			 progress_fn *progress, void *ctx, struct err *err)
{
	char *piece = malloc(PIECE_BYTES);
	enum rc rc = piece ? RC_OK : out_of_memory(err);
	size_t n;

	while (rc == RC_OK && (n = fread(piece, 1, PIECE_BYTES, file)) > 0) {
		rc = snapshot_feed(s, piece, n, err);
		if (progress)
			progress(ctx, what, snapshot_records(s), 0);
	}
	if (rc == RC_OK && ferror(file))
		rc = err_set(err, RC_IO, "cannot read a part file");
	free(piece);
	return rc == RC_OK ? snapshot_end(s, err) : rc;
}

/* Whatever its bytes led to: they came damaged, or are none of ours. */
static enum rc part_failed(const char *scope, enum rc rc, struct err *err)
{
	struct err why = *err;

	if (rc == RC_IO || rc == RC_BUSY)
		return rc;
	err_clear(err);
	return err_set(err, RC_CORRUPT,
		       "what was loaded of scope '%s' does not pass its check "
		       "and was thrown away, clone again: %s",
		       scope, why.text);
}

static enum rc part_take(struct replica *r, const char *scope, bool kinds_only,
			 progress_fn *progress, void *ctx, struct err *err)
{
	char what[24], *path = part_path(r, scope);
	FILE *file = path ? fopen(path, "rb") : NULL;
	struct snapshot *s = NULL;
	enum rc rc = path ? RC_OK : out_of_memory(err);

	snprintf(what, sizeof(what), "read %s", scope);
	if (rc == RC_OK && !file && errno != ENOENT)
		rc = err_set(err, RC_IO, "cannot read '%s': %s", path,
			     strerror(errno));
	if (rc == RC_OK && file)
		rc = snapshot_new(&s, r, scope, kinds_only, err);
	if (rc == RC_OK && file)
		rc = part_read(s, file, what, progress, ctx, err);
	snapshot_free(s);
	if (file)
		fclose(file);
	free(path);
	return rc == RC_OK ? rc : part_failed(scope, rc, err);
}

static enum rc parts_take(struct replica *r, const struct scope *all, size_t n,
			  progress_fn *progress, void *ctx, struct err *err)
{
	enum rc rc = replica_begin(r, err);

	if (rc != RC_OK)
		return rc;
	rc = part_take(r, "catalog", true, progress, ctx, err);
	if (rc == RC_OK)
		rc = capture_pause(r, err);
	if (rc == RC_OK)
		rc = tree_bulk_begin(r->db, err);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = part_take(r, all[i].scope, false, progress, ctx, err);
	if (rc == RC_OK)
		rc = tree_bulk_end(r->db, err);
	if (rc == RC_OK)
		rc = capture_resume(r, err);
	return replica_end(r, rc, err);
}

static void parts_remove(struct replica *r, const struct scope *all, size_t n)
{
	struct err ignored = { 0 };

	for (size_t i = 0; i < n; i++) {
		char key[24], *path = part_path(r, all[i].scope);

		etag_key(all[i].scope, key);
		meta_put(r, key, NULL, &ignored);
		if (path)
			unlink(path);
		free(path);
	}
}

static enum rc clone_check(const struct scope *all, size_t n, struct err *err)
{
	if (!n)
		return err_set(err, RC_INVALID,
			       "this replica is not enrolled yet: run 'hufu "
			       "enroll'");
	for (size_t i = 0; i < n; i++)
		if (all[i].has_head)
			return err_set(err, RC_INVALID,
				       "this replica has data already: 'hufu "
				       "sync' brings it up to date");
	return RC_OK;
}

static enum rc size_check(struct replica *r, const struct exchange *x,
			  progress_fn *progress, void *ctx, struct err *err)
{
	struct clone_size size;
	enum rc rc = RC_BUSY;

	for (int tries = 0; tries < BUSY_TRIES; tries++) {
		rc = replica_clone_size(r, x, &size, err);
		if (rc != RC_BUSY || tries == BUSY_TRIES - 1)
			break;
		err_clear(err);
		clone_pause(progress, ctx, "the server");
	}
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	return rc == RC_OK ? clone_size_check(&size, err) : rc;
}

enum rc replica_clone(struct replica *r, const struct exchange *x,
		      progress_fn *progress, void *ctx, struct err *err)
{
	struct sync_summary summary;
	struct scope *all = NULL;
	size_t n = 0;
	enum rc rc = scope_all(r, &all, &n, err);

	if (rc == RC_OK)
		rc = clone_check(all, n, err);
	if (rc == RC_OK)
		rc = size_check(r, x, progress, ctx, err);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = scope_download(r, x, all[i].scope, progress, ctx, err);
	if (rc == RC_OK) {
		rc = parts_take(r, all, n, progress, ctx, err);
		/* Parts that fail their check would fail it for ever. */
		if (rc != RC_IO && rc != RC_BUSY)
			parts_remove(r, all, n);
	}
	free(all);
	return rc == RC_OK ? replica_sync(r, x, &summary, err) : rc;
}
