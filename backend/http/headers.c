#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http/problem.h"

#define VALUE_BYTES_MAX 2048

/* Two of them would contradict each other, or frame the reply in two ways. */
static const char *const own_headers[] = {
	"accept-ranges",  "cache-control",
	"connection",     "content-encoding",
	"content-length", "content-range",
	"content-type",   "date",
	"etag",           "keep-alive",
	"trailer",        "transfer-encoding",
	"upgrade",        "x-content-type-options",
};

static bool is_own(const char *name)
{
	for (size_t i = 0; i < sizeof(own_headers) / sizeof(own_headers[0]);
	     i++)
		if (strcasecmp(own_headers[i], name) == 0)
			return true;
	return false;
}

static bool is_name(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return n > 0 && n <= 64 && name[n] == '\0';
}

/* A line break in a value would begin a header, or a reply, of its own. */
static bool is_value(const char *value)
{
	for (; *value; value++)
		if (*value < 0x20 || *value > 0x7e)
			return false;
	return true;
}

void reply_header(struct reply *reply, const char *name, const char *fmt, ...)
{
	char value[VALUE_BYTES_MAX + 1];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (n < 0 || n > VALUE_BYTES_MAX || !is_value(value) ||
	    !is_name(name) || is_own(name) ||
	    reply->nheaders >= REPLY_HEADERS_MAX) {
		reply->has_bad_header = true;
		return;
	}
	reply->nheaders++;
	buf_printf(&reply->headers, "%s: %s\r\n", name, value);
	if (reply->headers.rc != RC_OK)
		reply->has_bad_header = true;
}

bool reply_has_header(const struct reply *reply, const char *name)
{
	size_t n = strlen(name);
	const char *line = reply->headers.data;

	while (line && *line) {
		if (strncasecmp(line, name, n) == 0 && line[n] == ':')
			return true;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}
