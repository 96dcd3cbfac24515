/* domain/draw_lots.h - subjects of a draw by grade under names that do not tell
 * who they are (docs/protocol.md, section 13; docs/adr/0016).
 *
 * proof(id) = SHA-256(key US id), lot(id) = the first 128 bits of
 * SHA-256(proof US id), both as hex digits, US the byte 0x1F. The key is 64 hex
 * digits, secret; its hash is committed. Strata hold lots, so anyone can repeat
 * the draw of lots, and only who has the key, or the proof of one subject, can
 * say whose lot it is. */
#ifndef DOMAIN_DRAW_LOTS_H
#define DOMAIN_DRAW_LOTS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define DRAW_LOT_SIZE 33

void draw_key_hash(char out[65], const char *key);
void draw_proof(char out[65], const char *key, const char *id);
void draw_lot(char out[DRAW_LOT_SIZE], const char *proof, const char *id);
/* The lots of each stratum, sorted: [[lot, ...], ...], a new reference. */
enum rc draw_lots(const char *key, const json_t *frame,
		  const json_t *membership, size_t strata, json_t **out,
		  struct err *err);

/* From lots back to places in the frame; caller's memory. */
struct named_lot {
	char lot[DRAW_LOT_SIZE];
	uint32_t at;
};
struct lot_names {
	struct named_lot *all; /* owned, sorted */
	size_t n;
};
enum rc lot_names_init(struct lot_names *names, const char *key,
		       const json_t *frame, struct err *err);
void lot_names_release(struct lot_names *names);
/* The id of a lot, borrowed from the frame, or NULL. */
json_t *lot_names_find(const struct lot_names *names, const json_t *frame,
		       const char *lot);

#endif
