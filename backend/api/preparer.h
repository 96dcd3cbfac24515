/* api/preparer.h - one thread that makes the snapshots of a service, so that no
 * request does: those that were asked for once are made again in time, and the
 * first one who asks waits a little. */
#ifndef API_PREPARER_H
#define API_PREPARER_H

#include "ledger/snapshot.h"

struct preparer;

enum rc preparer_start(struct preparer **out, const char *dir,
		       const struct host *host, struct err *err);
/* Ends when the snapshot at work is done. Nobody may wait any more. */
void preparer_stop(struct preparer *p);
/* Have a snapshot made. RC_OK: there is a fresh one now. RC_BUSY: not yet, ask
 * again in a few seconds: it takes longer than a request may wait, or too many
 * wait already. Otherwise why it failed. Any thread. */
enum rc preparer_want(struct preparer *p, const char *scope, int format,
		      struct err *err);

#endif
