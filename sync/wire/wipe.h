/* wire/wipe.h - the server's order to wipe a revoked terminal, and its receipt
 * for what was rescued there (docs/protocol.md section 17).
 *
 * Both are JSON objects with a `signature`: Ed25519 by the server's key over a
 * word, LF and the canonical bytes of the other members. An order names one
 * terminal and one enrolment, which is never active again: there is nothing to
 * replay it against. */
#ifndef WIRE_WIPE_H
#define WIRE_WIPE_H

#include <jansson.h>

#include "base/seal.h"

#define WIPE_FORMAT 1

struct wipe_order {
	char id[33], terminal[33], enrolment[33];
	int64_t issued_ms;
};

/* *out is a new reference. */
enum rc wipe_order_write(json_t **out, const struct wipe_order *o,
			 const struct sign_key *server, struct err *err);
/* RC_INVALID: of a later format; RC_CORRUPT: not signed by this server. */
enum rc wipe_order_read(struct wipe_order *out, const json_t *order,
			const unsigned char server[SIGN_PUBLIC_BYTES],
			struct err *err);

struct rescue_receipt {
	char order[33];
	char sha256[65]; /* of the rescue's body, in hex */
	int64_t time_ms;
};

enum rc rescue_receipt_write(json_t **out, const struct rescue_receipt *r,
			     const struct sign_key *server, struct err *err);
enum rc rescue_receipt_read(struct rescue_receipt *out, const json_t *receipt,
			    const unsigned char server[SIGN_PUBLIC_BYTES],
			    struct err *err);

#endif
