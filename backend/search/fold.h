/* search/fold.h - text as it is searched: one form for what people take for the
 * same, and its grams.
 *
 * Folded text has letters and digits only: Latin, Greek and Cyrillic in lower
 * case, full-width forms as their ASCII, no punctuation. A space stays where it
 * divides two words of ASCII. "（杭州）Ａ+B 西湖" is "杭州ab西湖".
 *
 * A gram is three characters from one of ASCII on, two and one from any other:
 * of "杭州3" there are 杭, 杭州, 州, 州3 and 3. So a fragment of one or two
 * Chinese characters is a gram, and one of three digits. */
#ifndef SEARCH_FOLD_H
#define SEARCH_FOLD_H

#include <stdbool.h>

#include "base/buf.h"

/* Append the folded form. Bytes that are no UTF-8 are left out. */
void fold(struct buf *out, const char *text);
/* Append all grams of folded text, each behind a space; with is_start also the
 * first one and the first two characters, marked as the beginning. */
void grams(struct buf *out, const char *folded, bool is_start);
/* Append the condition that a folded word (no spaces, not empty) sets to grams:
 * words in quotes joined by AND, in the language of FTS5. What has the word
 * fulfils it; what fulfils it may lack the word. With is_start the text has to
 * begin with the word. */
void grams_of_word(struct buf *out, const char *word, bool is_start);

#endif
