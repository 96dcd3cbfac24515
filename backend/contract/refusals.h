/* contract/refusals.h - the problems of operations, in the document that is
 * served. Not for other rooms. */
#ifndef CONTRACT_REFUSALS_H
#define CONTRACT_REFUSALS_H

#include "contract/contract.h"

/* Each operation's replies get the statuses that follow from what it declares;
 * `default` is left for those that any request may meet before its operation
 * is known (too long, too slow, no room). What is read with an etag gets 304.
 */
void refusals_put(json_t *document);
/* Problem.type becomes one of `x-hufu.problems`. */
void problem_types_put(json_t *document);

#endif
