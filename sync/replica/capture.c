/* replica/capture.c - shadow tables and the triggers that fill them.
 *
 * Stock sqlite3 runs these, so they use built-in SQL only. An outer OR clause
 * replaces the conflict clauses of a trigger's statements: they have none, and
 * old_<kind> has no constraint that one could ignore. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "kind/rows.h"
#include "sql_sync.gen.h"

#define SQL_BYTES_MAX (256u << 10)
#define TRIGGERS 4

static const char *const trigger_names[TRIGGERS] = { "update", "insert",
						     "inserted", "delete" };

static const char guard[] = "WHEN (SELECT applying FROM hufu_state)=0 BEGIN ";

void capture_copy_write(struct buf *b, const struct kind *k)
{
	buf_printf(b, "INSERT INTO old_%s(hufu_base,hufu_new,", k->name);
	rows_columns(b, k, "");
	buf_printf(b,
		   ") SELECT (SELECT head FROM hufu_scope WHERE "
		   "hufu_scope.scope=%s.scope),0,",
		   k->name);
	rows_columns(b, k, "");
	buf_printf(b, " FROM %s WHERE id=", k->name);
}

/* The same in a trigger, unless one is there. */
static void shadow_put(struct buf *b, const struct kind *k, const char *row)
{
	capture_copy_write(b, k);
	buf_printf(b,
		   "%s.id AND NOT EXISTS (SELECT 1 FROM old_%s WHERE "
		   "id=%s.id); END",
		   row, k->name, row);
}

static void update_write(struct buf *b, const struct kind *k)
{
	buf_printf(b, "BEFORE UPDATE ON %s %s", k->name, guard);
	buf_printf(b,
		   "SELECT RAISE(ABORT,'the id of a record of %s never "
		   "changes: insert a new record and set this one to void') "
		   "WHERE NEW.id IS NOT OLD.id; ",
		   k->name);
	buf_printf(b,
		   "SELECT RAISE(ABORT,'a record of %s never moves to another "
		   "scope: insert a new one there and set this one to void') "
		   "WHERE NEW.scope IS NOT OLD.scope; ",
		   k->name);
	shadow_put(b, k, "OLD");
}

/* Before an INSERT that may replace, ignore or become an update. */
static void insert_write(struct buf *b, const struct kind *k)
{
	buf_printf(b, "BEFORE INSERT ON %s %s", k->name, guard);
	shadow_put(b, k, "NEW");
}

static void inserted_write(struct buf *b, const struct kind *k)
{
	buf_printf(b, "AFTER INSERT ON %s %s", k->name, guard);
	buf_printf(b,
		   "SELECT RAISE(ABORT,'this record of %s exists in another "
		   "scope and never moves: name its own scope') WHERE EXISTS "
		   "(SELECT 1 FROM old_%s WHERE id=NEW.id AND scope IS NOT "
		   "NEW.scope); ",
		   k->name, k->name);
	buf_printf(b,
		   "INSERT INTO old_%s(id,hufu_base,hufu_new,scope) SELECT "
		   "NEW.id,(SELECT head FROM hufu_scope WHERE "
		   "hufu_scope.scope=NEW.scope),1,NEW.scope WHERE NOT EXISTS "
		   "(SELECT 1 FROM old_%s WHERE id=NEW.id); END",
		   k->name, k->name);
}

static void delete_write(struct buf *b, const struct kind *k)
{
	buf_printf(b, "BEFORE DELETE ON %s %s", k->name, guard);
	buf_printf(b,
		   "SELECT RAISE(ABORT,'a record of %s is never deleted: "
		   "UPDATE it and set its state to void with a reason, or take "
		   "back a new one with hufu undo'); END",
		   k->name);
}

static void trigger_write(struct buf *b, const struct kind *k, int which)
{
	buf_printf(b, "CREATE TRIGGER hufu_%s_%s ", k->name,
		   trigger_names[which]);
	switch (which) {
	case 0: update_write(b, k); break;
	case 1: insert_write(b, k); break;
	case 2: inserted_write(b, k); break;
	default: delete_write(b, k); break;
	}
}

/* The column's affinity without its check: what the table held, the shadow
 * takes. */
static void column_write(struct buf *b, const struct field *f)
{
	const char *type = rows_column_type(f);

	buf_printf(b, "%s %.*s", f->name, (int)strcspn(type, " "), type);
}

static enum rc shadow_create(struct replica *r, const struct kind *k,
			     struct err *err)
{
	struct buf b;
	enum rc rc;

	buf_init(&b, SQL_BYTES_MAX);
	buf_printf(&b,
		   "CREATE TABLE IF NOT EXISTS old_%s(id TEXT PRIMARY KEY,"
		   "hufu_base TEXT,hufu_new INTEGER,scope TEXT,town TEXT",
		   k->name);
	for (size_t i = 0; i < k->nfields; i++) {
		buf_byte(&b, ',');
		column_write(&b, &k->fields[i]);
	}
	buf_puts(&b, ") WITHOUT ROWID");
	rc = buf_status(&b, err);
	if (rc == RC_OK)
		rc = db_script(r->db, b.data, err);
	buf_release(&b);
	return rc;
}

/* The names of a table's columns, each between commas. */
static enum rc columns_read(struct replica *r, const char *prefix,
			    const struct kind *k, struct buf *out,
			    struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_COLUMNS);
	char table[48];
	enum rc rc;

	snprintf(table, sizeof(table), "%s%s", prefix, k->name);
	query_text(q, 1, table);
	buf_byte(out, ',');
	while (query_row(q))
		buf_printf(out, "%s,", query_get_text(q, 0));
	rc = query_end(q, err);
	return rc == RC_OK ? buf_status(out, err) : rc;
}

static bool has_column(const struct buf *columns, const char *name)
{
	char wanted[48];

	snprintf(wanted, sizeof(wanted), ",%s,", name);
	return strstr(columns->data, wanted) != NULL;
}

/* A new field: nobody can have edited it yet, so what live carries in it is
 * what the shadow has, too. */
static enum rc shadow_extend(struct replica *r, const struct kind *k,
			     struct err *err)
{
	struct buf columns, sql;
	enum rc rc;

	buf_init(&columns, SQL_BYTES_MAX);
	buf_init(&sql, SQL_BYTES_MAX);
	rc = columns_read(r, "old_", k, &columns, err);
	for (size_t i = 0; i < k->nfields && rc == RC_OK; i++) {
		const char *name = k->fields[i].name;

		if (has_column(&columns, name))
			continue;
		buf_printf(&sql, "ALTER TABLE old_%s ADD COLUMN ", k->name);
		column_write(&sql, &k->fields[i]);
		buf_printf(&sql,
			   ";UPDATE old_%s SET %s=(SELECT %s FROM %s WHERE "
			   "%s.id=old_%s.id) WHERE hufu_new=0;",
			   k->name, name, name, k->name, k->name, k->name);
	}
	if (rc == RC_OK)
		rc = buf_status(&sql, err);
	if (rc == RC_OK && sql.len)
		rc = db_script(r->db, sql.data, err);
	buf_release(&sql);
	buf_release(&columns);
	return rc;
}

static enum rc triggers_create(struct replica *r, const struct kind *k,
			       struct err *err)
{
	struct buf b;
	enum rc rc;

	buf_init(&b, SQL_BYTES_MAX);
	for (int i = 0; i < TRIGGERS; i++) {
		buf_printf(&b, "DROP TRIGGER IF EXISTS hufu_%s_%s;", k->name,
			   trigger_names[i]);
		trigger_write(&b, k, i);
		buf_byte(&b, ';');
	}
	rc = buf_status(&b, err);
	if (rc == RC_OK)
		rc = db_script(r->db, b.data, err);
	buf_release(&b);
	return rc;
}

enum rc capture_create(struct replica *r, const struct kind *k, struct err *err)
{
	enum rc rc = shadow_create(r, k, err);

	if (rc == RC_OK)
		rc = shadow_extend(r, k, err);
	return rc == RC_OK ? triggers_create(r, k, err) : rc;
}

enum rc capture_pause(struct replica *r, struct err *err)
{
	struct buf b;
	enum rc rc;

	buf_init(&b, SQL_BYTES_MAX);
	for (size_t k = 0; k < r->ncaptured; k++)
		for (int i = 0; i < TRIGGERS; i++)
			buf_printf(&b, "DROP TRIGGER IF EXISTS hufu_%s_%s;",
				   r->captured[k].kind->name, trigger_names[i]);
	rc = buf_status(&b, err);
	if (rc == RC_OK && b.len)
		rc = db_script(r->db, b.data, err);
	buf_release(&b);
	return rc;
}

enum rc capture_resume(struct replica *r, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t k = 0; k < r->ncaptured && rc == RC_OK; k++)
		rc = triggers_create(r, r->captured[k].kind, err);
	return rc;
}

static enum rc trigger_check(struct replica *r, const struct kind *k, int which,
			     struct err *err)
{
	char name[64], *sql = NULL;
	struct buf expected;
	bool is_null;
	enum rc rc;

	snprintf(name, sizeof(name), "hufu_%s_%s", k->name,
		 trigger_names[which]);
	buf_init(&expected, SQL_BYTES_MAX);
	trigger_write(&expected, k, which);
	rc = buf_status(&expected, err);
	if (rc == RC_OK)
		rc = record_text(r, SQL_R_SCHEMA_SQL, "trigger", name, &sql,
				 &is_null, err);
	if (rc == RC_NOT_FOUND || (rc == RC_OK && is_null))
		rc = err_set(err, RC_CORRUPT,
			     "the trigger '%s' is missing, edits of '%s' are "
			     "not captured: the next commit or sync makes it "
			     "again and looks for them",
			     name, k->name);
	else if (rc == RC_OK && strcmp(sql, expected.data) != 0)
		rc = err_set(err, RC_CORRUPT,
			     "the trigger '%s' was changed, edits of '%s' may "
			     "not be captured: the next commit or sync makes "
			     "it again and looks for them",
			     name, k->name);
	free(sql);
	buf_release(&expected);
	return rc;
}

static enum rc columns_check(struct replica *r, const char *prefix,
			     const struct kind *k, struct err *err)
{
	static const char *const own[] = { "id", "scope", "town" };
	const char *missing = NULL;
	struct buf columns;
	enum rc rc;

	buf_init(&columns, SQL_BYTES_MAX);
	rc = columns_read(r, prefix, k, &columns, err);
	for (size_t i = 0; i < 3 && rc == RC_OK; i++)
		if (!has_column(&columns, own[i]))
			missing = own[i];
	for (size_t i = 0; i < k->nfields && rc == RC_OK; i++)
		if (!has_column(&columns, k->fields[i].name))
			missing = k->fields[i].name;
	if (missing)
		rc = err_set(err, RC_CORRUPT,
			     "the column '%s' of '%s%s' is "
			     "missing",
			     missing, prefix, k->name);
	buf_release(&columns);
	return rc;
}

/* Outside a transaction that writes, which itself switches it off. */
static enum rc state_get(struct replica *r, bool *is_off, struct err *err)
{
	int64_t state;
	enum rc rc = db_int(r->db,
			    "SELECT count(*)*10+coalesce(sum(applying),0) FROM "
			    "hufu_state",
			    0, &state, err);

	*is_off = state != 10;
	return rc;
}

static enum rc state_check(struct replica *r, struct err *err)
{
	bool is_off;
	enum rc rc = state_get(r, &is_off, err);

	if (rc == RC_OK && is_off)
		rc = err_set(err, RC_CORRUPT,
			     "the capture of edits is switched off "
			     "(hufu_state): the next commit or sync switches "
			     "it on and looks for what was missed");
	return rc;
}

/* Which part of a kind's capture a name of the schema means: its bit. */
static unsigned char part_of(struct replica *r, const char *name,
			     const struct captured **c, int *which)
{
	char kind[48];
	const char *last = strrchr(name, '_');

	*which = -1;
	if (!strncmp(name, "old_", 4)) {
		*c = captured_of(r, name + 4);
		return CAPTURE_SHADOW;
	}
	*c = NULL;
	if (strncmp(name, "hufu_", 5) != 0 || last < name + 5 ||
	    last - name - 5 >= (ptrdiff_t)sizeof(kind))
		return 0;
	snprintf(kind, sizeof(kind), "%.*s", (int)(last - name - 5), name + 5);
	*c = captured_of(r, kind);
	for (int i = 0; i < TRIGGERS; i++)
		if (!strcmp(last + 1, trigger_names[i]))
			*which = i;
	if (*which < 0)
		return 0;
	return (unsigned char)(1 << *which);
}

/* One walk over the schema: which triggers have their text, which shadow tables
 * are there. */
static enum rc schema_walk(struct replica *r, unsigned char *found,
			   struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_SCHEMA_CAPTURE);
	struct buf expected;
	enum rc rc;

	buf_init(&expected, SQL_BYTES_MAX);
	while (query_row(q)) {
		const char *sql = query_get_text(q, 1);
		const struct captured *c;
		int which;
		unsigned char part =
			part_of(r, query_get_text(q, 0), &c, &which);

		if (!c || !sql)
			continue;
		buf_reset(&expected);
		if (which >= 0) {
			trigger_write(&expected, c->kind, which);
			if (expected.rc != RC_OK ||
			    strcmp(sql, expected.data) != 0)
				continue;
		}
		found[c - r->captured] |= part;
	}
	rc = query_end(q, err);
	if (rc == RC_OK)
		rc = buf_status(&expected, err);
	buf_release(&expected);
	return rc;
}

enum rc capture_survey(struct replica *r, struct survey *out, struct err *err)
{
	int64_t schema = 0;
	enum rc rc = state_get(r, &out->is_off, err);

	out->found = NULL;
	out->is_sound = false;
	/* SQLite counts the changes of the schema. */
	if (rc == RC_OK)
		rc = db_int(r->db, "PRAGMA schema_version", 0, &schema, err);
	if (rc != RC_OK)
		return rc;
	if (schema == r->schema_seen) {
		out->is_sound = !out->is_off;
		if (out->is_sound)
			return RC_OK;
	}
	out->found = calloc(r->ncaptured + 1, 1);
	if (!out->found)
		return out_of_memory(err);
	rc = schema_walk(r, out->found, err);
	out->is_sound = rc == RC_OK && !out->is_off;
	for (size_t i = 0; i < r->ncaptured; i++)
		out->is_sound &= out->found[i] == CAPTURE_WHOLE;
	if (out->is_sound)
		r->schema_seen = schema;
	if (rc != RC_OK || out->is_sound) {
		free(out->found);
		out->found = NULL;
	}
	return rc;
}

enum rc capture_restore(struct replica *r, const struct kind *k,
			struct err *err)
{
	enum rc rc = columns_check(r, "", k, err);

	return rc == RC_OK ? capture_create(r, k, err) : rc;
}

enum rc replica_check_capture(struct replica *r, struct err *err)
{
	enum rc rc = replica_begin_read(r, err);

	if (rc != RC_OK)
		return rc;
	rc = state_check(r, err);
	for (size_t i = 0; i < r->ncaptured && rc == RC_OK; i++) {
		const struct kind *k = r->captured[i].kind;

		rc = columns_check(r, "", k, err);
		if (rc == RC_OK)
			rc = columns_check(r, "old_", k, err);
		for (int t = 0; t < TRIGGERS && rc == RC_OK; t++)
			rc = trigger_check(r, k, t, err);
	}
	return replica_end(r, rc, err);
}
