/* search/fold.h - text as it is searched: one form for what people take for the
 * same, and its grams.
 *
 * Folded text has letters and digits only: Latin, Greek and Cyrillic in lower
 * case, full-width forms as their ASCII, no punctuation. A space stays where it
 * divides two words of ASCII. "（杭州）Ａ+B 西湖" is "杭州ab西湖".
 *
 * A gram is one to three characters from one of ASCII on, one or two from any
 * other: of "杭州3" there are 杭, 杭州, 州, 州3 and 3. So a fragment of one or
 * two Chinese characters is a gram, and one of one to three digits. */
#ifndef SEARCH_FOLD_H
#define SEARCH_FOLD_H

#include <stdbool.h>

#include "base/buf.h"

/* Append the folded form. Bytes that are no UTF-8 are left out. */
void fold(struct buf *out, const char *text);
/* Whose gram it is: the same characters make three different terms. */
enum gram_of {
	GRAM_ANY, /* anywhere in the record */
	GRAM_NAME, /* in its name */
	GRAM_START /* at the beginning of its name */
};
/* Append the grams of folded text, each behind a space; GRAM_START: only those
 * of one and two characters that it begins with. */
void grams(struct buf *out, const char *folded, enum gram_of of);
/* Append the grams, each behind a space, that whatever has a folded word (no
 * spaces, not empty) has; what has them all may lack the word. */
void grams_of_word(struct buf *out, const char *word, enum gram_of of);

#endif
