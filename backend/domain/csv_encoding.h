/* domain/csv_encoding.h - what the bytes of a file from elsewhere mean, beside
 * UTF-8: converted by iconv, cell by cell.
 *
 * Real files mix: what is valid UTF-8 stays as it is under each of them. Under
 * GB18030 that holds for a record with a character of three bytes, as Chinese
 * has in UTF-8: two bytes that are one character of each are GB18030's. */
#ifndef DOMAIN_CSV_ENCODING_H
#define DOMAIN_CSV_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum csv_encoding {
	CSV_UTF8,
	CSV_LATIN1,
	CSV_WINDOWS_1252, /* Latin-1, and marks where that has controls */
	CSV_GB18030, /* GBK and GB 2312 too */
	CSV_ENCODING__MAX
};

#define CSV_ENCODINGS "utf8, latin1, windows-1252 or gb18030"

struct converter;

/* By the word of a command line; false when it is none. */
bool csv_encoding_parse(const char *word, enum csv_encoding *out);
/* What a report says of rows that were converted. */
const char *csv_encoding_noted(enum csv_encoding encoding);
/* The word of what bytes that are not UTF-8 look like. */
const char *csv_encoding_guess(const char *p, size_t n);

/* *out is NULL for UTF-8. RC_INVALID when this system lacks the encoding. */
enum rc converter_open(struct converter **out, enum csv_encoding encoding,
		       struct err *err);
/* Is a record with these bytes to be converted? Accepts NULL. */
bool converter_wants(const struct converter *c, const char *p, size_t n,
		     bool is_utf8);
/* Append n bytes as UTF-8; NULL, or the reason why they are not of this
 * encoding. */
const char *converter_put(struct converter *c, struct buf *out, const char *p,
			  size_t n);
void converter_close(struct converter *c);

#endif
