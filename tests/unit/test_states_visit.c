/* The visit alone decides: no tablet writes the assignment's state. The cells
 * of the office × field table hold as where it does (test_states.c). */
#include "test_states_harness.h"

#define VISIT_ONLY                                                             \
	"INSERT INTO visit(id,subject,assignment,officers,visited_on,"         \
	"code_shown_at,started_at,state) SELECT "                              \
	"'%s',subject,id,officers," FIELD_TODAY "," FIELD_NOON "," FIELD_NOON  \
	"+%s,'signed' FROM assignment WHERE id='%s';"

static void tablet_signs(int tablet, const char *assignment, const char *visit,
			 const char *started_at)
{
	char sql[600];

	snprintf(sql, sizeof(sql), VISIT_ONLY, visit, started_at, assignment);
	field_exec(&world, tablet, sql);
}

static void a_visit_decides_whatever_is_under_way(void **state)
{
	static const char *const states[] = {
		"state='accepted'",
		"state='in_progress'",
		"state='declined',decline_reason='far'",
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char id[8], visit[8], sql[120];

		snprintf(id, sizeof(id), "b%zu", i);
		snprintf(visit, sizeof(visit), "v%zu", i);
		field_office(&world, "assignment", id,
			     "{\"subject\":\"s1\",\"state\":\"issued\","
			     "\"officers\":[\"o1\",\"o2\"]}");
		field_sync(&world, 0);
		field_sync(&world, 1);
		snprintf(sql, sizeof(sql),
			 "UPDATE assignment SET %s WHERE "
			 "id='%s'",
			 states[i], id);
		field_exec(&world, 0, sql);
		tablet_signs(1, id, visit, "0");
		field_sync(&world, i % 2);
		field_sync(&world, !(i % 2));
		state_is(id, "done");
	}
	on_server("SELECT count(*) FROM conflict WHERE state='open' AND "
		  "rule='done_contested'",
		  "0");
	all_equal();
}

static void a_signed_visit_alone_is_contested(const char *called_off)
{
	char changes[120];

	tablet_signs(0, "a1", "v1", "0");
	snprintf(changes, sizeof(changes), "{'state':'%s','reason':'closed'}",
		 called_off);
	office("assignment", "a1", changes);
	field_sync(&world, 0);
	state_is("a1", "done_contested");
	on_server("SELECT flags FROM assignment WHERE id='a1'",
		  "[\"done_contested\"]");
	on_server("SELECT rule||' '||record_id||' '||author||' '||"
		  "server_author FROM conflict",
		  "done_contested a1 o1 admin");
	on_server("SELECT coalesce(flags,'') FROM visit", "");
	all_equal();
	assert_int_equal(decide_as("admin", "server"), RC_DENIED);
	err_clear(&world.err);
	assert_int_equal(decide_as("o1", "terminal"), RC_DENIED);
	err_clear(&world.err);
}

static void a_visit_alone_is_contested_and_refused(void **state)
{
	(void)state;
	a_signed_visit_alone_is_contested("cancelled");
	decide("server");
	state_is("a1", "cancelled");
	on_server("SELECT flags FROM visit", "[\"outside_assignment\"]");
	/* And it is not asked again. */
	office("assignment", "a1", "{'instructions':'x'}");
	state_is("a1", "cancelled");
	on_server("SELECT count(*) FROM conflict", "1");
	all_equal();
}

static void a_visit_alone_is_contested_and_ratified(void **state)
{
	(void)state;
	a_signed_visit_alone_is_contested("cancelled");
	moved_by("judge", RC_OK);
	state_is("a1", "done");
	on_server("SELECT state||' '||decided_by FROM conflict",
		  "decided judge");
	on_server("SELECT count(*) FROM alarm", "0");
	all_equal();
}

static void a_void_order_is_no_way_around_the_question(void **state)
{
	(void)state;
	a_signed_visit_alone_is_contested("void");
}

/* The state may come in a later packet than the visit, or before it. */
static void the_word_done_adds_nothing_to_the_visit(void **state)
{
	(void)state;
	tablet_signs(0, "a1", "v1", "0");
	office("assignment", "a1", "{'state':'cancelled','reason':'closed'}");
	field_exec(&world, 1,
		   "UPDATE assignment SET state='done' WHERE id='a1'");
	field_sync(&world, 0);
	field_sync(&world, 1);
	state_is("a1", "done_contested");
	on_server("SELECT count(*) FROM conflict", "1");
	all_equal();
}

static void a_visit_alone_withdraws_the_other_assignment(void **state)
{
	(void)state;
	tablet_signs(0, "a1", "v1", "0");
	reassign();
	field_sync(&world, 0);
	state_is("a1", "done");
	on_server("SELECT flags FROM assignment WHERE id='a1'",
		  "[\"reassigned_done\"]");
	state_is("a3", "withdrawn");
	on_server("SELECT rule||' '||record_id FROM alarm",
		  "reassigned_done a3");
	all_equal();
}

/* Whoever comes first. */
static void both_signed(int first)
{
	tablet_signs(0, "a1", "v9", "0");
	reassign();
	field_sync(&world, 1);
	tablet_signs(1, "a3", "v2", "3600000");
	field_sync(&world, first);
	field_sync(&world, !first);
	state_is("a1", "done");
	state_is("a3", "done");
	on_server("SELECT duplicate_of||' '||flags FROM visit WHERE id='v2'",
		  "v9 [\"duplicate_visit\"]");
	on_server("SELECT rule||' '||record_id||' '||author||' '||"
		  "server_author FROM conflict",
		  "duplicate_visit v2 o2 o1");
	all_equal();
}

static void both_signed_and_the_first_came_first(void **state)
{
	(void)state;
	both_signed(0);
	/* Decided that they are two: nobody asks again. */
	decide("server");
	on_server("SELECT count(*) FROM visit WHERE flags IS NOT NULL OR "
		  "duplicate_of IS NOT NULL",
		  "0");
	office("assignment", "a1", "{'instructions':'x'}");
	on_server("SELECT count(*) FROM visit WHERE flags IS NOT NULL", "0");
	on_server("SELECT count(*) FROM conflict", "1");
	all_equal();
}

static void both_signed_and_the_second_came_first(void **state)
{
	(void)state;
	both_signed(1);
	decide("terminal");
	on_server("SELECT group_concat(id||' '||duplicate_of||' '||flags) FROM "
		  "visit WHERE flags IS NOT NULL",
		  "v2 v9 [\"duplicate_visit\"]");
	all_equal();
}

/* A reviewer returned it: it is done again when an inspector says so. */
static void what_was_returned_is_worked_on_in_spite_of_its_visit(void **state)
{
	(void)state;
	tablet_does(0, "a1", "v1", "0");
	field_sync(&world, 0);
	office("assignment", "a1", "{'state':'returned','reason':'one page'}");
	field_sync(&world, 0);
	field_exec(&world, 0,
		   "UPDATE assignment SET state='in_progress' WHERE id='a1'");
	field_sync(&world, 0);
	office("assignment", "a1", "{'due':'2027-01-31'}");
	state_is("a1", "in_progress");
	all_equal();
}

static void a_visit_extends_the_question_that_is_open(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "UPDATE assignment SET state='declined',decline_reason='far'"
		   " WHERE id='a1'");
	tablet_signs(0, "a1", "v1", "0");
	office("assignment", "a1", "{'state':'void','reason':'twice'}");
	field_sync(&world, 0);
	state_is("a1", "done_contested");
	on_server("SELECT count(*)||' '||max(rule)||' '||max(state)||' '||"
		  "max(terminal_value) FROM conflict",
		  "1 done_contested open {\"state\":\"done\"}");
	all_equal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_visit_extends_the_question_that_is_open),
		TEST(a_visit_decides_whatever_is_under_way),
		TEST(a_visit_alone_is_contested_and_refused),
		TEST(a_visit_alone_is_contested_and_ratified),
		TEST(a_void_order_is_no_way_around_the_question),
		TEST(the_word_done_adds_nothing_to_the_visit),
		TEST(a_visit_alone_withdraws_the_other_assignment),
		TEST(both_signed_and_the_first_came_first),
		TEST(both_signed_and_the_second_came_first),
		TEST(what_was_returned_is_worked_on_in_spite_of_its_visit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
