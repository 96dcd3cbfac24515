/* ledger/entered.h - what people at the office enter must be within the limits
 * of its kind and refer to what there is. Not for other rooms. */
#ifndef LEDGER_ENTERED_H
#define LEDGER_ENTERED_H

#include "ledger/ledger.h"

/* An account that acts for some agencies only writes what is theirs, or
 * nobody's, and names no officer of another.
 *
 * The changes from `before` (NULL: new) to `after`. RC_INVALID names the field,
 * and for a reference that finds nothing the kind and the id. *paths, NULL at
 * first, holds the records of the write once they were looked for; the
 * caller's. */
enum rc entered_check(struct op *op, const struct office_write *w,
		      json_t **paths, const struct kind *k,
		      const json_t *before, const json_t *after,
		      struct err *why);

#endif
