/* merge/states.h - what a table of states says of a merge beyond the state
 * itself; private to this room. docs/protocol.md section 8. */
#ifndef MERGE_STATES_H
#define MERGE_STATES_H

#include "kind/fsm.h"

/* The record as each side has it; none is NULL. */
struct records {
	const json_t *base, *terminal, *server;
};

/* The side that froze the record while the other could not know of it: what it
 * has of closed fields stands. NULL: neither did. */
const json_t *states_frozen(const struct fsm *t, const struct records *r);
/* Add to the flags of the merged record what cells and unseen changes set. */
enum rc states_flag(const struct kind *k, const struct records *r,
		    json_t *merged, struct err *err);

#endif
