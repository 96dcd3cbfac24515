/* api/feed.h - what the log says since a position, as an account may see it. */
#ifndef API_FEED_H
#define API_FEED_H

#include "api/call.h"

#define FEED_ROWS_MAX 1000 /* of the log, that one reading looks at */

struct feed_wish {
	const char *scope;
	const json_t *kinds; /* names, or NULL: all */
	bool with_record; /* of class L1 and L2; reading others is logged, so
			   * they are asked for one by one */
	const json_t *fields; /* of the record, or NULL: all */
	size_t most; /* items */
};
/* Append the changes behind *position to `items`, oldest first, and move
 * *position to the last one that was looked at, shown or not; it stays where it
 * is at the end of the log. Each item has its `position`. What a record's
 * agency or kind keeps from the account is left out. */
enum rc feed_read(struct call *c, const struct feed_wish *wish,
		  int64_t *position, json_t *items);
/* Positions are of an epoch (n bytes of text; none: of any): who comes with
 * those of another, or beyond the end, has them from before a restore from a
 * backup. 410 /problems/begin_anew tells him so: what was written since has
 * other positions now. */
enum rc feed_epoch_check(struct call *c, const char *epoch, size_t n);
enum rc feed_begin_anew(struct call *c);
/* The last position of a scope. */
enum rc feed_head(struct call *c, const char *scope, int64_t *out);

#endif
