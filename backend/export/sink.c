/* export/sink.c - a file that appears whole or not at all. */
#include "export/export_impl.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"

#define PENDING_BYTES (1u << 20)
#define PENDING_MAX (16u << 20) /* a flush comes after every row */

enum rc sink_open(struct sink *s, const char *path, struct err *err)
{
	size_t n = path ? strlen(path) + sizeof(".part") : 0;

	struct stat st;

	memset(s, 0, sizeof(*s));
	buf_init(&s->pending, PENDING_MAX);
	sha256_begin(&s->hash);
	s->path = path;
	if (!path) {
		s->file = stdout;
		return RC_OK;
	}
	/* Its name would be given to a file. */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, RC_IO, "cannot write '%s': it is no file",
			       path);
	s->part = malloc(n);
	if (!s->part)
		return err_set(err, RC_NOMEM, "out of memory");
	snprintf(s->part, n, "%s.part", path);
	s->file = fopen(s->part, "wb");
	if (s->file)
		return RC_OK;
	*s->part = '\0'; /* nothing of ours is there */
	return err_set(err, RC_IO, "cannot write '%s': %s", path,
		       strerror(errno));
}

enum rc sink_flush(struct sink *s, bool all, struct err *err)
{
	size_t n = s->pending.len;

	if (buf_status(&s->pending, err) != RC_OK)
		return RC_NOMEM;
	if (n == 0 || (!all && n < PENDING_BYTES))
		return RC_OK;
	sha256_add(&s->hash, s->pending.data, n);
	if (fwrite(s->pending.data, 1, n, s->file) != n)
		return err_set(err, RC_IO, "cannot write '%s': %s",
			       s->path ? s->path : "standard output",
			       strerror(errno));
	s->bytes += (int64_t)n;
	buf_reset(&s->pending);
	return RC_OK;
}

enum rc sink_end(struct sink *s, char sha256[65], struct err *err)
{
	unsigned char hash[SHA256_BYTES];
	enum rc rc = sink_flush(s, true, err);
	bool ok = rc == RC_OK && fflush(s->file) == 0;

	if (rc != RC_OK)
		return rc;
	sha256_end(&s->hash, hash);
	hex_encode(sha256, hash, sizeof(hash));
	if (ok && s->path) {
		ok = fsync(fileno(s->file)) == 0;
		ok = fclose(s->file) == 0 && ok;
		s->file = NULL;
	}
	return ok ? RC_OK
		  : err_set(err, RC_IO, "cannot write '%s': %s",
			    s->path ? s->path : "standard output",
			    strerror(errno));
}

enum rc sink_place(struct sink *s, struct err *err)
{
	if (s->path && rename(s->part, s->path) != 0)
		return err_set(err, RC_IO, "cannot write '%s': %s", s->path,
			       strerror(errno));
	free(s->part);
	s->part = NULL;
	return RC_OK;
}

void sink_close(struct sink *s)
{
	if (s->file && s->path)
		fclose(s->file);
	if (s->part && *s->part)
		unlink(s->part);
	free(s->part);
	buf_release(&s->pending);
	memset(s, 0, sizeof(*s));
}
