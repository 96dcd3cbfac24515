/* api/select.h - the statement of a list: filters as conditions, values bound.
 */
#ifndef API_SELECT_H
#define API_SELECT_H

#include "api/call.h"

struct select {
	struct buf sql;
	json_t *values; /* what is bound, from ?1 on: texts and integers */
};

/* Ids of the kind's records in c->scope that the parameters ask for, behind
 * `after` ("": from the beginning), at most `most`. */
enum rc select_make(struct select *s, struct call *c, const char *after,
		    int64_t most);
struct query *select_begin(struct select *s, struct call *c);
void select_release(struct select *s);

#endif
