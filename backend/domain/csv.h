/* domain/csv.h - CSV as RFC 4180 has it, read record by record in bounded
 * memory, and written so that a spreadsheet takes no cell for a formula.
 *
 * The reader takes a byte order mark, LF and CR LF, quoted commas, line breaks
 * and doubled quotes. A record that breaks a rule is handed out as refused with
 * its line and the reason, and reading goes on behind it: only a failing disk
 * or memory is an error. One of several lines is refused with its first alone,
 * the quote that was open at its end as a character, and reading goes on with
 * its second: a stray quote costs one line. Of one over CSV_RECORD_MAX there is
 * one cell, its first bytes as they were read. */
#ifndef DOMAIN_CSV_H
#define DOMAIN_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "domain/csv_encoding.h"

#define CSV_RECORD_MAX (1u << 20) /* bytes of one record without its quotes */
#define CSV_COLUMNS_MAX 256

struct csv;

struct csv_cell {
	const char *p; /* followed by a NUL */
	size_t n;
};

enum csv_state {
	CSV_END, /* no more records */
	CSV_ROW,
	CSV_REFUSED, /* `why` says so; the cells are what could be read */
};

struct csv_row {
	enum csv_state state;
	int64_t line; /* where the record begins, from 1 */
	size_t n;
	struct csv_cell *cells; /* borrowed until the next record */
	bool converted; /* was of the encoding that the caller named */
	char why[96];
};

/* A record that is not valid UTF-8 is taken as the encoding and converted; all
 * others stay as they are, because real files mix both. With CSV_UTF8 such a
 * record is refused. */
enum rc csv_open(struct csv **out, const char *path, enum csv_encoding encoding,
		 struct err *err);
/* The same of what is in memory, borrowed until it is closed. */
enum rc csv_open_bytes(struct csv **out, const char *p, size_t n,
		       enum csv_encoding encoding, struct err *err);
/* The next record; empty lines are passed over. RC_IO, RC_NOMEM. */
enum rc csv_next(struct csv *c, struct csv_row *row, struct err *err);
/* Bytes read so far and bytes of the file (0 when that is unknown). */
void csv_position(const struct csv *c, int64_t *at, int64_t *size);
void csv_close(struct csv *c);

/* Append one field without separator, quoted where RFC 4180 wants it. A text
 * that a spreadsheet would run (it begins with = + - @ TAB CR or the full-width
 * form of one) gets an apostrophe in front, unless it is a plain number; so
 * does a text that looks as if it had got one, which makes csv_unguard exact.
 */
void csv_write_field(struct buf *out, const char *p, size_t n);
/* Append one field quoted where needed and otherwise as it is. */
void csv_write_raw(struct buf *out, const char *p, size_t n);
/* How many bytes csv_write_field put in front of the text: 0 or 1. */
size_t csv_guard_bytes(const char *p, size_t n);

#endif
