/* base/buf.h - a growing byte buffer with a limit, that sticks after its first
 * failure: append freely, check once with buf_status().
 *
 * `data` always has a NUL after its `len` bytes once something was appended (or
 * is NULL). A zeroed struct buf has limit 0; call buf_init first. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct buf {
	char *data; /* owned */
	size_t len;
	size_t cap;
	size_t limit_bytes;
	enum rc rc; /* RC_OK or RC_NOMEM */
};

void buf_init(struct buf *b, size_t limit_bytes);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_byte(struct buf *b, char c);
void buf_int(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Forget the content, keep the memory and the limit, heal a failure. */
void buf_reset(struct buf *b);
/* RC_OK, or RC_NOMEM with "more than N bytes". */
enum rc buf_status(const struct buf *b, struct err *err);
void buf_release(struct buf *b);

#endif
