/* raw.c - what the machine itself can do, each beside a figure of ours: no
 * signature, no network, no history. SQLite is used directly here, because a
 * limit that goes through our own layers would be none. */
#define SQLITE_ENABLE_SESSION
#define SQLITE_ENABLE_PREUPDATE_HOOK
#include "bench.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/deflate.h"

#define COLUMNS                                                                \
	"id,town,uscc,name,address,district,industry,risk_level,credit_grade," \
	"latitude,longitude,updated_at,phone,legal_person"
#define NCOLUMNS 14
#define COLUMN_BYTES_MAX ((size_t)1 << 28)

static void sql_must(sqlite3 *db, int code, const char *what)
{
	if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

static void sql(sqlite3 *db, const char *text)
{
	sql_must(db, sqlite3_exec(db, text, NULL, NULL, NULL), text);
}

static sqlite3 *raw_open(const char *path)
{
	sqlite3 *db;

	sql_must(NULL, sqlite3_open(path, &db), path);
	return db;
}

/* The rows of a replica in a table of their own. */
static sqlite3 *raw_table(const char *path, const char *replica_file)
{
	char text[512];
	sqlite3 *db;

	unlink(path);
	db = raw_open(path);
	snprintf(text, sizeof(text), "ATTACH '%s' AS r", replica_file);
	sql(db, text);
	sql(db, "CREATE TABLE s(id TEXT PRIMARY KEY NOT NULL,town,uscc,name,"
		"address,district,industry,risk_level,credit_grade,latitude,"
		"longitude,updated_at,phone,legal_person)");
	sql(db, "INSERT INTO s SELECT " COLUMNS " FROM r." BENCH_KIND);
	sql(db, "DETACH r");
	sql(db, "PRAGMA journal_mode=WAL");
	sql(db, "PRAGMA synchronous=FULL");
	sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
	return db;
}

double raw_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out;
	char piece[1 << 16];
	double began = now_s();
	ssize_t n;

	out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	while ((n = read(in, piece, sizeof(piece))) > 0)
		if (write(out, piece, (size_t)n) != n)
			break;
	if (n != 0 || fsync(out) != 0) {
		perror(to);
		exit(1);
	}
	close(in);
	close(out);
	began = now_s() - began;
	unlink(to);
	return began;
}

int64_t raw_columns(const char *replica_file)
{
	sqlite3 *db = raw_open(replica_file);
	struct err err = { 0 };
	int64_t total = 0;

	for (int c = 0; c < NCOLUMNS; c++) {
		sqlite3_stmt *q;
		struct buf column, packed;

		buf_init(&column, COLUMN_BYTES_MAX);
		buf_init(&packed, COLUMN_BYTES_MAX);
		sql_must(db,
			 sqlite3_prepare_v2(db,
					    "SELECT " COLUMNS
					    " FROM " BENCH_KIND " ORDER BY id",
					    -1, &q, NULL),
			 "columns");
		while (sqlite3_step(q) == SQLITE_ROW) {
			buf_puts(&column,
				 (const char *)sqlite3_column_text(q, c));
			buf_byte(&column, '\n');
		}
		sqlite3_finalize(q);
		must(deflate_all(&packed, column.data, column.len,
				 DEFLATE_LEVEL, &err),
		     &err, "deflate");
		total += (int64_t)packed.len;
		buf_release(&column);
		buf_release(&packed);
	}
	sqlite3_close(db);
	return total;
}

double raw_transactions(const char *folder, const char *replica_file, int rows)
{
	char path[256], text[256], id[33];
	int n = 200;
	double from;
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/raw.db", folder);
	db = raw_table(path, replica_file);
	from = now_s();
	for (int t = 0; t < n; t++) {
		sql(db, "BEGIN IMMEDIATE");
		for (int i = 0; i < rows; i++) {
			row_id((size_t)(t * rows + i), id);
			snprintf(text, sizeof(text),
				 "UPDATE s SET phone='%d' WHERE id='%s'", t,
				 id);
			sql(db, text);
		}
		sql(db, "COMMIT");
	}
	from = now_s() - from;
	sqlite3_close(db);
	return n / from;
}

/* One side of the exchange by changesets. */
struct side {
	sqlite3 *db;
	sqlite3_session *session;
	void *changes;
	int bytes;
	struct buf packed;
};

static void side_begin(struct side *s, const char *folder, const char *name,
		       const char *replica_file)
{
	char path[256];

	memset(s, 0, sizeof(*s));
	snprintf(path, sizeof(path), "%s/%s.db", folder, name);
	s->db = raw_table(path, replica_file);
	buf_init(&s->packed, COLUMN_BYTES_MAX);
	sql_must(s->db, sqlite3session_create(s->db, "main", &s->session),
		 "session");
	sql_must(s->db, sqlite3session_attach(s->session, "s"), "session");
}

static void side_end(struct side *s)
{
	sqlite3_free(s->changes);
	buf_release(&s->packed);
	sqlite3_close(s->db);
}

static void side_edit(struct side *s, const struct edit_set *e, bool server)
{
	size_t n = server ? BENCH_EDITS_SERVER : BENCH_EDITS_TABLET;
	char text[256], id[33];

	sql(s->db, "BEGIN");
	for (size_t i = 0; i < n; i++) {
		row_id(server ? edit_server_row(e, i) : e->rows[i], id);
		if (server)
			edit_server_sql(text, sizeof(text), "s", i, id);
		else
			edit_tablet_sql(text, sizeof(text), "s", i, id);
		sql(s->db, text);
	}
	sql(s->db, "COMMIT");
}

static int conflict_seen(void *ctx, int what, sqlite3_changeset_iter *it)
{
	(void)it;
	++*(int *)ctx;
	return what == SQLITE_CHANGESET_DATA ? SQLITE_CHANGESET_REPLACE
					     : SQLITE_CHANGESET_OMIT;
}

static void side_take(struct side *s)
{
	sql_must(s->db,
		 sqlite3session_changeset(s->session, &s->bytes, &s->changes),
		 "changeset");
	sqlite3session_delete(s->session);
}

static void side_send(struct side *s, struct side *to, int *conflicts)
{
	struct err err = { 0 };
	struct buf plain;

	must(deflate_all(&s->packed, s->changes, (size_t)s->bytes,
			 DEFLATE_LEVEL, &err),
	     &err, "deflate");
	buf_init(&plain, COLUMN_BYTES_MAX);
	must(inflate_all(&plain, s->packed.data, s->packed.len, &err), &err,
	     "inflate");
	sql_must(to->db,
		 sqlite3changeset_apply(to->db, (int)plain.len, plain.data,
					NULL, conflict_seen, conflicts),
		 "apply");
	buf_release(&plain);
}

void raw_session(const char *folder, const char *replica_file,
		 const struct edit_set *e, struct raw_session *out)
{
	struct side tablet, server;
	int ignored = 0;
	double from;

	memset(out, 0, sizeof(*out));
	side_begin(&tablet, folder, "raw-tablet", replica_file);
	side_begin(&server, folder, "raw-server", replica_file);
	side_edit(&tablet, e, false);
	side_edit(&server, e, true);
	from = now_s();
	/* both changesets are of what each side did by itself */
	side_take(&tablet);
	side_take(&server);
	side_send(&tablet, &server, &out->conflicts);
	side_send(&server, &tablet, &ignored);
	out->seconds = now_s() - from;
	out->up = (int64_t)tablet.packed.len;
	out->down = (int64_t)server.packed.len;
	side_end(&tablet);
	side_end(&server);
}
