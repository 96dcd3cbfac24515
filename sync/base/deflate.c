#include "base/deflate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/fault.h"

#define CHUNK_BYTES 16384
#define FEED_BYTES_MAX (1u << 30) /* zlib counts in unsigned int */
#define RATIO_FREE_BYTES (1u << 20)

/* zlib keeps its input const only when ZLIB_CONST is defined for all. */
static Bytef *input_of(const void *p)
{
	return (Bytef *)(uintptr_t)p;
}

/* Hands zlib the next piece of the input when it has used up the last. */
static void feed(z_stream *z, const unsigned char **p, size_t *n)
{
	size_t piece = *n > FEED_BYTES_MAX ? FEED_BYTES_MAX : *n;

	if (z->avail_in > 0 || piece == 0)
		return;
	z->next_in = input_of(*p);
	z->avail_in = (uInt)piece;
	*p += piece;
	*n -= piece;
}

struct deflater {
	z_stream z;
	int level, window; /* 0: tuned, and so like no other */
	struct deflater *next_kept;
};

#define ZLIB_WINDOW 15
#define GZIP_WINDOW (ZLIB_WINDOW + 16) /* so zlib is asked for gzip */
#define MEMORY_LEVEL 8

/* A deflater has 268 kB, and to get, clear and give back so much costs more
 * than a short message does: some of those for messages are kept. */
#define KEPT_MAX 4
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static struct deflater *kept;
static int nkept;

static struct deflater *kept_take(int level, int window)
{
	struct deflater *d = NULL;

	if (level != DEFLATE_LEVEL || window != ZLIB_WINDOW)
		return NULL;
	pthread_mutex_lock(&kept_lock);
	if (kept) {
		d = kept;
		kept = d->next_kept;
		nkept--;
	}
	pthread_mutex_unlock(&kept_lock);
	return d;
}

static bool kept_give(struct deflater *d)
{
	bool is_kept;

	if (d->level != DEFLATE_LEVEL || d->window != ZLIB_WINDOW ||
	    deflateReset(&d->z) != Z_OK)
		return false;
	pthread_mutex_lock(&kept_lock);
	is_kept = nkept < KEPT_MAX;
	if (is_kept) {
		d->next_kept = kept;
		kept = d;
		nkept++;
	}
	pthread_mutex_unlock(&kept_lock);
	return is_kept;
}

static struct deflater *new_of_window(int level, int window)
{
	struct deflater *d;

	if (fault_hit(FAULT_ALLOC))
		return NULL;
	d = kept_take(level, window);
	if (d)
		return d;
	d = calloc(1, sizeof(*d));
	if (d && deflateInit2(&d->z, level, Z_DEFLATED, window, MEMORY_LEVEL,
			      Z_DEFAULT_STRATEGY) != Z_OK) {
		free(d);
		d = NULL;
	}
	if (d) {
		d->level = level;
		d->window = window;
	}
	return d;
}

struct deflater *deflater_new(int level)
{
	return new_of_window(level, ZLIB_WINDOW);
}

enum rc deflater_write(struct deflater *d, struct buf *out, const void *p,
		       size_t n, bool finish, struct err *err)
{
	const unsigned char *in = p;
	unsigned char chunk[CHUNK_BYTES];
	int z;

	do {
		feed(&d->z, &in, &n);
		d->z.next_out = chunk;
		d->z.avail_out = sizeof(chunk);
		z = deflate(&d->z, finish && n == 0 ? Z_FINISH : Z_NO_FLUSH);
		if (z == Z_STREAM_ERROR || (z == Z_BUF_ERROR && d->z.avail_in))
			return err_set(err, RC_INVALID,
				       "the zlib stream has ended");
		buf_put(out, chunk, sizeof(chunk) - d->z.avail_out);
	} while (out->rc == RC_OK &&
		 (n > 0 || d->z.avail_out == 0 || (finish && z == Z_OK)));
	d->z.avail_in = 0; /* `p` is the caller's, also after a failure */
	return buf_status(out, err);
}

enum rc deflater_tune(struct deflater *d, struct buf *out,
		      enum deflate_next next, struct err *err)
{
	unsigned char chunk[CHUNK_BYTES];
	int z;

	d->level = d->window = 0;
	do {
		d->z.next_out = chunk;
		d->z.avail_out = sizeof(chunk);
		z = deflateParams(&d->z, Z_BEST_COMPRESSION,
				  next == DEFLATE_TEXT ? Z_DEFAULT_STRATEGY
						       : Z_FILTERED);
		buf_put(out, chunk, sizeof(chunk) - d->z.avail_out);
	} while (z == Z_BUF_ERROR && out->rc == RC_OK);
	if (z == Z_STREAM_ERROR)
		return err_set(err, RC_INVALID, "the zlib stream has ended");
	return buf_status(out, err);
}

void deflater_free(struct deflater *d)
{
	if (!d || kept_give(d))
		return;
	deflateEnd(&d->z);
	free(d);
}

static enum rc all_of_window(struct buf *out, const void *p, size_t n,
			     int level, int window, struct err *err)
{
	struct deflater *d = new_of_window(level, window);
	enum rc rc;

	if (!d)
		return err_set(err, RC_NOMEM, "no memory to deflate");
	rc = deflater_write(d, out, p, n, true, err);
	deflater_free(d);
	return rc;
}

enum rc deflate_all(struct buf *out, const void *p, size_t n, int level,
		    struct err *err)
{
	return all_of_window(out, p, n, level, ZLIB_WINDOW, err);
}

enum rc gzip_all(struct buf *out, const void *p, size_t n, int level,
		 struct err *err)
{
	return all_of_window(out, p, n, level, GZIP_WINDOW, err);
}

static enum rc inflate_begin(z_stream *z, struct err *err)
{
	memset(z, 0, sizeof(*z));
	if (fault_hit(FAULT_ALLOC) || inflateInit(z) != Z_OK)
		return err_set(err, RC_NOMEM, "no memory to inflate");
	return RC_OK;
}

/* Inflates the next piece into chunk. *z_out is Z_STREAM_END at the end, and
 * Z_BUF_ERROR when more input is needed. */
static enum rc inflate_chunk(z_stream *z, unsigned char chunk[CHUNK_BYTES],
			     size_t *got, int *z_out, struct err *err)
{
	z->next_out = chunk;
	z->avail_out = CHUNK_BYTES;
	*z_out = inflate(z, Z_NO_FLUSH);
	*got = CHUNK_BYTES - z->avail_out;
	switch (*z_out) {
	case Z_OK:
	case Z_STREAM_END:
	case Z_BUF_ERROR: return RC_OK;
	case Z_MEM_ERROR: return err_set(err, RC_NOMEM, "no memory to inflate");
	default: return err_set(err, RC_CORRUPT, "damaged zlib stream");
	}
}

/* A small body that inflates without end would fill the memory. */
static enum rc ratio_check(uint64_t in_bytes, uint64_t out_bytes,
			   struct err *err)
{
	if (out_bytes <= RATIO_FREE_BYTES ||
	    out_bytes / DEFLATE_RATIO_MAX <= in_bytes)
		return RC_OK;
	return err_set(err, RC_NOMEM,
		       "zlib stream inflates to more than %d times its size",
		       DEFLATE_RATIO_MAX);
}

enum rc inflate_some(struct buf *out, const void *p, size_t n, bool *whole,
		     struct err *err)
{
	unsigned char chunk[CHUNK_BYTES];
	const unsigned char *in = p;
	size_t in_bytes = n, out_bytes = 0, got;
	z_stream stream;
	int z = Z_OK;
	enum rc rc;

	*whole = false;
	rc = inflate_begin(&stream, err);
	if (rc != RC_OK)
		return rc;
	while (rc == RC_OK && z == Z_OK) {
		feed(&stream, &in, &n);
		rc = inflate_chunk(&stream, chunk, &got, &z, err);
		/* Even of a damaged stream, what came before the damage. */
		buf_put(out, chunk, got);
		out_bytes += got;
		if (rc == RC_OK)
			rc = buf_status(out, err);
		if (rc == RC_OK)
			rc = ratio_check(in_bytes, out_bytes, err);
	}
	*whole = rc == RC_OK && z == Z_STREAM_END;
	if (*whole && (n > 0 || stream.avail_in > 0))
		rc = err_set(err, RC_CORRUPT, "bytes behind the zlib stream");
	inflateEnd(&stream);
	return rc;
}

enum rc inflate_all(struct buf *out, const void *p, size_t n, struct err *err)
{
	bool whole;
	enum rc rc = inflate_some(out, p, n, &whole, err);

	if (rc == RC_OK && !whole)
		return err_set(err, RC_CORRUPT, "unfinished zlib stream");
	return rc;
}

struct line_inflater {
	z_stream z;
	bool is_at_end;
	uint64_t in_bytes, out_bytes;
	size_t line_bytes_max;
	struct buf rest; /* the line that the last piece broke off in */
	size_t bytes; /* that come before the next line */
	line_fn *fn;
	void *ctx; /* borrowed from the caller */
	enum rc rc; /* a failure sticks */
};

struct line_inflater *line_inflater_new(size_t line_bytes_max, line_fn *fn,
					void *ctx)
{
	struct line_inflater *d = calloc(1, sizeof(*d));
	struct err ignored = { 0 };

	if (!d)
		return NULL;
	if (inflate_begin(&d->z, &ignored) != RC_OK) {
		free(d);
		return NULL;
	}
	buf_init(&d->rest, line_bytes_max);
	d->line_bytes_max = line_bytes_max;
	d->fn = fn;
	d->ctx = ctx;
	return d;
}

static enum rc line_too_long(struct line_inflater *d, struct err *err)
{
	return err_set(err, RC_NOMEM, "line of more than %zu bytes",
		       d->line_bytes_max);
}

/* Gather the bytes that are no lines; *taken of n were among them. */
static enum rc bytes_take(struct line_inflater *d, const char *p, size_t n,
			  size_t *taken, struct err *err)
{
	size_t all = d->bytes;
	enum rc rc;

	*taken = all - d->rest.len < n ? all - d->rest.len : n;
	buf_put(&d->rest, p, *taken);
	if (d->rest.rc != RC_OK)
		return line_too_long(d, err);
	if (d->rest.len < all)
		return RC_OK;
	d->bytes = 0;
	rc = d->fn(d->ctx, d->rest.data, all, err);
	buf_reset(&d->rest);
	return rc;
}

/* A line that lies whole in the chunk is handed out where it lies. */
static enum rc lines_split(struct line_inflater *d, char *p, size_t n,
			   struct err *err)
{
	while (n > 0) {
		char *lf = d->bytes ? NULL : memchr(p, '\n', n);
		size_t len = lf ? (size_t)(lf - p) : n;
		enum rc rc;

		if (d->bytes) {
			rc = bytes_take(d, p, n, &len, err);
			if (rc != RC_OK)
				return rc;
			p += len;
			n -= len;
			continue;
		}
		if (!lf || d->rest.len > 0) {
			buf_put(&d->rest, p, len);
			if (d->rest.rc != RC_OK)
				return line_too_long(d, err);
		}
		if (!lf)
			return RC_OK;
		if (d->rest.len > 0) {
			rc = d->fn(d->ctx, d->rest.data, d->rest.len, err);
			buf_reset(&d->rest);
		} else if (len > d->line_bytes_max) {
			return line_too_long(d, err);
		} else {
			*lf = '\0';
			rc = d->fn(d->ctx, p, len, err);
		}
		if (rc != RC_OK)
			return rc;
		p = lf + 1;
		n -= len + 1;
	}
	return RC_OK;
}

static enum rc lines_feed(struct line_inflater *d, const void *p, size_t n,
			  struct err *err)
{
	unsigned char chunk[CHUNK_BYTES];
	const unsigned char *in = p;
	size_t got;
	int z = Z_OK;
	enum rc rc = RC_OK;

	d->in_bytes += n;
	while (rc == RC_OK && z == Z_OK && !d->is_at_end) {
		feed(&d->z, &in, &n);
		rc = inflate_chunk(&d->z, chunk, &got, &z, err);
		d->out_bytes += got;
		if (rc == RC_OK)
			rc = ratio_check(d->in_bytes, d->out_bytes, err);
		if (rc == RC_OK)
			rc = lines_split(d, (char *)chunk, got, err);
		d->is_at_end = z == Z_STREAM_END;
	}
	if (rc == RC_OK && d->is_at_end && (n > 0 || d->z.avail_in > 0))
		rc = err_set(err, RC_CORRUPT, "bytes behind the zlib stream");
	return rc;
}

enum rc line_inflater_feed(struct line_inflater *d, const void *p, size_t n,
			   struct err *err)
{
	if (d->rc != RC_OK)
		return err_set(err, d->rc, "the zlib stream failed before");
	d->rc = lines_feed(d, p, n, err);
	return d->rc;
}

enum rc line_inflater_end(struct line_inflater *d, struct err *err)
{
	if (d->rc != RC_OK)
		return err_set(err, d->rc, "the zlib stream failed before");
	if (!d->is_at_end)
		return err_set(err, RC_CORRUPT, "unfinished zlib stream");
	if (d->rest.len > 0 || d->bytes > 0)
		return err_set(err, RC_CORRUPT, "the last line has no end");
	return RC_OK;
}

void line_inflater_bytes(struct line_inflater *d, size_t n)
{
	d->bytes = n;
}

void line_inflater_free(struct line_inflater *d)
{
	if (!d)
		return;
	inflateEnd(&d->z);
	buf_release(&d->rest);
	free(d);
}
