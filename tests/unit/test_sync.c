/* Whole syncs between replicas and a server in one process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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

static void a_clone_has_the_servers_root(void **state)
{
	(void)state;
	field_assert_equal(&world, 1);
	assert_string_equal(
		field_live(&world, 1, "SELECT count(*) FROM subject"), "40");
}

static void a_visit_reaches_the_other_tablet(void **state)
{
	struct sync_summary s;

	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,summary,state) "
		   "VALUES('v1','s1','clean','open')");
	s = field_sync(&world, 0);
	assert_int_equal(s.packets_sent, 1);
	assert_int_equal(s.records_sent, 1);
	assert_int_equal(s.requests, 1);
	field_assert_equal(&world, 0);
	field_sync(&world, 1);
	field_assert_equal(&world, 1);
	assert_string_equal(field_live(&world, 1, "SELECT summary FROM visit"),
			    "clean");
}

static void different_fields_of_one_record_are_merged(void **state)
{
	struct sync_summary s;

	(void)state;
	field_office(&world, "visit", "v1",
		     "{\"subject\":\"s1\",\"state\":\"open\"}");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 0, "UPDATE visit SET summary='x' WHERE id='v1'");
	field_exec(&world, 1,
		   "UPDATE visit SET state='arrived',"
		   "officers='[\"o1\",\"o2\"]',code_shown_at=1768000000000 "
		   "WHERE id='v1'");
	field_sync(&world, 0);
	s = field_sync(&world, 1);
	assert_int_equal(s.merged, 1);
	assert_int_equal(s.conflicts, 0);
	field_sync(&world, 0);
	for (int i = 0; i < 2; i++) {
		field_assert_equal(&world, i);
		assert_string_equal(
			field_live(&world, i,
				   "SELECT summary||' '||state FROM visit"),
			"x arrived");
	}
}

static void the_same_field_makes_a_conflict_that_keeps_both(void **state)
{
	struct sync_summary s;

	(void)state;
	field_office(&world, "visit", "v1",
		     "{\"subject\":\"s1\",\"summary\":\"0\"}");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 0, "UPDATE visit SET summary='A' WHERE id='v1'");
	field_exec(&world, 1, "UPDATE visit SET summary='B' WHERE id='v1'");
	field_sync(&world, 0);
	s = field_sync(&world, 1);
	assert_int_equal(s.conflicts, 1);
	field_sync(&world, 0);
	field_assert_equal(&world, 0);
	field_assert_equal(&world, 1);
	assert_string_equal(field_live(&world, 0, "SELECT summary FROM visit"),
			    "A");
	assert_string_equal(field_live(&world, 1, "SELECT summary FROM visit"),
			    "A");
	assert_string_equal(
		field_live(&world, 0,
			   "SELECT terminal_value||server_value||base_value||"
			   "author||server_author||state FROM conflict"),
		"{\"summary\":\"B\"}{\"summary\":\"A\"}{\"summary\":\"0\"}"
		"o2o1open");
}

static void a_decision_reaches_the_tablets(void **state)
{
	struct account admin;
	struct op op;
	char id[64];

	the_same_field_makes_a_conflict_that_keeps_both(state);
	op = loop_op(&world.loop, &admin, &world.err);
	snprintf(id, sizeof(id), "%s",
		 field_server(&world, "SELECT id FROM conflict"));
	if (ledger_decide(&op, FIELD_SCOPE, id, "terminal", NULL,
			  "the second visit is right") != RC_OK)
		fail_msg("%s", world.err.text);
	field_sync(&world, 0);
	field_assert_equal(&world, 0);
	assert_string_equal(field_live(&world, 0, "SELECT summary FROM visit"),
			    "B");
	assert_string_equal(
		field_live(&world, 0, "SELECT state||decided_by FROM conflict"),
		"decidedadmin");
}

/* Both sides go on writing after the conflict: the question is the same one,
 * and it is about what they wrote last. */
static void an_extended_conflict_has_what_stands_today(void **state)
{
	struct account admin;
	struct op op;
	char id[64];

	the_same_field_makes_a_conflict_that_keeps_both(state);
	field_exec(&world, 0, "UPDATE visit SET summary='C' WHERE id='v1'");
	field_exec(&world, 1, "UPDATE visit SET summary='D' WHERE id='v1'");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_sync(&world, 0);
	field_assert_equal(&world, 0);
	assert_string_equal(
		field_live(&world, 0,
			   "SELECT terminal_value||server_value||"
			   "standing_value||base_value||server_author||"
			   "json_array_length(packets)||state FROM conflict"),
		"{\"summary\":\"D\"}{\"summary\":\"C\"}{\"summary\":\"C\"}"
		"{\"summary\":\"0\"}o12open");
	op = loop_op(&world.loop, &admin, &world.err);
	snprintf(id, sizeof(id), "%s",
		 field_server(&world, "SELECT id FROM conflict"));
	if (ledger_decide(&op, FIELD_SCOPE, id, "server", NULL,
			  "the last visit is right") != RC_OK)
		fail_msg("%s", world.err.text);
	field_sync(&world, 0);
	assert_string_equal(field_live(&world, 0, "SELECT summary FROM visit"),
			    "C");
}

static void what_an_inspector_may_not_write_is_quarantined(void **state)
{
	struct sync_summary s;

	(void)state;
	field_exec(&world, 0, "UPDATE subject SET name='mine' WHERE id='s1'");
	field_former(&world, 0, "subject", "s1");
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject) VALUES('v1','s1')");
	s = field_sync(&world, 0);
	assert_int_equal(s.quarantined, 1);
	field_assert_equal(&world, 0);
	assert_string_equal(
		field_server(&world, "SELECT name FROM subject WHERE id='s1'"),
		"subject 1");
	assert_string_equal(field_server(&world, "SELECT count(*) FROM visit"),
			    "1");
	assert_string_equal(
		field_live(&world, 0, "SELECT name FROM subject WHERE id='s1'"),
		"subject 1");
}

static int losses;

static enum rc lose_answer(void *ctx, struct exchange_reply *reply,
			   struct err *err)
{
	(void)ctx;
	if (losses-- > 0) {
		buf_reset(&reply->body);
		return err_set(err, RC_IO, "the answer was lost");
	}
	return RC_OK;
}

static void a_lost_answer_is_made_good_by_the_same_request(void **state)
{
	struct exchange x = loop_exchange(&world.loop);
	struct sync_summary s;

	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,summary) "
		   "VALUES('v1','s1','first')");
	world.loop.after = lose_answer;
	losses = 1;
	assert_int_equal(replica_sync(world.tablets[0], &x, &s, &world.err),
			 RC_IO);
	err_clear(&world.err);
	/* an edit between the lost answer and the repetition */
	field_exec(&world, 0,
		   "UPDATE visit SET summary='second' WHERE id='v1'");
	world.loop.after = NULL;
	s = field_sync(&world, 0);
	assert_int_equal(s.conflicts, 0);
	assert_int_equal(s.packets_sent, 2);
	field_assert_equal(&world, 0);
	assert_string_equal(field_server(&world, "SELECT summary FROM visit"),
			    "second");
	assert_string_equal(
		field_server(&world, "SELECT count(*) FROM conflict"), "0");
}

static void sealed_data_reaches_who_may_read_and_dies_with_its_key(void **state)
{
	struct account admin;
	struct op op;

	(void)state;
	field_office(&world, "subject_private", "s1",
		     "{\"phone\":\"13800000001\"}");
	field_sync(&world, 0);
	assert_string_equal(
		field_live(&world, 0, "SELECT phone FROM subject_private"),
		"13800000001");
	field_exec(&world, 0, "UPDATE subject_private SET phone='13800000002'");
	field_sync(&world, 0);
	field_assert_equal(&world, 0);
	field_sync(&world, 1);
	field_assert_equal(&world, 1);
	assert_string_equal(
		field_live(&world, 1, "SELECT phone FROM subject_private"),
		"13800000002");
	op = loop_op(&world.loop, &admin, &world.err);
	(void)op;
	assert_int_equal(store_key_destroy(world.loop.store, FIELD_SCOPE, "s1",
					   "admin", "asked", &world.err),
			 RC_OK);
	field_sync(&world, 0);
	field_assert_equal(&world, 0);
	assert_string_equal(
		field_live(&world, 0, "SELECT count(*) FROM subject_private"),
		"0");
}

static void a_quiet_sync_is_small_both_ways(void **state)
{
	struct sync_summary s;

	(void)state;
	field_sync(&world, 0);
	s = field_sync(&world, 0);
	assert_int_equal(s.requests, 1);
	assert_true(s.bytes_up <= 300);
	assert_true(s.bytes_down <= 300);
}

static void a_replica_verifies_after_all_that(void **state)
{
	a_decision_reaches_the_tablets(state);
	field_exec(&world, 0, "UPDATE visit SET summary='C' WHERE id='v1'");
	if (replica_verify(world.tablets[0], &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
}

static void one_bad_record_keeps_nothing_else(void **state)
{
	struct sync_summary s;

	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject) VALUES('v1','s1');"
		   "INSERT INTO visit(id,subject,state) "
		   "VALUES('v2','s1','flying');"
		   "INSERT INTO subject_private(id,note) VALUES('s99','x')");
	field_office(&world, "assignment", "a1",
		     "{\"subject\":\"s1\",\"due\":\"2027-01-31\",\"state\":"
		     "\"issued\"}");
	s = field_sync(&world, 0);
	assert_int_equal(s.held.records, 2);
	assert_true(s.held.why[0]);
	assert_int_equal(s.records_sent, 1);
	field_assert_equal(&world, 0);
	assert_string_equal(field_live(&world, 0,
				       "SELECT due FROM assignment "
				       "WHERE id='a1'"),
			    "2027-01-31");
	field_exec(&world, 0, "UPDATE visit SET state='open' WHERE id='v2'");
	s = field_sync(&world, 0);
	assert_int_equal(s.held.records, 1);
	assert_int_equal(s.records_sent, 1);
	assert_string_equal(field_server(&world, "SELECT count(*) FROM visit"),
			    "2");
}

/* The tablet's half is damaged where no trigger sees it: the sync that finds
 * the roots apart puts it right, and nothing of the tablet's own is lost. */
static void halves_that_do_not_match(const char *damage)
{
	struct sync_summary s;

	field_exec(&world, 0, "UPDATE hufu_state SET applying=1");
	field_exec(&world, 0, damage);
	field_exec(&world, 0, "UPDATE hufu_state SET applying=0");
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject) VALUES('v1','s1')");
	field_office(&world, "subject", "s2",
		     "{\"name\":\"new\",\"address\":\"road 2\","
		     "\"state\":\"in_business\",\"town\":\"001\"}");
	s = field_sync(&world, 0);
	assert_true(s.was_damaged);
	assert_true(s.all_equal);
	if (replica_verify(world.tablets[0], &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	assert_string_equal(field_live(&world, 0,
				       "SELECT name||address FROM subject "
				       "WHERE id='s2'"),
			    "newroad 2");
	assert_string_equal(field_server(&world, "SELECT subject FROM visit"),
			    "s1");
	/* once is enough */
	assert_false(field_sync(&world, 0).was_damaged);
	field_sync(&world, 1);
	field_assert_equal(&world, 1);
}

static void a_damaged_row_is_put_right(void **state)
{
	(void)state;
	halves_that_do_not_match(
		"UPDATE subject SET address='elsewhere' WHERE id='s2'");
}

static void a_damaged_leaf_is_put_right(void **state)
{
	(void)state;
	halves_that_do_not_match(
		"UPDATE hufu_leaf SET "
		"oid=x'0102030405060708090a0b0c0d0e0f1011121314' "
		"WHERE id='s4' AND kind='subject'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
		TEST(a_clone_has_the_servers_root),
		TEST(a_visit_reaches_the_other_tablet),
		TEST(different_fields_of_one_record_are_merged),
		TEST(the_same_field_makes_a_conflict_that_keeps_both),
		TEST(a_decision_reaches_the_tablets),
		TEST(an_extended_conflict_has_what_stands_today),
		TEST(what_an_inspector_may_not_write_is_quarantined),
		TEST(a_lost_answer_is_made_good_by_the_same_request),
		TEST(sealed_data_reaches_who_may_read_and_dies_with_its_key),
		TEST(a_quiet_sync_is_small_both_ways),
		TEST(a_replica_verifies_after_all_that),
		TEST(one_bad_record_keeps_nothing_else),
		TEST(a_damaged_row_is_put_right),
		TEST(a_damaged_leaf_is_put_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
