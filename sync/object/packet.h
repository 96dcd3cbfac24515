/* object/packet.h - what a packet's commit says of its records: the packet tree
 * and Content-SHA256 (docs/protocol.md sections 4 and 6). */
#ifndef OBJECT_PACKET_H
#define OBJECT_PACKET_H

#include "base/buf.h"
#include "base/hash.h"
#include "object/oid.h"

struct packet_item {
	const char *kind, *id; /* borrowed */
	const char *body; /* canonical bytes, borrowed */
	size_t body_bytes;
};

/* Called for every object below the commit, blobs first; may be NULL. */
typedef enum rc packet_object_fn(void *ctx, enum object_kind kind,
				 const struct oid *oid, const void *bytes,
				 size_t n, struct err *err);

/* Sorts the items by path. `is_marked`: packet_is_marked. RC_INVALID when a
 * path stands twice, or there are no records, or more than a packet may hold.
 */
enum rc packet_seal(struct packet_item *items, size_t n, bool is_marked,
		    struct oid *tree, unsigned char content[SHA256_BYTES],
		    packet_object_fn *object, void *ctx, struct err *err);

#endif
