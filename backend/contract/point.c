#include "contract/point.h"

#include <stdlib.h>
#include <string.h>

/* One step of a pointer, unescaped; false when it is too long. */
static bool step_read(const char *from, size_t n, char out[200])
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		char c = from[i];

		if (c == '~' && i + 1 < n)
			c = from[++i] == '1' ? '/' : '~';
		if (len == 199)
			return false;
		out[len++] = c;
	}
	out[len] = '\0';
	return true;
}

const json_t *json_point(const json_t *document, const char *pointer)
{
	const json_t *at = document;
	const char *p = pointer + (*pointer == '#');
	char step[200];

	while (at && *p == '/') {
		size_t n = strcspn(++p, "/");

		if (!step_read(p, n, step))
			return NULL;
		at = json_is_array(at)
			     ? json_array_get(at, strtoul(step, NULL, 10))
			     : json_object_get(at, step);
		p += n;
	}
	return at;
}
