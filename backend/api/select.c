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

/* Text of a request as a column of the field has it, or NULL. */
static json_t *column_value(const struct field *f, const char *text, size_t n)
{
	char copy[400], *end;
	int64_t ms, days;
	long long v;

	if (n >= sizeof(copy))
		return NULL;
	memcpy(copy, text, n);
	copy[n] = '\0';
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
		size_t n = strcspn(text, ",");
		json_t *value = column_value(f, text, n);

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
			? column_value(f, json_string_value(given),
				       json_string_length(given))
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

enum rc select_make(struct select *s, struct call *c, const char *after,
		    int64_t most)
{
	const struct kind *k = c->kind;
	const char *town = json_text(c->args, "town");
	enum rc rc = RC_OK;

	buf_init(&s->sql, SQL_BYTES_MAX);
	s->values = json_array();
	buf_printf(&s->sql,
		   "SELECT t.id FROM %s AS t WHERE t.scope = ", k->name);
	bound(s, json_string(c->scope));
	buf_puts(&s->sql, " AND t.id > ");
	bound(s, json_string(after));
	if (town) {
		buf_puts(&s->sql, " AND t.town = ");
		bound(s, json_string(town));
	}
	agencies_put(s, c);
	for (size_t i = 0; i < k->nfields && rc == RC_OK && !k->is_sealed;
	     i++) {
		const struct field *f = &k->fields[i];
		const char *text = json_text(c->args, f->name);

		if (f->type == FIELD_JSON)
			continue;
		if (text)
			rc = equals_put(s, c, f, text);
		if (rc == RC_OK)
			rc = range_put(s, c, f, "from");
		if (rc == RC_OK)
			rc = range_put(s, c, f, "to");
	}
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
