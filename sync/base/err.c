#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/plain.h"

/* A message that was cut may end inside a character; answers the length
 * without the torn one. */
static size_t whole_characters(const char *text, size_t len)
{
	size_t lead = len;

	while (lead > 0 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
		lead--;
	if (lead == 0 || ((unsigned char)text[lead - 1] & 0xc0) != 0xc0)
		return len;

	unsigned char c = (unsigned char)text[lead - 1];
	size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	return len - (lead - 1) < want ? lead - 1 : len;
}

/* A message may quote bytes from outside; it goes into logs that are read line
 * by line, and into replies, which are JSON. */
static void text_clean(char *text)
{
	bool is_utf8 = utf8_is_valid(text, strlen(text));

	for (char *p = text; *p; p++) {
		uint32_t code;
		size_t odd = is_utf8 ? plain_odd(p, &code) : 0;
		unsigned char c = (unsigned char)*p;

		if (odd) {
			memset(p, '?', odd);
			p += odd - 1;
		} else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !is_utf8)) {
			*p = '?';
		}
	}
}

enum rc err_set(struct err *err, enum rc code, const char *fmt, ...)
{
	va_list ap;
	int n;

	assert(code > RC_OK && code < RC__MAX);
	if (err->code != RC_OK)
		return err->code;
	err->code = code;
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n < 0)
		err->text[0] = '\0';
	else if ((size_t)n >= sizeof(err->text))
		err->text[whole_characters(err->text, strlen(err->text))] =
			'\0';
	text_clean(err->text);
	return code;
}

void err_clear(struct err *err)
{
	err->code = RC_OK;
	err->text[0] = '\0';
}

const char *rc_name(enum rc code)
{
	static const char *const names[RC__MAX] = {
		[RC_OK] = "ok",
		[RC_INVALID] = "invalid",
		[RC_DENIED] = "denied",
		[RC_NOT_FOUND] = "not_found",
		[RC_CONFLICT] = "conflict",
		[RC_BUSY] = "busy",
		[RC_CORRUPT] = "corrupt",
		[RC_IO] = "io",
		[RC_NOMEM] = "nomem",
	};

	return (unsigned)code < RC__MAX ? names[code] : "unknown";
}
