/* api/select.h - the statement of a list: filters as conditions, values bound.
 */
#ifndef API_SELECT_H
#define API_SELECT_H

#include "api/call.h"

/* So many rows one page looks at, that no request costs more than others. */
#define SELECT_ROWS_MAX 20000

struct select {
	struct buf sql;
	json_t *values; /* what is bound, from ?1 on: texts and integers */
	bool is_filtered;
	/* Where it stops looking, or "": a page that is not full then goes on
	 * behind it. */
	char upto[33];
};

/* Ids of the kind's records in c->scope that the parameters ask for, behind
 * `after` ("": from the beginning), at most `most`. With `is_bounded` it looks
 * at SELECT_ROWS_MAX rows: those that an index of the kind ([field] or
 * [scope, field]) finds for one of the filters, where these are no more, or
 * else the next so many of the kind. */
enum rc select_make(struct select *s, struct call *c, const char *after,
		    int64_t most, bool is_bounded);
struct query *select_begin(struct select *s, struct call *c);
void select_release(struct select *s);

#endif
