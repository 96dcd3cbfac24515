/* ledger/quarantine.h - what was received and may not stand on the main line.
 */
#ifndef LEDGER_QUARANTINE_H
#define LEDGER_QUARANTINE_H

#include "ledger/ledger.h"

/* In the order of receipt, `most` of them (below 0: all) behind the first
 * `from`: [{"scope","packet","kind","id","author","terminal","code","reason",
 * "time"}]. `kind` and `id` are null for a packet as a whole; `time` is ms.
 * Of a single record also "entry", the id of what is said of it, "state"
 * ("open", "adopted", "rejected"), and of a closed one "decided_by" and, where
 * one was given, the reason in "decision". Without a scope: those of all scopes
 * of the actor. *out is a new reference. */
enum rc quarantine_list(struct op *op, const char *scope, int64_t from,
			int64_t most, json_t **out);

/* One of them, with "record" and "base" (null: it was new) as its author had
 * them, "sha256" of the record's canonical bytes, "after": the packet of an
 * earlier change in quarantine, if it builds on one, and "followed_by": packets
 * of later ones. RC_NOT_FOUND also for who may not read the kind. */
enum rc quarantine_entry(struct op *op, const char *packet, const char *kind,
			 const char *id, json_t **out);
/* Adopt it in the actor's name, or reject it with a reason. RC_DENIED says why
 * not; RC_CONFLICT: somebody has. */
enum rc quarantine_close(struct op *op, const char *packet, const char *kind,
			 const char *id, bool adopts, const char *reason);

#endif
