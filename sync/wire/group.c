/* wire/group.c - records in columns. */
#include "wire/group.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/jcs.h"

#define SHAPE_MAX 8192

static enum rc out_of_memory(struct err *err)
{
	return err_set(err, RC_NOMEM, "out of memory");
}

enum rc groups_init(struct groups *g, struct err *err)
{
	memset(g, 0, sizeof(*g));
	g->shapes = json_object();
	return g->shapes ? RC_OK : out_of_memory(err);
}

void groups_release(struct groups *g)
{
	json_decref(g->shapes);
	memset(g, 0, sizeof(*g));
}

/* The group of a shape, made when it is new. `names` is its list of records:
 * "ids", "keys" or "gone". */
static json_t *group_of(struct groups *g, const char *shape, const char *kind,
			const char *names, const json_t *fields)
{
	json_t *group = json_object_get(g->shapes, shape);
	json_t *columns;
	size_t n = json_array_size(fields);

	if (group)
		return group;
	group = json_pack("{s:s, s:[]}", "kind", kind, names);
	if (group && fields) {
		columns = json_array();
		for (size_t i = 0; i < n; i++)
			json_array_append_new(columns, json_array());
		json_object_set_new(group, "fields", json_deep_copy(fields));
		json_object_set_new(group, "values", columns);
	}
	if (!group || json_object_set_new(g->shapes, shape, group) != 0)
		return NULL;
	g->bytes += 64;
	return group;
}

static size_t value_bytes(const json_t *v)
{
	const json_t *member;
	const char *key;
	size_t n = 3, i;

	if (json_is_string(v))
		return json_string_length(v) + 3;
	if (json_is_array(v))
		json_array_foreach(v, i, member) n += value_bytes(member);
	else if (json_is_object(v))
		json_object_foreach((json_t *)(uintptr_t)v, key, member) n +=
			strlen(key) + 4 + value_bytes(member);
	else
		n = 8;
	return n;
}

/* A field that the group has not seen yet gets a column, null so far. */
static json_t *column_add(json_t *group, const char *field, size_t records)
{
	json_t *column = json_array();

	for (size_t i = 0; column && i < records; i++)
		json_array_append_new(column, json_null());
	json_array_append_new(json_object_get(group, "fields"),
			      json_string(field));
	json_array_append_new(json_object_get(group, "values"), column);
	return column;
}

enum rc groups_add_whole(struct groups *g, const char *kind,
			 const json_t *record, struct err *err)
{
	char shape[48];
	json_t *group, *ids, *columns, *fields, *empty = json_array();
	const json_t *value;
	const char *field;
	size_t before, i;

	snprintf(shape, sizeof(shape), "%s whole", kind);
	group = empty ? group_of(g, shape, kind, "ids", empty) : NULL;
	json_decref(empty);
	if (!group)
		return out_of_memory(err);
	ids = json_object_get(group, "ids");
	columns = json_object_get(group, "values");
	fields = json_object_get(group, "fields");
	before = json_array_size(ids);
	json_array_append(ids, json_object_get(record, "id"));
	json_array_foreach(fields, i, value)
	{
		json_t *cell =
			json_object_get(record, json_string_value(value));

		json_array_append(json_array_get(columns, i),
				  cell ? cell : json_null());
		g->bytes += cell ? value_bytes(cell) : 5;
	}
	json_object_foreach((json_t *)(uintptr_t)record, field, value)
	{
		json_t *column;

		if (!strcmp(field, "id") || !strcmp(field, "scope"))
			continue;
		for (i = 0; i < json_array_size(fields); i++)
			if (!strcmp(json_string_value(
					    json_array_get(fields, i)),
				    field))
				break;
		if (i < json_array_size(fields))
			continue;
		column = column_add(group, field, before);
		json_array_append(column, (json_t *)(uintptr_t)value);
		g->bytes += value_bytes(value) + 5 * before;
	}
	g->bytes += 36;
	g->records++;
	return RC_OK;
}

/* Names of the fields that differ, in byte order; new reference. */
static json_t *changed_fields(const json_t *before, const json_t *after)
{
	json_t *all = json_object(), *sorted = json_array(), *value;
	const char *names[512];
	const char *field;
	size_t n = 0;

	json_object_foreach(
		(json_t *)(uintptr_t)before, field,
		value) if (!json_equal(value, json_object_get(after, field)))
		json_object_set_new(all, field, json_true());
	json_object_foreach((json_t *)(uintptr_t)after, field,
			    value) if (!json_object_get(before, field))
		json_object_set_new(all, field, json_true());
	json_object_foreach(all, field,
			    value) if (n < sizeof(names) / sizeof(names[0]))
		names[n++] = field;
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j && strcmp(names[j - 1], names[j]) > 0;
		     j--) {
			const char *t = names[j];

			names[j] = names[j - 1];
			names[j - 1] = t;
		}
	for (size_t i = 0; i < n; i++)
		json_array_append_new(sorted, json_string(names[i]));
	json_decref(all);
	return sorted;
}

enum rc groups_add_change(struct groups *g, const char *kind, const char *key,
			  const json_t *before, const json_t *after,
			  struct err *err)
{
	json_t *fields = changed_fields(before, after);
	json_t *group, *columns, *name;
	struct buf shape;
	size_t i;
	enum rc rc = RC_OK;

	if (!json_array_size(fields)) {
		json_decref(fields);
		return RC_OK;
	}
	buf_init(&shape, SHAPE_MAX);
	buf_printf(&shape, "%s change", kind);
	json_array_foreach(fields, i, name)
		buf_printf(&shape, " %s", json_string_value(name));
	rc = buf_status(&shape, err);
	group = rc == RC_OK ? group_of(g, shape.data, kind, "keys", fields)
			    : NULL;
	if (!group && rc == RC_OK)
		rc = out_of_memory(err);
	if (group) {
		columns = json_object_get(group, "values");
		json_array_append_new(json_object_get(group, "keys"),
				      json_string(key));
		json_array_foreach(fields, i, name)
		{
			json_t *cell =
				json_object_get(after, json_string_value(name));

			json_array_append(json_array_get(columns, i),
					  cell ? cell : json_null());
			g->bytes += cell ? value_bytes(cell) : 5;
		}
		g->bytes += strlen(key) + 3;
		g->records++;
	}
	buf_release(&shape);
	json_decref(fields);
	return rc;
}

enum rc groups_add_gone(struct groups *g, const char *kind, const char *key,
			struct err *err)
{
	char shape[48];
	json_t *group;

	snprintf(shape, sizeof(shape), "%s gone", kind);
	group = group_of(g, shape, kind, "gone", NULL);
	if (!group)
		return out_of_memory(err);
	json_array_append_new(json_object_get(group, "gone"), json_string(key));
	g->bytes += strlen(key) + 3;
	g->records++;
	return RC_OK;
}

json_t *groups_take(struct groups *g)
{
	json_t *all = json_array(), *group;
	const char *shape;

	json_object_foreach(g->shapes, shape, group)
		json_array_append(all, group);
	json_object_clear(g->shapes);
	g->bytes = g->records = 0;
	return all;
}

static enum rc malformed(struct err *err, const char *what)
{
	return err_set(err, RC_CORRUPT, "the rows are malformed: %s", what);
}

/* One record's fields out of the columns. */
static enum rc cells_of(json_t *cells, const json_t *fields,
			const json_t *values, size_t row, struct err *err)
{
	const json_t *field;
	size_t i;

	json_object_clear(cells);
	json_array_foreach(fields, i, field)
	{
		json_t *cell = json_array_get(json_array_get(values, i), row);

		if (!json_is_string(field) || !cell)
			return malformed(err, "a column is short");
		json_object_set(cells, json_string_value(field), cell);
	}
	return RC_OK;
}

static enum rc columns_check(const json_t *fields, const json_t *values,
			     size_t n, struct err *err)
{
	const json_t *column, *field;
	size_t i;

	if (!json_is_array(fields) || !json_is_array(values) ||
	    json_array_size(fields) != json_array_size(values))
		return malformed(err, "fields and values differ in number");
	json_array_foreach(values, i, column) if (
		!json_is_array(column) ||
		json_array_size(column) !=
			n) return malformed(err, "a column has another length");
	json_array_foreach(fields, i, field)
	{
		const char *name = json_string_value(field);

		if (!name || !name_is_field(name) || !strcmp(name, "id") ||
		    !strcmp(name, "scope"))
			return malformed(err, "a field's name is not legal");
	}
	return RC_OK;
}

enum rc group_each(const json_t *group, group_fn *fn, void *ctx,
		   struct err *err)
{
	static const char *const lists[] = { "ids", "keys", "gone" };
	const char *kind = json_text(group, "kind");
	const json_t *names = NULL, *name;
	const json_t *fields = json_object_get(group, "fields");
	const json_t *values = json_object_get(group, "values");
	json_t *cells;
	size_t form, i;
	enum rc rc = RC_OK;

	for (form = 0; form < 3 && !names; form++)
		names = json_object_get(group, lists[form]);
	form--;
	if (!kind || !name_is_field(kind) || !json_is_array(names))
		return malformed(err, "a group has no kind or no records");
	if (form != GROUP_GONE) {
		rc = columns_check(fields, values, json_array_size(names), err);
		if (rc != RC_OK)
			return rc;
	}
	cells = json_object();
	if (!cells)
		return out_of_memory(err);
	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);

		if (!text || (form == GROUP_WHOLE && !name_is_id(text))) {
			rc = malformed(err, "a record has no name");
			break;
		}
		if (form != GROUP_GONE)
			rc = cells_of(cells, fields, values, i, err);
		if (rc == RC_OK)
			rc = fn(ctx, kind, (enum group_form)form, text, cells,
				err);
		if (rc != RC_OK)
			break;
	}
	json_decref(cells);
	return rc;
}

enum rc record_rebuild(json_t **out, const char *scope, const char *id,
		       const json_t *before, const json_t *fields,
		       struct err *err)
{
	json_t *record = json_object(), *value;
	const char *field;

	*out = NULL;
	if (!record)
		return out_of_memory(err);
	if (before)
		json_object_update(record, (json_t *)(uintptr_t)before);
	json_object_set_new(record, "id", json_string(id));
	json_object_set_new(record, "scope", json_string(scope));
	json_object_foreach((json_t *)(uintptr_t)fields, field, value)
	{
		if (json_is_null(value))
			json_object_del(record, field);
		else
			json_object_set(record, field, value);
	}
	*out = record;
	return RC_OK;
}
