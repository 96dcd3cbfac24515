/* kind/limits.h - what a field's value may be beside its type, where people at
 * the office enter it.
 *
 * A field has in its kind file, each if it wants:
 *   "least": 0, "most": 100      bounds, both legal (int, money)
 *   "members_least": 2           so many members of a set
 *   "not_future": true           no day or moment that is yet to come
 *   "not_past": true             no day before today
 *   "not_before": "valid_from"   another field of its type, date or time
 *   "limits_at": ["issued"]      all these hold in such states only
 *
 * and a field of references, or a set of them, finds its records
 * (ledger/entered.h). With `limits_at` a record is judged by what it says also
 * when it comes into one of these states from another.
 *
 * A day is the district's, eight hours ahead of UTC. A tablet judges its edits
 * without a clock, and the server what tablets bring, with its own where the
 * kind has no flags that would tell a day to come. Jobs are not judged by this,
 * and what stands is not until it changes. */
#ifndef KIND_LIMITS_H
#define KIND_LIMITS_H

#include "kind/kind.h"

/* Are the members of the field `o` declared as above? They are put into *f.
 * RC_INVALID says what is wrong; the kind's fields are known. */
enum rc limits_declared(const struct kind *k, struct field *f, const json_t *o,
			struct err *err);
/* Are the fields within their limits in which `after` differs from `before`
 * (NULL: new), or whose limits begin to hold? RC_INVALID names kind, id and
 * field. */
#define LIMITS_NO_CLOCK INT64_MIN /* for now_ms: nothing is judged by it */
enum rc limits_check(const struct kind *k, const json_t *before,
		     const json_t *after, int64_t now_ms, struct err *err);

#endif
