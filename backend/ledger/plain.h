/* ledger/plain.h - a stored record, unsealed. */
#ifndef LEDGER_PLAIN_H
#define LEDGER_PLAIN_H

#include <jansson.h>

#include "store/store.h"

/* Plain form of a stored record (a new reference; NULL of NULL); RC_DENIED when
 * its key is gone. */
enum rc record_plain(struct store *s, const struct kind *k,
		     const json_t *stored, json_t **out, struct err *err);

#endif
