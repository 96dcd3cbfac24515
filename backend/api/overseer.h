/* api/overseer.h - a thread that looks once an hour, and when the server
 * starts, for what has become late without anybody writing: evidence that has
 * not come (domain/awaited.h). */
#ifndef API_OVERSEER_H
#define API_OVERSEER_H

#include "base/err.h"
#include "base/host.h"

struct overseer;

enum rc overseer_start(struct overseer **out, const char *dir,
		       const struct host *host, struct err *err);
/* Ends within what it is doing. NULL is nothing to do. */
void overseer_stop(struct overseer *o);

#endif
