/* wire/columns_read.c - a block from outside back into cells. Everything that
 * it says is held against the bytes that are there. */
#include "wire/columns.h"

#include <string.h>

#include "base/jcs.h"

struct bytes { /* what is left of a column's */
	const unsigned char *p;
	size_t n;
};

struct column_at {
	struct block *b;
	const json_t *says;
	struct block_column *column;
	struct bytes bytes;
	size_t values; /* marked as such */
	const unsigned char *marks; /* or NULL: all are values */
	enum cell_type type;
	struct err *err;
};

static enum rc malformed(struct err *err, const char *what)
{
	return err_set(err, RC_CORRUPT, "the rows are malformed: %s", what);
}

static enum rc out_of_memory(struct err *err)
{
	return err_set(err, RC_NOMEM,
		       "the rows need more memory than there is");
}

/* The next n bytes, or NULL. */
static const unsigned char *bytes_take(struct bytes *b, size_t n)
{
	const unsigned char *p = b->p;

	if (n > b->n)
		return NULL;
	b->p += n;
	b->n -= n;
	return p;
}

static int word_of(const json_t *o, const char *key, const char *const *words,
		   int n)
{
	const char *text = json_text(o, key);

	for (int i = 0; text && i < n; i++)
		if (!strcmp(words[i], text))
			return i;
	return -1;
}

enum rc block_begin(struct block *b, json_t *line, struct err *err)
{
	int64_t records = json_int(line, "records", 0), total = 0;
	const json_t *columns = json_object_get(line, "columns"), *c;
	size_t n = json_array_size(columns), i;

	memset(b, 0, sizeof(*b));
	arena_init(&b->mem, BLOCK_MEMORY_MAX);
	b->line = line;
	b->kind = json_text(line, "kind");
	if (!b->kind || !name_is_field(b->kind))
		return malformed(err, "a block has no kind");
	if (records < 1 || records > BLOCK_RECORDS || n < 1 ||
	    n > BLOCK_FIELDS_MAX || (size_t)records * n > BLOCK_CELLS_MAX)
		return malformed(err, "a block has no records, or too many");
	json_array_foreach(columns, i, c)
	{
		int64_t bytes = json_int(c, "bytes", -1);

		if (bytes < 0 || bytes > BLOCK_BODY_MAX)
			return malformed(err, "a column has no length");
		total += bytes;
	}
	if (total < 1 || total > BLOCK_BODY_MAX)
		return malformed(err, "a block is too long");
	b->records = (size_t)records;
	b->ncolumns = n;
	b->body_bytes = (size_t)total;
	return RC_OK;
}

/* -- texts -- */

struct alphabet {
	struct {
		char utf8[4];
		unsigned char bytes;
	} letter[ALPHABET_MAX + 1]; /* from 1 */
	size_t n;
};

static size_t utf8_bytes(unsigned char c)
{
	return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

static enum rc alphabet_read(struct alphabet *a, const json_t *says,
			     struct err *err)
{
	const json_t *value = json_object_get(says, "alphabet");
	const char *s = json_string_value(value);
	size_t n = json_string_length(value);

	a->n = 0;
	if (!s)
		return malformed(err, "a column has no alphabet");
	while (n) {
		size_t bytes = utf8_bytes((unsigned char)*s);

		if (bytes > n || a->n == ALPHABET_MAX)
			return malformed(err, "an alphabet is no list of "
					      "characters");
		a->n++;
		memset(a->letter[a->n].utf8, 0, 4);
		memcpy(a->letter[a->n].utf8, s, bytes);
		a->letter[a->n].bytes = (unsigned char)bytes;
		s += bytes;
		n -= bytes;
	}
	return RC_OK;
}

/* The end of the text that begins at p (its 0) and its length when written out;
 * NULL where it has none. */
static const unsigned char *text_measure(const struct alphabet *a,
					 struct bytes *b, size_t *len)
{
	size_t at = 0;

	*len = 0;
	while (at < b->n && b->p[at]) {
		unsigned char c = b->p[at++];

		if (c != BYTE_UTF8) {
			if (c > a->n)
				return NULL;
			*len += a->letter[c].bytes;
			continue;
		}
		if (at == b->n)
			return NULL;
		c = (unsigned char)utf8_bytes(b->p[at]);
		at += c;
		*len += c;
	}
	return at < b->n ? b->p + at : NULL;
}

/* Letters are written four bytes at a time: there is room behind each text. */
static void text_write(const struct alphabet *a, const unsigned char *p,
		       const unsigned char *end, char *out)
{
	while (p < end) {
		unsigned char c = *p++;

		if (c != BYTE_UTF8) {
			memcpy(out, a->letter[c].utf8, 4);
			out += a->letter[c].bytes;
			continue;
		}
		for (size_t n = utf8_bytes(*p); n; n--)
			*out++ = (char)*p++;
	}
	*out = '\0';
}

/* n texts into cells of the column's type. */
static enum rc texts_read(struct column_at *at, struct cell *out, size_t n)
{
	struct alphabet a;
	enum rc rc = alphabet_read(&a, at->says, at->err);

	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		size_t len;
		const unsigned char *end = text_measure(&a, &at->bytes, &len);
		char *text;

		if (!end || len > RECORD_BYTES_MAX)
			return malformed(at->err, "a text is cut");
		text = arena_alloc(&at->b->mem, len + 5);
		if (!text)
			return out_of_memory(at->err);
		text_write(&a, at->bytes.p, end, text);
		bytes_take(&at->bytes, (size_t)(end - at->bytes.p) + 1);
		out[i].v.text = text;
		out[i].len = (uint32_t)len;
		out[i].type = (uint8_t)at->type;
	}
	return rc;
}

/* -- the forms: each fills `values` cells -- */

/* `width` planes of numbers below 2^56. */
static enum rc numbers_read(struct column_at *at, uint64_t *out, size_t n,
			    int64_t width)
{
	if (width < 0 || width > 7)
		return malformed(at->err, "a column has no width");
	memset(out, 0, n * sizeof(*out));
	while (width-- > 0) {
		const unsigned char *plane = bytes_take(&at->bytes, n);

		if (!plane)
			return malformed(at->err, "a column is cut");
		for (size_t i = 0; i < n; i++)
			out[i] = out[i] << 8 | plane[i];
	}
	return RC_OK;
}

static uint64_t *numbers_new(struct column_at *at)
{
	return arena_alloc(&at->b->mem, (at->values + 1) * sizeof(uint64_t));
}

static enum rc planes_read(struct column_at *at, struct cell *values)
{
	int64_t min = json_int(at->says, "min", 0);
	int64_t unit = json_int(at->says, "unit", 0);
	uint64_t *numbers = numbers_new(at);
	enum rc rc;

	if (!numbers)
		return out_of_memory(at->err);
	if (at->type != CELL_INT || min > JSON_INT_MAX || min < -JSON_INT_MAX ||
	    unit < 1 || unit > 2 * JSON_INT_MAX)
		return malformed(at->err, "a column of integers says too much");
	rc = numbers_read(at, numbers, at->values,
			  json_int(at->says, "width", -1));
	for (size_t i = 0; i < at->values && rc == RC_OK; i++) {
		if (numbers[i] >
		    (uint64_t)(JSON_INT_MAX - min) / (uint64_t)unit)
			return malformed(at->err, "an integer is too large");
		values[i].type = CELL_INT;
		values[i].v.number = min + (int64_t)numbers[i] * unit;
	}
	return rc;
}

static enum rc dict_read(struct column_at *at, struct cell *values)
{
	int64_t n = json_int(at->says, "entries", 0);
	uint64_t *numbers = numbers_new(at);
	struct cell *entries;
	enum rc rc;

	if (n < 1 || (size_t)n > at->values)
		return malformed(at->err, "a dictionary has no entries");
	entries = arena_alloc(&at->b->mem, (size_t)n * sizeof(*entries));
	if (!entries || !numbers)
		return out_of_memory(at->err);
	rc = texts_read(at, entries, (size_t)n);
	if (rc == RC_OK)
		rc = numbers_read(at, numbers, at->values,
				  json_int(at->says, "width", -1));
	for (size_t i = 0; i < at->values && rc == RC_OK; i++) {
		if (numbers[i] >= (uint64_t)n)
			return malformed(at->err, "a dictionary is short");
		values[i] = entries[numbers[i]];
	}
	return rc;
}

static enum rc sorted_read(struct column_at *at, struct cell *values)
{
	size_t n = at->values;
	const unsigned char *same = bytes_take(&at->bytes, n);
	const unsigned char *lens = bytes_take(&at->bytes, n);
	const char *before = "";

	if (!same || !lens || at->type != CELL_TEXT || n != at->b->records)
		return malformed(at->err, "the ids are cut");
	for (size_t i = 0; i < n; i++) {
		char *id = arena_alloc(&at->b->mem, 33);
		const unsigned char *rest;

		if (!id)
			return out_of_memory(at->err);
		if (lens[i] > 32 || same[i] > lens[i] ||
		    same[i] > strlen(before))
			return malformed(at->err, "an id is too long");
		rest = bytes_take(&at->bytes, (size_t)lens[i] - same[i]);
		if (!rest)
			return malformed(at->err, "the ids are cut");
		memcpy(id, before, same[i]);
		memcpy(id + same[i], rest, (size_t)lens[i] - same[i]);
		if (!name_is_id(id) || strcmp(before, id) >= 0)
			return malformed(at->err, "the ids do not rise");
		values[i].type = CELL_TEXT;
		values[i].v.text = before = id;
		values[i].len = lens[i];
	}
	return RC_OK;
}

static enum rc text_read(struct column_at *at, struct cell *values)
{
	if (at->type == CELL_INT)
		return malformed(at->err, "integers are no texts");
	return texts_read(at, values, at->values);
}

typedef enum rc form_fn(struct column_at *at, struct cell *values);

static form_fn *const forms[FORM__MAX] = {
	[FORM_SORTED] = sorted_read,
	[FORM_TEXT] = text_read,
	[FORM_DICT] = dict_read,
	[FORM_PLANES] = planes_read,
};

/* -- a column -- */

static enum rc marks_read(struct column_at *at)
{
	size_t n = at->b->records;

	at->values = n;
	if (!json_is_true(json_object_get(at->says, "marks")))
		return RC_OK;
	at->marks = bytes_take(&at->bytes, n);
	if (!at->marks)
		return malformed(at->err, "a column is cut");
	at->values = 0;
	for (size_t i = 0; i < n; i++) {
		if (at->marks[i] > MARK_CAPITALS)
			return malformed(at->err, "a mark is unknown");
		at->values += at->marks[i] == MARK_VALUE;
	}
	return RC_OK;
}

static enum rc capitals_make(struct column_at *at, size_t record,
			     struct cell *out)
{
	const struct cell *id = &at->b->columns[0].cells[record];
	char *text = arena_dup(&at->b->mem, id->v.text, id->len);

	if (!text)
		return out_of_memory(at->err);
	for (uint32_t i = 0; i < id->len; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - 'a' + 'A');
	*out = *id;
	out->v.text = text;
	return RC_OK;
}

/* Values stand at the beginning of the cells: each goes to its record, from
 * the last on. */
static enum rc values_spread(struct column_at *at)
{
	struct cell *cells = at->column->cells;
	size_t value = at->values;
	enum rc rc = RC_OK;

	for (size_t i = at->b->records; at->marks && i-- > 0;) {
		if (at->marks[i] == MARK_VALUE) {
			cells[i] = cells[--value];
			continue;
		}
		memset(&cells[i], 0, sizeof(cells[i]));
		if (rc == RC_OK && at->marks[i] == MARK_CAPITALS)
			rc = capitals_make(at, i, &cells[i]);
	}
	return rc;
}

static enum rc column_read(struct column_at *at)
{
	const char *field = json_text(at->says, "field");
	bool is_id = at->column == at->b->columns;
	int form = word_of(at->says, "form", column_forms, FORM__MAX);
	int type = word_of(at->says, "type", column_types, CELL__MAX);
	enum rc rc;

	if (!field || !name_is_field(field) ||
	    is_id != (strcmp(field, "id") == 0) || !strcmp(field, "scope"))
		return malformed(at->err, "a field's name is not legal");
	if (at->column > at->b->columns + 1 &&
	    strcmp(at->column[-1].field, field) >= 0)
		return malformed(at->err, "the fields do not rise");
	if (type < CELL_TEXT || form < 0 || (form == FORM_SORTED) != is_id)
		return malformed(at->err, "a column has an unknown form");
	at->column->field = field;
	at->type = (enum cell_type)type;
	at->column->cells = arena_alloc(
		&at->b->mem, at->b->records * sizeof(*at->column->cells));
	if (!at->column->cells)
		return out_of_memory(at->err);
	rc = marks_read(at);
	if (rc == RC_OK)
		rc = forms[form](at, at->column->cells);
	if (rc == RC_OK && at->bytes.n)
		rc = malformed(at->err, "a column has bytes left over");
	return rc == RC_OK ? values_spread(at) : rc;
}

enum rc block_body(struct block *b, const char *body, struct err *err)
{
	const json_t *columns = json_object_get(b->line, "columns");
	const unsigned char *p = (const unsigned char *)body;
	enum rc rc = RC_OK;

	b->columns = arena_alloc(&b->mem, b->ncolumns * sizeof(*b->columns));
	if (!b->columns)
		return out_of_memory(err);
	for (size_t i = 0; i < b->ncolumns && rc == RC_OK; i++) {
		struct column_at at = { .b = b,
					.says = json_array_get(columns, i),
					.column = &b->columns[i],
					.err = err };

		at.bytes.p = p;
		at.bytes.n = (size_t)json_int(at.says, "bytes", 0);
		p += at.bytes.n;
		rc = column_read(&at);
	}
	return rc;
}

void block_release(struct block *b)
{
	arena_release(&b->mem);
	json_decref(b->line);
	memset(b, 0, sizeof(*b));
}

/* -- canonical bytes -- */

static void cell_write(struct buf *out, const struct cell *c)
{
	switch (c->type) {
	case CELL_TEXT: jcs_string(out, c->v.text, c->len); break;
	case CELL_INT: buf_int(out, c->v.number); break;
	default: buf_put(out, c->v.text, c->len); break;
	}
}

static void member_write(struct buf *out, bool *is_first, const char *field)
{
	buf_puts(out, *is_first ? "{\"" : ",\"");
	buf_puts(out, field);
	buf_puts(out, "\":");
	*is_first = false;
}

void block_record(const struct block *b, size_t record, const char *scope,
		  struct buf *out)
{
	bool is_first = true, has_id = false, has_scope = false;

	for (size_t i = 1; i <= b->ncolumns; i++) {
		const char *field =
			i < b->ncolumns ? b->columns[i].field : "\x7f";

		if (!has_id && strcmp("id", field) < 0) {
			member_write(out, &is_first, "id");
			cell_write(out, &b->columns[0].cells[record]);
			has_id = true;
		}
		if (!has_scope && strcmp("scope", field) < 0) {
			member_write(out, &is_first, "scope");
			jcs_string(out, scope, strlen(scope));
			has_scope = true;
		}
		if (i == b->ncolumns || !b->columns[i].cells[record].type)
			continue;
		member_write(out, &is_first, field);
		cell_write(out, &b->columns[i].cells[record]);
	}
	buf_byte(out, '}');
}
