/* Whoever breaks the capture of edits loses none: against a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "lib/field.h"

static struct field_world world;

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 2);
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

/* What stock sqlite3 does, in a process of its own. */
static void stock(const char *sql)
{
	char command[1200];

	snprintf(command, sizeof(command), "sqlite3 %s \"%s\"", world.files[0],
		 sql);
	assert_int_equal(system(command), 0);
}

static void synced(const char *query, const char *expected)
{
	field_sync(&world, 0);
	assert_string_equal(field_server(&world, query), expected);
	field_assert_equal(&world, 0);
	if (replica_verify(world.tablets[0], &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
}

static void mended_is(int triggers, int edits, int restored)
{
	const struct mended *m = replica_mended(world.tablets[0]);

	assert_int_equal(m->triggers, triggers);
	assert_int_equal(m->edits, edits);
	assert_int_equal(m->restored, restored);
	assert_true(strlen(m->what) > 0);
}

static void visits(void)
{
	field_exec(&world, 0,
		   "INSERT INTO visit(id,town,subject,summary) VALUES"
		   "('v1','002','s1','one'),('v2','001','s2','two')");
	field_sync(&world, 0);
	assert_int_equal(replica_mended(world.tablets[0])->triggers, 0);
}

static void an_edit_without_its_trigger_is_found(void **state)
{
	(void)state;
	visits();
	stock("DROP TRIGGER hufu_visit_update; "
	      "UPDATE visit SET summary='missed' WHERE id='v1'");
	assert_int_equal(replica_check_capture(world.tablets[0], &world.err),
			 RC_CORRUPT);
	err_clear(&world.err);
	synced("SELECT group_concat(summary) FROM "
	       "(SELECT summary FROM visit ORDER BY id)",
	       "missed,two");
	mended_is(1, 1, 0);
	assert_non_null(
		strstr(replica_mended(world.tablets[0])->what, "visit"));
	assert_int_equal(replica_check_capture(world.tablets[0], &world.err),
			 RC_OK);
}

static void a_commit_finds_it_as_well(void **state)
{
	int packets, records;

	(void)state;
	visits();
	stock("DROP TRIGGER hufu_visit_inserted; INSERT INTO visit(id,subject) "
	      "VALUES('v3','s3')");
	if (replica_commit(world.tablets[0], "a test", &packets, &records,
			   &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	assert_int_equal(records, 1);
	mended_is(1, 1, 0);
	synced("SELECT subject FROM visit WHERE id='v3'", "s3");
}

/* What programs with a window do to change a column. */
static void a_rebuilt_table_keeps_its_edits(void **state)
{
	(void)state;
	visits();
	stock("PRAGMA writable_schema=ON; CREATE TABLE hufu_text(sql TEXT); "
	      "INSERT INTO hufu_text SELECT sql FROM sqlite_schema WHERE "
	      "name='visit'; PRAGMA writable_schema=OFF; "
	      "CREATE TABLE saved AS SELECT * FROM visit; DROP TABLE visit");
	{
		char sql[8000];

		snprintf(sql, sizeof(sql), "%s",
			 field_live(&world, 0, "SELECT sql FROM hufu_text"));
		field_exec(&world, 0, sql);
	}
	stock("INSERT INTO visit SELECT * FROM saved; DROP TABLE saved; "
	      "DROP TABLE hufu_text; UPDATE visit SET score=7 WHERE id='v2'");
	synced("SELECT score FROM visit WHERE id='v2'", "7");
	mended_is(4, 1, 0);
}

static void a_switch_that_was_left_off_is_put_on(void **state)
{
	(void)state;
	visits();
	stock("UPDATE hufu_state SET applying=1; UPDATE visit SET "
	      "summary='unseen' WHERE id='v2'; INSERT INTO visit(id,subject) "
	      "VALUES('v3','s3')");
	synced("SELECT count(*) FROM visit WHERE summary='unseen' OR id='v3'",
	       "2");
	mended_is(0, 2, 0);
	field_exec(&world, 0, "UPDATE visit SET summary='seen' WHERE id='v2'");
	synced("SELECT summary FROM visit WHERE id='v2'", "seen");
	stock("DELETE FROM hufu_state");
	field_exec(&world, 0, "UPDATE visit SET summary='then' WHERE id='v2'");
	synced("SELECT summary FROM visit WHERE id='v2'", "then");
}

static void a_deleted_record_comes_back(void **state)
{
	(void)state;
	visits();
	stock("DROP TRIGGER hufu_visit_delete; DELETE FROM visit WHERE "
	      "id='v1'");
	synced("SELECT count(*) FROM visit", "2");
	mended_is(1, 0, 1);
	assert_string_equal(
		field_live(&world, 0,
			   "SELECT summary FROM visit WHERE id='v1'"),
		"one");
}

/* An edit of what is committed and not sent yet. */
static void an_unsent_record_is_compared_with_its_packet(void **state)
{
	int packets, records;

	(void)state;
	visits();
	field_exec(&world, 0, "UPDATE visit SET summary='first' WHERE id='v1'");
	assert_int_equal(replica_commit(world.tablets[0], "a test", &packets,
					&records, &world.err),
			 RC_OK);
	stock("DROP TRIGGER hufu_visit_update; "
	      "UPDATE visit SET summary='second' WHERE id='v1'");
	synced("SELECT summary FROM visit WHERE id='v1'", "second");
	mended_is(1, 1, 0);
}

static void what_cannot_be_told_is_refused_until_it_is_put_back(void **state)
{
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary sum;

	(void)state;
	stock("DROP TRIGGER hufu_subject_update; "
	      "UPDATE subject SET name='whose?' WHERE id='s7'");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			replica_sync(world.tablets[0], &x, &sum, &world.err),
			RC_CORRUPT);
		assert_non_null(strstr(world.err.text, "subject 's7'"));
		err_clear(&world.err);
	}
	stock("UPDATE subject SET name='subject 7' WHERE id='s7'");
	synced("SELECT name FROM subject WHERE id='s7'", "subject 7");
	mended_is(1, 0, 0);
}

static void a_lost_table_is_named(void **state)
{
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary sum;

	(void)state;
	stock("DROP TABLE visit");
	assert_int_equal(replica_sync(world.tablets[0], &x, &sum, &world.err),
			 RC_CORRUPT);
	assert_non_null(strstr(world.err.text, "'visit'"));
	err_clear(&world.err);
}

static void a_lost_shadow_table_is_made_again(void **state)
{
	(void)state;
	visits();
	field_exec(&world, 0, "UPDATE visit SET summary='mine' WHERE id='v1'");
	stock("DROP TABLE old_visit");
	synced("SELECT summary FROM visit WHERE id='v1'", "mine");
	mended_is(0, 1, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_edit_without_its_trigger_is_found),
		T(a_commit_finds_it_as_well),
		T(a_rebuilt_table_keeps_its_edits),
		T(a_switch_that_was_left_off_is_put_on),
		T(a_deleted_record_comes_back),
		T(an_unsent_record_is_compared_with_its_packet),
		T(what_cannot_be_told_is_refused_until_it_is_put_back),
		T(a_lost_table_is_named),
		T(a_lost_shadow_table_is_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
