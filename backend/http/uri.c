#include <string.h>

#include "base/hex.h"
#include "http/gate.h"

/* A request target: "/" path [ "?" query ], nothing else. A path is decoded
 * once, and refused rather than repaired where two programs could disagree on
 * what it names: dot and empty segments, an encoded slash, control characters.
 * Nobody needs them here; every path is one of ours. */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that "%XX" stands for, or -1. */
static int percent_byte(const char *p)
{
	int high = hex_digit(p[1]);
	int low = high < 0 ? -1 : hex_digit(p[2]);

	return low < 0 ? -1 : high * 16 + low;
}

static bool are_bytes_good(const char *uri)
{
	for (const char *p = uri; *p; p++) {
		int byte;

		if (*p <= 0x20 || *p > 0x7e || strchr("\\\"<>#", *p))
			return false;
		if (*p != '%')
			continue;
		byte = percent_byte(p);
		if (byte < 0x20 || byte == 0x7f || byte == '\\')
			return false;
	}
	return true;
}

static bool path_decode(char *path)
{
	char *to = path;

	for (const char *p = path; *p; p++) {
		int byte = (unsigned char)*p;

		if (*p == '%') {
			byte = percent_byte(p);
			if (byte == '/')
				return false;
			p += 2;
		}
		*to++ = (char)byte;
	}
	*to = '\0';
	return utf8_is_valid(path, (size_t)(to - path));
}

static bool has_bad_segment(const char *path)
{
	for (const char *p = path; *p; p += strcspn(p, "/")) {
		size_t n;

		p++; /* the slash before a segment */
		n = strcspn(p, "/");
		if (n == 0 && *p)
			return true;
		if ((n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return true;
	}
	return false;
}

enum rc gate_uri(struct gate_head *head, const struct gate_input *in,
		 struct err *err)
{
	size_t path_bytes = strlen(in->path);
	size_t query_bytes = in->query ? strlen(in->query) + 1 : 0;

	head->status = 400;
	if (path_bytes + query_bytes > GATE_URI_MAX) {
		head->status = 414;
		return err_set(err, RC_INVALID, "the address is over %d bytes",
			       GATE_URI_MAX);
	}
	if (in->path[0] != '/')
		return err_set(err, RC_INVALID,
			       "the address does not begin with a slash");
	if (!are_bytes_good(in->path) ||
	    (in->query && !are_bytes_good(in->query)))
		return err_set(err, RC_INVALID,
			       "the address has a character that is not "
			       "allowed");
	memcpy(head->text, in->path, path_bytes + 1);
	if (!path_decode(head->text) || has_bad_segment(head->text))
		return err_set(err, RC_INVALID, "the path is malformed");
	head->path = head->text;
	head->query = in->query ? in->query : "";
	return RC_OK;
}
