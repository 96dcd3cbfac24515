/* Situations of the field that are no single rule of merging, by their numbers
 * in tests/situations.txt, over real syncs. */
#include "test_states_harness.h"

#define TEAM "'[\"o1\",\"o2\"]'"

static void visit_is(const char *what, const char *expected)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "SELECT %s FROM visit WHERE id='v1'", what);
	on_server(sql, expected);
}

/* Both add evidence, and both say what one picture shows. */
static void s07_evidence_of_both_and_one_caption(void **state)
{
#define PICTURE(id)                                                            \
	"INSERT INTO evidence(id,visit,sha256,size,state) VALUES('" id         \
	"','v1','" id "',1,'taken')"
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,state) VALUES"
		   "('v1','s1'," TEAM ",'open');" PICTURE("e1"));
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 0,
		   PICTURE("e2") ";UPDATE evidence SET caption='a door' WHERE "
				 "id='e1'");
	field_exec(&world, 1,
		   PICTURE("e3") ";UPDATE evidence SET caption='a blocked door'"
				 " WHERE id='e1'");
	field_sync(&world, 0);
	field_sync(&world, 1);
	all_equal();
	on_server("SELECT group_concat(id) FROM evidence", "e1,e2,e3");
	on_server("SELECT caption FROM evidence WHERE id='e1'",
		  "a blocked door");
	on_server("SELECT count(*) FROM conflict", "0");
}

/* The subject gets another name while its check is under way. */
static void s08_a_new_name_leaves_the_check_its_subject(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,subject_version,"
		   "state) VALUES('v1','s1'," TEAM ",'version-1','open')");
	office("subject", "s1", "{'name':'new name'}");
	field_sync(&world, 0);
	all_equal();
	visit_is("subject||' '||subject_version", "s1 version-1");
	assert_string_equal(
		field_live(&world, 0, "SELECT name FROM subject WHERE id='s1'"),
		"new name");
}

static void signed_visit(const char *id, const char *began, const char *more)
{
	char sql[500];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO visit(id,subject,officers,visited_on,started_at,"
		 "code_shown_at,source,source_id,state) VALUES('%s','s1'," TEAM
		 "," FIELD_TODAY ",%s,%s,%s,'signed')",
		 id, began, began, more);
	field_exec(&world, 0, sql);
	field_sync(&world, 0);
}

#define AGO "(unixepoch('now')-86400)*1000"
#define HENCE "(unixepoch('now')+60)*1000"

static void s09_one_that_had_moved_is_for_another_district(void **state)
{
	(void)state;
	office("subject", "s1", "{'state':'moved'}");
	signed_visit("v1", HENCE, "NULL,NULL");
	visit_is("state||' '||(flags LIKE '%\"jurisdiction\"%')", "signed 1");
	on_server("SELECT level||' '||record_id FROM alarm WHERE "
		  "rule='jurisdiction'",
		  "alarm v1");
	all_equal();
}

static void s09_a_check_that_had_begun_stays(void **state)
{
	(void)state;
	office("subject", "s1", "{'state':'moved'}");
	signed_visit("v1", AGO, "NULL,NULL");
	on_server("SELECT count(*) FROM alarm WHERE rule='jurisdiction'", "0");
}

/* The shop is gone: the officer says so with a proof, and no check was made. */
static void s10_there_is_nobody_to_check(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "UPDATE assignment SET state='no_object' WHERE id='a1'");
	/* Without a proof it stays on the tablet. */
	field_sync(&world, 0);
	state_is("a1", "issued");
	field_exec(&world, 0,
		   "UPDATE assignment SET proof='[\"e1\"]' WHERE id='a1'");
	office("subject", "s1", "{'state':'deregistered'}");
	field_sync(&world, 0);
	state_is("a1", "no_object");
	all_equal();
}

/* An inspector finds another address and telephone: the register stays. */
static void s11_what_is_found_is_an_observation(void **state)
{
	struct sync_summary s;

	(void)state;
	field_exec(&world, 0,
		   "UPDATE subject SET address='road 99',phone='8888' WHERE "
		   "id='s1'");
	s = field_sync(&world, 0);
	assert_int_equal(s.quarantined, 0);
	all_equal();
	on_server("SELECT address||coalesce(phone,'') FROM subject WHERE "
		  "id='s1'",
		  "road 1");
	on_server("SELECT record_kind||' '||record_id||' '||found||' '||seen||"
		  "' '||author||' '||state FROM observation",
		  "subject s1 {\"address\":\"road 99\",\"phone\":\"8888\"} "
		  "{\"address\":\"road 1\"} o1 new");
	assert_string_equal(
		field_live(&world, 0,
			   "SELECT address FROM subject WHERE id='s1'"),
		"road 1");
	/* The office adopts what its author found. */
	office("observation",
	       field_server(&world, "SELECT id FROM observation"),
	       "{'state':'adopted'}");
	on_server("SELECT address||' '||phone FROM subject WHERE id='s1'",
		  "road 99 8888");
	on_server("SELECT decided_by FROM observation", "admin");
	all_equal();
}

/* The office wrote another address meanwhile: adopting asks a person. */
static void s11_adoption_is_three_way(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "UPDATE subject SET address='road 99',phone='8888' WHERE "
		   "id='s1'");
	field_sync(&world, 0);
	office("subject", "s1", "{'address':'road 7'}");
	office("observation",
	       field_server(&world, "SELECT id FROM observation"),
	       "{'state':'adopted'}");
	on_server("SELECT address||' '||phone FROM subject WHERE id='s1'",
		  "road 7 8888");
	on_server("SELECT rule||' '||record_kind||' '||field_group||' '||author"
		  "||' '||state FROM conflict",
		  "ref subject address o1 open");
	decide("terminal");
	on_server("SELECT address FROM subject WHERE id='s1'", "road 99");
	all_equal();
}

/* What else he writes there is still not his to write. */
static void s11_a_name_is_no_observation(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "UPDATE subject SET name='mine',phone='1' WHERE id='s1'");
	assert_int_equal(field_sync(&world, 0).held.records, 1);
	field_former(&world, 0, "subject", "s1");
	assert_int_equal(field_sync(&world, 0).quarantined, 1);
	on_server("SELECT count(*) FROM observation", "0");
	on_server("SELECT name FROM subject WHERE id='s1'", "subject 1");
	all_equal();
}

/* One complaint, two officers who took it up, neither knowing of the other. */
static void s23_one_complaint_taken_up_twice(void **state)
{
	(void)state;
	signed_visit("v2", HENCE, "'12345','c-7'");
	signed_visit("v3", AGO, "'letters','c-7'");
	on_server("SELECT count(*) FROM conflict", "0");
	signed_visit("v1", AGO, "'12345','c-7'");
	on_server("SELECT duplicate_of FROM visit WHERE id='v2'", "v1");
	on_server("SELECT rule||' '||record_id FROM conflict",
		  "duplicate_visit v2");
	on_server("SELECT coalesce(duplicate_of,'-')||coalesce(flags LIKE "
		  "'%duplicate%',0) FROM visit WHERE id='v3'",
		  "-0");
	all_equal();
}

#define AMENDMENT                                                              \
	"INSERT INTO amendment(id,visit,author,reason,changes) VALUES"         \
	"('%s','v1','o1','a slip','{\"summary\":\"a wet cellar\"}')"

static void visit_moves(const char *state)
{
	json_t *v = record_of("visit", "v1");
	char *text;

	json_object_set_new(v, "state", json_string(state));
	json_object_del(v, "id");
	json_object_del(v, "scope");
	text = json_dumps(v, 0);
	if (loop_serve(&world.loop, FIELD_SCOPE, "visit", "v1", text,
		       &world.err) != RC_OK)
		fail_msg("%s", world.err.text);
	free(text);
	json_decref(v);
}

static void reviewed(const char *state)
{
	char sql[400];

	tablet_does(0, "a1", "v1", "0");
	field_exec(&world, 0,
		   "UPDATE visit SET result_codes='[\"1\"]',state='submitted' "
		   "WHERE id='v1'");
	field_sync(&world, 0);
	visit_moves("approved");
	if (strcmp(state, "approved") != 0)
		visit_moves(state);
	field_sync(&world, 0);
	snprintf(sql, sizeof(sql), AMENDMENT, "m1");
	field_exec(&world, 0, sql);
	field_sync(&world, 0);
	on_server("SELECT coalesce(group_concat(kind||code),'') FROM "
		  "packet_record WHERE code IS NOT NULL",
		  "");
	on_server("SELECT count(*) FROM amendment", "1");
}

static void s24_an_amendment_asks_for_another_review(void **state)
{
	(void)state;
	reviewed("approved");
	visit_is("state", "resubmitted");
	on_server("SELECT level||' '||record_id FROM alarm WHERE "
		  "rule='amended_after_review'",
		  "notice v1");
	all_equal();
}

static void s24_what_is_published_stays_and_is_told(void **state)
{
	(void)state;
	reviewed("published");
	visit_is("state", "published");
	on_server("SELECT count(*) FROM alarm WHERE "
		  "rule='amended_after_review'",
		  "1");
	all_equal();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(s07_evidence_of_both_and_one_caption),
		TEST(s08_a_new_name_leaves_the_check_its_subject),
		TEST(s09_one_that_had_moved_is_for_another_district),
		TEST(s09_a_check_that_had_begun_stays),
		TEST(s10_there_is_nobody_to_check),
		TEST(s11_what_is_found_is_an_observation),
		TEST(s11_adoption_is_three_way),
		TEST(s11_a_name_is_no_observation),
		TEST(s23_one_complaint_taken_up_twice),
		TEST(s24_an_amendment_asks_for_another_review),
		TEST(s24_what_is_published_stays_and_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
