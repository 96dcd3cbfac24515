/* wire/columns_write.c - a block of records into columns: each column is
 * gathered as cells, then the form is chosen that its values ask for. */
#include "wire/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"

#define TEXTS_BYTES_MAX (8 * BLOCK_BYTES)
#define CODE_POINTS 0x110000

const char *const column_forms[FORM__MAX] = { "sorted", "text", "dict",
					      "planes" };
const char *const column_types[CELL__MAX] = { "", "text", "int", "json" };

struct gathered {
	char field[32];
	struct cell *cells; /* owned; BLOCK_RECORDS of them */
	unsigned types; /* bit 1 << type for each that occurs */
};

struct block_writer {
	struct arena texts;
	char kind[32];
	struct gathered *columns; /* owned; the first is `id` */
	size_t ncolumns, room;
	size_t records;
	struct buf body, scratch;
	uint32_t *counts; /* owned; one a code point, zero between columns */
	unsigned char *marks; /* owned, one a record; as the next two */
	struct cell *values; /* what the marks leave over */
	uint32_t *places; /* of each value in its dictionary */
};

static enum rc out_of_memory(struct err *err)
{
	return err_set(err, RC_NOMEM, "out of memory");
}

struct block_writer *block_writer_new(void)
{
	struct block_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	arena_init(&w->texts, TEXTS_BYTES_MAX);
	buf_init(&w->body, BLOCK_BODY_MAX);
	buf_init(&w->scratch, RECORD_BYTES_MAX);
	w->counts = calloc(CODE_POINTS, sizeof(*w->counts));
	w->marks = malloc(BLOCK_RECORDS);
	w->values = calloc(BLOCK_RECORDS, sizeof(*w->values));
	w->places = calloc(BLOCK_RECORDS, sizeof(*w->places));
	if (w->counts && w->marks && w->values && w->places)
		return w;
	block_writer_free(w);
	return NULL;
}

static void columns_forget(struct block_writer *w)
{
	for (size_t i = 0; i < w->ncolumns; i++)
		free(w->columns[i].cells);
	w->ncolumns = w->records = 0;
	arena_reset(&w->texts);
}

void block_writer_free(struct block_writer *w)
{
	if (!w)
		return;
	columns_forget(w);
	arena_release(&w->texts);
	buf_release(&w->body);
	buf_release(&w->scratch);
	free(w->columns);
	free(w->counts);
	free(w->marks);
	free(w->values);
	free(w->places);
	free(w);
}

bool block_is_full(const struct block_writer *w)
{
	return w->records == BLOCK_RECORDS ||
	       w->texts.used_bytes >= BLOCK_BYTES ||
	       (w->records + 1) * (w->ncolumns + 1) > BLOCK_CELLS_MAX;
}

/* -- gathering -- */

static struct gathered *column_new(struct block_writer *w, const char *field)
{
	struct gathered *c;

	if (w->ncolumns == w->room) {
		size_t room = w->room ? w->room * 2 : 32;
		struct gathered *grown =
			realloc(w->columns, room * sizeof(*grown));

		if (!grown)
			return NULL;
		w->columns = grown;
		w->room = room;
	}
	c = &w->columns[w->ncolumns];
	memset(c, 0, sizeof(*c));
	snprintf(c->field, sizeof(c->field), "%s", field);
	c->cells = calloc(BLOCK_RECORDS, sizeof(*c->cells));
	if (!c->cells)
		return NULL;
	w->ncolumns++;
	return c;
}

/* Fields mostly come in the order of the record before. */
static struct gathered *column_of(struct block_writer *w, const char *field,
				  size_t *next)
{
	for (size_t i = 0; i < w->ncolumns; i++) {
		size_t at = (*next + i) % w->ncolumns;

		if (!strcmp(w->columns[at].field, field)) {
			*next = at + 1;
			return &w->columns[at];
		}
	}
	return column_new(w, field);
}

static enum rc cell_take(struct block_writer *w, struct gathered *c,
			 const json_t *value, struct err *err)
{
	struct cell *cell = &c->cells[w->records];
	const char *text = json_string_value(value);
	size_t n = json_string_length(value);
	enum rc rc;

	if (json_is_integer(value)) {
		cell->type = CELL_INT;
		cell->v.number = json_integer_value(value);
	} else {
		cell->type = text ? CELL_TEXT : CELL_JSON;
		if (!text) {
			buf_reset(&w->scratch);
			rc = jcs_write(&w->scratch, value, err);
			if (rc != RC_OK)
				return rc;
			text = w->scratch.data;
			n = w->scratch.len;
		}
		cell->len = (uint32_t)n;
		cell->v.text = arena_dup(&w->texts, text, n);
		if (!cell->v.text)
			return out_of_memory(err);
	}
	c->types |= 1u << cell->type;
	return RC_OK;
}

enum rc block_add(struct block_writer *w, const char *kind,
		  const json_t *record, struct err *err)
{
	const char *field;
	json_t *value;
	size_t next = 1;
	enum rc rc;

	snprintf(w->kind, sizeof(w->kind), "%s", kind);
	if (!w->ncolumns && !column_new(w, "id"))
		return out_of_memory(err);
	rc = cell_take(w, &w->columns[0], json_object_get(record, "id"), err);
	json_object_foreach((json_t *)(uintptr_t)record, field, value)
	{
		struct gathered *c;

		if (!strcmp(field, "id") || !strcmp(field, "scope"))
			continue;
		c = column_of(w, field, &next);
		if (!c)
			rc = out_of_memory(err);
		if (rc == RC_OK)
			rc = cell_take(w, c, value, err);
		if (rc != RC_OK)
			return rc;
	}
	if (rc == RC_OK)
		w->records++;
	return rc;
}

/* -- forms -- */

struct piece { /* of the body, deflated in its own way */
	size_t bytes;
	enum deflate_next what;
};

struct writing {
	struct block_writer *w;
	json_t *column; /* at work, borrowed */
	struct piece *pieces;
	size_t npieces;
	size_t done; /* bytes of the body that have their piece */
};

static void piece_end(struct writing *g, enum deflate_next what)
{
	struct piece *last = g->npieces ? &g->pieces[g->npieces - 1] : NULL;
	size_t n = g->w->body.len - g->done;

	g->done = g->w->body.len;
	if (last && (last->what == what || !n))
		last->bytes += n;
	else
		g->pieces[g->npieces++] =
			(struct piece){ .bytes = n, .what = what };
}

/* The code point at s and its bytes; the text is valid UTF-8. */
static uint32_t code_point(const char *s, size_t *bytes)
{
	static const unsigned char mask[5] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned char c = (unsigned char)*s;
	uint32_t code;

	*bytes = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	code = c & mask[*bytes];
	for (size_t i = 1; i < *bytes; i++)
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	return code;
}

struct letter {
	uint32_t code, count;
	char utf8[5];
};

/* The most frequent first; of equals the smaller. */
static int letter_order(const void *a, const void *b)
{
	const struct letter *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->code < y->code ? -1 : x->code > y->code;
}

static enum rc letters_count(struct block_writer *w, const struct cell *texts,
			     size_t n, struct letter **out, size_t *nout,
			     struct err *err)
{
	size_t room = 256, count = 0, bytes;
	struct letter *all = malloc(room * sizeof(*all));

	for (size_t i = 0; i < n && all; i++)
		for (size_t at = 0; at < texts[i].len && all; at += bytes) {
			const char *s = texts[i].v.text + at;
			uint32_t code = code_point(s, &bytes);

			if (w->counts[code]++)
				continue;
			if (count == room) {
				struct letter *grown;

				room *= 2;
				grown = realloc(all, room * sizeof(*all));
				if (!grown)
					free(all);
				all = grown;
			}
			if (!all)
				continue;
			all[count].code = code;
			snprintf(all[count++].utf8, 5, "%.*s", (int)bytes, s);
		}
	for (size_t i = 0; i < count && all; i++) {
		all[i].count = w->counts[all[i].code];
		w->counts[all[i].code] = 0;
	}
	*out = all;
	*nout = count;
	if (!all) {
		memset(w->counts, 0, CODE_POINTS * sizeof(*w->counts));
		return out_of_memory(err);
	}
	qsort(all, count, sizeof(*all), letter_order);
	return RC_OK;
}

/* Texts with a 0 behind each, over the alphabet of their own. */
static enum rc texts_put(struct writing *g, const struct cell *texts, size_t n,
			 struct err *err)
{
	struct block_writer *w = g->w;
	struct letter *letters;
	struct buf alphabet;
	size_t nletters, bytes;
	enum rc rc = letters_count(w, texts, n, &letters, &nletters, err);

	if (rc != RC_OK)
		return rc;
	if (nletters > ALPHABET_MAX)
		nletters = ALPHABET_MAX;
	buf_init(&alphabet, 4 * ALPHABET_MAX + 1);
	for (size_t i = 0; i < nletters; i++) {
		w->counts[letters[i].code] = (uint32_t)i + 1;
		buf_puts(&alphabet, letters[i].utf8);
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t at = 0; at < texts[i].len; at += bytes) {
			const char *s = texts[i].v.text + at;
			uint32_t letter = w->counts[code_point(s, &bytes)];

			buf_byte(&w->body, (char)(letter ? letter : BYTE_UTF8));
			if (!letter)
				buf_put(&w->body, s, bytes);
		}
		buf_byte(&w->body, '\0');
	}
	for (size_t i = 0; i < nletters; i++)
		w->counts[letters[i].code] = 0;
	if (json_object_set_new(g->column, "alphabet",
				json_stringn(alphabet.data ? alphabet.data : "",
					     alphabet.len)) != 0)
		rc = out_of_memory(err);
	buf_release(&alphabet);
	free(letters);
	piece_end(g, DEFLATE_TEXT);
	return rc;
}

static int width_of(uint64_t most)
{
	int width = 0;

	for (; most; most >>= 8)
		width++;
	return width;
}

static uint64_t unit_of(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static void plane_put(struct writing *g, const struct cell *values, size_t n,
		      int64_t min, uint64_t unit, int plane)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t number =
			((uint64_t)values[i].v.number - (uint64_t)min) / unit;

		buf_byte(&g->w->body, (char)(number >> (8 * plane) & 255));
	}
	piece_end(g, DEFLATE_NUMBERS);
}

static void planes_put(struct writing *g, const struct cell *values, size_t n)
{
	int64_t min = n ? values[0].v.number : 0, max = min;
	uint64_t unit = 0;
	int width;

	for (size_t i = 0; i < n; i++) {
		if (values[i].v.number < min)
			min = values[i].v.number;
		if (values[i].v.number > max)
			max = values[i].v.number;
	}
	for (size_t i = 0; i < n; i++)
		unit = unit_of((uint64_t)values[i].v.number - (uint64_t)min,
			       unit);
	unit = unit ? unit : 1;
	width = width_of(((uint64_t)max - (uint64_t)min) / unit);
	json_object_set_new(g->column, "min", json_integer(min));
	json_object_set_new(g->column, "unit", json_integer((json_int_t)unit));
	json_object_set_new(g->column, "width", json_integer(width));
	while (width-- > 0)
		plane_put(g, values, n, min, unit, width);
}

struct entry {
	const struct cell *cell;
	size_t value; /* its place among the values */
};

static int entry_order(const void *a, const void *b)
{
	const struct cell *x = ((const struct entry *)a)->cell;
	const struct cell *y = ((const struct entry *)b)->cell;
	int order =
		memcmp(x->v.text, y->v.text, x->len < y->len ? x->len : y->len);

	return order ? order : x->len < y->len ? -1 : x->len > y->len;
}

/* The different values, sorted, in `entries`; places are set. */
static enum rc entries_find(struct block_writer *w, size_t n,
			    struct cell **entries, size_t *nentries,
			    struct err *err)
{
	struct entry *sorted = malloc((n + 1) * sizeof(*sorted));
	struct cell *all = malloc((n + 1) * sizeof(*all));
	size_t count = 0;

	*entries = all;
	*nentries = 0;
	if (!sorted || !all) {
		free(sorted);
		return out_of_memory(err);
	}
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct entry){ .cell = &w->values[i], .value = i };
	qsort(sorted, n, sizeof(*sorted), entry_order);
	for (size_t i = 0; i < n; i++) {
		if (!i || entry_order(&sorted[i - 1], &sorted[i]) != 0)
			all[count++] = *sorted[i].cell;
		w->places[sorted[i].value] = (uint32_t)count - 1;
	}
	*nentries = count;
	free(sorted);
	return RC_OK;
}

static enum rc dict_put(struct writing *g, const struct cell *entries,
			size_t nentries, size_t n, struct err *err)
{
	struct block_writer *w = g->w;
	int width = nentries > 1 ? width_of(nentries - 1) : 0;
	enum rc rc = texts_put(g, entries, nentries, err);

	json_object_set_new(g->column, "entries",
			    json_integer((json_int_t)nentries));
	json_object_set_new(g->column, "width", json_integer(width));
	while (width-- > 0) {
		for (size_t i = 0; i < n; i++)
			buf_byte(&w->body,
				 (char)(w->places[i] >> (8 * width) & 255));
		piece_end(g, DEFLATE_NUMBERS);
	}
	return rc;
}

static enum rc column_texts(struct writing *g, size_t n, struct err *err)
{
	struct cell *entries;
	size_t nentries;
	enum rc rc = entries_find(g->w, n, &entries, &nentries, err);
	bool is_dict = rc == RC_OK && n && nentries <= n / 2;

	json_object_set_new(
		g->column, "form",
		json_string(column_forms[is_dict ? FORM_DICT : FORM_TEXT]));
	if (is_dict)
		rc = dict_put(g, entries, nentries, n, err);
	else if (rc == RC_OK)
		rc = texts_put(g, g->w->values, n, err);
	free(entries);
	return rc;
}

static void column_ids(struct writing *g)
{
	const struct block_writer *w = g->w;
	const struct cell *ids = w->columns[0].cells;
	struct buf *body = &g->w->body;

	for (size_t i = 0; i < w->records; i++) {
		uint32_t same = 0;

		while (i && same < ids[i].len && same < ids[i - 1].len &&
		       ids[i].v.text[same] == ids[i - 1].v.text[same])
			same++;
		w->places[i] = same;
		buf_byte(body, (char)same);
	}
	piece_end(g, DEFLATE_NUMBERS);
	for (size_t i = 0; i < w->records; i++)
		buf_byte(body, (char)ids[i].len);
	piece_end(g, DEFLATE_NUMBERS);
	for (size_t i = 0; i < w->records; i++)
		buf_put(body, ids[i].v.text + w->places[i],
			ids[i].len - w->places[i]);
	piece_end(g, DEFLATE_NUMBERS);
	json_object_set_new(g->column, "form",
			    json_string(column_forms[FORM_SORTED]));
}

static bool is_capitals(const struct cell *cell, const struct cell *id)
{
	if (cell->type != CELL_TEXT || cell->len != id->len)
		return false;
	for (uint32_t i = 0; i < id->len; i++) {
		char c = id->v.text[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (cell->v.text[i] != c)
			return false;
	}
	return true;
}

/* Where kinds of values are mixed, all are JSON. */
static enum rc values_mix(struct block_writer *w, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct cell *v = &w->values[i];

		if (v->type == CELL_JSON)
			continue;
		buf_reset(&w->scratch);
		if (v->type == CELL_INT)
			buf_int(&w->scratch, v->v.number);
		else
			jcs_string(&w->scratch, v->v.text, v->len);
		if (buf_status(&w->scratch, err) != RC_OK)
			return err->code;
		v->v.text =
			arena_dup(&w->texts, w->scratch.data, w->scratch.len);
		v->len = (uint32_t)w->scratch.len;
		v->type = CELL_JSON;
		if (!v->v.text)
			return out_of_memory(err);
	}
	return RC_OK;
}

/* What the marks leave over, in w->values. */
static size_t values_pick(struct block_writer *w, const struct gathered *c,
			  bool *has_marks)
{
	const struct cell *ids = w->columns[0].cells;
	bool is_text = c->types == 1u << CELL_TEXT;
	size_t n = 0;

	*has_marks = false;
	for (size_t i = 0; i < w->records; i++) {
		const struct cell *cell = &c->cells[i];

		w->marks[i] = cell->type == CELL_ABSENT ? MARK_ABSENT
			      : is_text && is_capitals(cell, &ids[i])
				      ? MARK_CAPITALS
				      : MARK_VALUE;
		if (w->marks[i] == MARK_VALUE)
			w->values[n++] = *cell;
		else
			*has_marks = true;
	}
	return n;
}

static enum cell_type type_of(const struct gathered *c)
{
	if (c->types == 1u << CELL_INT)
		return CELL_INT;
	return c->types == 1u << CELL_TEXT ? CELL_TEXT : CELL_JSON;
}

static enum rc column_put(struct writing *g, const struct gathered *c,
			  struct err *err)
{
	struct block_writer *w = g->w;
	enum cell_type type = type_of(c);
	bool has_marks = false, is_id = c == w->columns;
	size_t n = is_id ? w->records : values_pick(w, c, &has_marks);
	enum rc rc = RC_OK;

	json_object_set_new(g->column, "field", json_string(c->field));
	json_object_set_new(g->column, "type", json_string(column_types[type]));
	if (has_marks) {
		json_object_set_new(g->column, "marks", json_true());
		buf_put(&w->body, w->marks, w->records);
		piece_end(g, DEFLATE_NUMBERS);
	}
	if (is_id) {
		column_ids(g);
	} else if (type == CELL_INT) {
		json_object_set_new(g->column, "form",
				    json_string(column_forms[FORM_PLANES]));
		planes_put(g, w->values, n);
	} else {
		if (type == CELL_JSON)
			rc = values_mix(w, n, err);
		if (rc == RC_OK)
			rc = column_texts(g, n, err);
	}
	return rc == RC_OK ? buf_status(&w->body, err) : rc;
}

static int field_order(const void *a, const void *b)
{
	return strcmp(((const struct gathered *)a)->field,
		      ((const struct gathered *)b)->field);
}

static enum rc columns_put(struct writing *g, json_t *columns, struct err *err)
{
	struct block_writer *w = g->w;
	enum rc rc = RC_OK;

	qsort(w->columns + 1, w->ncolumns - 1, sizeof(*w->columns),
	      field_order);
	for (size_t i = 0; i < w->ncolumns && rc == RC_OK; i++) {
		size_t from = w->body.len;

		g->column = json_object();
		if (json_array_append_new(columns, g->column) != 0)
			return out_of_memory(err);
		rc = column_put(g, &w->columns[i], err);
		json_object_set_new(
			g->column, "bytes",
			json_integer((json_int_t)(w->body.len - from)));
	}
	return rc;
}

static enum rc pieces_put(const struct writing *g, struct line_writer *out,
			  struct err *err)
{
	const char *at = g->w->body.data;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < g->npieces && rc == RC_OK; i++) {
		rc = line_writer_bytes(out, g->pieces[i].what, at,
				       g->pieces[i].bytes, err);
		at += g->pieces[i].bytes;
	}
	return rc;
}

enum rc block_write(struct block_writer *w, struct line_writer *out,
		    struct err *err)
{
	struct writing g = { .w = w };
	json_t *line, *columns = json_array();
	enum rc rc = RC_OK;

	if (!w->records) {
		json_decref(columns);
		return RC_OK;
	}
	/* marks, texts, and at most 8 planes */
	g.pieces = calloc(10 * w->ncolumns, sizeof(*g.pieces));
	line = json_pack("{s:s, s:I, s:o}", "kind", w->kind, "records",
			 (json_int_t)w->records, "columns", columns);
	if (!g.pieces || !line)
		rc = out_of_memory(err);
	buf_reset(&w->body);
	if (rc == RC_OK)
		rc = columns_put(&g, columns, err);
	if (rc == RC_OK)
		rc = line_writer_put(out, line, err);
	if (rc == RC_OK)
		rc = pieces_put(&g, out, err);
	json_decref(line);
	free(g.pieces);
	columns_forget(w);
	return rc;
}
