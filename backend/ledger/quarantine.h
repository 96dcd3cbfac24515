/* ledger/quarantine.h - what was received and may not stand on the main line.
 */
#ifndef LEDGER_QUARANTINE_H
#define LEDGER_QUARANTINE_H

#include "ledger/ledger.h"

/* A code of a receipt (protocol.md 8) in words; "" for one that is unknown. */
const char *quarantine_reason(const char *code);

/* In the order of receipt, `most` of them (below 0: all) behind the first
 * `from`: [{"scope","packet","kind","id","author","terminal","code","reason",
 * "time"}]. `kind` and `id` are null for a packet as a whole; `time` is ms.
 * Without a scope: those of all scopes of the actor. *out is a new
 * reference. */
enum rc quarantine_list(struct op *op, const char *scope, int64_t from,
			int64_t most, json_t **out);

#endif
