/* api/jobs.h - what takes minutes is done beside the request that asked for it:
 * a few threads, and a queue before them. Knows nothing of what is done. */
#ifndef API_JOBS_H
#define API_JOBS_H

#include <stdbool.h>

#include "base/err.h"

#define JOBS_AT_ONCE 2 /* threads */
#define JOBS_MAX 16 /* that are done or wait */

struct jobs;

struct jobs_do {
	void (*run)(void *ctx, void *work); /* on one of the threads */
	/* From another thread, again and again until run() answers: the
	 * server stops. */
	void (*halt)(void *ctx, void *work);
	/* run() was called, or will not be. */
	void (*drop)(void *ctx, void *work);
	void *ctx;
};

enum rc jobs_start(struct jobs **out, const struct jobs_do *how,
		   struct err *err);
/* What waits is dropped, what runs is halted. NULL is none. */
void jobs_stop(struct jobs *j);

/* A place for a job, before it is written down anywhere: from now on jobs_has()
 * it. RC_BUSY where there is none. Then jobs_go or jobs_leave. */
enum rc jobs_reserve(struct jobs *j, const char *id, struct err *err);
/* Takes over `work`. */
void jobs_go(struct jobs *j, const char *id, void *work);
void jobs_leave(struct jobs *j, const char *id);
/* Is it waiting or running? */
bool jobs_has(struct jobs *j, const char *id);
/* Until it is over, or for so long; at once where others wait already who hold
 * as many threads as there may be. */
void jobs_wait(struct jobs *j, const char *id, int timeout_ms);
bool jobs_is_stopping(struct jobs *j);

#endif
