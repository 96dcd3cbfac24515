/* What an inspector does to the orders and visits of others, and what no
 * inspector writes: tablets keep it, and say why. */
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

static const struct {
	const char *sql, *why;
} kept[] = {
	/* at visits of others, of the records, and of no visit */
	{ "INSERT INTO violation(id,visit,subject,severity,state) VALUES('x',"
	  "'w1','s3','high','open')",
	  "'officers' of visit 'w1' does not name 'o1'" },
	{ "INSERT INTO violation(id,subject,severity,state) VALUES('x','s3',"
	  "'high','open')",
	  "field 'visit' is missing: an inspector writes it at a visit" },
	{ "INSERT INTO violation(id,visit,subject,severity,state) VALUES('x',"
	  "'old','s1','high','open')",
	  "an inspector adds nothing to it" },
	{ "INSERT INTO answer(id,visit,point,author,value) VALUES('x','w1',"
	  "'p1','o1','fail')",
	  "'officers' of visit 'w1' does not name 'o1'" },
	/* orders to correct */
	{ "INSERT INTO rectification(id,visit,subject,content,state) VALUES("
	  "'x','v1','s2','clean it','issued')",
	  "field 'subject' is not that of visit 'v1'" },
	{ "INSERT INTO rectification(id,visit,subject,content,served_on,due,"
	  "state) VALUES('x','v1','s1','clean it','2026-11-20','2020-01-01',"
	  "'served')",
	  "field 'due' is before 'served_on'" },
	{ "INSERT INTO rectification(id,visit,subject,content,served_on,state)"
	  " VALUES('x','v1','s1','clean it','2026-11-20','served')",
	  "only with 'due' or 'term_days'" },
	{ "INSERT INTO rectification(id,visit,subject,content,served_on,"
	  "term_days,state) VALUES('x','v1','s1','clean it','2026-11-20',-5,"
	  "'served')",
	  "field 'term_days' is -5, and at least 1" },
	/* visits */
	{ "UPDATE visit SET score=500 WHERE id='v1'",
	  "field 'score' is 500, and at most 100" },
	{ "UPDATE visit SET started_at=2000,finished_at=1000 WHERE id='v1'",
	  "field 'finished_at' is before 'started_at'" },
	/* amendments */
	{ "INSERT INTO amendment(id,visit,changes,reason,author) VALUES('x',"
	  "'v2','{\"summary\":\"a\"}','forgotten','o2')",
	  "'author' can only be 'o1', who writes it" },
	{ "INSERT INTO amendment(id,visit,changes,reason,author) VALUES('x',"
	  "'v2','{\"summary\":\"a\"}','','o1')",
	  "field 'reason' is missing" },
	{ "INSERT INTO amendment(id,visit,changes,reason,author) VALUES('x',"
	  "'v2','{}','forgotten','o1')",
	  "names nothing that is to change" },
	{ "INSERT INTO amendment(id,visit,changes,reason,author) VALUES('x',"
	  "'v2','{\"foo\":1}','forgotten','o1')",
	  "'foo' is nothing of a visit" },
	{ "INSERT INTO amendment(id,visit,changes,reason,author) VALUES('x',"
	  "'v2','{\"state\":\"void\"}','forgotten','o1')",
	  "'state' is nothing of a visit" },
	{ "INSERT INTO amendment(id,visit,changes,reason,author) VALUES('x',"
	  "'v2','{\"visited_on\":\"soon\"}','forgotten','o1')",
	  "field 'visited_on' is not a date" },
	{ "INSERT INTO amendment(id,visit,changes,reason,author) VALUES('x',"
	  "'v1','{\"summary\":\"a\"}','forgotten','o1')",
	  "visit 'v1' is not yet, or no longer, in a state for it" },
	{ "INSERT INTO amendment(id,visit,changes,reason,author) VALUES('x',"
	  "'w2','{\"summary\":\"a\"}','forgotten','o1')",
	  "'officers' of visit 'w2' does not name 'o1'" },
};

static void what_is_no_inspectors_stays_on_the_tablet(void **state)
{
	(void)state;
	others_make();
	serve("visit", "old",
	      "{'id':'old','scope':'" FIELD_SCOPE "','town':'000','subject':"
	      "'s1','officers':['o1','o2'],'state':'recorded'}");
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,state)"
		   " VALUES('v1','s1','[\"o1\",\"o2\"]'," FIELD_TODAY
		   "," FIELD_NOON ",'open'),"
		   "('v2','s1','[\"o1\",\"o2\"]'," FIELD_TODAY "," FIELD_NOON
		   ",'signed')");
	field_exec(&world, 1,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,state)"
		   " VALUES('w2','s3','[\"o2\",\"o3\"]'," FIELD_TODAY
		   "," FIELD_NOON ",'signed')");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_sync(&world, 0);
	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		held_back(kept[i].sql, kept[i].why);
	all_equal();
}

/* All of it in one packet, in which the visit comes last. */
static void what_is_written_with_its_visit_goes_in(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,state)"
		   " VALUES('v1','s1','[\"o1\",\"o2\"]'," FIELD_TODAY
		   "," FIELD_NOON ",'signed');"
		   "INSERT INTO answer(id,visit,point,author,value) VALUES("
		   "'n1','v1','p1','o1','fail');"
		   "INSERT INTO violation(id,visit,subject,severity,state) "
		   "VALUES('x1','v1','s1','high','open');"
		   "INSERT INTO amendment(id,visit,changes,reason) VALUES("
		   "'m1','v1','{\"summary\":\"a\"}','forgotten');"
		   "INSERT INTO rectification(id,visit,subject,content,"
		   "served_on,term_days,state) VALUES('r1','v1','s1','clean',"
		   "'2026-11-20',5,'served')");
	field_sync(&world, 0);
	on_server("SELECT (SELECT count(*) FROM answer)||(SELECT count(*) FROM "
		  "violation)||(SELECT count(*) FROM amendment)||(SELECT "
		  "count(*) FROM rectification WHERE state='served')",
		  "1111");
	all_equal();
}

/* A tablet's clock is nobody's fault, and an order of a day to come none. */
static void an_order_served_in_times_to_come_is_kept_apart(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,state)"
		   " VALUES('v1','s1','[\"o1\",\"o2\"]'," FIELD_TODAY
		   "," FIELD_NOON ",'open');"
		   "INSERT INTO rectification(id,visit,subject,content,"
		   "served_on,term_days,state) VALUES('r1','v1','s1','clean',"
		   "'2099-11-20',5,'served')");
	field_sync(&world, 0);
	on_server("SELECT count(*) FROM rectification", "0");
	on_server("SELECT id FROM packet_record WHERE code='invalid'", "r1");
}

static void what_nobody_signed_is_not_reviewed(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "UPDATE assignment SET state='done' WHERE id='a1'");
	field_sync(&world, 0);
	on_server("SELECT state||' '||flags FROM assignment WHERE id='a1'",
		  "done [\"done_without_visit\"]");
	on_server("SELECT level||' '||record_id FROM alarm WHERE "
		  "rule='done_without_visit'",
		  "alarm a1");
	assert_int_not_equal(
		office_try("assignment", "a1", "{'state':'reviewed'}"), RC_OK);
	assert_non_null(strstr(world.err.text, "done without a signed visit"));
	err_clear(&world.err);
	field_sync(&world, 1);
	field_exec(&world, 1,
		   "INSERT INTO visit(id,subject,assignment,officers,"
		   "visited_on,code_shown_at,state) VALUES('v1','s1','a1',"
		   "'[\"o1\",\"o2\"]'," FIELD_TODAY "," FIELD_NOON
		   ",'signed')");
	field_sync(&world, 1);
	on_server("SELECT coalesce(flags,'') FROM assignment WHERE id='a1'",
		  "");
	office("assignment", "a1", "{'state':'reviewed'}");
	state_is("a1", "reviewed");
	all_equal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_its_officers_move_an_order),
		TEST(only_its_officers_change_a_visit),
		TEST(who_was_of_the_team_meanwhile_moves_it),
		TEST(the_office_moves_what_is_of_others),
		TEST(what_is_no_inspectors_stays_on_the_tablet),
		TEST(what_is_written_with_its_visit_goes_in),
		TEST(an_order_served_in_times_to_come_is_kept_apart),
		TEST(what_nobody_signed_is_not_reviewed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
