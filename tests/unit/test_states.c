/* The office × field table over real syncs: what became of one order when the
 * office and the field moved apart, and what followed for visits, the other
 * assignment, alarms and questions. The cells of one record alone are folders
 * of fixtures/merge. */
#include "test_states_harness.h"

static void a_check_that_has_begun_is_recalled_and_its_visit_kept(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "UPDATE assignment SET state='in_progress' WHERE id='a1';"
		   "INSERT INTO visit(id,subject,assignment,officers,"
		   "visited_on,code_shown_at,state) VALUES('v1','s1','a1',"
		   "'[\"o1\",\"o2\"]'," FIELD_TODAY "," FIELD_NOON
		   ",'checking')");
	office("assignment", "a1", "{'state':'cancelled','reason':'closed'}");
	field_sync(&world, 0);
	state_is("a1", "recalled");
	on_server("SELECT flags FROM assignment WHERE id='a1'",
		  "[\"cancelled_in_progress\"]");
	on_server("SELECT state FROM visit WHERE id='v1'", "checking");
	on_server("SELECT count(*) FROM conflict", "0");
	all_equal();
	/* The tablet is told to stop, and the office lets it finish. */
	assert_string_equal(field_live(&world, 0,
				       "SELECT state FROM assignment "
				       "WHERE id='a1'"),
			    "recalled");
	office("assignment", "a1", "{'state':'in_progress','reason':'go on'}");
	state_is("a1", "in_progress");
}

static void a_check_that_was_done_is_contested(void)
{
	tablet_does(0, "a1", "v1", "0");
	office("assignment", "a1", "{'state':'cancelled','reason':'closed'}");
	assert_int_equal(field_sync(&world, 0).conflicts, 1);
	state_is("a1", "done_contested");
	on_server("SELECT rule FROM conflict", "done_contested");
	on_server("SELECT coalesce(flags,'') FROM visit", "");
}

static void a_contested_check_may_be_ratified(void **state)
{
	(void)state;
	a_check_that_was_done_is_contested();
	decide("terminal");
	state_is("a1", "done");
	on_server("SELECT coalesce(flags,'') FROM visit", "");
	on_server("SELECT count(*) FROM alarm", "0");
	all_equal();
}

static void a_contested_check_may_be_refused_and_the_visit_stays(void **state)
{
	(void)state;
	a_check_that_was_done_is_contested();
	decide("server");
	state_is("a1", "cancelled");
	on_server("SELECT state||' '||flags FROM visit",
		  "signed [\"outside_assignment\"]");
	on_server("SELECT rule||' '||record_kind||' '||record_id||' '||level"
		  "||' '||state FROM alarm",
		  "outside_assignment visit v1 alarm open");
	on_server("SELECT author||' '||terminal FROM packet ORDER BY number "
		  "DESC LIMIT 1",
		  "server server");
	all_equal();
}

static void nobody_judges_his_own_word(void **state)
{
	static const char *const parties[] = { "admin", "o1", "o2" };

	(void)state;
	a_check_that_was_done_is_contested();
	for (size_t i = 0; i < 3; i++) {
		moved_by(parties[i], RC_DENIED);
		assert_int_equal(decide_as(parties[i], "terminal"), RC_DENIED);
		err_clear(&world.err);
	}
	state_is("a1", "done_contested");
	decide("server");
	/* Nor does he overrule the second person afterwards. */
	assert_int_equal(ledger_conflict_again("admin"), RC_DENIED);
	err_clear(&world.err);
	state_is("a1", "cancelled");
}

static void moving_the_state_decides_the_question(void **state)
{
	(void)state;
	a_check_that_was_done_is_contested();
	moved_by("judge", RC_OK);
	on_server("SELECT state||' '||decision||' '||decided_by||' '||reason "
		  "FROM conflict",
		  "decided terminal judge it was clean");
	all_equal();
}

static void what_was_begun_is_handed_over(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "UPDATE assignment SET state='in_progress' WHERE id='a1';"
		   "INSERT INTO visit(id,subject,assignment,officers,"
		   "visited_on,code_shown_at,state) VALUES('v1','s1','a1',"
		   "'[\"o1\",\"o2\"]'," FIELD_TODAY "," FIELD_NOON
		   ",'checking')");
	reassign();
	field_sync(&world, 0);
	state_is("a1", "recalled");
	state_is("a3", "issued");
	on_server("SELECT state||' '||flags FROM visit",
		  "checking [\"handed_over\"]");
	all_equal();
}

static void the_first_officers_check_stands_and_the_other_is_withdrawn(void **s)
{
	(void)s;
	tablet_does(0, "a1", "v1", "0");
	reassign();
	field_sync(&world, 0);
	state_is("a1", "done");
	on_server("SELECT flags FROM assignment WHERE id='a1'",
		  "[\"reassigned_done\"]");
	state_is("a3", "withdrawn");
	on_server("SELECT reason FROM assignment WHERE id='a3'",
		  "assignment 'a1' was done before its reassignment was known");
	on_server("SELECT rule||' '||record_id||' '||level FROM alarm",
		  "reassigned_done a3 notice");
	all_equal();
}

static void the_other_who_has_begun_is_withdrawn_as_well(void **state)
{
	(void)state;
	tablet_does(0, "a1", "v1", "0");
	reassign();
	field_sync(&world, 1);
	field_exec(&world, 1,
		   "UPDATE assignment SET state='in_progress' WHERE id='a3'");
	field_sync(&world, 1);
	/* It goes on offline, before it can know. */
	tablet_does(1, "a3", "v2", "3600000");
	field_sync(&world, 0);
	state_is("a3", "withdrawn");
	field_sync(&world, 1);
	state_is("a3", "done");
	on_server("SELECT duplicate_of FROM visit WHERE id='v2'", "v1");
	all_equal();
}

/* Assignments may arrive before the visits that they are about. */
static void visits_that_come_later_are_settled_when_they_come(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "UPDATE assignment SET state='done' WHERE id='a1'");
	reassign();
	field_sync(&world, 1);
	field_exec(&world, 1,
		   "UPDATE assignment SET state='done' WHERE id='a3'");
	field_sync(&world, 0);
	field_sync(&world, 1);
	state_is("a1", "done");
	state_is("a3", "done");
	on_server("SELECT count(*) FROM conflict", "0");
	field_exec(&world, 1,
		   "INSERT INTO visit(id,subject,assignment,officers,"
		   "visited_on,code_shown_at,state) VALUES('v2','s1','a3',"
		   "'[\"o2\",\"o3\"]'," FIELD_TODAY "," FIELD_NOON
		   ",'signed')");
	field_sync(&world, 1);
	on_server("SELECT count(*) FROM conflict", "0");
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,assignment,officers,"
		   "visited_on,code_shown_at,state) VALUES('v1','s1','a1',"
		   "'[\"o1\",\"o2\"]'," FIELD_TODAY "," FIELD_NOON
		   ",'signed')");
	field_sync(&world, 0);
	on_server("SELECT duplicate_of FROM visit WHERE id='v2'", "v1");
	all_equal();
}

/* Whoever comes first, the earlier visit is the primary. */
static void both_did_it(int first)
{
	tablet_does(0, "a1", "v9", "0");
	reassign();
	field_sync(&world, 1);
	tablet_does(1, "a3", "v2", "3600000");
	field_sync(&world, first);
	field_sync(&world, !first);
	state_is("a1", "done");
	state_is("a3", "done");
	on_server("SELECT duplicate_of||' '||flags FROM visit WHERE id='v2'",
		  "v9 [\"duplicate_visit\"]");
	on_server("SELECT coalesce(duplicate_of,'none')||' '||flags FROM visit "
		  "WHERE id='v9'",
		  "none [\"duplicate_visit\"]");
	on_server("SELECT rule||' '||record_id||' '||state FROM conflict",
		  "duplicate_visit v2 open");
	on_server("SELECT record_id||' '||level FROM alarm WHERE "
		  "rule='duplicate_visit'",
		  "v2 alarm");
	all_equal();
	decide("server");
	on_server("SELECT count(*) FROM visit WHERE duplicate_of IS NULL", "2");
	on_server("SELECT count(*) FROM conflict WHERE state='open'", "0");
	all_equal();
}

static void both_did_it_and_the_first_came_first(void **state)
{
	(void)state;
	both_did_it(0);
}

static void both_did_it_and_the_second_came_first(void **state)
{
	(void)state;
	both_did_it(1);
}

static void a_changed_team_is_judged_by_who_was_present(void **state)
{
	(void)state;
	field_office(&world, "officer", "o2",
		     "{\"name\":\"officer 2\",\"state\":\"suspended\"}");
	tablet_does(0, "a1", "v1", "0");
	office("assignment", "a1", "{'officers':['o1','o3']}");
	field_sync(&world, 0);
	state_is("a1", "done");
	on_server("SELECT flags FROM assignment WHERE id='a1'",
		  "[\"team_changed\"]");
	on_server("SELECT flags FROM visit",
		  "[\"irregular\",\"too_few_officers\"]");
	on_server("SELECT rule||' '||record_id FROM alarm", "team_changed v1");
	all_equal();
}

static void a_changed_team_with_two_valid_officers_stands(void **state)
{
	(void)state;
	tablet_does(0, "a1", "v1", "0");
	office("assignment", "a1", "{'officers':['o1','o3']}");
	field_sync(&world, 0);
	on_server("SELECT flags FROM assignment WHERE id='a1'",
		  "[\"team_changed\"]");
	on_server("SELECT coalesce(flags,'') FROM visit", "");
	on_server("SELECT count(*) FROM alarm", "0");
	all_equal();
}

static void an_instruction_that_came_too_late_was_not_seen(void **state)
{
	(void)state;
	tablet_does(0, "a1", "v1", "0");
	office("assignment", "a1", "{'instructions':'look at the cold store'}");
	field_sync(&world, 0);
	on_server("SELECT state||' '||flags||' '||instructions FROM assignment "
		  "WHERE id='a1'",
		  "done [\"not_seen\"] look at the cold store");
	all_equal();
}

static void a_visit_of_a_void_draw_is_outside_it(void **state)
{
	(void)state;
	serve("draw", "d1", "{'state':'drawn'}");
	field_office(&world, "assignment", "a9",
		     "{\"subject\":\"s1\",\"officers\":[\"o1\",\"o2\"],"
		     "\"draw\":\"d1\",\"state\":\"issued\"}");
	all_equal();
	tablet_does(0, "a9", "v1", "0");
	field_sync(&world, 0);
	field_office(&world, "assignment", "a8",
		     "{\"subject\":\"s2\",\"officers\":[\"o1\",\"o2\"],"
		     "\"draw\":\"d1\",\"state\":\"issued\"}");
	serve("draw", "d1", "{'state':'void','reason':'frame was wrong'}");
	state_is("a9", "done");
	state_is("a8", "withdrawn");
	on_server("SELECT flags FROM visit", "[\"outside_draw\"]");
	on_server("SELECT rule||' '||record_id FROM alarm", "outside_draw v1");
	all_equal();
}

static void an_illegal_move_stays_on_the_tablet_with_its_reason(void **state)
{
	struct sync_summary s;

	(void)state;
	field_exec(&world, 0,
		   "UPDATE assignment SET state='closed' WHERE id='a1';"
		   "UPDATE assignment SET state='accepted' WHERE id='a2'");
	s = field_sync(&world, 0);
	assert_int_equal(s.held.records, 1);
	assert_non_null(strstr(s.held.why,
			       "cannot go from 'issued' to 'closed', only to "
			       "accepted, declined with decline_reason"));
	assert_int_equal(s.records_sent, 1);
	state_is("a1", "issued");
	state_is("a2", "accepted");
}

static void the_office_hears_which_moves_are_legal(void **state)
{
	(void)state;
	assert_int_not_equal(
		office_try("assignment", "a1", "{'state':'draft'}"), RC_OK);
	assert_non_null(strstr(world.err.text,
			       "cannot go from 'issued' to 'draft', only "
			       "to cancelled with reason"));
	state_is("a1", "issued");
}

static void a_signed_visit_is_amended_never_changed(void **state)
{
	struct sync_summary s;

	(void)state;
	tablet_does(0, "a1", "v1", "0");
	field_sync(&world, 0);
	field_exec(&world, 0, "UPDATE visit SET summary='x' WHERE id='v1'");
	s = field_sync(&world, 0);
	assert_int_equal(s.held.records, 1);
	assert_non_null(strstr(s.held.why, "write an amendment"));
	field_exec(&world, 0,
		   "UPDATE visit SET summary=NULL WHERE id='v1';"
		   "INSERT INTO amendment(visit,changes,reason,author) VALUES("
		   "'v1','{\"summary\":\"x\"}','forgotten','o1')");
	s = field_sync(&world, 0);
	assert_int_equal(s.held.records, 0);
	on_server("SELECT reason FROM amendment", "forgotten");
	on_server("SELECT coalesce(summary,'none') FROM visit", "none");
	all_equal();
}

/* The other tablet edited before it knew of the signature. */
static void what_came_after_the_signature_is_kept_beside_it(void **state)
{
	(void)state;
	field_office(&world, "visit", "v1",
		     "{\"subject\":\"s1\",\"state\":\"open\","
		     "\"officers\":[\"o1\",\"o2\"],"
		     "\"code_shown_at\":1763000000000,"
		     "\"summary\":\"clean\"}");
	all_equal();
	field_exec(&world, 0,
		   "UPDATE visit SET state='signed',visited_on='2025-11-13' "
		   "WHERE id='v1'");
	field_exec(&world, 1, "UPDATE visit SET summary='dirty' WHERE id='v1'");
	field_sync(&world, 1);
	field_sync(&world, 0);
	on_server("SELECT state||' '||summary FROM visit", "signed clean");
	on_server("SELECT rule||' '||server_value FROM conflict",
		  "frozen {\"summary\":\"dirty\"}");
	all_equal();
	/* No decision changes what was signed. */
	assert_int_equal(decide_try("server"), RC_INVALID);
	assert_non_null(strstr(world.err.text, "write an amendment"));
	err_clear(&world.err);
	decide("terminal");
	on_server("SELECT summary FROM visit", "clean");
}

/* A tablet whose table is older lets the move out; the server does not let it
 * in, and takes the rest. */
static void a_move_by_an_older_table_is_quarantined(void **state)
{
	struct sync_summary s;
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	const struct kind *k =
		registry_kind(world.loop.store->kinds, "assignment");
	json_t *definition = json_deep_copy(k->definition), *f, *moves;
	char path[120];
	bool changed;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(definition, "fields"), i,
			   f) if (json_object_get(f, "fsm"))
	{
		moves = json_object_get(json_object_get(f, "fsm"), "moves");
		json_array_remove(moves, 1); /* issued to accepted */
		json_array_insert_new(moves, 1,
				      json_pack("{s:[s], s:s, s:[s]}", "from",
						"issued", "to", "accepted",
						"by", "coordinator"));
	}
	snprintf(path, sizeof(path), "%s/assignment.json", world.dir);
	json_dump_file(definition, path, 0);
	json_decref(definition);
	if (ledger_kind_load(&op, path, &changed) != RC_OK)
		fail_msg("%s", world.err.text);
	field_exec(
		&world, 0,
		"UPDATE assignment SET state='done' WHERE id='a1';"
		"INSERT INTO visit(id,subject,state) VALUES('v1','s1','open')");
	s = field_sync(&world, 0);
	assert_int_equal(s.quarantined, 1);
	on_server("SELECT code FROM packet_record WHERE kind='assignment' AND "
		  "code IS NOT NULL",
		  "state");
	state_is("a1", "issued");
	on_server("SELECT state FROM visit", "open");
	all_equal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_check_that_has_begun_is_recalled_and_its_visit_kept),
		TEST(a_contested_check_may_be_ratified),
		TEST(nobody_judges_his_own_word),
		TEST(a_contested_check_may_be_refused_and_the_visit_stays),
		TEST(moving_the_state_decides_the_question),
		TEST(what_was_begun_is_handed_over),
		TEST(the_first_officers_check_stands_and_the_other_is_withdrawn),
		TEST(the_other_who_has_begun_is_withdrawn_as_well),
		TEST(visits_that_come_later_are_settled_when_they_come),
		TEST(both_did_it_and_the_first_came_first),
		TEST(both_did_it_and_the_second_came_first),
		TEST(a_changed_team_is_judged_by_who_was_present),
		TEST(a_changed_team_with_two_valid_officers_stands),
		TEST(an_instruction_that_came_too_late_was_not_seen),
		TEST(a_visit_of_a_void_draw_is_outside_it),
		TEST(an_illegal_move_stays_on_the_tablet_with_its_reason),
		TEST(the_office_hears_which_moves_are_legal),
		TEST(a_signed_visit_is_amended_never_changed),
		TEST(what_came_after_the_signature_is_kept_beside_it),
		TEST(a_move_by_an_older_table_is_quarantined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
