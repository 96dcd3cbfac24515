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

#endif
