#include "api/select.h"

#include <string.h>

#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"

#define SQL_BYTES_MAX (64u << 10)
#define VALUES_MAX 500

static void bound(struct select *s, json_t *value)
{
	json_array_append_new(s->values, value);
	buf_printf(&s->sql, "?%zu", json_array_size(s->values));
}

static bool is_known(const struct field *f, const char *text)
{
	const char *const *v = f->values;

	while (v && *v && strcmp(*v, text) != 0)
		v++;
	return !v || *v;
}

/* One value of a list, up to the comma that ends it; two commas are one of its
 * own. The bytes read; `out` is "" where it has no room. */
static size_t value_take(const char *text, char *out, size_t size)
{
	size_t n = 0, at = 0;
	bool fits = true;

	for (; text[n] && (text[n] != ',' || text[n + 1] == ','); n++) {
		n += text[n] == ',';
		fits = fits && at + 1 < size;
		if (fits)
			out[at++] = text[n];
	}
	out[fits ? at : 0] = '\0';
	return n;
}

/* Text of a request as a column of the field has it, or NULL. */
static json_t *column_value(const struct field *f, const char *copy)
{
	int64_t ms, days;
	long long v;
	char *end;

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_SET: return is_known(f, copy) ? json_string(copy) : NULL;
	case FIELD_REF: return name_is_id(copy) ? json_string(copy) : NULL;
	case FIELD_DATE:
		return date_parse(copy, &days) ? json_string(copy) : NULL;
	case FIELD_BOOL:
		return !strcmp(copy, "true")    ? json_integer(1)
		       : !strcmp(copy, "false") ? json_integer(0)
						: NULL;
	case FIELD_TIME: return time_parse(copy, &ms) ? json_integer(ms) : NULL;
	default: break;
	}
	v = strtoll(copy, &end, 10);
	return *copy && !*end ? json_integer(v) : NULL;
}

/* What the field can have, for who asked for something else: a typing error is
 * not answered with an empty list. */
static enum rc value_wrong(struct call *c, const struct field *f,
			   const char *name)
{
	static const char *const shapes[FIELD__MAX] = {
		[FIELD_REF] = "is no id: 1 to 32 of a-z and 0-9",
		[FIELD_DATE] = "is no date such as 2026-11-22",
		[FIELD_TIME] = "is no time such as 2026-11-22T09:30:00Z",
		[FIELD_BOOL] = "is none of true, false",
		[FIELD_INT] = "is no whole number",
		[FIELD_MONEY] = "is no whole number of fen",
		[FIELD_COORDINATE] = "is no whole number of 1e-7 degrees",
	};
	const char *shape = shapes[f->type];
	char words[400];
	size_t n;

	if (!f->values)
		return call_wrong(c, name,
				  shape ? shape
					: "has a value that is too long");
	n = (size_t)snprintf(words, sizeof(words), "is none of ");
	for (size_t i = 0; f->values[i] && n < sizeof(words); i++)
		n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s",
				      i ? ", " : "", f->values[i]);
	return call_wrong(c, name, words);
}

/* FIELD=a,b: one of them. Of a set, each is a member that it may have. */
static enum rc equals_put(struct select *s, struct call *c,
			  const struct field *f, const char *text)
{
	bool is_set = f->type == FIELD_SET;

	if (!*text) {
		buf_printf(&s->sql, " AND t.%s IS NULL", f->name);
		return RC_OK;
	}
	buf_printf(&s->sql,
		   is_set ? " AND EXISTS(SELECT 1 FROM json_each(t.%s) WHERE "
			    "value IN ("
			  : " AND t.%s IN (",
		   f->name);
	for (bool first = true; *text; first = false) {
		char one[400];
		size_t n = value_take(text, one, sizeof(one));
		json_t *value = n && !*one ? NULL : column_value(f, one);

		if (!value)
			return value_wrong(c, f, f->name);
		if (json_array_size(s->values) >= VALUES_MAX) {
			json_decref(value);
			return call_wrong(c, f->name, "has too many values");
		}
		buf_puts(&s->sql, first ? "" : ",");
		bound(s, value);
		text += n + (text[n] == ',');
	}
	buf_puts(&s->sql, is_set ? "))" : ")");
	return RC_OK;
}

static enum rc range_put(struct select *s, struct call *c,
			 const struct field *f, const char *end)
{
	const json_t *given;
	json_t *value;
	char name[48];

	snprintf(name, sizeof(name), "%s.%s", f->name, end);
	given = json_object_get(c->args, name);
	if (!given)
		return RC_OK;
	value = json_is_string(given)
			? column_value(f, json_string_value(given))
			: json_copy((json_t *)(uintptr_t)given);
	if (!value)
		return value_wrong(c, f, name);
	buf_printf(&s->sql, " AND t.%s %s ", f->name,
		   *end == 'f' ? ">=" : "<=");
	bound(s, value);
	return RC_OK;
}

/* Who acts for some agencies only sees what is theirs, or nobody's. */
static void agencies_put(struct select *s, const struct call *c)
{
	const struct field *whose = store_whose(c->kind);
	const char *list = c->actor.agency;

	if (!*list || (!kind_field(c->kind, "agency") && !whose))
		return;
	/* As store_may_agency_of() has it: who is not there is nobody's. */
	if (whose)
		buf_printf(&s->sql,
			   " AND NOT EXISTS (SELECT 1 FROM %s AS w WHERE "
			   "w.scope = t.scope AND w.id = t.%s AND w.agency IS "
			   "NOT NULL AND w.agency NOT IN (",
			   whose->refers, whose->name);
	else
		buf_puts(&s->sql, " AND (t.agency IS NULL OR t.agency IN (");
	for (bool first = true; *list; first = false) {
		size_t n = strcspn(list, ",");

		buf_puts(&s->sql, first ? "" : ",");
		bound(s, json_stringn(list, n));
		list += n + (list[n] == ',');
	}
	buf_puts(&s->sql, "))");
}

/* What the request says of one field. */
static enum rc field_put(struct select *s, struct call *c,
			 const struct field *f)
{
	const char *text = json_text(c->args, f->name);
	size_t before = s->sql.len;
	enum rc rc = text ? equals_put(s, c, f, text) : RC_OK;

	if (rc == RC_OK)
		rc = range_put(s, c, f, "from");
	if (rc == RC_OK)
		rc = range_put(s, c, f, "to");
	s->is_filtered |= s->sql.len > before;
	return rc;
}

/* The rows of an index that the filter of its field leaves. */
static enum rc indexed_put(struct select *s, struct call *c,
			   const struct field *f, const char *what)
{
	buf_printf(&s->sql, "SELECT %s FROM %s AS t WHERE t.scope = ", what,
		   c->kind->name);
	bound(s, json_string(c->scope));
	return field_put(s, c, f);
}

/* How many rows that are, up to SELECT_ROWS_MAX + 1; the same where the request
 * says nothing of the field. */
static enum rc indexed_count(struct call *c, const struct field *f,
			     int64_t *count)
{
	struct select probe = { .values = json_array() };
	struct query *q;
	enum rc rc;

	*count = SELECT_ROWS_MAX + 1;
	buf_init(&probe.sql, SQL_BYTES_MAX);
	buf_puts(&probe.sql, "SELECT count(*) FROM (");
	rc = indexed_put(&probe, c, f, "1");
	buf_puts(&probe.sql, " LIMIT ");
	bound(&probe, json_integer(SELECT_ROWS_MAX + 1));
	buf_puts(&probe.sql, ") AS found");
	if (rc == RC_OK)
		rc = buf_status(&probe.sql, &c->err);
	if (rc == RC_OK && probe.is_filtered) {
		q = select_begin(&probe, c);
		if (query_row(q))
			*count = query_get_int(q, 0);
		rc = query_end(q, &c->err);
	}
	select_release(&probe);
	return rc;
}

static const char *text_at(const json_t *array, size_t i)
{
	return json_string_value(json_array_get(array, i));
}

/* By the index that leaves the fewest rows, or NULL. */
static enum rc narrowest(struct call *c, const struct field **best)
{
	int64_t least = SELECT_ROWS_MAX + 1, count;
	const json_t *columns;
	enum rc rc = RC_OK;
	size_t i;

	*best = NULL;
	json_array_foreach(json_object_get(c->kind->definition, "indexes"), i,
			   columns)
	{
		bool is_first = strcmp(text_at(columns, 0), "scope") != 0;
		const char *name = text_at(columns, is_first ? 0 : 1);
		const struct field *f = name ? kind_field(c->kind, name) : NULL;

		if (rc != RC_OK || !f || f->type == FIELD_SET ||
		    f->type == FIELD_JSON)
			continue;
		rc = indexed_count(c, f, &count);
		if (rc == RC_OK && count < least) {
			least = count;
			*best = f;
		}
	}
	return rc;
}

/* The id of the last row to look at, where there are more. */
static enum rc window_put(struct select *s, struct call *c, const char *after)
{
	struct select probe = { .values = json_array() };
	struct query *q;

	buf_init(&probe.sql, 400);
	buf_printf(&probe.sql,
		   "SELECT t.id FROM %s AS t WHERE t.scope = ", c->kind->name);
	bound(&probe, json_string(c->scope));
	buf_puts(&probe.sql, " AND t.id > ");
	bound(&probe, json_string(after));
	buf_printf(&probe.sql, " ORDER BY t.id LIMIT 1 OFFSET %d",
		   SELECT_ROWS_MAX - 1);
	q = select_begin(&probe, c);
	if (query_row(q))
		snprintf(s->upto, sizeof(s->upto), "%s", query_get_text(q, 0));
	select_release(&probe);
	if (query_end(q, &c->err) == RC_OK && s->upto[0]) {
		buf_puts(&s->sql, " AND t.id <= ");
		bound(s, json_string(s->upto));
	}
	return c->err.code;
}

/* Behind `after`; the ids of an index are in the outer statement's place of a
 * range of ids, which a planner would rather walk. */
static enum rc after_put(struct select *s, struct call *c, const char *after,
			 const struct field *best)
{
	enum rc rc = RC_OK;

	if (best) {
		buf_puts(&s->sql, " AND t.id IN (");
		rc = indexed_put(s, c, best, "t.id");
	}
	buf_puts(&s->sql, " AND t.id > ");
	bound(s, json_string(after));
	buf_puts(&s->sql, best ? ")" : "");
	return rc;
}

enum rc select_make(struct select *s, struct call *c, const char *after,
		    int64_t most, bool is_bounded)
{
	const struct kind *k = c->kind;
	const char *town = json_text(c->args, "town");
	const struct field *best = NULL;
	enum rc rc = is_bounded && !k->is_sealed ? narrowest(c, &best) : RC_OK;
	size_t before;

	buf_init(&s->sql, SQL_BYTES_MAX);
	s->values = json_array();
	buf_printf(&s->sql,
		   "SELECT t.id FROM %s AS t WHERE t.scope = ", k->name);
	bound(s, json_string(c->scope));
	if (rc == RC_OK)
		rc = after_put(s, c, after, best);
	before = s->sql.len;
	if (town) {
		buf_puts(&s->sql, " AND t.town = ");
		bound(s, json_string(town));
	}
	agencies_put(s, c);
	s->is_filtered = s->sql.len > before;
	for (size_t i = 0; i < k->nfields && rc == RC_OK && !k->is_sealed; i++)
		if (k->fields[i].type != FIELD_JSON)
			rc = field_put(s, c, &k->fields[i]);
	if (rc == RC_OK && is_bounded && s->is_filtered && !best)
		rc = window_put(s, c, after);
	buf_puts(&s->sql, " ORDER BY t.id LIMIT ");
	bound(s, json_integer(most));
	return rc == RC_OK ? buf_status(&s->sql, &c->err) : rc;
}

struct query *select_begin(struct select *s, struct call *c)
{
	struct query *q = query_begin(c->store->db, s->sql.data);
	const json_t *value;
	size_t i;

	json_array_foreach(s->values, i, value)
	{
		if (json_is_integer(value))
			query_int(q, (int)i + 1, json_integer_value(value));
		else
			query_text(q, (int)i + 1, json_string_value(value));
	}
	return q;
}

void select_release(struct select *s)
{
	buf_release(&s->sql);
	json_decref(s->values);
	s->values = NULL;
}
