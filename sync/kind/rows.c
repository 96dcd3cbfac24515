/* kind/rows.c - records into rows and back.
 *
 * A replica carries what no column can hold (fields of a later version, values
 * of another type) in hufu_extra, one canonical object a record, so that a
 * record read is byte for byte the record that was written. */
#include "kind/rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/fsm.h"
#include "kind/kind_impl.h"

/* One column on its way: JSON was written before the statement began, because
 * a statement that has begun will be stepped. */
struct json_cell {
	const json_t *value; /* NULL where the column is null */
	size_t at, len; /* sets and json: where their text stands */
};

struct cells {
	struct json_cell *list; /* owned */
	struct buf text;
};

static enum rc cells_make(struct cells *cells, const struct kind *k,
			  const json_t *record, struct err *err)
{
	buf_init(&cells->text, RECORD_BYTES_MAX);
	cells->list = calloc(k->nfields, sizeof(*cells->list));
	if (!cells->list)
		return err_set(err, RC_NOMEM, "no memory for a row of '%s'",
			       k->name);
	for (size_t i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		struct json_cell *cell = &cells->list[i];
		enum rc rc;

		cell->value = json_object_get(record, f->name);
		if (cell->value && !field_fits(f, cell->value))
			cell->value = NULL;
		if (!cell->value ||
		    (f->type != FIELD_SET && f->type != FIELD_JSON))
			continue;
		cell->at = cells->text.len;
		rc = jcs_write(&cells->text, cell->value, err);
		if (rc != RC_OK)
			return rc;
		cell->len = cells->text.len - cell->at;
	}
	return RC_OK;
}

static void cells_release(struct cells *cells)
{
	free(cells->list);
	buf_release(&cells->text);
}

static void cell_bind(struct query *q, int n, const struct field *f,
		      const struct cells *cells, const struct json_cell *cell)
{
	if (!cell->value) {
		query_null(q, n);
		return;
	}
	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_DATE:
	case FIELD_REF:
		query_textn(q, n, json_string_value(cell->value),
			    json_string_length(cell->value));
		break;
	case FIELD_SET:
	case FIELD_JSON:
		query_textn(q, n, cells->text.data + cell->at, cell->len);
		break;
	case FIELD_BOOL: query_int(q, n, json_is_true(cell->value)); break;
	default: query_int(q, n, json_integer_value(cell->value)); break;
	}
}

static void place_bind(struct query *q, const json_t *record)
{
	query_text(q, 1, json_text(record, "id"));
	query_text(q, 2, json_text(record, "scope"));
	query_text(q, 3, json_text(record, "town"));
}

static enum rc plain_put(struct db *db, const struct kind *k, const char *sql,
			 const json_t *record, struct err *err)
{
	struct cells cells;
	struct query *q;
	enum rc rc;

	rc = cells_make(&cells, k, record, err);
	if (rc == RC_OK) {
		q = query_begin(db, sql);
		place_bind(q, record);
		for (size_t i = 0; i < k->nfields; i++)
			cell_bind(q, (int)i + 4, &k->fields[i], &cells,
				  &cells.list[i]);
		query_row(q);
		rc = query_end(q, err);
	}
	cells_release(&cells);
	return rc;
}

static enum rc outer_put(struct db *db, const struct kind *k,
			 const json_t *record, struct err *err)
{
	struct query *q = query_begin(db, k->sql_server_put);

	place_bind(q, record);
	for (int i = 0; i < SEALED_COLUMNS; i++)
		query_text(q, i + 4, json_text(record, sealed_columns[i]));
	query_row(q);
	return query_end(q, err);
}

/* What no column can hold, as a new object; NULL with RC_OK when all fits. */
static enum rc extra_make(json_t **out, const struct kind *k,
			  const json_t *record, struct err *err)
{
	json_t *o = json_unconst(record), *value;
	const char *name;

	*out = NULL;
	json_object_foreach(o, name, value)
	{
		const struct field *f = kind_field(k, name);

		if (strcmp(name, "id") == 0 || strcmp(name, "scope") == 0 ||
		    strcmp(name, "town") == 0 || (f && field_fits(f, value)))
			continue;
		if (!*out)
			*out = json_object();
		if (json_object_set(*out, name, value) == 0)
			continue;
		json_decref(*out);
		*out = NULL;
		return err_set(err, RC_NOMEM, "no memory for a row of '%s'",
			       k->name);
	}
	return RC_OK;
}

static enum rc extra_drop(struct db *db, const struct kind *k, const char *id,
			  struct err *err)
{
	struct query *q = query_begin(
		db, "DELETE FROM hufu_extra WHERE kind=?1 AND id=?2");

	query_text(q, 1, k->name);
	query_text(q, 2, id);
	query_row(q);
	return query_end(q, err);
}

static enum rc extra_put(struct db *db, const struct kind *k,
			 const json_t *record, struct err *err)
{
	const char *id = json_text(record, "id");
	struct query *q;
	struct buf body;
	json_t *extra;
	enum rc rc;

	rc = extra_make(&extra, k, record, err);
	if (rc != RC_OK)
		return rc;
	if (!extra)
		return extra_drop(db, k, id, err);
	buf_init(&body, RECORD_BYTES_MAX);
	rc = jcs_write(&body, extra, err);
	if (rc == RC_OK) {
		q = query_begin(db, "INSERT INTO hufu_extra(kind,id,body) "
				    "VALUES(?1,?2,?3) ON CONFLICT(kind,id) "
				    "DO UPDATE SET body=excluded.body");
		query_text(q, 1, k->name);
		query_text(q, 2, id);
		query_textn(q, 3, body.data, body.len);
		query_row(q);
		rc = query_end(q, err);
	}
	buf_release(&body);
	json_decref(extra);
	return rc;
}

enum rc rows_put(struct db *db, const struct kind *k, enum rows_side side,
		 const json_t *record, struct err *err)
{
	enum rc rc;

	if (!json_text(record, "id"))
		return err_set(err, RC_INVALID, "%s: a record without an id",
			       k->name);
	if (rows_is_outer(k, side))
		return outer_put(db, k, record, err);
	if (side == ROWS_SERVER)
		return plain_put(db, k, k->sql_server_put, record, err);
	rc = plain_put(db, k, k->sql_replica_put, record, err);
	return rc == RC_OK ? extra_put(db, k, record, err) : rc;
}

static json_t *text_read(struct query *q, int col)
{
	const char *text = query_get_text(q, col);
	size_t n = query_get_len(q, col);

	if (!text || !utf8_is_valid(text, n))
		return NULL;
	return json_stringn_nocheck(text, n);
}

static json_t *json_cell_read(struct query *q, int col, enum field_type type)
{
	const char *text = query_get_text(q, col);
	struct err why = { 0 };
	json_t *value = NULL;

	if (text)
		json_read(text, query_get_len(q, col), &value, &why);
	if (json_is_array(value) ||
	    (type == FIELD_JSON && json_is_object(value)))
		return value;
	json_decref(value);
	return NULL;
}

/* A new reference; NULL when the cell is no value of the field, or when memory
 * ran out, which nobody can tell apart and nobody needs to. */
static json_t *cell_read(struct query *q, int col, const struct field *f)
{
	char type = query_get_type(q, col);

	switch (f->type) {
	case FIELD_TEXT:
	case FIELD_DATE:
	case FIELD_REF: return type == 't' ? text_read(q, col) : NULL;
	case FIELD_SET:
	case FIELD_JSON:
		return type == 't' ? json_cell_read(q, col, f->type) : NULL;
	case FIELD_BOOL:
		return type == 'i' ? json_boolean(query_get_int(q, col) != 0)
				   : NULL;
	default:
		return type == 'i' ? json_integer(query_get_int(q, col)) : NULL;
	}
}

static enum rc place_read(struct query *q, int first, const struct kind *k,
			  json_t *record, struct err *err)
{
	static const char *const names[] = { "id", "scope", "town" };

	for (int i = 0; i < 3; i++) {
		json_t *value = query_get_type(q, first + i) == 't'
					? text_read(q, first + i)
					: NULL;

		if (json_object_set_new(record, names[i], value) != 0)
			return err_set(err, RC_INVALID,
				       "a row of '%s' has no %s", k->name,
				       names[i]);
	}
	return RC_OK;
}

enum rc rows_read(struct query *q, int first, const struct kind *k,
		  json_t **out, struct err *err)
{
	json_t *record = json_object();
	enum rc rc;

	*out = NULL;
	if (!record)
		return err_set(err, RC_NOMEM, "no memory for a record");
	rc = place_read(q, first, k, record, err);
	for (size_t i = 0; rc == RC_OK && i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		int col = first + 3 + (int)i;

		if (query_get_type(q, col) == 'n')
			continue;
		if (json_object_set_new(record, f->name,
					cell_read(q, col, f)) != 0)
			rc = err_set(err, RC_INVALID,
				     "%s '%s': the cell '%s' holds no value "
				     "of its type",
				     k->name, json_text(record, "id"), f->name);
	}
	if (rc != RC_OK)
		json_decref(record);
	else
		*out = record;
	return rc;
}

static enum rc outer_read(struct query *q, const struct kind *k, json_t **out,
			  struct err *err)
{
	json_t *record = json_object();
	enum rc rc;

	*out = NULL;
	if (!record)
		return err_set(err, RC_NOMEM, "no memory for a record");
	rc = place_read(q, 0, k, record, err);
	for (int i = 0; rc == RC_OK && i < SEALED_COLUMNS; i++)
		if (json_object_set_new(record, sealed_columns[i],
					text_read(q, 3 + i)) != 0)
			rc = err_set(err, RC_INVALID,
				     "%s '%s': the cell '%s' is empty", k->name,
				     json_text(record, "id"),
				     sealed_columns[i]);
	if (rc != RC_OK)
		json_decref(record);
	else
		*out = record;
	return rc;
}

/* Add what is carried for the record; a column that an edit has filled since
 * goes before. */
static enum rc extra_read(struct db *db, const struct kind *k, const char *id,
			  json_t *record, struct err *err)
{
	struct query *q = query_begin(
		db, "SELECT body FROM hufu_extra WHERE kind=?1 AND id=?2");
	struct err why = { 0 };
	json_t *extra = NULL;
	bool found;
	enum rc rc;

	query_text(q, 1, k->name);
	query_text(q, 2, id);
	found = query_row(q);
	if (found) {
		const char *body = query_get_text(q, 0);

		json_read(body ? body : "", query_get_len(q, 0), &extra, &why);
	}
	rc = query_end(q, err);
	if (rc == RC_OK && found && !json_is_object(extra))
		rc = err_set(err, RC_INVALID,
			     "%s '%s': what hufu_extra carries is no object",
			     k->name, id);
	if (rc == RC_OK && found &&
	    json_object_update_missing(record, extra) != 0)
		rc = err_set(err, RC_NOMEM, "no memory for a record");
	json_decref(extra);
	return rc;
}

enum rc rows_get(struct db *db, const struct kind *k, enum rows_side side,
		 const char *scope, const char *id, json_t **out,
		 struct err *err)
{
	const char *sql =
		side == ROWS_SERVER ? k->sql_server_get : k->sql_replica_get;
	struct query *q = query_begin(db, sql);
	struct err bad = { 0 };
	enum rc rc = RC_OK, ended;
	bool found;

	*out = NULL;
	query_text(q, 1, scope);
	query_text(q, 2, id);
	found = query_row(q);
	if (found)
		rc = rows_is_outer(k, side) ? outer_read(q, k, out, &bad)
					    : rows_read(q, 0, k, out, &bad);
	ended = query_end(q, err);
	if (ended != RC_OK)
		rc = ended;
	else if (rc != RC_OK)
		err_set(err, rc, "%s", bad.text);
	else if (!found)
		return RC_NOT_FOUND;
	if (rc == RC_OK && side == ROWS_REPLICA)
		rc = extra_read(db, k, id, *out, err);
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

enum rc rows_twin(struct db *db, const struct kind *k, const json_t *record,
		  char out[33], struct err *err)
{
	struct query *q;
	enum rc rc;
	int n = 3;

	out[0] = '\0';
	for (const char *const *u = k->unique; u && *u; u++)
		if (!json_object_get(record, *u))
			return RC_NOT_FOUND;
	if (!k->unique)
		return RC_NOT_FOUND;
	q = query_begin(db, k->sql_twin);
	query_text(q, 1, json_text(record, "scope"));
	query_text(q, 2, json_text(record, "id"));
	for (const char *const *u = k->unique; *u; u++, n++) {
		const json_t *value = json_object_get(record, *u);

		if (json_is_string(value))
			query_text(q, n, json_string_value(value));
		else
			query_int(q, n,
				  json_is_integer(value)
					  ? json_integer_value(value)
					  : json_is_true(value));
	}
	if (query_row(q))
		snprintf(out, 33, "%s", query_get_text(q, 0));
	rc = query_end(q, err);
	return rc == RC_OK && !out[0] ? RC_NOT_FOUND : rc;
}

enum rc rows_overlap(struct db *db, const struct kind *k, const json_t *record,
		     struct rows_other *out, struct err *err)
{
	const struct kind_apart *a = &k->apart;
	const char *state =
		k->fsm ? json_text(record, k->fsm->field->name) : NULL;
	struct query *q;
	enum rc rc;
	int n = 6;

	memset(out, 0, sizeof(*out));
	if (!a->by || (state && strcmp(state, a->at) != 0))
		return RC_NOT_FOUND;
	q = query_begin(db, k->sql_apart);
	query_text(q, 1, json_text(record, "scope"));
	query_text(q, 2, json_text(record, "id"));
	query_text(q, 3, json_text(record, a->from));
	query_text(q, 4, json_text(record, a->to));
	query_text(q, 5, a->at);
	for (const char *const *b = a->by; *b; b++, n++)
		query_text(q, n, json_text(record, *b));
	if (query_row(q)) {
		snprintf(out->id, sizeof(out->id), "%s", query_get_text(q, 0));
		snprintf(out->from, sizeof(out->from), "%s",
			 query_is_null(q, 1) ? "ever" : query_get_text(q, 1));
		snprintf(out->to, sizeof(out->to), "%s",
			 query_is_null(q, 2) ? "ever" : query_get_text(q, 2));
	}
	rc = query_end(q, err);
	return rc == RC_OK && !out->id[0] ? RC_NOT_FOUND : rc;
}

enum rc rows_empty(struct db *db, const struct kind *k, struct err *err)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "DELETE FROM %s", k->name);
	return db_script(db, sql, err);
}

enum rc rows_drop(struct db *db, const struct kind *k, enum rows_side side,
		  const char *scope, const char *id, struct err *err)
{
	struct query *q =
		query_begin(db, side == ROWS_SERVER ? k->sql_server_drop
						    : k->sql_replica_drop);
	enum rc rc;

	query_text(q, 1, scope);
	query_text(q, 2, id);
	query_row(q);
	rc = query_end(q, err);
	return rc == RC_OK && side == ROWS_REPLICA ? extra_drop(db, k, id, err)
						   : rc;
}
