/* Every statement of schema/sql, and every one that a kind generates, compiles
 * on a fresh database: a typing error in one that no test runs is found here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kind/rows.h"
#include "lib/loop.h"
#include "object/oid.h"
#include "replica/replica.h"
#include "sql_store.gen.h"
#include "sql_sync.gen.h"
#include "tree/tree.h"

static char folder[64];
static struct loop server;
static struct db *replica, *mirror;

static void must(enum rc rc, const struct err *err)
{
	if (rc != RC_OK)
		fail_msg("%s", err->text);
}

static struct db *scratch(const char *name, enum db_mode mode)
{
	const struct db_options options = { .mode = mode,
					    .synchronous_off = true };
	struct err err = { 0 };
	struct db *db = NULL;
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	must(db_open(&db, path, &options, &err), &err);
	return db;
}

static int begin(void **state)
{
	struct replica *made = NULL;
	struct err err = { 0 };
	char path[96];

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/hufu-lint-XXXXXX");
	assert_non_null(mkdtemp(folder));
	must(seal_setup(&err), &err);
	must(object_setup(&err), &err);
	snprintf(path, sizeof(path), "%s/data", folder);
	must(loop_init(&server, path, &host_system, &err), &err);
	snprintf(path, sizeof(path), "%s/replica.db", folder);
	must(replica_create(&made, path, &host_system, &err), &err);
	replica_close(made);
	replica = scratch("replica.db", DB_WRITE);
	mirror = scratch("mirror.db", DB_CREATE);
	must(db_script(mirror, SQL_MIRROR_CREATE, &err), &err);
	must(tree_create(mirror, &err), &err);
	must(db_script(mirror, SQL_MIRROR_FORGET, &err), &err);
	return 0;
}

static int end(void **state)
{
	char command[96];

	(void)state;
	db_close(replica);
	db_close(mirror);
	loop_release(&server);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* A set of statements serves several databases; each must suit one of them. */
static void all_prepare(const char *const *all, struct db *const *databases)
{
	struct err err;
	size_t n;

	for (n = 0; all[n]; n++) {
		bool is_ok = false;

		memset(&err, 0, sizeof(err));
		for (size_t i = 0; databases[i] && !is_ok; i++)
			is_ok = db_prepares(databases[i], all[n], &err) ==
				RC_OK;
		if (!is_ok)
			fail_msg("%s", err.text);
	}
	assert_true(n > 10);
}

static void every_statement_of_the_store_prepares(void **state)
{
	struct db *const databases[] = { server.store->db, server.store->keys,
					 mirror, NULL };

	(void)state;
	all_prepare(sql_store_all, databases);
}

static void every_statement_of_the_replica_prepares(void **state)
{
	struct db *const databases[] = { replica, NULL };
	/* Some statements read a kind's table. */
	static const char *const read[] = { "answer", "enrolment", "evidence",
					    "violation" };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(read) / sizeof(*read); i++)
		must(rows_create(replica,
				 registry_kind(server.store->kinds, read[i]),
				 ROWS_REPLICA, "330106", &err),
		     &err);
	all_prepare(sql_sync_all, databases);
}

static void every_statement_of_a_kind_prepares(void **state)
{
	const struct registry *kinds = server.store->kinds;
	struct err err = { 0 };

	(void)state;
	assert_true(registry_count(kinds) > 10);
	must(db_script(replica,
		       "CREATE TABLE IF NOT EXISTS hufu_extra(kind TEXT, id "
		       "TEXT, body TEXT)",
		       &err),
	     &err);
	for (size_t i = 0; i < registry_count(kinds); i++) {
		const struct kind *k = registry_at(kinds, i);
		const char *const on_server[] = { k->sql_server_put,
						  k->sql_server_get,
						  k->sql_server_drop };
		const char *const on_replica[] = { k->sql_replica_put,
						   k->sql_replica_get,
						   k->sql_replica_drop };

		must(rows_create(replica, k, ROWS_REPLICA, "330106", &err),
		     &err);
		for (size_t j = 0; j < 3; j++) {
			must(db_prepares(server.store->db, on_server[j], &err),
			     &err);
			must(db_prepares(replica, on_replica[j], &err), &err);
		}
	}
}

/* A step of a plan whose cost does not grow with the scope. */
static bool is_direct(const char *step)
{
	if (!strncmp(step, "SEARCH ", 7))
		return strstr(step, "COVERING INDEX") ||
		       strstr(step, "PRIMARY KEY (scope=? AND id=?)");
	return strncmp(step, "SCAN ", 5) != 0 ||
	       !strcmp(step, "SCAN CONSTANT ROW") ||
	       !strcmp(step, "SCAN person") || !strcmp(step, "SCAN p");
}

/* What is looked up for each row of a file, or for each packet, is found by an
 * index: a walk over the scope makes an import of 100,000 rows one of hours.
 * SQLite takes the key's first column before an index that it would have to
 * leave again, so each of these covers its statement. */
static void what_each_row_asks_has_an_index(void **state)
{
	static const char *const statements[] = {
		SQL_SUBJECTS_OF_SOURCE,        SQL_SUBJECTS_OF_CODE,
		SQL_OFFICERS_OF_CERTIFICATE,   SQL_VISITS_OF_ASSIGNMENT,
		SQL_ASSIGNMENTS_REASSIGNED_TO, SQL_OFFICER_OF_ACCOUNT,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(statements) / sizeof(*statements); i++) {
		struct err err = { 0 };
		char plan[1024];
		struct query *q;

		snprintf(plan, sizeof(plan), "EXPLAIN QUERY PLAN %s",
			 statements[i]);
		q = query_begin(server.store->db, plan);
		while (query_row(q))
			if (!is_direct(query_get_text(q, 3)))
				fail_msg("%s: %s", statements[i],
					 query_get_text(q, 3));
		must(query_end(q, &err), &err);
	}
}

/* The card of one subject costs its own rows: beginning at the log it read all
 * of it, a second at 100,000 subjects. */
static void a_subjects_imported_ratings_do_not_read_the_log(void **state)
{
	char plan[1024];
	struct err err = { 0 };
	struct query *q;

	(void)state;
	snprintf(plan, sizeof(plan), "EXPLAIN QUERY PLAN %s",
		 SQL_RATING_IMPORTED);
	q = query_begin(server.store->db, plan);
	while (query_row(q)) {
		const char *step = query_get_text(q, 3);

		if (strstr(step, "SCAN") ||
		    strstr(step, "(scope=? AND position<"))
			fail_msg("%s", step);
	}
	must(query_end(q, &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_subjects_imported_ratings_do_not_read_the_log),
		cmocka_unit_test(what_each_row_asks_has_an_index),
		cmocka_unit_test(every_statement_of_the_store_prepares),
		cmocka_unit_test(every_statement_of_the_replica_prepares),
		cmocka_unit_test(every_statement_of_a_kind_prepares),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
