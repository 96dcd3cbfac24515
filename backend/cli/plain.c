/* cli/plain.c - text that a terminal only shows. */
#include "cli/plain.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* The character at *p, which moves behind it; records hold valid UTF-8. */
static uint32_t next(const unsigned char **p)
{
	uint32_t c = *(*p)++;
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

	if (more)
		c &= 0x3fu >> more;
	for (; more && (**p & 0xc0) == 0x80; more--)
		c = c << 6 | (*(*p)++ & 0x3f);
	return c;
}

static bool is_odd(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

void plain_print(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p) {
		const unsigned char *from = p;
		uint32_t c = next(&p);

		if (c == '\n')
			fputs("\\n", out);
		else if (c == '\t')
			fputs("\\t", out);
		else if (is_odd(c))
			fprintf(out, "\\u%04x", (unsigned)c);
		else
			fwrite(from, 1, (size_t)(p - from), out);
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
