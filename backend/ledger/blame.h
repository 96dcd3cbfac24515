/* ledger/blame.h - who last changed each field of a record.
 *
 * Beside each version of the log that has an earlier one stands which fields
 * were changed since the record's first version, each with the position of its
 * last change: {"due":17,"state":40}. So the answer costs the fields of one
 * record, however many versions it has, as of any position. A version that has
 * no such row (it was written before format 3) is answered from all versions up
 * to it; `hufud rebuild` makes the rows. */
#ifndef LEDGER_BLAME_H
#define LEDGER_BLAME_H

#include "ledger/ledger.h"

/* Before the version of `position` goes into the log; `body` are its canonical
 * bytes. Without an earlier version it writes nothing; nor where the key of a
 * sealed record is gone. */
enum rc blame_write(struct store *s, const char *scope, const char *kind,
		    const char *id, int64_t position, const char *body,
		    size_t body_bytes, struct err *err);
/* All rows of a scope anew, inside a transaction. */
enum rc blame_rebuild(struct store *s, const char *scope, struct err *err);
/* Is each row of a scope what the versions say? *position is that of the first
 * that is not, else 0. */
enum rc blame_check(struct store *s, const char *scope, int64_t *position,
		    struct err *err);

/* The record as of a position; *out is a new reference to
 *   {"position":n,"fields":[{"field":f,"value":v or null,"position":n,
 *    "received":ms,"author":a,"terminal":t,"packet":hex,"operation":word or
 *    null,"message":text,"merged":bool,"rule":r}]}
 * in the order of the kind; `position` of the record is that of its version.
 * A field that was taken away has the value null. The rest is as in
 * ledger_history. RC_NOT_FOUND names the record, RC_DENIED when its key was
 * destroyed. */
enum rc ledger_blame(struct op *op, const char *scope, const char *kind,
		     const char *id, int64_t at, json_t **out);

#endif
