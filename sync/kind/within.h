/* kind/within.h - records that are written at another, as a finding at its
 * visit.
 *
 * A kind has in its file
 *   "within": {"field": "visit", "at": ["signed"], "not_at": ["recorded"],
 *              "same": ["subject"]}
 * where the field refers to the other record, and each of the rest only if it
 * wants:
 *   at      the other is in one of these states when this one is made
 *   not_at  an inspector makes none while it is in one of these
 *   same    fields that have the same value in both, when this one is made
 * An inspector writes such a record only at one whose `team` names him or her,
 * and always at one.
 *
 * A field of type json may have "shape": "changes": an object that names fields
 * of the other, which no longer change there, with values that they can have.
 */
#ifndef KIND_WITHIN_H
#define KIND_WITHIN_H

#include "kind/kind.h"

/* Is anything asked of this change? Where not, nobody needs to read what is
 * known of the other. */
bool within_asks(const struct kind *k, unsigned role, const json_t *before,
		 const json_t *after);
/* May it be written at the other? `versions` are what is known of that one, of
 * kind `of`: what any of them allows is allowed, for who writes may have seen
 * it; none where it is not here. RC_INVALID, RC_DENIED say what is wrong. */
enum rc within_check(const struct kind *k, const struct kind *of, unsigned role,
		     const char *author, const json_t *before,
		     const json_t *after, const json_t *versions,
		     struct err *err);

#endif
