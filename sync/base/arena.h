/* base/arena.h - memory that dies with an operation, with a limit in bytes.
 *
 * Allocation past the limit, or when memory runs out, answers NULL and the
 * arena stays usable. Memory is zeroed and aligned to 16 bytes. One thread at a
 * time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *first;
	size_t used_bytes;
	size_t limit_bytes;
};

void arena_init(struct arena *a, size_t limit_bytes);
void *arena_alloc(struct arena *a, size_t n);
/* Copies n bytes and adds a NUL. */
char *arena_dup(struct arena *a, const void *p, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Everything allocated so far is gone; the limit stays. */
void arena_reset(struct arena *a);
void arena_release(struct arena *a);

#endif
