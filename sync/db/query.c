/* db/query.c - cached statements and queries whose errors stick. */
#include "db/db_impl.h"

#include "base/fault.h"

/* Where the text stands in the cache, or where it belongs. */
static size_t cache_place(const struct db *db, const char *sql)
{
	size_t low = 0, high = db->ncached;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((uintptr_t)db->cached[mid]->sql < (uintptr_t)sql)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void cache_remove(struct db *db, size_t at)
{
	sqlite3_finalize(db->cached[at]->stmt);
	free(db->cached[at]);
	db->ncached--;
	memmove(db->cached + at, db->cached + at + 1,
		(db->ncached - at) * sizeof(*db->cached));
}

static struct query *query_prepare(struct db *db, const char *sql)
{
	struct query *q = calloc(1, sizeof(*q));

	if (!q) {
		q = &db->broken;
		memset(q, 0, sizeof(*q));
		q->rc = err_set(&q->err, RC_NOMEM, "out of memory");
		return q;
	}
	q->db = db;
	q->sql = sql;
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
			       &q->stmt, NULL) != SQLITE_OK)
		q->rc = db_failed(db, &q->err, "cannot read");
	return q;
}

static void cache_insert(struct db *db, struct query *q, size_t at)
{
	if (db->ncached == db->room) {
		size_t room = db->room ? db->room * 2 : 64;
		struct query **grown =
			realloc(db->cached, room * sizeof(*grown));

		if (!grown)
			return; /* it stays uncached */
		db->cached = grown;
		db->room = room;
	}
	memmove(db->cached + at + 1, db->cached + at,
		(db->ncached - at) * sizeof(*db->cached));
	db->cached[at] = q;
	db->ncached++;
	q->cached = true;
}

struct query *query_begin(struct db *db, const char *sql)
{
	size_t at = cache_place(db, sql);
	struct query *q = NULL;

	if (at < db->ncached && db->cached[at]->sql == sql) {
		q = db->cached[at];
		/* The memory of a kind's statements is used again after a
		 * kind was replaced: the address alone proves nothing. */
		if (!q->busy && strcmp(sqlite3_sql(q->stmt), sql) != 0) {
			cache_remove(db, at);
			q = NULL;
		} else if (q->busy) {
			q = query_prepare(db, sql);
		}
	}
	if (!q) {
		q = query_prepare(db, sql);
		if (q != &db->broken && q->rc == RC_OK)
			cache_insert(db, q, at);
	}
	if (q->cached) {
		q->rc = RC_OK;
		err_clear(&q->err);
	}
	q->busy = true;
	q->stepped = false;
	return q;
}

static void bound(struct query *q, int code)
{
	if (code != SQLITE_OK && q->rc == RC_OK)
		q->rc = db_failed(q->db, &q->err, "cannot bind in");
}

void query_int(struct query *q, int n, int64_t v)
{
	if (q->rc == RC_OK)
		bound(q, sqlite3_bind_int64(q->stmt, n, v));
}

void query_text(struct query *q, int n, const char *s)
{
	if (q->rc == RC_OK)
		bound(q,
		      s ? sqlite3_bind_text(q->stmt, n, s, -1, SQLITE_TRANSIENT)
			: sqlite3_bind_null(q->stmt, n));
}

void query_textn(struct query *q, int n, const char *s, size_t len)
{
	if (q->rc == RC_OK)
		bound(q, sqlite3_bind_text64(q->stmt, n, s, len,
					     SQLITE_TRANSIENT, SQLITE_UTF8));
}

void query_blob(struct query *q, int n, const void *p, size_t len)
{
	if (q->rc == RC_OK)
		bound(q, sqlite3_bind_blob64(q->stmt, n, p, len,
					     SQLITE_TRANSIENT));
}

void query_null(struct query *q, int n)
{
	if (q->rc == RC_OK)
		bound(q, sqlite3_bind_null(q->stmt, n));
}

bool query_row(struct query *q)
{
	int code;

	if (q->rc != RC_OK)
		return false;
	q->stepped = true;
	if (fault_hit(FAULT_STORE)) {
		q->rc = err_set(&q->err, RC_IO, "the store failed (test)");
		return false;
	}
	code = sqlite3_step(q->stmt);
	if (code == SQLITE_ROW)
		return true;
	if (code != SQLITE_DONE)
		q->rc = db_failed(q->db, &q->err, "cannot use");
	return false;
}

bool query_is_null(const struct query *q, int col)
{
	return sqlite3_column_type(q->stmt, col) == SQLITE_NULL;
}

int64_t query_get_int(struct query *q, int col)
{
	return sqlite3_column_int64(q->stmt, col);
}

const char *query_get_text(struct query *q, int col)
{
	return (const char *)sqlite3_column_text(q->stmt, col);
}

const void *query_get_blob(struct query *q, int col, size_t *len)
{
	const void *p = sqlite3_column_blob(q->stmt, col);

	*len = (size_t)sqlite3_column_bytes(q->stmt, col);
	return p;
}

size_t query_get_len(struct query *q, int col)
{
	return (size_t)sqlite3_column_bytes(q->stmt, col);
}

char query_get_type(struct query *q, int col)
{
	switch (sqlite3_column_type(q->stmt, col)) {
	case SQLITE_INTEGER: return 'i';
	case SQLITE_TEXT: return 't';
	case SQLITE_BLOB: return 'b';
	case SQLITE_FLOAT: return 'f';
	default: return 'n';
	}
}

int64_t query_changes(const struct query *q)
{
	return sqlite3_changes64(q->db->handle);
}

enum rc query_end(struct query *q, struct err *err)
{
	enum rc rc;

	if (!q->stepped)
		query_row(q);
	rc = q->rc;
	if (rc != RC_OK)
		err_set(err, rc, "%s", q->err.text);
	q->busy = false;
	if (q->stmt) {
		q->db->steps += sqlite3_stmt_status(
			q->stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
		sqlite3_reset(q->stmt);
		sqlite3_clear_bindings(q->stmt);
	}
	if (!q->cached && q->db) {
		sqlite3_finalize(q->stmt);
		free(q);
	}
	return rc;
}
