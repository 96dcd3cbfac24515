/* domain/draw_ticket.h - the lots of a draw, algorithm hufu-draw-1.
 *
 * ticket(id) = SHA-256(seed US id), US the byte 0x1F; the smaller ticket comes
 * first. Officers are ordered for a subject by
 * SHA-256(seed US "m" US subject US officer). Whoever knows the seed and the
 * ids gets the same order with a few lines of any language; the family of
 * methods is R. Rivest's consistent sampler of election audits. */
#ifndef DOMAIN_DRAW_TICKET_H
#define DOMAIN_DRAW_TICKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DRAW_INDEX_BITS 24
#define DRAW_IDS_MAX (1u << DRAW_INDEX_BITS)
#define DRAW_OFFICERS_MAX 10000
#define DRAW_SEED_MAX 1000
#define DRAW_ID_MAX 32

/* Order n different ids by ticket: *out[i] is the place in `ids` of the i-th
 * smallest; malloc'd. One hash and some 16 bytes of memory an id; large frames
 * are ordered by two threads, to the same result. */
enum rc draw_order(const char *seed, const char *const *ids, size_t n,
		   uint32_t **out, struct err *err);
/* Order officers for one subject, the same way, into n cells of `out`. */
enum rc draw_order_officers(const char *seed, const char *subject,
			    const char *const *officers, size_t n,
			    uint32_t *out, struct err *err);

#endif
