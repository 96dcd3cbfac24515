/* kind/acting.h - fields that say who did a deed: nobody fills them in with
 * another's name.
 *
 * A field of text may have in its kind file, where the kind has states,
 *   "acting": ["granted", "refused"]
 * Whoever takes a record into one of these states is named there: the account
 * of the office, or the officer of a tablet. The field changes at no other
 * time. The office fills it in by itself, so that a request need not, and over
 * the API cannot, say it; a tablet may leave it out. */
#ifndef KIND_ACTING_H
#define KIND_ACTING_H

#include "kind/kind.h"

/* Is the member of the field `o` declared as above? RC_INVALID says what is
 * wrong; the kind's fields and tables are known. */
enum rc acting_declared(const struct kind *k, const struct field *f,
			struct err *err);
/* Name the author where `after` goes into such a state and says nobody, or
 * still says who was there before. `before` NULL: new. */
void acting_fill(const struct kind *k, const char *author, const json_t *before,
		 json_t *after);
/* Does the record name its author, and nobody else, where it changes? RC_DENIED
 * names kind, id and field. */
enum rc acting_check(const struct kind *k, const char *author,
		     const json_t *before, const json_t *after,
		     struct err *err);

#endif
