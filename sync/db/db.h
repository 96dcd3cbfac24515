/* db/db.h - SQLite behind one header: connections, cached statements, and
 * queries whose errors stick until their end.
 *
 * A connection belongs to one thread at a time. Statement text is a constant or
 * outlives its use; statements are prepared once per connection and found again
 * by the text's address. Every step, begin and commit is a FAULT_STORE point.
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

enum db_mode {
	DB_CREATE, /* read and write, made when absent */
	DB_WRITE, /* read and write, must exist */
	DB_READ, /* read only, must exist */
	DB_COPY, /* a private copy, gone at db_close; the file is only read */
};

struct db_options {
	enum db_mode mode;
	bool wal; /* journal_mode WAL, else DELETE */
	bool synchronous_off; /* tests and throw-away files only; else FULL */
	bool secure_delete;
	int busy_ms; /* how long to wait for another writer */
};

enum rc db_open(struct db **out, const char *path,
		const struct db_options *options, struct err *err);
void db_close(struct db *db);
const char *db_path(const struct db *db);
/* Steps of SQLite's machine that all queries took so far: what a test holds
 * where time would tell of the machine. */
int64_t db_steps(const struct db *db);
/* From any thread, while the connection is open: what runs on it fails. */
void db_interrupt(struct db *db);

/* Run a script of one or more statements without results. */
enum rc db_script(struct db *db, const char *sql, struct err *err);
/* The same of a script that somebody gave: what is wrong with it is RC_INVALID,
 * in SQLite's words. */
enum rc db_script_given(struct db *db, const char *sql, struct err *err);
/* Prepare only: for the lint of statements. */
enum rc db_prepares(struct db *db, const char *sql, struct err *err);
/* One integer of one row, or `otherwise` when there is no row. */
enum rc db_int(struct db *db, const char *sql, int64_t otherwise, int64_t *out,
	       struct err *err);

enum rc db_begin(struct db *db, bool immediate, struct err *err);
enum rc db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db); /* a no-op outside a transaction */
/* One write transaction around several: until it ends, begin, commit and
 * rollback of others on this connection are savepoints in it, at most three
 * deep. After db_outer_commit failed, db_outer_rollback. */
enum rc db_outer_begin(struct db *db, struct err *err);
enum rc db_outer_commit(struct db *db, struct err *err);
void db_outer_rollback(struct db *db);
/* Savepoints nest; a name is a constant. */
enum rc db_savepoint(struct db *db, const char *name, struct err *err);
enum rc db_release(struct db *db, const char *name, struct err *err);
enum rc db_rollback_to(struct db *db, const char *name, struct err *err);
bool db_in_transaction(const struct db *db);
/* Move the write-ahead log into the file and empty it. */
enum rc db_checkpoint(struct db *db, struct err *err);

/* A statement in use. Bind by number from 1, step with query_row, read columns
 * from 0, end with query_end. The first failure sticks; query_row answers false
 * then. Text and blobs read are borrowed until the next step. */
struct query;

struct query *query_begin(struct db *db, const char *sql);
void query_int(struct query *q, int n, int64_t v);
void query_text(struct query *q, int n, const char *s); /* NULL binds null */
void query_textn(struct query *q, int n, const char *s, size_t len);
void query_blob(struct query *q, int n, const void *p, size_t len);
void query_null(struct query *q, int n);
bool query_row(struct query *q);
bool query_is_null(const struct query *q, int col);
int64_t query_get_int(struct query *q, int col);
const char *query_get_text(struct query *q, int col); /* NULL for null */
const void *query_get_blob(struct query *q, int col, size_t *len);
size_t query_get_len(struct query *q, int col); /* bytes of text or blob */
/* 'i' integer, 't' text, 'b' blob, 'f' float, 'n' null */
char query_get_type(struct query *q, int col);
int64_t
query_changes(const struct query *q); /* rows written by the last step */
/* Steps once if query_row was never called, resets, reports. */
enum rc query_end(struct query *q, struct err *err);

#endif
