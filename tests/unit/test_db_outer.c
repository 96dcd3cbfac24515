/* One transaction around several: what is inside can fail and be undone, and
 * nothing is on the disk before the outer end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "db/db.h"

static const char put[] = "INSERT INTO t VALUES(?1)";
static const char count[] = "SELECT count(*) FROM t";

struct world {
	struct db *db, *other;
	struct err err;
};

static void row(struct world *w, int n)
{
	struct query *q = query_begin(w->db, put);

	query_int(q, 1, n);
	assert_int_equal(query_end(q, &w->err), RC_OK);
}

static int64_t rows(struct db *db)
{
	struct err err = { 0 };
	int64_t n = -1;

	assert_int_equal(db_int(db, count, -1, &n, &err), RC_OK);
	return n;
}

static int begin(void **state)
{
	static struct world w;
	static char path[64];
	const struct db_options options = { .mode = DB_CREATE,
					    .wal = true,
					    .synchronous_off = true };

	w = (struct world){ 0 };
	snprintf(path, sizeof(path), "/tmp/test_db_outer.%d", (int)getpid());
	unlink(path);
	assert_int_equal(db_open(&w.db, path, &options, &w.err), RC_OK);
	assert_int_equal(db_script(w.db, "CREATE TABLE t(n INTEGER)", &w.err),
			 RC_OK);
	assert_int_equal(db_open(&w.other, path, &options, &w.err), RC_OK);
	*state = &w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;
	char path[64];

	snprintf(path, sizeof(path), "%s", db_path(w->db));
	db_close(w->db);
	db_close(w->other);
	unlink(path);
	return 0;
}

static void test_nothing_is_seen_before_the_outer_end(void **state)
{
	struct world *w = *state;

	assert_int_equal(db_outer_begin(w->db, &w->err), RC_OK);
	assert_int_equal(db_begin(w->db, true, &w->err), RC_OK);
	row(w, 1);
	assert_int_equal(db_commit(w->db, &w->err), RC_OK);
	assert_int_equal(rows(w->other), 0);
	assert_int_equal(db_outer_commit(w->db, &w->err), RC_OK);
	assert_int_equal(rows(w->other), 1);
}

static void test_what_is_inside_is_undone_alone(void **state)
{
	struct world *w = *state;

	assert_int_equal(db_outer_begin(w->db, &w->err), RC_OK);
	row(w, 1);
	assert_int_equal(db_begin(w->db, true, &w->err), RC_OK);
	row(w, 2);
	assert_int_equal(db_begin(w->db, false, &w->err), RC_OK);
	row(w, 3);
	db_rollback(w->db);
	assert_int_equal(rows(w->db), 2);
	db_rollback(w->db);
	db_rollback(w->db); /* nothing is left to undo */
	assert_int_equal(db_outer_commit(w->db, &w->err), RC_OK);
	assert_int_equal(rows(w->other), 1);
}

static void test_the_outer_rollback_takes_all(void **state)
{
	struct world *w = *state;

	assert_int_equal(db_outer_begin(w->db, &w->err), RC_OK);
	assert_int_equal(db_begin(w->db, true, &w->err), RC_OK);
	row(w, 1);
	assert_int_equal(db_commit(w->db, &w->err), RC_OK);
	db_outer_rollback(w->db);
	assert_int_equal(rows(w->db), 0);
	/* and the connection is as it was */
	assert_int_equal(db_begin(w->db, true, &w->err), RC_OK);
	row(w, 2);
	assert_int_equal(db_commit(w->db, &w->err), RC_OK);
	assert_int_equal(rows(w->other), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_nothing_is_seen_before_the_outer_end, begin, end),
		cmocka_unit_test_setup_teardown(
			test_what_is_inside_is_undone_alone, begin, end),
		cmocka_unit_test_setup_teardown(
			test_the_outer_rollback_takes_all, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
