#include "http/range.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Digits up to 18, -1 when there are none, -2 when they are too many. */
static int64_t read_number(const char **at)
{
	size_t n = strspn(*at, "0123456789");
	int64_t value = 0;

	if (n == 0)
		return -1;
	if (n > 18)
		return -2;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + ((*at)[i] - '0');
	*at += n;
	return value;
}

/* If-Range compares strongly: a weak tag or a date never holds, and the whole
 * file is the safe answer. */
static bool holds(const char *if_range, const char *etag)
{
	size_t n = strlen(etag);

	if (!if_range)
		return true;
	return n > 0 && strlen(if_range) == n + 2 && if_range[0] == '"' &&
	       strncmp(if_range + 1, etag, n) == 0 && if_range[n + 1] == '"';
}

enum range_kind range_pick(const char *range, const char *if_range,
			   const char *etag, int64_t size, int64_t *from,
			   int64_t *count)
{
	int64_t first, last;

	*from = 0;
	*count = size;
	if (!range || strncasecmp(range, "bytes=", 6) != 0 ||
	    !holds(if_range, etag))
		return RANGE_WHOLE;
	range += 6;
	first = read_number(&range);
	if (first == -2 || *range++ != '-')
		return RANGE_WHOLE;
	last = read_number(&range);
	if (last == -2 || *range || (first < 0 && last < 0) ||
	    (first >= 0 && last >= 0 && last < first))
		return RANGE_WHOLE;
	if (first < 0) { /* the last `last` bytes */
		if (last == 0 || size == 0)
			return RANGE_OUTSIDE;
		first = last < size ? size - last : 0;
		last = size - 1;
	}
	if (first >= size)
		return RANGE_OUTSIDE;
	if (last < 0 || last >= size)
		last = size - 1;
	*from = first;
	*count = last - first + 1;
	return RANGE_PART;
}
