/* domain/import_seen.h - what an import remembers of the rows behind it: a map
 * from the hash of a key to a few bytes. Two keys of one file share a hash with
 * a chance below 1 in 10^6 at the limit of 4 million rows. */
#ifndef DOMAIN_IMPORT_SEEN_H
#define DOMAIN_IMPORT_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct seen_slot {
	uint64_t key; /* 0: free */
	uint32_t n; /* a line, or a count */
	bool marked;
	unsigned char id[10]; /* of an imported record */
};

struct seen {
	struct seen_slot *slots; /* owned */
	size_t used, room; /* room is a power of two */
};

/* The hash of up to eight parts, NULL-ended. */
uint64_t seen_key(const char *const *parts);
/* The slot of a key, made with zeroes when it is new. Valid until the next
 * call. RC_NOMEM beyond IMPORT_ROWS_MAX. */
enum rc seen_at(struct seen *s, uint64_t key, struct seen_slot **out,
		struct err *err);
/* The slot of a key, or NULL. */
const struct seen_slot *seen_find(const struct seen *s, uint64_t key);
void seen_release(struct seen *s);

#endif
