/* api/overseer.h - a thread that looks once an hour, and when the server
 * starts, for what has become late without anybody writing: evidence that has
 * not come (domain/awaited.h). Once a minute, and when it ends, it tells of
 * failed proofs that were only counted (api/misses.h). */
#ifndef API_OVERSEER_H
#define API_OVERSEER_H

#include "base/err.h"
#include "base/host.h"

struct misses;
struct overseer;

/* `misses` is borrowed. */
enum rc overseer_start(struct overseer **out, const char *dir,
		       struct misses *misses, const struct host *host,
		       struct err *err);
/* Ends within what it is doing. NULL is nothing to do. */
void overseer_stop(struct overseer *o);

#endif
