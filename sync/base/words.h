/* base/words.h - is a word one of several? */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include <jansson.h>
#include <stdbool.h>

/* Of a list that ends with NULL. False where the list or the word is NULL. */
bool words_have(const char *const *words, const char *word);
/* Of an array's texts; whatever else is in it is none. */
bool json_has_text(const json_t *array, const char *word);

#endif
