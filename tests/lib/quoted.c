#include "lib/quoted.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *quoted(const char *text)
{
	char *copy = strdup(text);
	json_t *value = NULL;
	json_error_t why = { 0 };

	for (char *c = copy; c && *c; c++)
		if (*c == '\'')
			*c = '"';
	if (copy && *copy)
		value = json_loads(copy, JSON_DECODE_ANY, &why);
	if (!copy || (*copy && !value)) {
		fprintf(stderr, "%s in %s\n", why.text, text);
		abort();
	}
	free(copy);
	return value;
}
