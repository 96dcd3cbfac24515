/* csv_encoding.c - a table of encodings, and iconv. */
#include "domain/csv_encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES 1024

struct converter {
	iconv_t cd;
	enum csv_encoding encoding;
};

static const struct {
	const char *word, *iconv, *noted, *wrong;
} encodings[CSV_ENCODING__MAX] = {
	[CSV_UTF8] = { "utf8", NULL, NULL, NULL },
	[CSV_LATIN1] = { "latin1", "ISO-8859-1", "rows converted from Latin-1",
			 "a byte that is no letter of Latin-1 (is it "
			 "windows-1252?)" },
	[CSV_WINDOWS_1252] = { "windows-1252", "WINDOWS-1252",
			       "rows converted from Windows-1252",
			       "a byte that Windows-1252 does not have" },
	[CSV_GB18030] = { "gb18030", "GB18030", "rows converted from GB18030",
			  "neither valid GB18030 nor valid UTF-8" },
};

bool csv_encoding_parse(const char *word, enum csv_encoding *out)
{
	for (int i = 0; i < CSV_ENCODING__MAX; i++) {
		*out = (enum csv_encoding)i;
		if (strcmp(word, encodings[i].word) == 0)
			return true;
	}
	*out = CSV_UTF8;
	return strcmp(word, "utf-8") == 0;
}

const char *csv_encoding_noted(enum csv_encoding encoding)
{
	return encodings[encoding].noted;
}

static bool is_high(unsigned char byte)
{
	return byte >= 0x80;
}

/* 0x80 to 0x9f are no characters of Latin-1, but controls. */
static bool is_c1(unsigned char byte)
{
	return byte >= 0x80 && byte < 0xa0;
}

/* Chinese stands in pairs of high bytes, accented letters among plain ones. */
const char *csv_encoding_guess(const char *p, size_t n)
{
	const unsigned char *b = (const unsigned char *)p;
	size_t pairs = 0, lone = 0;
	bool c1 = false;

	for (size_t i = 0; i < n; i++) {
		if (!is_high(b[i]))
			continue;
		if (i + 1 < n && b[i] > 0x80 && is_high(b[i + 1])) {
			pairs++;
			i++;
		} else {
			lone++;
			c1 = c1 || is_c1(b[i]);
		}
	}
	return encodings[pairs > lone ? CSV_GB18030
			 : c1         ? CSV_WINDOWS_1252
				      : CSV_LATIN1]
		.word;
}

enum rc converter_open(struct converter **out, enum csv_encoding encoding,
		       struct err *err)
{
	struct converter *c;

	*out = NULL;
	if (encoding == CSV_UTF8)
		return RC_OK;
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(err, RC_NOMEM, "out of memory");
	c->encoding = encoding;
	c->cd = iconv_open("UTF-8", encodings[encoding].iconv);
	if (c->cd == (iconv_t)-1) {
		free(c);
		return err_set(err, RC_INVALID,
			       "this system cannot read %s: convert the file "
			       "to UTF-8 first",
			       encodings[encoding].iconv);
	}
	*out = c;
	return RC_OK;
}

/* The lead of a character of three bytes. */
static bool has_three(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((p[i] & 0xf0) == 0xe0)
			return true;
	return false;
}

bool converter_wants(const struct converter *c, const char *p, size_t n,
		     bool is_utf8)
{
	if (!c || (is_utf8 && c->encoding != CSV_GB18030))
		return false;
	return !is_utf8 || !has_three(p, n);
}

const char *converter_put(struct converter *c, struct buf *out, const char *p,
			  size_t n)
{
	/* iconv reads only: its prototype is older than const. */
	char *in = (char *)(uintptr_t)p, piece[PIECE_BYTES];

	for (size_t i = 0; c->encoding == CSV_LATIN1 && i < n; i++)
		if (is_c1((unsigned char)p[i]))
			return encodings[c->encoding].wrong;
	while (n > 0) {
		char *to = piece;
		size_t room = sizeof(piece);
		size_t left = iconv(c->cd, &in, &n, &to, &room);

		buf_put(out, piece, (size_t)(to - piece));
		if (left == (size_t)-1 && errno != E2BIG) {
			(void)iconv(c->cd, NULL, NULL, NULL, NULL);
			return encodings[c->encoding].wrong;
		}
	}
	return NULL;
}

void converter_close(struct converter *c)
{
	if (!c)
		return;
	(void)iconv_close(c->cd);
	free(c);
}
