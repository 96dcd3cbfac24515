/* domain/lives_order.h - rows of one key, numbered by what they say: the same
 * file in another order gives every row the number that it had.
 *
 * All rows are added before the first is numbered. Of one key they are in the
 * order of their content's hash; those of equal content say the same, so it
 * does not matter which of them is which. 24 bytes a row. */
#ifndef DOMAIN_LIVES_ORDER_H
#define DOMAIN_LIVES_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct lives_place {
	uint64_t key, content; /* hashes */
	uint32_t taken; /* of the first of its key and content */
};

struct lives_order {
	struct lives_place *places; /* owned */
	size_t n, room;
};

/* RC_NOMEM beyond IMPORT_ROWS_MAX. */
enum rc order_add(struct lives_order *o, uint64_t key, uint64_t content,
		  struct err *err);
void order_sort(struct lives_order *o);
/* The row's number among those of its key, from 1, and in *copy how many of its
 * key and content were numbered, this one with them; 1 and 1 for a row that was
 * not added. */
uint32_t order_number(struct lives_order *o, uint64_t key, uint64_t content,
		      uint32_t *copy);
void order_release(struct lives_order *o);

#endif
