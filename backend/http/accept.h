/* http/accept.h - which coding of a body a client wants (RFC 9110, 12.5.3). */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include <stdbool.h>

/* Is gzip accepted, and liked no less than the plain body? `header` is the
 * value of Accept-Encoding; NULL, and what is malformed, want it plain. A body
 * goes out plain where nothing is accepted: an answer is worth more than a
 * 406. */
bool accept_gzip(const char *header);

/* Text that shrinks: JSON (also problems), HTML, CSV and other text. */
bool accept_shrinks(const char *content_type);

#endif
