/* size.c - numbers of bytes, as people write them. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/verbs.h"

int64_t size_of(const char *text, int64_t otherwise)
{
	char *end;
	long long value;
	int shift;

	if (!text)
		return otherwise;
	value = strtoll(text, &end, 10);
	shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
	if (*text < '0' || *text > '9' || end[shift != 0] || value < 1 ||
	    value > INT64_MAX >> (shift + 1))
		return -1;
	return (int64_t)value << shift;
}

void size_text(char out[SIZE_TEXT], int64_t bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double n = (double)bytes / 1000;
	int unit = 0;

	while (n >= 1000 && unit < 3) {
		n /= 1000;
		unit++;
	}
	if (bytes < 1000)
		snprintf(out, SIZE_TEXT, "%d bytes", (int)bytes);
	else
		snprintf(out, SIZE_TEXT, "%.1f %s", n, units[unit]);
}
