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

/* The record as it stands goes into the shadow, unless one is there. */
static void shadow_put(struct buf *b, const struct kind *k, const char *row)
{
	buf_printf(b, "INSERT INTO old_%s(hufu_base,hufu_new,", k->name);
	rows_columns(b, k, "");
	buf_printf(b,
		   ") SELECT (SELECT head FROM hufu_scope WHERE "
		   "hufu_scope.scope=%s.scope),0,",
		   k->name);
	rows_columns(b, k, "");
	buf_printf(b,
		   " FROM %s WHERE id=%s.id AND NOT EXISTS (SELECT 1 FROM "
		   "old_%s WHERE id=%s.id); END",
		   k->name, row, k->name, row);
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
			     "the trigger '%s' is missing: edits of '%s' are "
			     "not captured",
			     name, k->name);
	else if (rc == RC_OK && strcmp(sql, expected.data) != 0)
		rc = err_set(err, RC_CORRUPT,
			     "the trigger '%s' was changed: edits of '%s' may "
			     "not be captured",
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

static enum rc state_check(struct replica *r, struct err *err)
{
	int64_t state;
	enum rc rc = db_int(r->db,
			    "SELECT count(*)*10+coalesce(sum(applying),0) FROM "
			    "hufu_state",
			    0, &state, err);

	if (rc == RC_OK && state != 10)
		rc = err_set(err, RC_CORRUPT,
			     "the capture of edits is switched off "
			     "(hufu_state)");
	return rc;
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

/* Take the text and make the buffer empty; NULL sticks in *failed. */
static char *text_take(struct buf *b, bool *failed)
{
	char *text = b->rc == RC_OK && b->data ? strdup(b->data) : NULL;

	*failed |= !text;
	buf_reset(b);
	return text;
}

enum rc captured_make(struct captured *c, const struct kind *k, struct err *err)
{
	const char *subject = k->companion_key ? k->companion_key : "id";
	bool failed = false;
	struct buf b;

	memset(c, 0, sizeof(*c));
	c->kind = k;
	buf_init(&b, SQL_BYTES_MAX);
	buf_puts(&b, "SELECT hufu_base,hufu_new,");
	rows_columns(&b, k, "");
	buf_printf(&b, " FROM old_%s WHERE id=?1", k->name);
	c->shadow_get = text_take(&b, &failed);
	buf_printf(&b, "SELECT id FROM old_%s WHERE id>?1 ORDER BY id LIMIT 1",
		   k->name);
	c->shadow_next = text_take(&b, &failed);
	buf_printf(&b, "DELETE FROM old_%s WHERE id=?1", k->name);
	c->shadow_drop = text_take(&b, &failed);
	buf_printf(&b, "INSERT OR REPLACE INTO %s(", k->name);
	rows_columns(&b, k, "");
	buf_puts(&b, ") SELECT ");
	rows_columns(&b, k, "");
	buf_printf(&b, " FROM old_%s WHERE id=?1", k->name);
	c->shadow_restore = text_take(&b, &failed);
	buf_printf(&b, "SELECT hufu_new FROM old_%s WHERE id=?1", k->name);
	c->shadow_new = text_take(&b, &failed);
	buf_printf(&b, "SELECT id FROM %s WHERE id>?1 ORDER BY id LIMIT 1",
		   k->name);
	c->live_next = text_take(&b, &failed);
	buf_printf(&b,
		   "SELECT id FROM %s WHERE %s=?1 AND id>?2 ORDER BY id LIMIT "
		   "1",
		   k->name, subject);
	c->by_subject = text_take(&b, &failed);
	buf_release(&b);
	return failed ? out_of_memory(err) : RC_OK;
}

void captured_release(struct captured *c)
{
	free(c->shadow_get);
	free(c->shadow_next);
	free(c->shadow_drop);
	free(c->shadow_restore);
	free(c->shadow_new);
	free(c->live_next);
	free(c->by_subject);
	memset(c, 0, sizeof(*c));
}
