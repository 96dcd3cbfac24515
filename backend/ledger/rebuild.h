/* ledger/rebuild.h - everything that follows from the log, made again from it:
 * the kinds' tables, leaves and nodes. And what a folder is after it came back
 * from a backup. */
#ifndef LEDGER_REBUILD_H
#define LEDGER_REBUILD_H

#include "ledger/ledger.h"

struct rebuilt {
	size_t scopes;
	int64_t records;
};
/* In one transaction, which holds off every other writer meanwhile. RC_DENIED
 * unless an administrator of all scopes asks; RC_CORRUPT, and nothing is
 * changed, when the log of a scope does not give the root that its newest main
 * commit signs. `progress` (may be NULL) hears of scopes. Leaves an entry in
 * the audit log. */
enum rc ledger_rebuild(struct op *op,
		       void (*progress)(void *ctx, size_t done, size_t total),
		       void *ctx, struct rebuilt *out);

/* Begin another epoch, with the reason in the audit log: terminals learn from
 * it that this server may have lost what they were told it has. RC_DENIED as
 * above. */
enum rc ledger_epoch_new(struct op *op, const char *reason);

#endif
