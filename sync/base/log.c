#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/host.h"

#define LINE_BYTES_MAX 2048

__attribute__((format(printf, 2, 0))) static void
log_line(const char *level, const char *fmt, va_list ap)
{
	char line[LINE_BYTES_MAX], when[25];
	size_t len;
	int n;

	time_format(when, host_wall_ms(&host_system));
	n = snprintf(line, sizeof(line), "%s %s ", when, level);
	if (n < 0)
		return;
	len = (size_t)n;
	/* One byte is kept for the LF that ends the line. */
	n = vsnprintf(line + len, sizeof(line) - 1 - len, fmt, ap);
	if (n < 0)
		return;
	for (; line[len]; len++)
		if ((unsigned char)line[len] < 0x20 || line[len] == 0x7f)
			line[len] = '?';
	line[len++] = '\n';
	/* One call, so that the lines of two threads never mix. */
	fwrite(line, 1, len, stderr);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("info", fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("warn", fmt, ap);
	va_end(ap);
}
