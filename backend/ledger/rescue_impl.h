/* ledger/rescue_impl.h - what the files about rescues share. Not for other
 * rooms. */
#ifndef LEDGER_RESCUE_IMPL_H
#define LEDGER_RESCUE_IMPL_H

#include "ledger/intake.h"
#include "ledger/rescue.h"

/* The parts of a body, in their order: "packet", "edit", "unread", "file";
 * `bytes` are those of a file. The line before them is *head (new reference).
 * RC_CORRUPT: it has no end, or is none. */
typedef enum rc rescue_part_fn(void *ctx, const char *name, const json_t *what,
			       const void *bytes, size_t n, struct err *err);
enum rc rescue_walk(const struct buf *body, rescue_part_fn *fn, void *ctx,
		    json_t **head, struct err *err);
/* Open the box of a file and hold it against the terminal's key; appended. */
enum rc rescue_unseal(struct store *s, const struct enrolled *who,
		      const void *file, size_t n, struct buf *body,
		      struct err *err);
/* The body of one that was taken. */
enum rc rescue_load(struct store *s, const struct enrolled *who,
		    const char *sha256, struct buf *body, struct err *err);

/* What came of an import. */
struct rescue_counts {
	int packets, edits, left_out, unread, files, files_named;
};
/* Into quarantine, and files to those of evidence, inside a batch. */
enum rc rescue_import(struct batch *b, const struct enrolled *who,
		      const struct buf *body, struct evidence *evidence,
		      struct rescue_counts *out);

/* The enrolment whose unsigned work a packet of the office has, or "". */
void rescue_enrolment(char out[33], const struct packet_commit *c);

#endif
