/* kind/marks.h - flags that follow from what a record says.
 *
 * A field of text may have in its kind file
 *   "marks": {"flag": "not_counted", "words": ["construction", "登记地址核实"]}
 * or a list of such, where the kind has a set `flags`. A text that holds one of
 * the words, whatever the case of ASCII letters, earns the flag. An import
 * gives it to a record that is new; no one else needs a right to it, for it is
 * no one's opinion. */
#ifndef KIND_MARKS_H
#define KIND_MARKS_H

#include "kind/kind.h"

/* Is the member of the field `o` declared as above? It is put into *f.
 * RC_INVALID says what is wrong; the kind's fields are known. */
enum rc marks_declared(const struct kind *k, struct field *f, const json_t *o,
		       struct err *err);
/* The next flag that this text earns in the field, or NULL; *next is 0 at
 * first. Borrowed from the kind; `text` may be NULL. */
const char *marks_earned(const struct field *f, const char *text, size_t *next);
/* Does it earn this one? */
bool marks_earn(const struct field *f, const char *text, const char *flag);
/* Do the texts of the record earn each of its `flags`? */
bool marks_earn_all(const struct kind *k, const json_t *record);

#endif
