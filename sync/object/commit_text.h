/* object/commit_text.h - for this room only: the text of a commit with or
 * without its signature, which writing, reading and verifying share. */
#ifndef OBJECT_COMMIT_TEXT_H
#define OBJECT_COMMIT_TEXT_H

#include "object/commit.h"

/* Append the commit's text with `armour` as its gpgsig header, or without that
 * header when armour_bytes is 0: then these are the bytes that are signed.
 * RC_INVALID when a part breaks the format. */
enum rc packet_commit_text(struct buf *out, const struct packet_commit *c,
			   const char *armour, size_t armour_bytes,
			   struct err *err);
enum rc main_commit_text(struct buf *out, const struct main_commit *c,
			 const char *armour, size_t armour_bytes,
			 struct err *err);

#endif
