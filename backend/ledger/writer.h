/* ledger/writer.h - one at a time merges: syncs that wait are taken in
 * together, by the thread of the first of them, in one transaction with one
 * fsync (group commit). */
#ifndef LEDGER_WRITER_H
#define LEDGER_WRITER_H

#include "ledger/sync.h"

#define WRITER_BATCH_MAX 16
#define WRITER_WAIT_MS 3 /* how long the first of a batch waits for others */
#define WRITER_QUEUE_MAX 256 /* more are answered "busy" */

struct writer;

/* Owns a store of its own, opened on `dir`. */
enum rc writer_start(struct writer **out, const char *dir,
		     const struct host *host, struct err *err);
/* Hand in a sync and wait until it is on disk, or failed. RC_BUSY: the queue is
 * full; the terminal tries again. Any thread. */
enum rc writer_take(struct writer *w, struct sync *s, struct err *err);
/* Finishes what waits. */
void writer_stop(struct writer *w);

#endif
