/* store/audit_impl.h - what audit.c and audit_verify.c share. */
#ifndef STORE_AUDIT_IMPL_H
#define STORE_AUDIT_IMPL_H

#include "store/store_impl.h"

/* SHA-256 of the hash before and the entry's canonical JSON; row->hash is not
 * looked at. */
enum rc audit_row_hash(const struct audit_row *row,
		       const unsigned char before[SHA256_BYTES],
		       unsigned char out[SHA256_BYTES], struct err *err);
/* A row of audit_walk or audit_select. */
void audit_row_read(struct query *q, struct audit_row *out);
/* What stands before the first entry. */
void audit_genesis(const char *epoch, unsigned char out[SHA256_BYTES]);

/* Number, time and hash of the last entry stand a second time in `meta`, as
 * "<seq> <ms> <hash>": what cuts off the end of the log alone is found out.
 * RC_NOT_FOUND: there is no note; RC_CORRUPT: it is none. out->epoch is "". */
enum rc audit_end_get(struct store *s, struct audit_head *out, struct err *err);
/* `row` follows `before`, the last entry until now: it is noted where the note
 * agreed with the log. One that did not stays, as evidence. In the caller's
 * transaction. */
enum rc audit_end_move(struct store *s, const struct audit_head *before,
		       const struct audit_row *row, struct err *err);
/* Note it whatever was noted. In the caller's transaction. */
enum rc audit_end_note(struct store *s, struct err *err);

#endif
