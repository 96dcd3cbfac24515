#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

#define ALIGN 16
#define BLOCK_BYTES_MIN 4096
#define BLOCK_BYTES_MAX (128 * 1024)

/* first -> newest ordinary block -> ... -> oldest; a piece too large for an
 * ordinary block gets a block of its own behind the first, so that the rest of
 * the first stays in use. Bytes behind `used` are zero. */
struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	_Alignas(ALIGN) unsigned char data[];
};

void arena_init(struct arena *a, size_t limit_bytes)
{
	*a = (struct arena){ .limit_bytes = limit_bytes };
}

static struct arena_block *block_new(size_t size)
{
	struct arena_block *block;

	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = calloc(1, sizeof(*block) + size);
	if (block)
		block->size = size;
	return block;
}

/* A block with room for n bytes, linked in; NULL when memory runs out. */
static struct arena_block *block_add(struct arena *a, size_t n)
{
	struct arena_block *first = a->first, *block;
	size_t size = BLOCK_BYTES_MIN;

	if (first)
		size = first->size * 2;
	if (size > BLOCK_BYTES_MAX)
		size = BLOCK_BYTES_MAX;
	block = block_new(n > size ? n : size);
	if (!block)
		return NULL;
	if (n > size && first) {
		block->next = first->next;
		first->next = block;
	} else {
		block->next = first;
		a->first = block;
	}
	return block;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *block = a->first;
	void *p;

	if (fault_hit(FAULT_ALLOC))
		return NULL;
	if (n == 0)
		n = 1;
	if (n > SIZE_MAX - ALIGN)
		return NULL;
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (a->used_bytes > a->limit_bytes ||
	    n > a->limit_bytes - a->used_bytes)
		return NULL;
	if (!block || n > block->size - block->used)
		block = block_add(a, n);
	if (!block)
		return NULL;
	p = block->data + block->used;
	block->used += n;
	a->used_bytes += n;
	return p;
}

char *arena_dup(struct arena *a, const void *p, size_t n)
{
	char *copy;

	if (n == SIZE_MAX)
		return NULL;
	copy = arena_alloc(a, n + 1);
	if (copy && n > 0)
		memcpy(copy, p, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_dup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0)
		text = arena_alloc(a, (size_t)n + 1);
	if (text)
		vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return text;
}

static void blocks_free(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_reset(struct arena *a)
{
	struct arena_block *first = a->first;

	a->used_bytes = 0;
	if (!first)
		return;
	/* One ordinary block is kept: most operations need no more. */
	if (first->size > BLOCK_BYTES_MAX) {
		blocks_free(first);
		a->first = NULL;
		return;
	}
	blocks_free(first->next);
	first->next = NULL;
	memset(first->data, 0, first->used);
	first->used = 0;
}

void arena_release(struct arena *a)
{
	blocks_free(a->first);
	a->first = NULL;
	a->used_bytes = 0;
}
