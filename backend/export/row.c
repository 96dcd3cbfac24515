/* export/row.c - values as CSV writes them. */
#include "export/export_impl.h"

#include "base/date.h"
#include "base/jcs.h"
#include "domain/csv.h"

#define DEGREE INT64_C(10000000)

void header_csv(struct buf *out, const struct kind *k)
{
	buf_puts(out, "id,scope,town");
	for (size_t i = 0; i < k->nfields; i++) {
		buf_byte(out, ',');
		buf_puts(out, k->fields[i].name);
	}
	buf_puts(out, "\r\n");
}

/* v as a decimal of `places` places. */
static void decimal(struct buf *out, int64_t v, int64_t unit, int places)
{
	uint64_t size = v < 0 ? -(uint64_t)v : (uint64_t)v;

	buf_printf(out, "%s%llu.%0*llu", v < 0 ? "-" : "",
		   (unsigned long long)(size / (uint64_t)unit), places,
		   (unsigned long long)(size % (uint64_t)unit));
}

static void integer(struct buf *out, const struct field *f, int64_t v)
{
	char text[25];

	switch (f->type) {
	case FIELD_BOOL: buf_puts(out, v ? "true" : "false"); return;
	case FIELD_MONEY: decimal(out, v, 100, 2); return;
	case FIELD_COORDINATE: decimal(out, v, DEGREE, 7); return;
	case FIELD_TIME:
		time_format(text, v);
		buf_puts(out, text);
		return;
	default: buf_int(out, v); return;
	}
}

static bool can_be_listed(const json_t *set)
{
	for (size_t i = 0; i < json_array_size(set); i++) {
		const char *s = json_string_value(json_array_get(set, i));

		if (!s || !*s || *s == '[' || strpbrk(s, ";\t\r\n") ||
		    *s == ' ' || s[strlen(s) - 1] == ' ')
			return false;
	}
	return json_array_size(set) > 0;
}

/* a;b;c where an import reads the same set from it. */
static void set_csv(struct buf *out, const json_t *set, const char *text,
		    size_t n)
{
	struct buf list;

	if (!can_be_listed(set)) {
		csv_write_field(out, text, n);
		return;
	}
	buf_init(&list, n + 1);
	for (size_t i = 0; i < json_array_size(set); i++) {
		if (i)
			buf_byte(&list, ';');
		buf_puts(&list, json_string_value(json_array_get(set, i)));
	}
	csv_write_field(out, list.data, list.len);
	buf_release(&list);
}

static void text_csv(struct buf *out, const struct field *f, const char *text,
		     size_t n)
{
	struct err ignored = { 0 };
	json_t *set = NULL;

	if (f->type == FIELD_SET && json_read(text, n, &set, &ignored) == RC_OK)
		set_csv(out, set, text, n);
	else
		csv_write_field(out, text, n);
	json_decref(set);
}

void row_csv(struct buf *out, struct query *q, const struct kind *k)
{
	for (int col = 0; col < 3 + (int)k->nfields; col++) {
		char type = query_get_type(q, col);

		if (col)
			buf_byte(out, ',');
		if (type == 'i' && col >= 3)
			integer(out, &k->fields[col - 3],
				query_get_int(q, col));
		else if (type == 't' && col >= 3)
			text_csv(out, &k->fields[col - 3],
				 query_get_text(q, col), query_get_len(q, col));
		else if (type == 't')
			buf_put(out, query_get_text(q, col),
				query_get_len(q, col));
	}
	buf_puts(out, "\r\n");
}

static void value_csv(struct buf *out, const struct field *f,
		      const json_t *value)
{
	struct err ignored = { 0 };
	struct buf text;

	if (json_is_string(value)) {
		csv_write_field(out, json_string_value(value),
				json_string_length(value));
	} else if (json_is_integer(value) || json_is_boolean(value)) {
		integer(out, f,
			json_is_boolean(value) ? json_is_true(value)
					       : json_integer_value(value));
	} else if (value) {
		buf_init(&text, RECORD_BYTES_MAX);
		if (jcs_write(&text, value, &ignored) == RC_OK)
			text_csv(out, f, text.data, text.len);
		buf_release(&text);
	}
}

void record_csv(struct buf *out, const json_t *record, const struct kind *k)
{
	buf_printf(out, "%s,%s,%s", json_text(record, "id"),
		   json_text(record, "scope"), json_text(record, "town"));
	for (size_t i = 0; i < k->nfields; i++) {
		buf_byte(out, ',');
		value_csv(out, &k->fields[i],
			  json_object_get(record, k->fields[i].name));
	}
	buf_puts(out, "\r\n");
}
