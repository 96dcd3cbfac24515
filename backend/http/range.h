/* http/range.h - which bytes of a file a request wants (RFC 9110, 13 and 14).
 */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

enum range_kind {
	RANGE_WHOLE, /* 200 */
	RANGE_PART, /* 206 */
	RANGE_OUTSIDE, /* 416 */
};

/* One range of `bytes` is honoured; several, or what is malformed, count as no
 * Range at all, as the RFC permits. `range` and `if_range` may be NULL, `etag`
 * is without quotes. *from and *count are set in any case. */
enum range_kind range_pick(const char *range, const char *if_range,
			   const char *etag, int64_t size, int64_t *from,
			   int64_t *count);

#endif
