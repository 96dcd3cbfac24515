/* api/finder.h - the search index of a service: handles for its workers, and a
 * thread that brings the index up to date before anybody asks. */
#ifndef API_FINDER_H
#define API_FINDER_H

#include "api/watch.h"
#include "search/search.h"

struct finder;

/* `watch` is borrowed and outlives it. */
enum rc finder_start(struct finder **out, const char *dir, struct watch *watch,
		     const struct host *host, struct err *err);
/* Ends within a piece of the index's work (about a second). */
void finder_stop(struct finder *f);
/* A handle for this thread until it is handed back. */
enum rc finder_take(struct finder *f, struct store *store, struct search **out,
		    struct err *err);
void finder_give(struct finder *f, struct search *s);

#endif
