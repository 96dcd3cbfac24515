/* ledger/trail.h - what the ledger tells the audit log. */
#ifndef LEDGER_TRAIL_H
#define LEDGER_TRAIL_H

#include "ledger/ledger.h"

/* The entry of records [from, to) of a write, inside the transaction that wrote
 * them. None where nothing came of it and nothing was refused. */
enum rc trail_write(struct op *op, const struct office_write *w, size_t from,
		    size_t to);
/* A revoked terminal still syncs: one entry an hour. */
enum rc trail_revoked(struct store *s, const char *officer,
		      const char *enrolment, int64_t now_ms, struct err *err);

#endif
