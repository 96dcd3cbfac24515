#include "base/words.h"

#include <string.h>

bool words_have(const char *const *words, const char *word)
{
	for (; word && words && *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

bool json_has_text(const json_t *array, const char *word)
{
	const char *text;

	for (size_t i = 0; word && i < json_array_size(array); i++) {
		text = json_string_value(json_array_get(array, i));
		if (text && !strcmp(text, word))
			return true;
	}
	return false;
}
