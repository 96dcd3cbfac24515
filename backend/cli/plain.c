/* cli/plain.c - text that a terminal only shows. */
#include "cli/plain.h"

#include <stdlib.h>

#include "base/plain.h"

void plain_print(FILE *out, const char *text)
{
	while (*text) {
		uint32_t c;
		size_t n = plain_odd(text, &c);

		if (!n)
			putc(*text, out);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c == '\t')
			fputs("\\t", out);
		else
			fprintf(out, "\\u%04x", (unsigned)c);
		text += n ? n : 1;
	}
}

void plain_value(FILE *out, const json_t *value, const char *none)
{
	const char *is = json_string_value(value);
	char *text =
		!is && value && !json_is_null(value)
			? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY |
						    JSON_SORT_KEYS)
			: NULL;

	plain_print(out, is ? is : text ? text : none);
	free(text);
}
