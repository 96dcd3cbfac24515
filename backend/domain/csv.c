/* csv.c - a reader that is one state machine over bytes:
 *
 *              "                      "
 *    START --------> QUOTED <----------------> QUOTE
 *      | other                                  | , LF end
 *      v            , LF end                    v
 *    PLAIN ----------------------------------> next cell or record
 *
 * Whatever else stands behind a closing quote, and a quote inside a plain cell,
 * refuse the record; the machine goes on to the record's end either way.
 *
 * A record over several lines that is refused is torn: as a rule a stray quote
 * in its first line swallowed the others. Its first line alone is refused, that
 * quote as a character, and the bytes behind it are read once more. */
#include "domain/csv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hex.h"

#define CHUNK_BYTES 65536
#define NONE (-1)
/* Every byte of a record within its limit may be a quote, written twice. */
#define RAW_BYTES_MAX (2 * (CSV_RECORD_MAX + CSV_COLUMNS_MAX + 2))

struct csv {
	FILE *file;
	int64_t size, at;
	int64_t line; /* of the next byte */
	struct converter *converter; /* NULL: UTF-8 alone */
	bool started; /* the byte order mark was looked for */
	size_t have, next; /* in chunk */
	struct buf text; /* cells of the record, each with a NUL behind */
	struct buf converted; /* the same, converted */
	struct buf raw; /* the record's bytes as read, up to its limit */
	struct buf back; /* bytes that are read once more, from back_at */
	size_t back_at;
	size_t starts[CSV_COLUMNS_MAX + 1];
	struct csv_cell cells[CSV_COLUMNS_MAX];
	unsigned char chunk[CHUNK_BYTES];
};

/* The record that is being read. */
struct scan {
	struct csv *c;
	struct csv_row *row;
	size_t columns;
	bool any; /* a byte or a quote was seen: not an empty line */
	bool too_long; /* no cell is whole */
	bool full; /* nothing more is stored */
	bool torn;
	size_t cell_raw; /* where the last cell begins in raw */
	/* The cell that was open when its line ended, and where the next
	 * begins; 0: the record has one line so far. */
	size_t open_column, open_raw, line_raw;
};

static enum rc csv_new(struct csv **out, enum csv_encoding encoding,
		       struct err *err)
{
	struct csv *c = calloc(1, sizeof(*c));
	enum rc rc;

	*out = NULL;
	if (!c)
		return err_set(err, RC_NOMEM, "out of memory");
	c->line = 1;
	rc = converter_open(&c->converter, encoding, err);
	if (rc != RC_OK) {
		free(c);
		return rc;
	}
	buf_init(&c->text, CSV_RECORD_MAX + CSV_COLUMNS_MAX + 1);
	buf_init(&c->raw, RAW_BYTES_MAX);
	buf_init(&c->back, RAW_BYTES_MAX);
	buf_init(&c->converted, 3 * (CSV_RECORD_MAX + CSV_COLUMNS_MAX + 1));
	*out = c;
	return RC_OK;
}

enum rc csv_open_bytes(struct csv **out, const char *p, size_t n,
		       enum csv_encoding encoding, struct err *err)
{
	struct csv *c;
	enum rc rc = csv_new(&c, encoding, err);

	*out = c;
	if (rc != RC_OK)
		return rc;
	/* Only read: the cast takes nothing from the promise. */
	c->file = fmemopen((void *)(uintptr_t)p, n, "rb");
	c->size = (int64_t)n;
	if (c->file)
		return RC_OK;
	csv_close(c);
	*out = NULL;
	return err_set(err, RC_NOMEM, "out of memory");
}

enum rc csv_open(struct csv **out, const char *path, enum csv_encoding encoding,
		 struct err *err)
{
	struct stat st;
	struct csv *c;
	enum rc rc = csv_new(&c, encoding, err);

	*out = NULL;
	if (rc != RC_OK)
		return rc;
	errno = 0;
	c->file = fopen(path, "rb");
	if (!c->file || fstat(fileno(c->file), &st) != 0 ||
	    S_ISDIR(st.st_mode)) {
		rc = err_set(err, RC_IO, "cannot read '%s': %s", path,
			     c->file && errno == 0 ? "it is a folder"
						   : strerror(errno));
		csv_close(c);
		return rc;
	}
	c->size = S_ISREG(st.st_mode) ? st.st_size : 0;
	*out = c;
	return RC_OK;
}

void csv_close(struct csv *c)
{
	if (!c)
		return;
	if (c->file)
		fclose(c->file);
	buf_release(&c->text);
	buf_release(&c->converted);
	converter_close(c->converter);
	buf_release(&c->raw);
	buf_release(&c->back);
	free(c);
}

void csv_position(const struct csv *c, int64_t *at, int64_t *size)
{
	*at = c->at - (int64_t)(c->have - c->next) -
	      (int64_t)(c->back.len - c->back_at);
	*size = c->size;
}

/* The next byte without taking it; NONE at the end or after a failure. */
static int peek(struct csv *c)
{
	if (c->back_at < c->back.len)
		return (unsigned char)c->back.data[c->back_at];
	if (c->next == c->have) {
		c->have = fread(c->chunk, 1, sizeof(c->chunk), c->file);
		c->next = 0;
		c->at += (int64_t)c->have;
		if (c->have == 0)
			return NONE;
		if (!c->started && c->have >= 3 &&
		    memcmp(c->chunk, "\xef\xbb\xbf", 3) == 0)
			c->next = 3;
		c->started = true;
		if (c->next == c->have)
			return peek(c);
	}
	return c->chunk[c->next];
}

static int take(struct csv *c)
{
	int byte = peek(c);

	if (byte == NONE)
		return NONE;
	if (c->back_at < c->back.len)
		c->back_at++;
	else
		c->next++;
	if (c->raw.len < RAW_BYTES_MAX)
		buf_byte(&c->raw, (char)byte);
	if (byte == '\n')
		c->line++;
	return byte;
}

static void refuse(struct csv_row *row, const char *why)
{
	if (row->state == CSV_REFUSED)
		return;
	row->state = CSV_REFUSED;
	snprintf(row->why, sizeof(row->why), "%s", why);
}

static void cell_begin(struct scan *s)
{
	s->cell_raw = s->c->raw.len;
	if (s->columns == CSV_COLUMNS_MAX) {
		refuse(s->row, "more than 256 columns");
		s->full = true;
		return;
	}
	s->c->starts[s->columns++] = s->c->text.len;
}

static void cell_byte(struct scan *s, int byte)
{
	if (s->full)
		return;
	/* Every cell before this one has a NUL behind it. */
	if (s->c->text.len - (s->columns - 1) >= CSV_RECORD_MAX) {
		refuse(s->row, "more than 1 MiB in one record");
		s->too_long = s->full = true;
		return;
	}
	buf_byte(&s->c->text, (char)byte);
}

static void cell_end(struct scan *s)
{
	if (!s->full)
		buf_byte(&s->c->text, '\0');
}

/* A CR counts as a part of the line end only before LF. */
static bool at_line_end(struct csv *c, int byte)
{
	return byte == NONE || byte == '\n' ||
	       (byte == '\r' && (peek(c) == '\n' || peek(c) == NONE));
}

/* Refused, and if it has lines behind its first: torn, at once. */
static bool tears(struct scan *s, const char *why)
{
	refuse(s->row, why);
	s->torn = s->line_raw != 0;
	return s->torn;
}

/* A line ends inside a quoted cell. What is over the limit already is no record
 * of several lines. */
static bool line_tears(struct scan *s)
{
	if (!s->line_raw) {
		s->open_column = s->columns - 1;
		s->open_raw = s->cell_raw;
		s->line_raw = s->c->raw.len;
	}
	s->torn = s->too_long;
	return s->torn;
}

/* The cell is its bytes up to there in raw, quotes and all: nothing of what is
 * refused is lost. */
static void cell_as_read(struct scan *s, size_t end)
{
	if (s->full)
		return;
	s->c->text.len = s->c->starts[s->columns - 1];
	for (size_t i = s->cell_raw; i < end; i++)
		cell_byte(s, s->c->raw.data[i]);
}

/* The bytes of a quoted cell; the answer is the one behind its closing quote.
 */
static int scan_quotes(struct scan *s)
{
	struct csv *c = s->c;
	int byte;

	for (;;) {
		byte = take(c);
		if (byte == NONE) {
			if (!tears(s, "a quote is never closed"))
				cell_as_read(s, c->raw.len);
			return NONE;
		}
		if (byte == '"') {
			byte = take(c);
			if (byte != '"')
				return byte;
		}
		cell_byte(s, byte);
		if ((byte == '\n' && line_tears(s)) ||
		    (s->too_long && s->line_raw &&
		     tears(s, "more than 1 MiB in one record")))
			return NONE;
	}
}

/* From behind the opening quote to behind the byte that ends the cell, which is
 * the answer. */
static int scan_quoted(struct scan *s)
{
	int byte = scan_quotes(s);
	bool is_raw = false;

	while (!s->torn && byte != ',' && !at_line_end(s->c, byte)) {
		if (tears(s, "text behind a closing quote"))
			return NONE;
		is_raw = true;
		byte = take(s->c);
	}
	if (is_raw)
		cell_as_read(s, s->c->raw.len - (byte != NONE));
	return byte;
}

static int scan_plain(struct scan *s, int byte)
{
	while (byte != ',' && !at_line_end(s->c, byte)) {
		if (byte == '"' &&
		    tears(s, "a quote inside a cell without quotes"))
			return NONE;
		if (byte == '\r')
			refuse(s->row, "a carriage return without line feed");
		s->any = true;
		cell_byte(s, byte);
		byte = take(s->c);
	}
	return byte;
}

/* What stands behind the record's first line is to be read once more. */
static void give_back(struct scan *s)
{
	struct csv *c = s->c;
	size_t n = c->raw.len - s->line_raw;

	if (c->back_at >= n && c->back_at < c->back.len) {
		c->back_at -= n; /* they are there still */
	} else {
		buf_reset(&c->back);
		buf_put(&c->back, c->raw.data + s->line_raw, n);
		c->back_at = 0;
	}
	c->line = s->row->line + 1;
}

static bool ends_line(char byte)
{
	return byte == '\n' || byte == '\r';
}

/* The first line of a torn record: the quote that was open at its end is a
 * character, and commas behind it part cells. */
static void first_line(struct scan *s)
{
	struct csv *c = s->c;
	size_t end = s->line_raw;

	while (end > s->open_raw && ends_line(c->raw.data[end - 1]))
		end--;
	c->text.len = c->starts[s->open_column];
	s->columns = s->open_column;
	s->full = s->too_long = false;
	cell_begin(s);
	for (size_t i = s->open_raw; i < end; i++) {
		if (c->raw.data[i] != ',') {
			cell_byte(s, c->raw.data[i]);
			continue;
		}
		cell_end(s);
		cell_begin(s);
	}
	cell_end(s);
}

/* One record into c->text and c->starts. */
static void scan_record(struct scan *s)
{
	struct csv *c = s->c;
	int byte;

	do {
		cell_begin(s);
		byte = take(c);
		if (byte == '"') {
			s->any = true;
			byte = scan_quoted(s);
		} else {
			byte = scan_plain(s, byte);
		}
		cell_end(s);
		s->any |= byte == ',';
	} while (byte == ',');
	if (byte == '\r')
		(void)take(c);
	if (s->torn && s->line_raw < RAW_BYTES_MAX) {
		first_line(s);
		give_back(s);
	}
}

/* Of a record over the limit no cell is whole: one has its beginning. */
static size_t cut_record(struct csv *c)
{
	size_t n = c->raw.len < CSV_RECORD_MAX ? c->raw.len : CSV_RECORD_MAX;

	while (n && (ends_line(c->raw.data[n - 1]) ||
		     (n < c->raw.len &&
		      ((unsigned char)c->raw.data[n] & 0xc0) == 0x80)))
		n--;
	buf_reset(&c->text);
	buf_put(&c->text, c->raw.data, n);
	buf_byte(&c->text, '\0');
	c->starts[0] = 0;
	return 1;
}

static void cells_from(struct csv *c, struct csv_row *row, const char *data)
{
	for (size_t i = 0; i < row->n; i++)
		row->cells[i] = (struct csv_cell){
			data + c->starts[i], c->starts[i + 1] - c->starts[i] - 1
		};
}

static bool cells_are_utf8(const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (!utf8_is_valid(row->cells[i].p, row->cells[i].n))
			return false;
	return true;
}

static bool has_nul(const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (memchr(row->cells[i].p, 0, row->cells[i].n))
			return true;
	return false;
}

/* A row that is not of the encoding keeps its bytes. */
static const char *convert(struct csv *c, struct csv_row *row)
{
	const char *why = NULL;

	buf_reset(&c->converted);
	for (size_t i = 0; i < row->n && !why; i++) {
		why = converter_put(c->converter, &c->converted,
				    row->cells[i].p, row->cells[i].n);
		buf_byte(&c->converted, '\0');
	}
	if (why)
		return why;
	for (size_t i = 0, at = 0; i < row->n && c->converted.data; i++) {
		c->starts[i] = at;
		at += strlen(c->converted.data + at) + 1;
		c->starts[i + 1] = at;
	}
	row->converted = true;
	cells_from(c, row, c->converted.data);
	return NULL;
}

static bool is_ascii(const struct csv *c)
{
	for (size_t i = 0; i < c->text.len; i++)
		if ((unsigned char)c->text.data[i] >= 0x80)
			return false;
	return true;
}

static void check_encoding(struct csv *c, struct csv_row *row)
{
	bool is_utf8;
	const char *why;
	char hint[60];

	if (row->state == CSV_REFUSED)
		return;
	is_utf8 = cells_are_utf8(row);
	if (is_utf8 && (!c->converter || is_ascii(c)))
		return;
	if (has_nul(row)) {
		refuse(row, "a NUL byte");
	} else if (converter_wants(c->converter, c->text.data, c->text.len,
				   is_utf8)) {
		why = convert(c, row);
		if (why)
			refuse(row, why);
	} else if (!is_utf8) {
		snprintf(hint, sizeof(hint), "not valid UTF-8 (is it %s?)",
			 csv_encoding_guess(c->text.data, c->text.len));
		refuse(row, hint);
	}
}

enum rc csv_next(struct csv *c, struct csv_row *row, struct err *err)
{
	struct scan s;
	enum rc rc;

	do {
		buf_reset(&c->text);
		buf_reset(&c->raw);
		*row = (struct csv_row){ .state = CSV_ROW,
					 .cells = c->cells,
					 .line = c->line };
		if (peek(c) == NONE) {
			row->state = CSV_END;
			break;
		}
		s = (struct scan){ .c = c, .row = row };
		scan_record(&s);
	} while (!s.any);
	if (ferror(c->file))
		return err_set(err, RC_IO, "cannot read: %s", strerror(errno));
	if (row->state == CSV_END)
		return RC_OK;
	rc = buf_status(&c->raw, err);
	if (rc == RC_OK)
		rc = buf_status(&c->back, err);
	if (rc == RC_OK)
		rc = buf_status(&c->text, err);
	if (rc != RC_OK)
		return rc;
	row->n = s.too_long ? cut_record(c) : s.columns;
	c->starts[row->n] = c->text.len;
	cells_from(c, row, c->text.data);
	check_encoding(c, row);
	return buf_status(&c->converted, err);
}

static bool is_plain_number(const char *p, size_t n)
{
	size_t i = n > 0 && (*p == '+' || *p == '-'), digits = 0, points = 0;

	for (; i < n; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			digits++;
		else if (p[i] != '.' || digits == 0 || points++)
			return false;
	}
	return digits > 0 && p[n - 1] != '.';
}

static bool is_formula(const char *p, size_t n)
{
	/* ＝ ＋ － ＠ */
	static const char wide[][4] = { "\xef\xbc\x9d", "\xef\xbc\x8b",
					"\xef\xbc\x8d", "\xef\xbc\xa0" };

	if (n == 0 || is_plain_number(p, n))
		return false;
	if (memchr("=+-@\t\r", *p, 6))
		return true;
	for (size_t i = 0; n >= 3 && i < sizeof(wide) / sizeof(*wide); i++)
		if (memcmp(p, wide[i], 3) == 0)
			return true;
	return false;
}

size_t csv_guard_bytes(const char *p, size_t n)
{
	while (n > 0 && *p == '\'') {
		p++;
		n--;
	}
	return is_formula(p, n);
}

static void write_field(struct buf *out, const char *guard, const char *p,
			size_t n)
{
	bool quoted = false;

	for (size_t i = 0; i < n && !quoted; i++)
		quoted = p[i] == ',' || p[i] == '"' || p[i] == '\n' ||
			 p[i] == '\r';
	if (quoted)
		buf_byte(out, '"');
	buf_puts(out, guard);
	if (!quoted) {
		buf_put(out, p, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, p[i]);
	}
	buf_byte(out, '"');
}

void csv_write_raw(struct buf *out, const char *p, size_t n)
{
	write_field(out, "", p, n);
}

void csv_write_field(struct buf *out, const char *p, size_t n)
{
	write_field(out, csv_guard_bytes(p, n) ? "'" : "", p, n);
}
