/* kind/rows_sql.c - the SQL text of a kind's tables, and making them.
 *
 * Everything that is put into a statement here was a validated name before. In
 * a replica any program may write, so its columns check what they hold; on the
 * server only rows_put writes, and plain types keep to the subset of SQL that
 * SQLite and PostgreSQL share. */
#include "kind/fsm.h"
#include "kind/kind_impl.h"

#include <string.h>

#define SQL_BYTES_MAX (256u << 10)

const char *const sealed_columns[] = { "key", "alg", "nonce", "box" };

static const char *sql_type(const struct field *f)
{
	switch (f->type) {
	case FIELD_INT:
	case FIELD_BOOL:
	case FIELD_TIME:
	case FIELD_MONEY:
	case FIELD_COORDINATE: return "INTEGER";
	default: return "TEXT";
	}
}

const char *rows_column_type(const struct field *f)
{
	return f->column;
}

static enum rc column_prepare(struct field *f, struct arena *mem,
			      struct err *err)
{
	const char *type = sql_type(f);

	if (f->type == FIELD_BOOL)
		f->column = arena_printf(mem, "INTEGER CHECK(%s IN (0,1))",
					 f->name);
	else
		f->column = arena_printf(
			mem, "%s CHECK(typeof(%s) IN ('%s','null'))", type,
			f->name, type[0] == 'T' ? "text" : "integer");
	if (!f->column)
		return err_set(err, RC_NOMEM, "no memory for field '%s'",
			       f->name);
	return RC_OK;
}

static size_t column_count(const struct kind *k, enum rows_side side)
{
	return rows_is_outer(k, side) ? SEALED_COLUMNS : k->nfields;
}

static const char *column_name(const struct kind *k, enum rows_side side,
			       size_t i)
{
	return rows_is_outer(k, side) ? sealed_columns[i] : k->fields[i].name;
}

static void columns_write(struct buf *out, const struct kind *k,
			  enum rows_side side, const char *prefix)
{
	buf_printf(out, "%sid,%sscope,%stown", prefix, prefix, prefix);
	for (size_t i = 0; i < column_count(k, side); i++)
		buf_printf(out, ",%s%s", prefix, column_name(k, side, i));
}

void rows_columns(struct buf *out, const struct kind *k, const char *prefix)
{
	columns_write(out, k, ROWS_REPLICA, prefix ? prefix : "");
}

/* The same order of parameters on both sides: id, scope, town, columns. */
static void put_write(struct buf *out, const struct kind *k,
		      enum rows_side side)
{
	size_t n = column_count(k, side);

	buf_printf(out, "INSERT INTO %s(", k->name);
	columns_write(out, k, side, "");
	buf_puts(out, ") VALUES(?1");
	for (size_t i = 1; i < n + 3; i++)
		buf_printf(out, ",?%zu", i + 1);
	buf_puts(out, side == ROWS_SERVER
			      ? ") ON CONFLICT(scope,id) DO UPDATE SET "
			      : ") ON CONFLICT(id) DO UPDATE SET "
				"scope=excluded.scope,");
	buf_puts(out, "town=excluded.town");
	for (size_t i = 0; i < n; i++)
		buf_printf(out, ",%s=excluded.%s", column_name(k, side, i),
			   column_name(k, side, i));
}

/* ?1 is the scope and ?2 the id; a replica finds a record by its id alone,
 * whatever an edit did to its scope. */
static const char *where(enum rows_side side)
{
	return side == ROWS_SERVER ? "WHERE scope=?1 AND id=?2" : "WHERE id=?2";
}

static void get_write(struct buf *out, const struct kind *k,
		      enum rows_side side)
{
	buf_puts(out, "SELECT ");
	columns_write(out, k, side, "");
	buf_printf(out, " FROM %s %s", k->name, where(side));
}

static void drop_write(struct buf *out, const struct kind *k,
		       enum rows_side side)
{
	buf_printf(out, "DELETE FROM %s %s", k->name, where(side));
}

/* ?1 is the scope, ?2 the record's own id, then the values. */
static void twin_write(struct buf *out, const struct kind *k,
		       enum rows_side side)
{
	size_t n = 3;

	(void)side;
	buf_printf(out, "SELECT id FROM %s WHERE scope=?1 AND id<>?2", k->name);
	for (const char *const *u = k->unique; *u; u++)
		buf_printf(out, " AND %s=?%zu", *u, n++);
	buf_puts(out, " ORDER BY id LIMIT 1");
}

/* ?1 is the scope, ?2 the record's own id, ?3 and ?4 its first and last day or
 * NULL, ?5 the state, then the values. */
static void apart_write(struct buf *out, const struct kind *k,
			enum rows_side side)
{
	const struct kind_apart *a = &k->apart;
	const char *state = k->fsm->field->name;
	size_t n = 6;

	(void)side;
	buf_printf(out,
		   "SELECT id, %s, %s FROM %s WHERE scope=?1 AND id<>?2"
		   " AND (%s IS NULL OR %s=?5)"
		   " AND (%s IS NULL OR ?3 IS NULL OR %s>=?3)"
		   " AND (%s IS NULL OR ?4 IS NULL OR %s<=?4)",
		   a->from, a->to, k->name, state, state, a->to, a->to, a->from,
		   a->from);
	for (const char *const *b = a->by; *b; b++)
		buf_printf(out, " AND %s=?%zu", *b, n++);
	buf_puts(out, " ORDER BY id LIMIT 1");
}

typedef void statement_fn(struct buf *out, const struct kind *k,
			  enum rows_side side);

static enum rc statement_prepare(char **out, const struct kind *k,
				 enum rows_side side, statement_fn *write,
				 struct arena *mem, struct err *err)
{
	struct buf sql;
	enum rc rc;

	buf_init(&sql, SQL_BYTES_MAX);
	write(&sql, k, side);
	rc = buf_status(&sql, err);
	if (rc == RC_OK) {
		*out = arena_dup(mem, sql.data, sql.len);
		if (!*out)
			rc = err_set(err, RC_NOMEM, "no memory for kind '%s'",
				     k->name);
	}
	buf_release(&sql);
	return rc;
}

enum rc rows_prepare(struct kind *k, struct field *fields, struct arena *mem,
		     struct err *err)
{
	const struct {
		char **text;
		enum rows_side side;
		statement_fn *write;
	} wanted[] = {
		{ &k->sql_server_put, ROWS_SERVER, put_write },
		{ &k->sql_server_get, ROWS_SERVER, get_write },
		{ &k->sql_server_drop, ROWS_SERVER, drop_write },
		{ &k->sql_replica_put, ROWS_REPLICA, put_write },
		{ &k->sql_replica_get, ROWS_REPLICA, get_write },
		{ &k->sql_replica_drop, ROWS_REPLICA, drop_write },
	};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < k->nfields; i++)
		rc = column_prepare(&fields[i], mem, err);
	for (size_t i = 0; rc == RC_OK && i < sizeof(wanted) / sizeof(*wanted);
	     i++)
		rc = statement_prepare(wanted[i].text, k, wanted[i].side,
				       wanted[i].write, mem, err);
	if (rc == RC_OK && k->unique)
		rc = statement_prepare(&k->sql_twin, k, ROWS_SERVER, twin_write,
				       mem, err);
	if (rc == RC_OK && k->apart.by)
		rc = statement_prepare(&k->sql_apart, k, ROWS_SERVER,
				       apart_write, mem, err);
	return rc;
}

/* `in` is "" or "temp.". */
static void server_create_write(struct buf *out, const struct kind *k,
				const char *in)
{
	size_t n = column_count(k, ROWS_SERVER);

	buf_printf(out,
		   "CREATE TABLE IF NOT EXISTS %s%s(id TEXT NOT NULL,"
		   "scope TEXT NOT NULL,town TEXT NOT NULL",
		   in, k->name);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, ",%s %s", column_name(k, ROWS_SERVER, i),
			   rows_is_outer(k, ROWS_SERVER)
				   ? "TEXT"
				   : sql_type(&k->fields[i]));
	buf_puts(out, ",PRIMARY KEY(scope,id)) WITHOUT ROWID;");
}

static void replica_create_write(struct buf *out, const struct kind *k,
				 const char *scope)
{
	if (k->is_catalog)
		scope = "catalog";
	buf_printf(out,
		   "CREATE TABLE IF NOT EXISTS %s("
		   "id TEXT NOT NULL DEFAULT (lower(hex(randomblob(10)))) "
		   "CHECK(typeof(id)='text' AND length(id) BETWEEN 1 AND 32 "
		   "AND id NOT GLOB '*[^a-z0-9]*'),",
		   k->name);
	buf_puts(out, "scope TEXT NOT NULL");
	if (scope)
		buf_printf(out, " DEFAULT '%s'", scope);
	buf_puts(out,
		 " CHECK(typeof(scope)='text' AND (scope='catalog' OR "
		 "length(scope)=6 AND scope NOT GLOB '*[^0-9]*')),"
		 "town TEXT NOT NULL DEFAULT '000' CHECK(typeof(town)='text' "
		 "AND length(town)=3 AND town NOT GLOB '*[^0-9]*')");
	for (size_t i = 0; i < k->nfields; i++)
		buf_printf(out, ",%s %s", k->fields[i].name,
			   k->fields[i].column);
	buf_puts(out, ",PRIMARY KEY(id)) WITHOUT ROWID;"
		      "CREATE TABLE IF NOT EXISTS hufu_extra(kind TEXT NOT "
		      "NULL,id TEXT NOT NULL,body TEXT NOT NULL,"
		      "PRIMARY KEY(kind,id)) WITHOUT ROWID;");
}

/* <kind>_by_<column>_<column>…: a changed declaration is a new index. */
static void indexes_write(struct buf *out, const struct kind *k, const char *in)
{
	const json_t *indexes = json_object_get(k->definition, "indexes");

	for (size_t i = 0; i < json_array_size(indexes); i++) {
		const json_t *columns = json_array_get(indexes, i);
		size_t n = json_array_size(columns);

		buf_printf(out, "CREATE INDEX IF NOT EXISTS %s%s_by", in,
			   k->name);
		for (size_t j = 0; j < n; j++)
			buf_printf(
				out, "_%s",
				json_string_value(json_array_get(columns, j)));
		buf_printf(out, " ON %s", k->name);
		for (size_t j = 0; j < n; j++)
			buf_printf(
				out, "%s%s", j ? "," : "(",
				json_string_value(json_array_get(columns, j)));
		buf_puts(out, ");");
	}
}

/* Appends what is missing; a table that is not there yet lacks nothing. */
static enum rc missing_write(struct buf *out, struct db *db,
			     const struct kind *k, enum rows_side side,
			     struct err *err)
{
	enum rc rc = RC_OK;

	if (rows_is_outer(k, side))
		return RC_OK;
	for (size_t i = 0; rc == RC_OK && i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		struct query *q = query_begin(
			db, "SELECT count(*),coalesce(sum(name=?2),0) "
			    "FROM pragma_table_info(?1)");
		bool missing = false;

		query_text(q, 1, k->name);
		query_text(q, 2, f->name);
		if (query_row(q))
			missing = query_get_int(q, 0) > 0 &&
				  query_get_int(q, 1) == 0;
		rc = query_end(q, err);
		if (missing)
			buf_printf(out, "ALTER TABLE %s ADD COLUMN %s %s;",
				   k->name, f->name,
				   side == ROWS_SERVER ? sql_type(f)
						       : f->column);
	}
	return rc;
}

/* The next record of the kind with carried values, after `id`. */
static enum rc extra_next(struct db *db, const struct kind *k, char id[33],
			  bool *found, struct err *err)
{
	struct query *q = query_begin(
		db, "SELECT id FROM hufu_extra WHERE kind=?1 AND id>?2 "
		    "ORDER BY id LIMIT 1");
	const char *next = NULL;

	query_text(q, 1, k->name);
	query_text(q, 2, id);
	if (query_row(q))
		next = query_get_text(q, 0);
	*found = next && strlen(next) <= 32;
	if (*found)
		snprintf(id, 33, "%s", next);
	return query_end(q, err);
}

/* Reading a record joins what was carried with its row, and writing it parts
 * them again by today's columns. A record that cannot be read, because an edit
 * left a cell that is no value, keeps what it has: it is still carried. */
static enum rc extra_move(struct db *db, const struct kind *k, struct err *err)
{
	char id[33] = "";
	bool found = false;
	enum rc rc;

	for (;;) {
		struct err why = { 0 };
		json_t *record = NULL;

		rc = extra_next(db, k, id, &found, err);
		if (rc != RC_OK || !found)
			return rc;
		rc = rows_get(db, k, ROWS_REPLICA, NULL, id, &record, &why);
		if (rc == RC_OK)
			rc = rows_put(db, k, ROWS_REPLICA, record, &why);
		json_decref(record);
		if (rc != RC_OK && rc != RC_INVALID && rc != RC_NOT_FOUND)
			return err_set(err, rc, "%s", why.text);
	}
}

enum rc rows_create(struct db *db, const struct kind *k, enum rows_side side,
		    const char *scope, struct err *err)
{
	struct buf sql;
	size_t created;
	enum rc rc;

	buf_init(&sql, SQL_BYTES_MAX);
	rc = missing_write(&sql, db, k, side, err);
	if (rc != RC_OK)
		goto out;
	created = sql.len;
	if (side == ROWS_SERVER) {
		server_create_write(&sql, k, "");
		indexes_write(&sql, k, "");
	} else {
		replica_create_write(&sql, k, scope);
	}
	rc = buf_status(&sql, err);
	if (rc == RC_OK)
		rc = db_script(db, sql.data, err);
	if (rc == RC_OK && side == ROWS_REPLICA && created > 0)
		rc = extra_move(db, k, err);
out:
	buf_release(&sql);
	return rc;
}

typedef void shadow_fn(struct buf *out, const struct kind *k, const char *in);

static enum rc shadow_script(struct db *db, const struct kind *k,
			     shadow_fn *write, struct err *err)
{
	struct buf sql;
	enum rc rc;

	buf_init(&sql, SQL_BYTES_MAX);
	write(&sql, k, "temp.");
	rc = buf_status(&sql, err);
	if (rc == RC_OK)
		rc = db_script(db, sql.data ? sql.data : "", err);
	buf_release(&sql);
	return rc;
}

enum rc rows_shadow_begin(struct db *db, const struct kind *k, struct err *err)
{
	enum rc rc = rows_shadow_end(db, k, err);

	return rc == RC_OK ? shadow_script(db, k, server_create_write, err)
			   : rc;
}

enum rc rows_shadow_index(struct db *db, const struct kind *k, struct err *err)
{
	return shadow_script(db, k, indexes_write, err);
}

enum rc rows_shadow_end(struct db *db, const struct kind *k, struct err *err)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "DROP TABLE IF EXISTS temp.%s", k->name);
	return db_script(db, sql, err);
}
