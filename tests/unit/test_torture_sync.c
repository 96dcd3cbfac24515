/* The nth store call or allocation fails during a sync, a commit: nothing that
 * was acknowledged is lost, nothing happens twice, and the next sync makes
 * both sides equal again. Server and tablet share the process, so the fault
 * hits either. */
#include "torture.h"

#include "ledger/check.h"
#include "replica/replica_impl.h"

static struct field_world world;
static unsigned char seed[SIGN_SEED_BYTES];
static int turn; /* of tries */

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 2);
	sign_key_seed(&world.tablets[0]->officer, seed);
	turn = 0;
	field_office(&world, "visit", "merged", "{\"subject\":\"s1\"}");
	field_office(&world, "visit", "f1", "{\"subject\":\"s2\"}");
	field_sync(&world, 0);
	field_sync(&world, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

static void must(enum rc rc, const char *what)
{
	if (rc != RC_OK)
		fail_msg("turn %d, %s: %s (%s)", turn, what, world.err.text,
			 rc_name(rc));
}

static void edit(int tablet, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void edit(int tablet, const char *format, ...)
{
	char sql[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(sql, sizeof(sql), format, ap);
	va_end(ap);
	field_exec(&world, tablet, sql);
}

static int64_t server_count(const char *sql)
{
	return strtoll(field_server(&world, sql), NULL, 10);
}

/* What happens when the programs start again. */
static void everything_opens(void)
{
	must(loop_reopen(&world.loop, &world.err), "server");
	replica_close(world.tablets[0]);
	world.tablets[0] = NULL;
	must(replica_open(&world.tablets[0], world.files[0], &host_system,
			  &world.err),
	     "tablet");
	must(replica_unlock_seed(world.tablets[0], seed, &world.err), "seed");
}

static void both_are_sound(void)
{
	struct check_report report = { 0 };

	must(replica_verify(world.tablets[0], &world.err), "verify");
	if (ledger_check(world.loop.store, NULL, &report, &world.err) != RC_OK)
		fail_msg("turn %d, server: %s %s %s", turn, report.fault.what,
			 report.fault.why, world.err.text);
	check_report_release(&report);
}

/* Tablet 1 was first; tablet 0 now has a new visit, a change beside the other's
 * and one against it, in the visit that the turn before made for this one. */
static void visits_prepare(void *ctx)
{
	char next[16];

	(void)ctx;
	turn++;
	snprintf(next, sizeof(next), "f%d", turn + 1);
	field_office(&world, "visit", next, "{\"subject\":\"s2\"}");
	edit(1, "UPDATE visit SET summary='other %d' WHERE id='merged'", turn);
	edit(1, "UPDATE visit SET summary='other' WHERE id='f%d'", turn);
	field_sync(&world, 1);
	edit(0, "INSERT INTO visit(id,subject,summary) VALUES('v%d','s3','%d')",
	     turn, turn);
	edit(0, "UPDATE visit SET reason='mine %d' WHERE id='merged'", turn);
	edit(0, "UPDATE visit SET summary='mine' WHERE id='f%d'", turn);
}

static enum rc sync_act(void *ctx, struct err *err)
{
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary s;

	(void)ctx;
	return replica_sync(world.tablets[0], &x, &s, err);
}

static void nothing_is_lost(void)
{
	char want[160];

	assert_int_equal(server_count("SELECT count(*) FROM visit WHERE id "
				      "LIKE 'v%' AND id='v'||summary"),
			 turn);
	assert_int_equal(server_count("SELECT count(*) FROM conflict"), turn);
	snprintf(want, sizeof(want), "other %d mine %d", turn, turn);
	assert_string_equal(
		field_server(&world, "SELECT summary||' '||reason FROM visit "
				     "WHERE id='merged'"),
		want);
	snprintf(
		want, sizeof(want),
		"SELECT summary FROM visit WHERE id='f%d' AND "
		"'{\"summary\":\"mine\"}'=(SELECT terminal_value FROM conflict "
		"WHERE record_id=visit.id)",
		turn);
	assert_string_equal(field_server(&world, want), "other");
}

static void visits_mend(void *ctx, enum rc rc, bool crashed)
{
	(void)ctx;
	(void)rc;
	if (crashed)
		everything_opens();
	if (turn % 4 == 0 || rc != RC_OK)
		both_are_sound();
	field_sync(&world, 0);
	field_assert_equal(&world, 0);
	field_sync(&world, 1);
	field_assert_equal(&world, 1);
	nothing_is_lost();
	assert_string_equal(field_live(&world, 0,
				       "SELECT summary||reason FROM visit "
				       "WHERE id='merged'"),
			    field_server(&world,
					 "SELECT summary||reason FROM visit "
					 "WHERE id='merged'"));
}

static const struct torture syncs = { visits_prepare, sync_act, visits_mend,
				      NULL };

static void a_sync_survives_a_store_that_stumbles(void **state)
{
	(void)state;
	torture_run(&syncs, &torture_ways[0]);
}

static void a_sync_survives_a_crash(void **state)
{
	(void)state;
	torture_run(&syncs, &torture_ways[1]);
}

static void a_sync_survives_without_memory(void **state)
{
	(void)state;
	torture_run(&syncs, &torture_ways[2]);
}

static void a_sync_survives_without_memory_for_json(void **state)
{
	(void)state;
	torture_run(&syncs, &torture_ways[3]);
}

/* Reassigned, and done by the first officer: the second assignment is withdrawn
 * with a notice, in the same transaction. */
static void orders_prepare(void *ctx)
{
	char p[16], q[16], json[160];

	(void)ctx;
	turn++;
	snprintf(p, sizeof(p), "p%d", turn);
	snprintf(q, sizeof(q), "q%d", turn);
	field_office(&world, "assignment", p,
		     "{\"subject\":\"s1\",\"state\":\"issued\"}");
	field_office(&world, "assignment", q,
		     "{\"subject\":\"s1\",\"state\":\"issued\"}");
	field_sync(&world, 0);
	edit(0,
	     "INSERT INTO visit(id,subject,assignment,officers,visited_on,"
	     "code_shown_at,state) VALUES('w%d','s1','p%d',"
	     "'[\"o1\",\"o2\"]'," FIELD_TODAY "," FIELD_NOON ",'signed')",
	     turn, turn);
	edit(0, "UPDATE assignment SET state='done' WHERE id='p%d'", turn);
	snprintf(json, sizeof(json),
		 "{\"subject\":\"s1\",\"state\":\"reassigned\","
		 "\"reassigned_to\":\"%s\"}",
		 q);
	field_office(&world, "assignment", p, json);
}

static void orders_mend(void *ctx, enum rc rc, bool crashed)
{
	(void)ctx;
	if (crashed)
		everything_opens();
	if (turn % 4 == 0 || rc != RC_OK)
		both_are_sound();
	field_sync(&world, 0);
	field_assert_equal(&world, 0);
	assert_int_equal(server_count("SELECT count(*) FROM assignment WHERE "
				      "state='done' AND id LIKE 'p%'"),
			 turn);
	assert_int_equal(server_count("SELECT count(*) FROM assignment WHERE "
				      "state='withdrawn'"),
			 turn);
	assert_int_equal(server_count("SELECT count(*) FROM alarm WHERE "
				      "rule='reassigned_done'"),
			 turn);
}

static void what_follows_is_whole_or_not_at_all(void **state)
{
	const struct torture orders = { orders_prepare, sync_act, orders_mend,
					NULL };

	(void)state;
	torture_run(&orders, &torture_ways[1]);
	torture_run(&orders, &torture_ways[3]);
}

static void edits_prepare(void *ctx)
{
	(void)ctx;
	turn++;
	for (int i = 0; i < 5; i++)
		edit(0, "INSERT INTO visit(id,subject) VALUES('e%dx%d','s3')",
		     turn, i);
	edit(0, "UPDATE visit SET reason='%d' WHERE id='merged'", turn);
}

static enum rc commit_act(void *ctx, struct err *err)
{
	int packets, records;
	enum rc rc = replica_commit(world.tablets[0], "edits", &packets,
				    &records, err);

	(void)ctx;
	assert_int_equal(records, rc == RC_OK ? 6 : 0);
	return rc;
}

static enum rc status_count(void *ctx, const struct status_entry *e,
			    struct err *err)
{
	int *n = ctx;

	(void)err;
	*n += !strcmp(e->state, "new") || !strcmp(e->state, "edited");
	return RC_OK;
}

/* All or nothing: what is not in the packet is still an edit. */
static void commit_mend(void *ctx, enum rc rc, bool crashed)
{
	int uncommitted = 0, packets, records;

	(void)ctx;
	if (crashed)
		everything_opens();
	must(replica_verify(world.tablets[0], &world.err), "verify");
	must(replica_check_capture(world.tablets[0], &world.err), "capture");
	must(replica_status(world.tablets[0], status_count, &uncommitted,
			    &world.err),
	     "status");
	assert_int_equal(uncommitted, rc == RC_OK ? 0 : 6);
	must(replica_commit(world.tablets[0], "again", &packets, &records,
			    &world.err),
	     "commit");
	assert_int_equal(packets, rc != RC_OK);
	if (turn % 8 == 0) {
		field_sync(&world, 0);
		field_assert_equal(&world, 0);
		assert_int_equal(server_count("SELECT count(*) FROM visit "
					      "WHERE id LIKE 'e%'"),
				 5 * turn);
	}
}

static void a_commit_is_whole_or_not_at_all(void **state)
{
	const struct torture commits = { edits_prepare, commit_act, commit_mend,
					 NULL };

	(void)state;
	for (int i = 0; i < TORTURE_WAYS; i++)
		torture_run(&commits, &torture_ways[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
		TEST(a_sync_survives_a_store_that_stumbles),
		TEST(a_sync_survives_a_crash),
		TEST(a_sync_survives_without_memory),
		TEST(a_sync_survives_without_memory_for_json),
		TEST(what_follows_is_whole_or_not_at_all),
		TEST(a_commit_is_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
