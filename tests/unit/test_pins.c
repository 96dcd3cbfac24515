/* What a signed visit names, against what there is: its day, its order's item,
 * its form, versions, its result, and who leads. */
#include "test_states_harness.h"

#define VISIT "INSERT INTO visit(id,subject,officers,visited_on,"
#define TEAM "'[\"o1\",\"o2\"]'"
#define NOW FIELD_TODAY "," FIELD_NOON

static void flags_are(const char *visit, const char *flags)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
		 "SELECT coalesce(flags,'') FROM visit WHERE id='%s'", visit);
	on_server(sql, flags);
	snprintf(sql, sizeof(sql),
		 "SELECT coalesce(json_group_array(rule),'') FROM (SELECT rule "
		 "FROM alarm WHERE record_id='%s' ORDER BY rule)",
		 visit);
	on_server(sql, flags[0] ? flags : "[]");
}

static void catalog(const char *kind, const char *id, const char *json)
{
	char text[400];

	snprintf(text, sizeof(text), "%s", json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	if (loop_write(&world.loop, "catalog", kind, id, text, &world.err) !=
	    RC_OK)
		fail_msg("%s", world.err.text);
}

/* An item, its form, another's, and an order of it. */
static void catalog_make(void)
{
	catalog("item", "i1", "{'code':'c1','name':'kitchens'}");
	catalog("item", "i2", "{'code':'c2','name':'lifts'}");
#define POINTS                                                                 \
	"'points':[{'id':'k','text':'licence','type':'check','key':true}]"
	catalog("form", "f1",
		"{'form_code':'a','version':1,'title':'t','items':['i1']"
		"," POINTS ",'state':'published'}");
	catalog("form", "f2",
		"{'form_code':'b','version':1,'title':'t','items':['i2']"
		"," POINTS ",'state':'published'}");
	catalog("form", "f3",
		"{'form_code':'c','version':1,'title':'t','items':['i1']"
		"," POINTS ",'state':'published','valid_from':'2099-01-01'}");
	field_office(&world, "assignment", "b1",
		     "{\"subject\":\"s1\",\"item\":\"i1\",\"state\":\"issued\","
		     "\"officers\":[\"o1\",\"o2\"]}");
	field_sync(&world, 0);
	field_sync(&world, 1);
}

static void a_visit_is_of_the_day_on_which_its_code_was_shown(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   VISIT "code_shown_at,started_at,assignment,state) VALUES"
			 "('v1','s1'," TEAM "," NOW ",NULL,'a1','signed'),"
			 "('v2','s2'," TEAM ",'2026-03-01'," FIELD_NOON
			 ",NULL,NULL,'signed'),"
			 "('v3','s2'," TEAM "," NOW
			 ",1768000000000,NULL,'signed'),"
			 "('v4','s1'," TEAM
			 ",'2026-01-10',1768000000000,NULL,'a1','signed')");
	field_sync(&world, 0);
	on_server("SELECT flags FROM visit WHERE id='v1'",
		  "[\"duplicate_visit\"]");
	flags_are("v2", "[\"other_day\"]");
	flags_are("v3", "[\"other_day\"]");
	on_server("SELECT flags FROM visit WHERE id='v4'",
		  "[\"before_order\",\"duplicate_visit\"]");
	field_exec(&world, 0,
		   "UPDATE visit SET state='submitted' WHERE id='v2'");
	field_sync(&world, 0);
	assert_int_not_equal(office_try("visit", "v2", "{'state':'published'}"),
			     RC_OK);
	assert_non_null(strstr(world.err.text, "has the flag 'other_day'"));
	err_clear(&world.err);
}

static void a_visit_without_a_day_is_not_signed(void **state)
{
	struct sync_summary s;

	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,code_shown_at,state) "
		   "VALUES('v1','s1'," TEAM "," FIELD_NOON ",'signed')");
	s = field_sync(&world, 0);
	assert_int_equal(s.held.records, 1);
	assert_non_null(strstr(s.held.why, "'visited_on'"));
}

static void item_form_and_versions_are_the_orders(void **state)
{
	(void)state;
	catalog_make();
	field_exec(&world, 0,
		   VISIT
		   "code_shown_at,assignment,item,form,subject_version,"
		   "state) VALUES"
		   "('v1','s2'," TEAM "," NOW ",NULL,'i1','f1',NULL,"
		   "'signed'),('v2','s2'," TEAM "," NOW
		   ",NULL,'i1','f2',NULL,'signed'),"
		   "('v3','s2'," TEAM "," NOW ",NULL,'i1','f3',NULL,'signed'),"
		   "('v4','s2'," TEAM "," NOW
		   ",NULL,'i1','nowhere',NULL,'signed'),"
		   "('v5','s2'," TEAM "," NOW ",NULL,'i1',NULL,NULL,'signed'),"
		   "('v6','s2'," TEAM "," NOW
		   ",NULL,NULL,NULL,'never','signed'),"
		   "('v7','s2'," TEAM "," NOW ",NULL,NULL,NULL,(SELECT "
		   "lower(hex(oid)) FROM hufu_leaf WHERE kind='subject' "
		   "AND id='s2'),'signed')");
	field_sync(&world, 0);
	flags_are("v1", "");
	flags_are("v2", "[\"other_form\"]");
	flags_are("v3", "[\"other_form\"]");
	flags_are("v4", "[\"other_form\"]");
	flags_are("v5", "[\"no_form\"]");
	flags_are("v6", "[\"other_version\"]");
	flags_are("v7", "");
}

static void an_order_of_an_item_is_not_done_with_another(void **state)
{
	(void)state;
	catalog_make();
	field_exec(&world, 0,
		   VISIT "code_shown_at,assignment,item,form,state) VALUES"
			 "('v1','s1'," TEAM "," NOW
			 ",'b1','i2','f2','signed')");
	field_sync(&world, 0);
	flags_are("v1", "[\"other_item\"]");
	field_exec(&world, 0,
		   VISIT "code_shown_at,assignment,state) VALUES"
			 "('v2','s1'," TEAM "," NOW ",'b1','signed')");
	field_sync(&world, 0);
	on_server("SELECT flags FROM visit WHERE id='v2'",
		  "[\"duplicate_visit\",\"no_form\"]");
}

static void nothing_found_is_what_the_answers_say(void **state)
{
	struct sync_summary s;

	(void)state;
	catalog_make();
	field_exec(&world, 0,
		   VISIT "code_shown_at,form,result_codes,state) VALUES"
			 "('v1','s2'," TEAM "," NOW ",'f1','[\"1\"]','signed'),"
			 "('v2','s2'," TEAM "," NOW ",'f1','[\"1\"]','signed'),"
			 "('v3','s2'," TEAM "," NOW ",NULL,'[\"1\"]','open');"
			 "INSERT INTO answer(visit,point,author,value) "
			 "VALUES('v2','k','o1','pass');"
			 "INSERT INTO violation(visit,subject,severity,state) "
			 "VALUES('v3','s2','high','open')");
	field_sync(&world, 0);
	flags_are("v1", "[\"result_contradicts\"]");
	flags_are("v2", "");
	field_exec(&world, 0, "UPDATE visit SET state='signed' WHERE id='v3'");
	s = field_sync(&world, 0);
	assert_int_equal(s.held.records, 1);
	assert_non_null(strstr(s.held.why, "nothing found: it has violations"));
	field_exec(&world, 0,
		   "UPDATE visit SET result_codes='[\"A\"]' WHERE id='v3'");
	s = field_sync(&world, 0);
	assert_int_equal(s.held.records, 0);
	flags_are("v3", "");
}

static void nobody_makes_himself_lead_after_the_first_answer(void **state)
{
	struct sync_summary s;

	(void)state;
	catalog_make();
	field_exec(&world, 0,
		   VISIT "code_shown_at,form,state) VALUES"
			 "('v1','s2'," TEAM "," NOW ",'f1','checking');"
			 "INSERT INTO answer(id,visit,point,author,value) "
			 "VALUES('n1','v1','k','o1','pass')");
	field_sync(&world, 0);
	field_sync(&world, 1);
	/* Who does not know of the answers yet may, and is told by the server.
	 */
	field_exec(&world, 1,
		   "INSERT INTO answer(id,visit,point,author,value) "
		   "VALUES('n2','v1','k','o2','fail')");
	field_sync(&world, 1);
	field_sync(&world, 0);
	field_exec(&world, 0,
		   "UPDATE visit SET lead='o1' WHERE id='v1';"
		   "UPDATE answer SET settles=1 WHERE id='n1'");
	s = field_sync(&world, 0);
	assert_int_equal(s.held.records, 1);
	assert_non_null(strstr(s.held.why, "before the first answer"));
	on_server("SELECT coalesce(lead,'nobody') FROM visit", "nobody");
	office("visit", "v1", "{'lead':'o2'}");
	on_server("SELECT lead FROM visit", "o2");
}

/* His tablet does not know of the answer, the server does. */
static void nobody_makes_himself_lead_unawares(void **state)
{
	(void)state;
	catalog_make();
	field_exec(&world, 0,
		   VISIT "code_shown_at,form,state) VALUES"
			 "('v1','s2'," TEAM "," NOW ",'f1','checking')");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 0,
		   "INSERT INTO answer(id,visit,point,author,value) "
		   "VALUES('n1','v1','k','o1','fail')");
	field_sync(&world, 0);
	field_exec(&world, 1, "UPDATE visit SET lead='o2' WHERE id='v1'");
	assert_int_equal(field_sync(&world, 1).held.records, 0);
	on_server("SELECT coalesce(lead,'nobody') FROM visit", "nobody");
	on_server("SELECT code FROM packet_record WHERE id='v1' AND code IS "
		  "NOT NULL",
		  "field");
}

static void a_lead_that_was_set_first_may(void **state)
{
	(void)state;
	catalog_make();
	field_exec(&world, 0,
		   VISIT "code_shown_at,form,state) VALUES"
			 "('v1','s2'," TEAM "," NOW ",'f1','checking')");
	field_sync(&world, 0);
	field_exec(&world, 0,
		   "UPDATE visit SET lead='o1' WHERE id='v1';"
		   "INSERT INTO answer(id,visit,point,author,value) "
		   "VALUES('n1','v1','k','o1','pass')");
	assert_int_equal(field_sync(&world, 0).held.records, 0);
	on_server("SELECT lead FROM visit", "o1");
}

/* Who is no officer of the visit any more when it is signed was not there. */
static void answers_of_who_was_not_there_are_left_out(void **state)
{
	(void)state;
	catalog_make();
	field_exec(&world, 0,
		   VISIT "code_shown_at,form,state) VALUES"
			 "('v1','s2'," TEAM "," NOW ",'f1','checking'),"
			 "('v2','s2'," TEAM "," NOW ",'f1','checking');"
			 "INSERT INTO answer(id,visit,point,author,value) "
			 "VALUES('n1','v1','k','o1','fail'),"
			 "('n2','v2','k','o1','pass')");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 1,
		   "INSERT INTO answer(id,visit,point,author,value) "
		   "VALUES('n3','v1','k','o2','pass');"
		   "UPDATE visit SET officers='[\"o2\",\"o3\"]',"
		   "result_codes='[\"1\"]',state='signed' WHERE id='v1';"
		   "UPDATE visit SET result_codes='[\"1\"]',state='signed' "
		   "WHERE id='v2'");
	field_sync(&world, 1);
	on_server("SELECT record_id||' '||level||': '||text FROM alarm "
		  "WHERE rule='not_present'",
		  "v1 notice: visit 'v1' was signed with answers of 'o1', who "
		  "is not one of its officers: they are left out");
	on_server("SELECT count(*) FROM alarm WHERE rule IN "
		  "('result_contradicts','not_present')",
		  "1");
	on_server("SELECT group_concat(state) FROM visit", "signed,signed");
}

static void a_tablets_visit_lies_in_its_subjects_town(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,town) VALUES('v1','s1','777'),"
		   "('v2','s2','000')");
	field_sync(&world, 0);
	on_server("SELECT group_concat(v.town=s.town) FROM visit AS v JOIN "
		  "subject AS s ON s.id=v.subject",
		  "1,1");
	field_sync(&world, 0);
	field_assert_equal(&world, 0);
	field_sync(&world, 1);
	field_assert_equal(&world, 1);
}

static void a_tablet_names_the_town_itself(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject) VALUES('v1','s1')");
	field_sync(&world, 0);
	on_server("SELECT v.town=s.town AND s.town<>'000' FROM visit AS v JOIN "
		  "subject AS s ON s.id=v.subject",
		  "1");
	on_server("SELECT count(*) FROM log WHERE id='v1'", "1");
	assert_string_equal(
		field_live(&world, 0, "SELECT town FROM visit WHERE id='v1'"),
		field_server(&world, "SELECT town FROM visit WHERE id='v1'"));
	field_assert_equal(&world, 0);
	/* Of a subject that it does not have it leaves that to the server. */
	field_office(&world, "subject", "late",
		     "{\"name\":\"late\",\"town\":\"002\"}");
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject) VALUES('v2','late')");
	field_sync(&world, 0);
	on_server("SELECT town FROM visit WHERE id='v2'", "002");
	on_server("SELECT count(*) FROM log WHERE id='v2'", "2");
}

#define ITEM_HERE                                                              \
	"(SELECT lower(hex(oid)) FROM hufu_leaf WHERE kind='item' AND "        \
	"id='i1')"

static void a_signed_visit_says_which_version_of_its_item(void **state)
{
	char held[41], sql[160];

	(void)state;
	catalog_make();
	snprintf(held, sizeof(held), "%s",
		 field_live(&world, 0, "SELECT " ITEM_HERE));
	field_exec(&world, 0,
		   VISIT "code_shown_at,assignment,item,form,state) VALUES"
			 "('v1','s2'," TEAM "," NOW ",NULL,'i1','f1','open'),"
			 "('v2','s1'," TEAM "," NOW ",'b1',NULL,'f1','signed'),"
			 "('v3','s2'," TEAM "," NOW
			 ",NULL,NULL,NULL,'signed')");
	field_sync(&world, 0);
	on_server("SELECT count(*) FROM visit WHERE id='v1' AND item_version "
		  "IS NULL",
		  "1");
	on_server("SELECT item FROM visit WHERE id='v2'", "i1");
	on_server("SELECT item_version FROM visit WHERE id='v2'", held);
	on_server("SELECT count(*) FROM visit WHERE id='v3' AND item IS NULL "
		  "AND item_version IS NULL",
		  "1");
	/* The catalog moved on, and this tablet does not know yet. */
	catalog("item", "i1", "{'code':'c1','name':'kitchens and bars'}");
	field_exec(&world, 0, "UPDATE visit SET state='signed' WHERE id='v1'");
	field_sync(&world, 0);
	on_server("SELECT item_version FROM visit WHERE id='v1'", held);
	flags_are("v1", "");
	on_server("SELECT count(*) FROM log WHERE id='v1'", "2");
	field_sync(&world, 0);
	assert_string_not_equal(field_live(&world, 0, "SELECT " ITEM_HERE),
				held);
	snprintf(sql, sizeof(sql),
		 "SELECT item_version='%s' FROM visit WHERE id='v1'", held);
	assert_string_equal(field_live(&world, 0, sql), "1");
	field_assert_equal(&world, 0);
}

static void a_score_that_stood_is_told_when_it_changes(void **state)
{
	(void)state;
	field_office(&world, "external_rating", "e1",
		     "{\"subject\":\"s1\",\"scheme\":\"531X\",\"score\":700,"
		     "\"grade\":\"D\",\"valid_from\":\"2026-01-01\"}");
	on_server("SELECT count(*) FROM alarm", "0");
	office("external_rating", "e1", "{'reason':'a typo'}");
	on_server("SELECT count(*) FROM alarm", "0");
	office("external_rating", "e1", "{'score':950,'grade':'A'}");
	on_server("SELECT count(*)||rule||level FROM alarm",
		  "1score_alteredalarm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_visit_is_of_the_day_on_which_its_code_was_shown),
		TEST(a_visit_without_a_day_is_not_signed),
		TEST(item_form_and_versions_are_the_orders),
		TEST(an_order_of_an_item_is_not_done_with_another),
		TEST(nothing_found_is_what_the_answers_say),
		TEST(nobody_makes_himself_lead_after_the_first_answer),
		TEST(nobody_makes_himself_lead_unawares),
		TEST(a_lead_that_was_set_first_may),
		TEST(answers_of_who_was_not_there_are_left_out),
		TEST(a_tablets_visit_lies_in_its_subjects_town),
		TEST(a_tablet_names_the_town_itself),
		TEST(a_signed_visit_says_which_version_of_its_item),
		TEST(a_score_that_stood_is_told_when_it_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
