#include "http/accept.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define QUALITY_MAX 1000 /* "1" in thousandths */

/* An element: coding [ OWS ";" OWS "q=" quality ]. */
struct coding {
	const char *name;
	size_t bytes;
	int quality; /* thousandths */
};

/* "0", "0.25", "1.000" in thousandths; -1 when it is none of these. */
static int read_quality(const char **at)
{
	const char *p = *at;
	int value, unit = QUALITY_MAX / 10;

	if (*p != '0' && *p != '1')
		return -1;
	value = (*p++ - '0') * QUALITY_MAX;
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10) {
			if (unit == 0)
				return -1;
			value += (*p - '0') * unit;
		}
	*at = p;
	return value <= QUALITY_MAX ? value : -1;
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* 1: an element, 0: the end, -1: malformed. */
static int next_coding(const char **at, struct coding *coding)
{
	const char *p = *at + strspn(*at, " \t,");

	if (*p == '\0')
		return 0;
	coding->name = p;
	coding->bytes = strcspn(p, " \t,;=\"");
	coding->quality = QUALITY_MAX;
	p = skip_blanks(p + coding->bytes);
	if (coding->bytes == 0)
		return -1;
	if (*p == ';') {
		p = skip_blanks(p + 1);
		if (strncasecmp(p, "q=", 2) != 0)
			return -1;
		p += 2;
		coding->quality = read_quality(&p);
		p = skip_blanks(p);
	}
	*at = p;
	return coding->quality >= 0 && (*p == ',' || *p == '\0') ? 1 : -1;
}

static bool is_named(const struct coding *coding, const char *name)
{
	return coding->bytes == strlen(name) &&
	       strncasecmp(coding->name, name, coding->bytes) == 0;
}

bool accept_gzip(const char *header)
{
	int gzip = -1, identity = -1, any = -1, more;
	struct coding coding;

	if (!header)
		return false;
	while ((more = next_coding(&header, &coding)) > 0) {
		if (is_named(&coding, "gzip") || is_named(&coding, "x-gzip"))
			gzip = coding.quality;
		else if (is_named(&coding, "identity"))
			identity = coding.quality;
		else if (is_named(&coding, "*"))
			any = coding.quality;
	}
	if (more < 0)
		return false;
	if (gzip < 0)
		gzip = any;
	/* Not named it is accepted, and liked least. */
	return gzip > 0 && gzip >= identity;
}

static bool begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

bool accept_shrinks(const char *content_type)
{
	size_t n = strcspn(content_type, "; ");

	return begins(content_type, "text/") ||
	       begins(content_type, "application/json") ||
	       (n > 5 && begins(content_type + n - 5, "+json"));
}
