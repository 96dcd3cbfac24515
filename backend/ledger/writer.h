/* ledger/writer.h - one at a time merges: syncs that wait are taken in
 * together, by the thread of the first of them, in one transaction with one
 * fsync (group commit). */
#ifndef LEDGER_WRITER_H
#define LEDGER_WRITER_H

#include "ledger/sync.h"

#define WRITER_BATCH_MAX 16
#define WRITER_WAIT_MS 20 /* at most, for those that are on their way */
#define WRITER_QUEUE_MAX 256 /* more are answered "busy" */

struct writer;

/* Owns a store of its own, opened on `dir`. */
enum rc writer_start(struct writer **out, const char *dir,
		     const struct host *host, struct err *err);
/* A sync is on its way: whoever takes in what waits waits for it, for a moment.
 * Followed by writer_take, or by writer_forget where nothing is to be taken in.
 * Any thread. */
void writer_expect(struct writer *w);
void writer_forget(struct writer *w);
/* Hand in a sync that was expected, and wait until it is on disk, or failed.
 * RC_BUSY: the queue is full; the terminal tries again. Any thread. */
enum rc writer_take(struct writer *w, struct sync *s, struct err *err);
/* Finishes what waits. */
void writer_stop(struct writer *w);

#endif
