/* base/deflate.h - zlib streams (RFC 1950), inflated only behind a cap, and
 * gzip (RFC 1952) to send.
 *
 * Whole buffers, and an incremental writer and reader for long ones. */
#ifndef BASE_DEFLATE_H
#define BASE_DEFLATE_H

#include <stdbool.h>

#include "base/buf.h"

#define DEFLATE_RATIO_MAX 200 /* after the first MiB of output */
#define DEFLATE_LEVEL 6

/* Append the zlib stream of n bytes. */
enum rc deflate_all(struct buf *out, const void *p, size_t n, int level,
		    struct err *err);
/* The same as one gzip member without a name or a time: the same bytes for the
 * same content. */
enum rc gzip_all(struct buf *out, const void *p, size_t n, int level,
		 struct err *err);
/* Append the content; stops with RC_NOMEM at out's limit or at the ratio cap,
 * RC_CORRUPT on a damaged, unfinished or trailing stream. */
enum rc inflate_all(struct buf *out, const void *p, size_t n, struct err *err);
/* As much of a possibly cut stream as can be had; *whole says whether its end
 * was there. */
enum rc inflate_some(struct buf *out, const void *p, size_t n, bool *whole,
		     struct err *err);

struct deflater; /* owned by the caller: deflater_free */
struct deflater *deflater_new(int level);
/* Feeds n bytes and appends what comes out; `finish` ends the stream. */
enum rc deflater_write(struct deflater *d, struct buf *out, const void *p,
		       size_t n, bool finish, struct err *err);
/* What comes next: text, or bytes with no more order than that some are more
 * frequent. It begins with a code of its own and is deflated as well as can be;
 * the stream stays one. */
enum deflate_next { DEFLATE_TEXT, DEFLATE_NUMBERS };
enum rc deflater_tune(struct deflater *d, struct buf *out,
		      enum deflate_next next, struct err *err);
void deflater_free(struct deflater *d);

/* Feeds pieces of a stream and hands out whole lines (without LF, with a NUL
 * behind). A line over line_bytes_max is RC_NOMEM. */
typedef enum rc line_fn(void *ctx, char *line, size_t n, struct err *err);
struct line_inflater;
struct line_inflater *line_inflater_new(size_t line_bytes_max, line_fn *fn,
					void *ctx);
enum rc line_inflater_feed(struct line_inflater *d, const void *p, size_t n,
			   struct err *err);
/* RC_CORRUPT unless the stream had its end and the last line its LF. */
enum rc line_inflater_end(struct line_inflater *d, struct err *err);
/* For the function at work: behind this line stand n bytes that are no lines.
 * They are handed out next, as one line is, however many LF are among them. */
void line_inflater_bytes(struct line_inflater *d, size_t n);
void line_inflater_free(struct line_inflater *d);

#endif
