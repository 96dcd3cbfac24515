/* api/watch.h - one thread that looks whether the database was written to, for
 * all who wait for that: nobody else polls it, and writers pay nothing. */
#ifndef API_WATCH_H
#define API_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/host.h"

struct watch;

/* Looks five times a second, on a connection of its own, outside of
 * transactions. */
enum rc watch_start(struct watch **out, const char *dir,
		    const struct host *host, struct err *err);
/* Nobody may wait any more. */
void watch_stop(struct watch *w);
/* Grows after a write, by whatever program. Any thread. Read it before the log:
 * then a write in between makes it grow again. */
uint64_t watch_count(struct watch *w);
/* Sleep until the count is not `seen`, or so many ms, or watch_end. */
void watch_wait(struct watch *w, uint64_t seen, int64_t ms);
/* End every wait, also those that begin later: whoever is just about to sleep
 * would miss a wake. */
void watch_end(struct watch *w);

#endif
