/* store/backoff.h - how long a name waits after failures: a second after some
 * in a row that cost nothing, then two, four and so on, at most five minutes.
 * An hour after the last one it begins anew. What a name is the caller says: of
 * an account, or with the address that tries it.
 *
 * In memory, for one process, any thread. Names that exist and names that do
 * not are treated alike, and no name makes another wait. Memory is fixed, for
 * 4,096 names in buckets of eight by a keyed hash: in a full bucket the name
 * that failed longest ago is forgotten. */
#ifndef STORE_BACKOFF_H
#define STORE_BACKOFF_H

#include "base/err.h"
#include "base/host.h"

#define BACKOFF_FREE 5 /* failures without a wait, usually */
#define BACKOFF_MAX_MS (5 * 60 * 1000)
#define BACKOFF_FORGET_MS (60 * 60 * 1000)

struct backoff;

/* `free_failures` have no wait. */
enum rc backoff_new(struct backoff **out, const struct host *host,
		    int free_failures, struct err *err);
void backoff_free(struct backoff *b);
/* May this name try now? RC_BUSY "... try again in 8 seconds" while it has to
 * wait, and *wait_s has the seconds, rounded up; else 0. */
enum rc backoff_check(struct backoff *b, const char *name, int *wait_s,
		      struct err *err);
/* What the try came to. Answers how many failures in a row there are now. */
int backoff_failed(struct backoff *b, const char *name);
void backoff_passed(struct backoff *b, const char *name);

#endif
