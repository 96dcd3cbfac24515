/* db/db_impl.h - what db.c and query.c share; no other room includes it. */
#ifndef DB_DB_IMPL_H
#define DB_DB_IMPL_H

#include <sqlite3.h>

#include "base/buf.h"
#include "db/db.h"

struct query {
	struct db *db;
	sqlite3_stmt *stmt;
	const char *sql; /* the text's address is the cache's key */
	bool cached;
	bool busy;
	bool stepped;
	enum rc rc;
	struct err err; /* the first failure, until query_end */
};

struct db {
	sqlite3 *handle;
	char *path;
	struct query **cached; /* sorted by address of the text */
	size_t ncached, room;
	struct query broken; /* what query_begin answers when memory ran out */
	bool is_outer; /* db_outer_begin */
	size_t depth; /* of savepoints within it */
	int64_t steps; /* db_steps */
};

/* Turn the connection's last error into ours. */
enum rc db_failed(struct db *db, struct err *err, const char *doing);

#endif
