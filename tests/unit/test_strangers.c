/* What an inspector does to the orders and visits of others. */
#include "test_states_harness.h"

/* The edit of tablet 0, of o1, stays there, and says why. */
static void held_back(const char *sql, const char *why)
{
	struct held_back held;
	int packets, records;

	field_exec(&world, 0, sql);
	assert_int_equal(replica_commit_sound(world.tablets[0], "x", &packets,
					      &records, &held, &world.err),
			 RC_OK);
	if (held.records != 1 || !strstr(held.why, why))
		fail_msg("%s: %d held back: %s", sql, held.records, held.why);
	assert_int_equal(replica_undo(world.tablets[0], NULL, NULL, &records,
				      &world.err),
			 RC_OK);
}

/* Of o2 and o3, whom the office named. */
static void others_make(void)
{
	field_office(&world, "assignment", "b1",
		     "{\"subject\":\"s3\",\"state\":\"issued\","
		     "\"officers\":[\"o2\",\"o3\"],\"due\":\"2099-12-31\"}");
	field_office(&world, "visit", "w1",
		     "{\"subject\":\"s3\",\"state\":\"open\","
		     "\"officers\":[\"o2\",\"o3\"]}");
	field_sync(&world, 0);
	field_sync(&world, 1);
}

static void only_its_officers_move_an_order(void **state)
{
	(void)state;
	others_make();
	held_back("UPDATE assignment SET state='accepted' WHERE id='b1'",
		  "'officers' does not name 'o1'");
	held_back("UPDATE assignment SET state='no_object',proof='[\"p\"]' "
		  "WHERE id='b1'",
		  "only who it names changes it");
	field_exec(&world, 1,
		   "UPDATE assignment SET state='accepted' WHERE id='b1'");
	field_sync(&world, 1);
	state_is("b1", "accepted");
	all_equal();
}

static void only_its_officers_change_a_visit(void **state)
{
	(void)state;
	others_make();
	held_back("UPDATE visit SET state='void',reason='x' WHERE id='w1'",
		  "'officers' does not name 'o1'");
	held_back("UPDATE visit SET officers='[\"o1\",\"o4\"]' WHERE id='w1'",
		  "'officers' does not name 'o1'");
	field_exec(&world, 1,
		   "UPDATE visit SET officers='[\"o1\",\"o2\"]' WHERE id='w1'");
	field_sync(&world, 1);
	field_sync(&world, 0);
	field_exec(&world, 0, "UPDATE visit SET summary='added' WHERE id='w1'");
	field_sync(&world, 0);
	on_server("SELECT summary FROM visit WHERE id='w1'", "added");
	all_equal();
}

/* The tablet did not know that its officer was exchanged: it is told. */
static void who_was_of_the_team_meanwhile_moves_it(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "UPDATE assignment SET state='accepted' WHERE id='a1'");
	office("assignment", "a1", "{'officers':['o2','o3']}");
	field_sync(&world, 0);
	state_is("a1", "accepted");
	all_equal();
}

/* The office's hands are not bound by it. */
static void the_office_moves_what_is_of_others(void **state)
{
	(void)state;
	others_make();
	office("visit", "w1", "{'state':'void','reason':'a slip'}");
	on_server("SELECT state FROM visit WHERE id='w1'", "void");
	all_equal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_its_officers_move_an_order),
		TEST(only_its_officers_change_a_visit),
		TEST(who_was_of_the_team_meanwhile_moves_it),
		TEST(the_office_moves_what_is_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
