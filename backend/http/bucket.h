/* http/bucket.h - rate limits: token buckets in fixed memory.
 *
 * A bucket of a class holds `burst` tokens when it is full, gains `tokens` in
 * each `seconds`, and gives one for each request. Each class has a table of its
 * own of at most `entries` buckets, so that a flood in one class does not touch
 * another. A key without an entry has a full bucket.
 *
 * In a full table a newcomer takes the place of the bucket that is fullest, and
 * of equally full ones any. A bucket that is full again says nothing, and goes
 * first. So whoever wants an empty bucket forgotten has to empty all others of
 * its class as far, and keep them so: (entries - 1) * burst requests from as
 * many keys within the time in which it would have filled by itself. A bucket
 * with one token taken is worth one token to who resets it.
 *
 * The caller chooses keys that are not cheap to have many of: an account's
 * name, an IPv4 address, the first 64 bits of an IPv6 address. Keys of any
 * length count by their SHA-256, so that nobody can make two meet. Pure but for
 * its memory and its lock: the time is an argument, any thread may call. */
#ifndef HTTP_BUCKET_H
#define HTTP_BUCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BUCKET_ENTRIES 4096

struct bucket_class {
	int burst; /* 1 to 1,000,000 */
	int tokens; /* 1 to 1,000,000 */
	int seconds; /* 1 to 86,400 */
	size_t entries; /* 0: BUCKET_ENTRIES, some 96 KiB */
};

struct bucket_table;

/* `classes` is copied; a class is named by its place in it. All memory is taken
 * here. RC_INVALID for numbers out of their range. */
enum rc bucket_table_new(struct bucket_table **out,
			 const struct bucket_class *classes, size_t nclasses,
			 struct err *err);
void bucket_table_free(struct bucket_table *table);

/* Take a token. False when there is none; *retry_after_s (at least 1) then says
 * when there will be one. A refusal costs nothing. `now_ms` is of a monotonic
 * clock. */
bool bucket_take(struct bucket_table *table, size_t class, const char *key,
		 int64_t now_ms, int *retry_after_s);

/* Put one back that was taken a moment ago and turned out to be owed by nobody;
 * no bucket gets more than it holds. */
void bucket_give(struct bucket_table *table, size_t class, const char *key);

/* bucket_take() without taking one. */
bool bucket_has(struct bucket_table *table, size_t class, const char *key,
		int64_t now_ms, int *retry_after_s);

#endif
