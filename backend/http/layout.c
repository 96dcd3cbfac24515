#include "http/layout.h"

#include <civetweb.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* CivetWeb parses in place, overwriting separators with NUL, so that its
 * leniencies leave traces. A head without any of them looks like this in its
 * buffer (0 is NUL, ^ the byte behind a string):
 *
 *   GET 0 /path 0 query 0 HTTP/1.1 0 0 name 0 value 0 0 ... value 0 0 CR 0
 *       ^ " "   ^ "?"   ^ " "      ^CRLF    ^ ":"   ^CRLF         ^CRLF ^ last
 * LF
 *
 * Spaces between colon and value stay. A space before the colon becomes a NUL
 * more, a line ended by LF has a NUL less, and a folded line is where reading
 * stops, and there stands not CR NUL. */

/* White space before a method CivetWeb skips, and then takes a "CR LF CR LF" in
 * it for the end of the head: the body would begin with the method, and without
 * further bytes it would parse what the last connection left behind. Each of
 * its threads has one buffer, so that a head which begins behind the lowest
 * place ever seen has something before it. (On a thread's first request the
 * place is not known yet; malloc aligns, and nobody else's bytes are in the
 * buffer.) */
static bool is_at_start(const char *method)
{
	static _Thread_local uintptr_t start = UINTPTR_MAX;
	uintptr_t at = (uintptr_t)method;

	if (at < start)
		start = at;
	return at == start && at % alignof(max_align_t) == 0;
}

static const char *end_of(const char *s)
{
	return s + strlen(s);
}

static bool is_target_strict(const struct mg_request_info *info)
{
	const char *path = info->request_uri;
	const char *query = info->query_string;

	if (path != end_of(info->request_method) + 1)
		return false;
	if (query && query != end_of(path) + 1)
		return false;
	return info->http_version - 5 == end_of(query ? query : path) + 1;
}

/* Only spaces between the colon and the value. */
static bool is_colon_strict(const struct mg_header *header)
{
	const char *p = end_of(header->name) + 1;

	while (p < header->value && *p == ' ')
		p++;
	return p == header->value;
}

bool layout_is_strict(const struct mg_request_info *info, size_t buffer_bytes,
		      size_t *head_bytes)
{
	const char *end = end_of(info->http_version);

	if (!is_at_start(info->request_method) || !is_target_strict(info))
		return false;
	for (int i = 0; i < info->num_headers; i++) {
		const struct mg_header *header = &info->http_headers[i];

		if (header->name != end + 2 || !is_colon_strict(header))
			return false;
		end = end_of(header->value);
	}
	*head_bytes = (size_t)(end - info->request_method) + 4;
	if (info->num_headers == 0)
		return end[1] == '\0' && end[2] == '\0' && end[3] == '\0';
	/* The bytes behind a head ended by LF LF might lie outside of the
	 * buffer. */
	if (*head_bytes > buffer_bytes)
		return false;
	return end[1] == '\0' && end[2] == '\r' && end[3] == '\0';
}
