/* wire/bundle.h - syncs as a file: requests on their way to the server, answers
 * on their way back, each in a box that only the receiver opens
 * (docs/protocol.md section 15).
 *
 *   {"format":1,"hufu":"bundle","items":n} LF
 *   n times:  {"bytes":b,"digest":D,"sha256":H,"terminal":T,"type":…} LF
 *             the b bytes of the box
 *
 * A third type, `peer`, is what one officer tells another without the server
 * (section 16): its `terminal` is whom it is for. A fourth, `rescue`, is what
 * was on a terminal when it was wiped (section 17): its digest is of the body.
 */
#ifndef WIRE_BUNDLE_H
#define WIRE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/seal.h"

#define BUNDLE_FORMAT 1
#define BUNDLE_BYTES_MAX (64u << 20) /* of a file */
#define BUNDLE_ITEMS_MAX 1000

enum bundle_type {
	BUNDLE_REQUEST,
	BUNDLE_ANSWER,
	BUNDLE_PEER,
	BUNDLE_RESCUE,
	BUNDLE__MAX
};

struct bundle_item {
	enum bundle_type type;
	char terminal[33]; /* whose request it is, or answers; or for whom */
	char digest[65]; /* SHA-256 of the request's JSON, in hex; of a peer's
			  * of its own */
	const void *box; /* borrowed from the file */
	size_t box_bytes;
};

/* Read and check the whole file; *out is malloc'd. RC_INVALID: it is none, or
 * of a later format; RC_CORRUPT: it was cut or altered. */
enum rc bundle_read(const void *p, size_t n, struct bundle_item **out,
		    size_t *nitems, struct err *err);
/* Append a file. */
enum rc bundle_write(struct buf *out, const struct bundle_item *items, size_t n,
		     struct err *err);

/* A request with its signature (protocol.md 10) for the server. */
enum rc bundle_request_seal(struct buf *box,
			    const unsigned char server[SIGN_PUBLIC_BYTES],
			    const struct host *host,
			    const unsigned char signature[SIGN_BYTES],
			    const struct buf *body, struct err *err);
/* Append the body; the signature is in base64. */
enum rc bundle_request_open(struct buf *body, char *signature,
			    const struct sign_key *server,
			    const struct bundle_item *item, struct err *err);

/* The pages of an answer, each appended behind its length (4 bytes, the most
 * significant first), and then sealed to the terminal. */
enum rc bundle_page_add(struct buf *pages, const struct buf *body,
			struct err *err);
/* The page at *at, which moves on; false at the end. RC_CORRUPT. */
enum rc bundle_page_next(const struct buf *pages, size_t *at, const void **page,
			 size_t *n, bool *found, struct err *err);

#endif
