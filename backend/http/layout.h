/* http/layout.h - did CivetWeb read the head as it was written? */
#ifndef HTTP_LAYOUT_H
#define HTTP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct mg_request_info;

/* False when the head has what CivetWeb 1.15 tolerates or passes over: white
 * space before the method or a colon, a folded line, lines ended by LF alone,
 * and any header behind the place where it stopped reading. `buffer_bytes` is
 * max_request_size. When true, *head_bytes is the length of the head. */
bool layout_is_strict(const struct mg_request_info *info, size_t buffer_bytes,
		      size_t *head_bytes);

#endif
