/* db/db.c - connections and transactions. */
#include "db/db_impl.h"

#include <assert.h>
#include <pthread.h>

#include <unistd.h>

#include "base/fault.h"

#define SQL_BYTES_MAX 1000000
#define VALUE_BYTES_MAX (64 << 20)
#define LOOKASIDE_BYTES 512
#define LOOKASIDE_SLOTS 512

enum rc db_failed(struct db *db, struct err *err, const char *doing)
{
	int code = sqlite3_errcode(db->handle);
	const char *text = sqlite3_errmsg(db->handle);

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, RC_BUSY,
			       "'%s' is in use by another program: %s",
			       db->path, text);
	case SQLITE_CONSTRAINT: return err_set(err, RC_INVALID, "%s", text);
	case SQLITE_FULL:
		return err_set(
			err, RC_IO,
			"the disk is full (%s): what was begun is undone, "
			"free some space and try again",
			db->path);
	case SQLITE_NOTADB:
		return err_set(err, RC_CORRUPT,
			       "'%s' is no SQLite database, or its beginning "
			       "is damaged",
			       db->path);
	case SQLITE_CORRUPT:
		return err_set(err, RC_CORRUPT, "'%s' is damaged: %s", db->path,
			       text);
	case SQLITE_NOMEM: return err_set(err, RC_NOMEM, "out of memory");
	case SQLITE_CANTOPEN:
		return err_set(err, RC_IO, "cannot open '%s'", db->path);
	default:
		return err_set(err, RC_IO, "%s '%s': %s", doing, db->path,
			       text);
	}
}

/* SQLite counts its memory under a lock that all threads would wait for. Where
 * the process has used SQLite before, it stays as it is. */
static void library_setup(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static enum rc db_setup(struct db *db, const struct db_options *o,
			struct err *err)
{
	struct buf sql;
	enum rc rc;

	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_LOOKASIDE, NULL,
			  LOOKASIDE_BYTES, LOOKASIDE_SLOTS);
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, o->busy_ms);
	sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
	sqlite3_limit(db->handle, SQLITE_LIMIT_SQL_LENGTH, SQL_BYTES_MAX);
	sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 2);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);

	buf_init(&sql, 4096);
	if (o->mode == DB_CREATE || o->mode == DB_WRITE)
		buf_puts(&sql, o->wal ? "PRAGMA journal_mode=WAL;"
					"PRAGMA wal_autocheckpoint=8192;"
				      : "PRAGMA journal_mode=DELETE;");
	buf_printf(&sql, "PRAGMA synchronous=%s;PRAGMA secure_delete=%s;",
		   o->synchronous_off ? "OFF" : "FULL",
		   o->secure_delete ? "ON" : "OFF");
	buf_puts(&sql, "PRAGMA temp_store=MEMORY;PRAGMA cache_size=-32768;");
	rc = buf_status(&sql, err);
	if (rc == RC_OK)
		rc = db_script(db, sql.data, err);
	buf_release(&sql);
	return rc;
}

/* Where the last writer died, reading begins with undoing what it left, and
 * that is writing. */
static enum rc copy_failed(struct db *source, struct err *err)
{
	struct err why = { 0 };
	enum rc rc = db_failed(source, &why, "cannot read");
	char journal[4096];

	snprintf(journal, sizeof(journal), "%s-journal", source->path);
	if (rc != RC_IO || access(journal, F_OK) != 0)
		return err_set(err, rc, "%s", why.text);
	return err_set(err, RC_IO,
		       "'%s' has an unfinished transaction beside it ('%s'), "
		       "and cannot be read before it is undone: copy both to a "
		       "folder where you may write",
		       source->path, journal);
}

/* Copy the file into the empty database `to`. */
static enum rc db_copy(sqlite3 *to, const char *path,
		       const struct db_options *options, struct err *err)
{
	struct db source = { .path = (char *)(uintptr_t)path };
	sqlite3_backup *backup = NULL;
	enum rc rc = RC_OK;

	/* A file that may not be written is opened for reading then. */
	if (sqlite3_open_v2(path, &source.handle, SQLITE_OPEN_READWRITE,
			    NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(source.handle, options->busy_ms) !=
		    SQLITE_OK ||
	    sqlite3_exec(source.handle,
			 "BEGIN; SELECT count(*) FROM sqlite_schema", NULL,
			 NULL, NULL) != SQLITE_OK) {
		rc = copy_failed(&source, err);
	} else {
		backup = sqlite3_backup_init(to, "main", source.handle, "main");
		if (!backup || sqlite3_backup_step(backup, -1) != SQLITE_DONE)
			rc = err_set(err, RC_IO, "cannot copy '%s': %s", path,
				     sqlite3_errmsg(to));
		sqlite3_backup_finish(backup);
	}
	sqlite3_close(source.handle);
	return rc;
}

enum rc db_open(struct db **out, const char *path,
		const struct db_options *options, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_NOMUTEX;
	struct db *db;
	enum rc rc;

	*out = NULL;
	pthread_once(&once, library_setup);
	db = calloc(1, sizeof(*db));
	if (!db || !(db->path = strdup(path))) {
		free(db);
		return err_set(err, RC_NOMEM, "out of memory");
	}
	if (options->mode == DB_READ)
		flags |= SQLITE_OPEN_READONLY;
	else
		flags |= SQLITE_OPEN_READWRITE;
	if (options->mode == DB_CREATE || options->mode == DB_COPY)
		flags |= SQLITE_OPEN_CREATE;
	/* SQLite keeps a database without a name in a file of its own. */
	if (sqlite3_open_v2(options->mode == DB_COPY ? "" : path, &db->handle,
			    flags, NULL) != SQLITE_OK)
		rc = err_set(err, RC_IO, "cannot open '%s': %s", path,
			     db->handle ? sqlite3_errmsg(db->handle)
					: "out of memory");
	else if (options->mode == DB_COPY)
		rc = db_copy(db->handle, path, options, err);
	else
		rc = RC_OK;
	if (rc == RC_OK)
		rc = db_setup(db, options, err);
	if (rc != RC_OK) {
		db_close(db);
		return rc;
	}
	*out = db;
	return RC_OK;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	for (size_t i = 0; i < db->ncached; i++) {
		sqlite3_finalize(db->cached[i]->stmt);
		free(db->cached[i]);
	}
	free(db->cached);
	sqlite3_close(db->handle);
	free(db->path);
	free(db);
}

int64_t db_steps(const struct db *db)
{
	return db->steps;
}

const char *db_path(const struct db *db)
{
	return db->path;
}

enum rc db_script(struct db *db, const char *sql, struct err *err)
{
	if (fault_hit(FAULT_STORE))
		return err_set(err, RC_IO, "the store failed (test)");
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_failed(db, err, "cannot write");
	return RC_OK;
}

enum rc db_script_given(struct db *db, const char *sql, struct err *err)
{
	struct err why = { 0 };
	enum rc rc = db_script(db, sql, &why);

	if (rc == RC_OK)
		return RC_OK;
	if ((sqlite3_errcode(db->handle) & 0xff) == SQLITE_ERROR)
		return err_set(err, RC_INVALID, "%s",
			       sqlite3_errmsg(db->handle));
	return err_set(err, rc, "%s", why.text);
}

enum rc db_prepares(struct db *db, const char *sql, struct err *err)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL) != SQLITE_OK)
		return err_set(err, RC_INVALID, "%s: %s",
			       sqlite3_errmsg(db->handle), sql);
	sqlite3_finalize(stmt);
	return RC_OK;
}

enum rc db_int(struct db *db, const char *sql, int64_t otherwise, int64_t *out,
	       struct err *err)
{
	struct query *q = query_begin(db, sql);

	*out = query_row(q) ? query_get_int(q, 0) : otherwise;
	return query_end(q, err);
}

static const char *const nested[] = { "nested_1", "nested_2", "nested_3" };
#define NESTED_MAX (sizeof(nested) / sizeof(*nested))

enum rc db_begin(struct db *db, bool immediate, struct err *err)
{
	enum rc rc;

	if (!db->is_outer)
		return db_script(db, immediate ? "BEGIN IMMEDIATE" : "BEGIN",
				 err);
	assert(db->depth < NESTED_MAX);
	rc = db_savepoint(db, nested[db->depth], err);
	if (rc == RC_OK)
		db->depth++;
	return rc;
}

enum rc db_commit(struct db *db, struct err *err)
{
	enum rc rc;

	if (!db->is_outer)
		return db_script(db, "COMMIT", err);
	assert(db->depth > 0);
	rc = db_release(db, nested[db->depth - 1], err);
	if (rc == RC_OK)
		db->depth--;
	return rc;
}

void db_interrupt(struct db *db)
{
	sqlite3_interrupt(db->handle);
}

void db_rollback(struct db *db)
{
	struct err ignored = { 0 };

	if (!db->is_outer && db_in_transaction(db))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	/* Where SQLite took everything back by itself, this fails, and so does
	 * the outer commit. */
	if (db->is_outer && db->depth > 0)
		db_rollback_to(db, nested[--db->depth], &ignored);
}

enum rc db_outer_begin(struct db *db, struct err *err)
{
	enum rc rc = db_begin(db, true, err);

	db->is_outer = rc == RC_OK;
	db->depth = 0;
	return rc;
}

enum rc db_outer_commit(struct db *db, struct err *err)
{
	db->is_outer = false;
	return db_commit(db, err);
}

void db_outer_rollback(struct db *db)
{
	db->is_outer = false;
	db_rollback(db);
}

static enum rc savepoint(struct db *db, const char *verb, const char *name,
			 struct err *err)
{
	char sql[96];

	snprintf(sql, sizeof(sql), "%s %s", verb, name);
	return db_script(db, sql, err);
}

enum rc db_savepoint(struct db *db, const char *name, struct err *err)
{
	return savepoint(db, "SAVEPOINT", name, err);
}

enum rc db_release(struct db *db, const char *name, struct err *err)
{
	return savepoint(db, "RELEASE", name, err);
}

enum rc db_rollback_to(struct db *db, const char *name, struct err *err)
{
	enum rc rc = savepoint(db, "ROLLBACK TO", name, err);

	return rc == RC_OK ? savepoint(db, "RELEASE", name, err) : rc;
}

bool db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->handle);
}

enum rc db_checkpoint(struct db *db, struct err *err)
{
	if (sqlite3_wal_checkpoint_v2(db->handle, NULL,
				      SQLITE_CHECKPOINT_TRUNCATE, NULL,
				      NULL) != SQLITE_OK)
		return db_failed(db, err, "cannot checkpoint");
	return RC_OK;
}
