#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

#define CAP_MIN 64

void buf_init(struct buf *b, size_t limit_bytes)
{
	*b = (struct buf){ .limit_bytes = limit_bytes };
}

/* Slow path of buf_room: n more bytes and a NUL do not fit into cap. */
static char *buf_grow(struct buf *b, size_t n)
{
	size_t need, cap;
	char *data;

	/* The NUL needs a byte above any limit. */
	if (b->len > b->limit_bytes || n > b->limit_bytes - b->len ||
	    b->len + n == SIZE_MAX || fault_hit(FAULT_ALLOC)) {
		b->rc = RC_NOMEM;
		return NULL;
	}
	need = b->len + n + 1;
	cap = b->cap < CAP_MIN ? CAP_MIN : b->cap;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap - 1 > b->limit_bytes)
		cap = b->limit_bytes + 1;
	data = realloc(b->data, cap);
	if (!data) {
		b->rc = RC_NOMEM;
		return NULL;
	}
	b->data = data;
	b->cap = cap;
	return data + b->len;
}

/* Where n bytes and a NUL may be written, or NULL. cap never exceeds the limit
 * by more than the NUL, so that one comparison guards both. */
static inline char *buf_room(struct buf *b, size_t n)
{
	if (b->rc != RC_OK)
		return NULL;
	if (n < b->cap - b->len)
		return b->data + b->len;
	return buf_grow(b, n);
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	char *to = buf_room(b, n);

	if (!to)
		return;
	if (n > 0)
		memcpy(to, p, n);
	to[n] = '\0';
	b->len += n;
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_byte(struct buf *b, char c)
{
	char *to = buf_room(b, 1);

	if (!to)
		return;
	to[0] = c;
	to[1] = '\0';
	b->len++;
}

void buf_int(struct buf *b, int64_t v)
{
	uint64_t rest = v < 0 ? -(uint64_t)v : (uint64_t)v;
	char text[20];
	char *p = text + sizeof(text);

	do {
		*--p = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (v < 0)
		*--p = '-';
	buf_put(b, p, (size_t)(text + sizeof(text) - p));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	size_t room;
	int n;

	if (b->rc != RC_OK)
		return;
	va_start(ap, fmt);
	va_copy(again, ap);
	room = b->cap - b->len;
	n = vsnprintf(b->data ? b->data + b->len : NULL, room, fmt, ap);
	if (n < 0) {
		b->rc = RC_NOMEM;
	} else if ((size_t)n >= room) {
		char *to = buf_grow(b, (size_t)n);

		if (to)
			vsnprintf(to, (size_t)n + 1, fmt, again);
		else if (b->data)
			b->data[b->len] = '\0';
	}
	if (b->rc == RC_OK)
		b->len += (size_t)n;
	va_end(again);
	va_end(ap);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->rc = RC_OK;
	if (b->data)
		b->data[0] = '\0';
}

enum rc buf_status(const struct buf *b, struct err *err)
{
	if (b->rc == RC_OK)
		return RC_OK;
	return err_set(err, b->rc, "more than %zu bytes", b->limit_bytes);
}

void buf_release(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
	b->cap = 0;
}
