/* ledger/clock.h - when a packet was made, whatever the terminal's clock said.
 *
 * Earliest is what the terminal could know: the last server time that it was
 * given, and what passed since by its monotonic clock in the same boot, else
 * the earliest time of the packet before (the commit's own date, protocol.md
 * 6). Latest is when the server received it. Times are milliseconds UTC. */
#ifndef LEDGER_CLOCK_H
#define LEDGER_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "db/db.h"
#include "object/commit.h"

#define CLOCK_SKEW_MS (5 * 60 * 1000)
#define CLOCK_JUMP_MS (2 * 60 * 1000)

struct clock_interval {
	int64_t earliest, latest; /* never the wrong way round */
	/* The wall clock lies outside by more than CLOCK_SKEW_MS. */
	bool is_skewed;
	/* Since the journal's packet before, in one boot, wall clock and
	 * monotonic clock went apart by more than CLOCK_JUMP_MS. */
	bool has_jumped;
};

/* `before`: the journal's packet before this one, or NULL. */
struct clock_interval clock_judge(const struct packet_commit *c,
				  const struct packet_commit *before,
				  int64_t received_ms);
/* The same, with the packet before from the scope's log. */
enum rc clock_load(struct db *db, const char *scope,
		   const struct packet_commit *c, int64_t received_ms,
		   struct clock_interval *out, struct err *err);

#endif
