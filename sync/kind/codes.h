/* kind/codes.h - a table of codes with dates, declared by a field of texts:
 *
 * "codes": {"dated": "visited_on", "list": [
 *   {"code": "1", "zh": "未发现问题", "en": "nothing found", "alone": true},
 *   {"code": "7", "zh": "...", "needs": ["proof"], "from": "2017-01-01",
 *    "to": "2027-12-31"}]}
 *
 * alone   no other code may stand beside it
 * clean   it says that nothing was found
 * needs   fields that then have a value
 * from    the first, `to` the last day on which it may be given; the day is the
 *         record's in the field `dated`, and a record without one may have any
 *
 * A code may stand in the list again with other days. */
#ifndef KIND_CODES_H
#define KIND_CODES_H

#include "kind/kind.h"

/* Is the declaration itself in order? RC_INVALID says what is not. */
enum rc codes_declared(const struct kind *k, const struct field *f,
		       struct err *err);
/* Are the record's codes legal? RC_OK where the field declares none. */
enum rc codes_check(const struct field *f, const json_t *record,
		    struct err *err);
/* Take the codes that stand alone out of a set that has others too, in place:
 * what was found is not outvoted by "nothing found". True when it had to. */
bool codes_part(const struct field *f, json_t *set);

/* The code of the record that says that nothing was found, or NULL. */
const char *codes_clean(const struct field *f, const json_t *record);

#endif
