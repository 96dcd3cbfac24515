/* api/misses.h - who tried to prove somebody and did not: wrong passwords,
 * tokens and sessions that are none. Each address has an entry in the audit log
 * for its first one in a minute; those that follow are counted, and told of as
 * one when the minute is over. At most MISSES_MOST entries are made in a minute
 * for all addresses together, and memory is fixed: whoever guesses fills no
 * disk, and is never forgotten as a number.
 *
 * An address is what limits count by (http/forwarded.h). Any thread. */
#ifndef API_MISSES_H
#define API_MISSES_H

#include "store/store.h"

#define MISSES_MOST 60
#define MISSES_PLACES 256

struct misses;

enum rc misses_new(struct misses **out, const struct host *host,
		   struct err *err);
void misses_free(struct misses *m);

/* Text is borrowed; NULL: there is none. */
struct miss {
	const char *operation; /* the one that was asked for */
	const char *account; /* whose; told where there is one of this name */
	const char *remote, *network, *request_id;
	const char *why; /* "a wrong password" */
};
/* Count it, with an entry or without. Whether one could be written matters to
 * nobody who is refused anyway: failures are in the server's log. */
void misses_note(struct misses *m, struct store *s, const struct miss *miss);
/* Tell of what was counted in minutes that are over, or with `all` of all. */
void misses_tell(struct misses *m, struct store *s, bool all);

#endif
