/* The facts that credit rests on: what of them the office cannot change, how
 * one is taken back, and what came too late to be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "ledger/ledger.h"
#include "lib/field.h"
#include "lib/quoted.h"
#include "object/repo.h"

static struct field_world world;

/* The record as it stands with `changes` (NULL clears), or a new one. */
static json_t *changed(const char *kind, const char *id, const char *changes)
{
	struct account admin;
	struct err none = { 0 };
	struct op op = loop_op(&world.loop, &admin, &none);
	json_t *record = NULL, *more = quoted(changes), *value;
	const char *name;

	if (ledger_record(&op, FIELD_SCOPE, kind, id, &record) != RC_OK)
		record = json_object();
	json_object_del(record, "id");
	json_object_del(record, "scope");
	json_object_foreach(more, name, value)
	{
		if (json_is_null(value))
			json_object_del(record, name);
		else
			json_object_set(record, name, value);
	}
	json_decref(more);
	return record;
}

typedef enum rc write_fn(struct loop *l, const char *scope, const char *kind,
			 const char *id, const char *json, struct err *err);

static enum rc write_by(write_fn *fn, const char *kind, const char *id,
			const char *changes)
{
	json_t *record = changed(kind, id, changes);
	char *text = json_dumps(record, 0);
	enum rc rc;

	err_clear(&world.err);
	rc = fn(&world.loop, FIELD_SCOPE, kind, id, text, &world.err);
	free(text);
	json_decref(record);
	return rc;
}

static void office(const char *kind, const char *id, const char *changes)
{
	if (write_by(loop_write, kind, id, changes) != RC_OK)
		fail_msg("%s %s: %s", kind, id, world.err.text);
}

static void import(const char *kind, const char *id, const char *changes)
{
	if (write_by(loop_import, kind, id, changes) != RC_OK)
		fail_msg("%s %s: %s", kind, id, world.err.text);
}

static void refused(const char *kind, const char *id, const char *changes,
		    const char *says)
{
	enum rc rc = write_by(loop_write, kind, id, changes);

	if (rc == RC_OK || !strstr(world.err.text, says))
		fail_msg("%s %s %s: '%s'", kind, id, changes, world.err.text);
	err_clear(&world.err);
}

static void on_server(const char *sql, const char *expected)
{
	const char *got = field_server(&world, sql);

	if (strcmp(got, expected) != 0)
		fail_msg("%s: '%s', not '%s'", sql, got, expected);
}

#define VISIT                                                                  \
	"{'subject':'s1','visited_on':'2026-01-10','score':80,'source':'x',"   \
	"'source_id':'1','state':'recorded'}"
#define FINDING                                                                \
	"{'subject':'s1','visit':'v1','severity':'high','code':'7',"           \
	"'found_on':'2026-01-10','state':'open'}"

/* A tablet signs v1 of s1, with a finding w1. */
static void v1_signed(void)
{
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,code_shown_at,"
		   "visited_on,result_codes,state) VALUES('v1','s1',"
		   "'[\"o1\",\"o2\"]',1768000000000,'2026-01-10',"
		   "'[\"A\"]','signed');"
		   "INSERT INTO violation(id,subject,visit,severity,found_on,"
		   "state) VALUES('w1','s1','v1','high','2026-01-10','open')");
	field_sync(&world, 0);
	on_server("SELECT coalesce(flags,'none') FROM violation", "none");
}

/* Nobody at the office makes up a check of the past. */
static void what_is_recorded_came_by_an_import(void **state)
{
	(void)state;
	refused("visit", "v9", "{'subject':'s1','state':'recorded'}",
		"'state' cannot begin as 'recorded', only as open");
	import("visit", "v9", "{'subject':'s1','state':'recorded'}");
	on_server("SELECT state FROM visit WHERE id='v9'", "recorded");
}

static void what_was_recorded_changes_only_by_an_import(void **state)
{
	static const char *const changes[] = {
		"{'visited_on':'2031-01-01'}",
		"{'score':100}",
		"{'subject':'s2'}",
		"{'source':null}",
		"{'visit_type':'paper'}",
	};

	(void)state;
	import("visit", "v1", VISIT);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		refused("visit", "v1", changes[i], "no longer changes");
		import("visit", "v1", changes[i]);
	}
	on_server("SELECT score||' '||subject FROM visit", "100 s2");
}

#define ALTERED "SELECT count(*) FROM alarm WHERE rule='fact_altered'"

static void an_import_that_alters_a_fact_raises_an_alarm(void **state)
{
	(void)state;
	import("visit", "v1", VISIT);
	office("violation", "w1", FINDING);
	import("visit", "v1", VISIT);
	import("violation", "w2", FINDING);
	on_server(ALTERED, "0");
	import("violation", "w1", "{'severity':'low','reason':'x'}");
	import("visit", "v1", "{'score':90,'flags':['not_counted']}");
	on_server("SELECT group_concat(level||' '||text,'; ') FROM (SELECT * "
		  "FROM alarm WHERE rule='fact_altered' ORDER BY record_id)",
		  "alarm 'admin' altered visit 'v1', which was recorded, by an "
		  "import: score, flags; alarm 'admin' altered violation 'w1', "
		  "which was recorded, by an import: severity");
	import("visit", "v1", "{'score':90,'flags':['not_counted']}");
	on_server(ALTERED, "2");
	/* Once more is once more. */
	import("visit", "v1", "{'score':95}");
	on_server(ALTERED, "3");
	/* What is void is no fact any more. */
	office("violation", "w1", "{'state':'void','reason':'x'}");
	import("violation", "w1", "{'severity':'high'}");
	on_server(ALTERED, "3");
}

static void flags_are_no_word_of_the_office(void **state)
{
	static const char *const kinds[] = { "visit", "violation", "assignment",
					     "subject" };
	static const char *const ids[] = { "v1", "w1", "a1", "s1" };

	(void)state;
	import("visit", "v1", VISIT);
	office("violation", "w1", FINDING);
	for (size_t i = 0; i < 4; i++) {
		const char *id = ids[i];

		refused(kinds[i], id, "{'flags':['not_counted']}",
			"it is set by server, import");
		import(kinds[i], id, "{'flags':['not_counted']}");
		refused(kinds[i], id, "{'flags':null}",
			"it is set by server, import");
		import(kinds[i], id, "{'flags':null}");
	}
}

static void a_finding_is_as_fixed_as_its_visit(void **state)
{
	static const char *const changes[] = {
		"{'severity':'low'}",
		"{'subject':'s2'}",
		"{'found_on':'2020-01-01'}",
		"{'visit':null}",
		"{'visit':'v2'}",
		"{'code':null}",
	};

	(void)state;
	import("visit", "v1", VISIT);
	office("violation", "w1", FINDING);
	office("violation", "w2", "{'subject':'s1','severity':'low'}");
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		refused("violation", "w1", changes[i],
			"once its visit is a fact, or it has none: make it "
			"void with a reason, and say what is right in");
	refused("violation", "w2", "{'severity':'moderate'}", "'severity'");
	refused("violation", "w2", "{'visit':'v1'}", "'visit'");
	office("violation", "w1", "{'state':'corrected'}");
	import("violation", "w1", "{'severity':'low'}");
	/* Until then it may be put right. */
	office("visit", "v3", "{'subject':'s1','state':'open'}");
	office("violation", "w3", "{'visit':'v3','severity':'low'}");
	office("violation", "w3", "{'severity':'high'}");
	refused("violation", "w3", "{'visit':'v1'}", "'visit'");
}

static void a_fact_is_taken_back_with_a_reason_and_an_alarm(void **state)
{
	(void)state;
	import("visit", "v1", VISIT);
	office("violation", "w1", FINDING);
	office("visit", "v2", "{'subject':'s1','state':'open'}");
	refused("visit", "v1", "{'state':'void'}", "only with 'reason'");
	refused("violation", "w1", "{'state':'void'}", "only with 'reason'");
	office("visit", "v2", "{'state':'void','reason':'never begun'}");
	on_server("SELECT count(*) FROM alarm", "0");
	office("violation", "w1", "{'state':'void','reason':'not theirs'}");
	office("visit", "v1", "{'state':'void','reason':'another firm'}");
	on_server("SELECT group_concat(text,'; ') FROM (SELECT text FROM alarm "
		  "WHERE rule='fact_withdrawn' AND level='alarm' "
		  "ORDER BY record_kind)",
		  "'admin' made violation 'w1' void, which had counted, with "
		  "the reason 'not theirs'; 'admin' made visit 'v1' void, "
		  "which had counted, with the reason 'another firm'");
	/* It is void for good. */
	refused("violation", "w1", "{'state':'open'}", "it is 'void' for good");
	refused("visit", "v1", "{'state':'recorded'}", "it is 'void' for good");
}

static void what_was_published_is_withdrawn_with_an_alarm(void **state)
{
	(void)state;
	v1_signed();
	field_exec(&world, 0, "UPDATE visit SET state='submitted'");
	field_sync(&world, 0);
	office("visit", "v1", "{'state':'published'}");
	refused("visit", "v1", "{'state':'withdrawn'}", "only with 'reason'");
	office("visit", "v1", "{'state':'withdrawn','reason':'wrong firm'}");
	on_server("SELECT record_id FROM alarm WHERE rule='fact_withdrawn'",
		  "v1");
}

static void what_is_found_after_the_signature_is_left_out(void **state)
{
	(void)state;
	v1_signed();
	refused("violation", "w2", "{'visit':'v1','severity':'high'}",
		"visit 'v1' is signed without it");
	field_exec(&world, 1,
		   "INSERT INTO violation(id,subject,visit,severity,state) "
		   "VALUES('w3','s1','v1','high','open')");
	field_sync(&world, 1);
	on_server("SELECT flags FROM violation WHERE id='w3'",
		  "[\"left_out\"]");
	on_server("SELECT level||' '||record_id FROM alarm WHERE "
		  "rule='left_out'",
		  "notice w3");
	/* And the tablet cannot soften what was signed. */
	field_exec(&world, 1,
		   "UPDATE violation SET severity='low' WHERE id='w1'");
	field_sync(&world, 1);
	on_server("SELECT severity FROM violation WHERE id='w1'", "high");
	on_server("SELECT code FROM packet_record WHERE code IS NOT NULL",
		  "state");
}

/* One of two officers is unknown, or the certificate had ended that day. */
static void a_visit_of_too_few_officers_is_not_published(void **state)
{
	(void)state;
	field_office(&world, "officer", "o7",
		     "{\"name\":\"x\",\"state\":\"active\","
		     "\"certificate\":\"ZJ-77\",\"certificate_state\":"
		     "\"valid\",\"certificate_from\":\"2020-01-01\","
		     "\"certificate_to\":\"2026-01-09\"}");
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,result_codes,state) VALUES("
		   "'v1','s1','[\"o1\",\"o7\"]','2026-01-10',1768000000000,"
		   "'[\"1\"]','submitted'),"
		   "('v2','s1','[\"o1\",\"o7\"]','2026-01-09',1767950000000,"
		   "'[\"1\"]','submitted')");
	field_sync(&world, 0);
	on_server("SELECT flags FROM visit WHERE id='v1'", "[\"irregular\"]");
	on_server("SELECT coalesce(flags,'') FROM visit WHERE id='v2'", "");
	on_server("SELECT record_id||' '||level FROM alarm WHERE "
		  "rule='irregular'",
		  "v1 alarm");
	office("visit", "v2", "{'state':'published'}");
	office("visit", "v1", "{'state':'approved'}");
	refused("visit", "v1", "{'state':'published'}",
		"published only with 'ratified_by'");
	refused("visit", "v1", "{'ratified_by':'boss','ratified_reason':'x'}",
		"'ratified_by' is 'admin' who writes it");
	refused("visit", "v1", "{'ratified_by':'admin'}",
		"with 'ratified_reason'");
	office("visit", "v1",
	       "{'ratified_by':'admin','ratified_reason':'renewed late'}");
	office("visit", "v1", "{'state':'published'}");
	refused("visit", "v1", "{'ratified_reason':'another'}", "set once");
}

/* How did the check end? */
static void without_a_result_nothing_is_published(void **state)
{
	static const char *const ids[] = { "v1", "v2", "v3", "v4" };
	(void)state;

	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,score,state) SELECT value,'s1',"
		   "'[\"o1\",\"o2\"]','2026-01-10',1768000000000,"
		   "iif(value='v4',90,NULL),'submitted' FROM "
		   "json_each('[\"v1\",\"v2\",\"v3\",\"v4\"]')");
	field_sync(&world, 0);
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		office("visit", ids[i], "{'state':'approved'}");
	for (size_t i = 0; i < 3; i++)
		refused("visit", ids[i], "{'state':'published'}",
			"has no result");
	field_exec(&world, 0,
		   "INSERT INTO amendment(id,visit,changes,reason,author) "
		   "VALUES('m1','v2','{\"summary\":\"clean\"}','late','o1'),"
		   "('m2','v3','{\"result_codes\":[\"1\"]}','late','o1')");
	field_sync(&world, 0);
	for (size_t i = 1; i < 3; i++)
		office("visit", ids[i], "{'state':'approved'}");
	refused("visit", "v2", "{'state':'published'}", "has no result");
	office("visit", "v3", "{'state':'published'}");
	office("visit", "v4", "{'state':'published'}");
	office("visit", "v1",
	       "{'ratified_by':'admin','ratified_reason':'on paper'}");
	office("visit", "v1", "{'state':'published'}");
	on_server("SELECT group_concat(id,' ') FROM (SELECT id FROM visit "
		  "WHERE state='published' ORDER BY id)",
		  "v1 v3 v4");
}

/* Whoever was there does not ratify it. */
static void an_officer_of_the_visit_does_not_ratify_it(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,state) VALUES('v1','s1',"
		   "'[\"admin\",\"o1\"]','2026-01-10',1768000000000,"
		   "'signed')");
	field_sync(&world, 0);
	on_server("SELECT flags FROM visit", "[\"irregular\"]");
	refused("visit", "v1",
		"{'ratified_by':'admin','ratified_reason':'fine'}",
		"not one of the visit's officers");
}

#define SIGNED                                                                 \
	"INSERT INTO visit(id,subject,assignment,officers,started_at,"         \
	"visited_on,code_shown_at,state) VALUES('%s','s1','a1',"               \
	"'[\"o1\",\"o2\"]'," FIELD_NOON "+%s," FIELD_TODAY "," FIELD_NOON      \
	",'signed')"

static void signed_for_a1(int tablet, const char *visit, const char *started)
{
	char sql[600];

	snprintf(sql, sizeof(sql), SIGNED, visit, started);
	field_exec(&world, tablet, sql);
}

static void one_assignment_has_one_visit(void **state)
{
	(void)state;
	signed_for_a1(0, "v1", "2000");
	signed_for_a1(1, "v2", "1000");
	field_sync(&world, 0);
	/* Signed, and the tablet had not even accepted it. */
	on_server("SELECT state FROM assignment WHERE id='a1'", "done");
	on_server("SELECT count(*) FROM alarm", "0");
	field_sync(&world, 1);
	on_server("SELECT duplicate_of||' '||flags FROM visit WHERE id='v1'",
		  "v2 [\"duplicate_visit\"]");
	on_server("SELECT coalesce(duplicate_of,'none')||' '||flags FROM visit "
		  "WHERE id='v2'",
		  "none [\"duplicate_visit\"]");
	on_server("SELECT record_id FROM alarm WHERE rule='duplicate_visit'",
		  "v1");
	on_server("SELECT record_id FROM conflict WHERE rule='duplicate_visit'",
		  "v1");
	on_server("SELECT state FROM assignment WHERE id='a1'", "done");
}

static void flags_are(const char *kind, const char *id, const char *flags)
{
	char sql[120];

	snprintf(sql, sizeof(sql),
		 "SELECT coalesce(flags,'') FROM %s WHERE id='%s'", kind, id);
	on_server(sql, flags);
}

/* Tablet 0 is of o1. */
static void a_check_is_of_its_order_and_its_signer(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,assignment,officers,"
		   "visited_on,code_shown_at,state) VALUES"
		   "('v1','s2','a1','[\"o1\",\"o2\"]'," FIELD_TODAY
		   "," FIELD_NOON ",'signed'),"
		   "('v2','s2',NULL,'[\"o2\",\"o3\"]'," FIELD_TODAY
		   "," FIELD_NOON ",'signed')");
	field_sync(&world, 0);
	flags_are("visit", "v1", "[\"other_subject\"]");
	flags_are("visit", "v2", "[\"other_signer\"]");
	on_server("SELECT state FROM assignment WHERE id='a1'", "issued");
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,assignment,officers,"
		   "visited_on,code_shown_at,state) VALUES"
		   "('v3','s1','a1','[\"o1\",\"o3\"]'," FIELD_TODAY
		   "," FIELD_NOON ",'signed')");
	field_sync(&world, 0);
	flags_are("visit", "v3", "[\"other_team\"]");
	on_server("SELECT state FROM assignment WHERE id='a1'", "done");
	on_server("SELECT group_concat(rule||' '||record_id) FROM (SELECT * "
		  "FROM alarm WHERE level='alarm' ORDER BY record_id)",
		  "other_subject v1,other_signer v2,other_team v3");
	field_exec(&world, 0,
		   "UPDATE visit SET state='submitted' WHERE id<>'v2'");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 1,
		   "UPDATE visit SET state='submitted' WHERE id='v2'");
	field_sync(&world, 1);
	for (int i = 1; i <= 3; i++) {
		char id[16];

		snprintf(id, sizeof(id), "v%d", i);
		refused("visit", id, "{'state':'published'}",
			"published only with 'ratified_by'");
	}
	office("visit", "v3",
	       "{'ratified_by':'admin','ratified_reason':'o2 was ill'}");
	office("visit", "v3", "{'state':'published'}");
}

static void a_visit_of_tomorrow_does_not_count(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,state) VALUES('v1','s1','[\"o1\",\"o2\"]',"
		   "'2099-12-31',4102372800000,'signed')");
	field_sync(&world, 0);
	flags_are("visit", "v1", "[\"in_future\"]");
	on_server("SELECT record_id FROM alarm WHERE rule='in_future'", "v1");
}

/* With the visit, before it and after it was signed. */
static void a_finding_says_what_its_visit_says(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,state) VALUES('v1','s1','[\"o1\",\"o2\"]',"
		   "'2026-01-10',1768000000000,'open');"
		   "INSERT INTO violation(id,visit,subject,found_on,severity,"
		   "state) VALUES('w1','v1','s2','2026-01-10','high','open'),"
		   "('w2','v1','s1','2016-01-10','high','open'),"
		   "('w3','v1','s1','2026-01-10','high','open'),"
		   "('w4','v1','s1','2999-01-10','high','open')");
	field_sync(&world, 0);
	flags_are("violation", "w1", "");
	field_exec(&world, 0, "UPDATE visit SET state='signed'");
	field_sync(&world, 0);
	flags_are("violation", "w4", "[\"contradicts\"]");
	flags_are("violation", "w1", "[\"contradicts\"]");
	flags_are("violation", "w2", "[\"contradicts\"]");
	flags_are("violation", "w3", "");
	on_server("SELECT count(*) FROM alarm WHERE rule='contradicts' AND "
		  "level='alarm'",
		  "3");
}

static void the_office_writes_no_finding_against_its_visit(void **state)
{
	(void)state;
	import("visit", "v1", VISIT);
	refused("violation", "w1",
		"{'visit':'v1','subject':'s2','severity':'high'}",
		"is of another subject: visit 'v1' is of subject 's1' on "
		"2026-01-10");
	refused("violation", "w1",
		"{'visit':'v1','found_on':'2016-01-10','severity':'high'}",
		"was found before the visit began");
	assert_int_not_equal(write_by(loop_import, "violation", "w1",
				      "{'visit':'v1','subject':'s2'}"),
			     RC_OK);
	err_clear(&world.err);
	import("violation", "w1", FINDING);
}

static void what_was_answered_is_frozen_with_its_visit(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "INSERT INTO visit(id,subject,officers,visited_on,"
		   "code_shown_at,state) VALUES('v1','s1','[\"o1\",\"o2\"]',"
		   "'2026-01-10',1768000000000,'signed');"
		   "INSERT INTO answer(id,visit,point,author,value) "
		   "VALUES('n1','v1','p1','o1','fail')");
	field_sync(&world, 0);
	on_server("SELECT count(*) FROM alarm", "0");
	field_exec(&world, 0,
		   "UPDATE answer SET value='pass' WHERE id='n1';"
		   "INSERT INTO answer(id,visit,point,author,value) "
		   "VALUES('n2','v1','p2','o1','pass')");
	field_sync(&world, 0);
	on_server("SELECT group_concat(id||' '||value||' '||"
		  "coalesce(state,'none')) FROM (SELECT * FROM answer ORDER BY "
		  "id)",
		  "n1 fail none,n2 pass left_out");
	on_server("SELECT group_concat(record_id||' '||level) FROM (SELECT * "
		  "FROM alarm WHERE rule='left_out' ORDER BY record_id)",
		  "n1 notice,n2 notice");
	field_sync(&world, 0);
	field_assert_equal(&world, 0);
	assert_string_equal(field_live(&world, 0,
				       "SELECT value FROM answer WHERE "
				       "id='n1'"),
			    "fail");
}

static int world_make(void **state)
{
	(void)state;
	field_begin(&world, 2);
	field_office(&world, "assignment", "a1",
		     "{\"subject\":\"s1\",\"officers\":[\"o1\",\"o2\"],"
		     "\"state\":\"issued\"}");
	field_sync(&world, 0);
	field_sync(&world, 1);
	return 0;
}

static int world_free(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_make, world_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_recorded_came_by_an_import),
		TEST(what_was_recorded_changes_only_by_an_import),
		TEST(an_import_that_alters_a_fact_raises_an_alarm),
		TEST(flags_are_no_word_of_the_office),
		TEST(a_finding_is_as_fixed_as_its_visit),
		TEST(a_fact_is_taken_back_with_a_reason_and_an_alarm),
		TEST(what_was_published_is_withdrawn_with_an_alarm),
		TEST(what_is_found_after_the_signature_is_left_out),
		TEST(a_visit_of_too_few_officers_is_not_published),
		TEST(without_a_result_nothing_is_published),
		TEST(an_officer_of_the_visit_does_not_ratify_it),
		TEST(one_assignment_has_one_visit),
		TEST(a_check_is_of_its_order_and_its_signer),
		TEST(a_visit_of_tomorrow_does_not_count),
		TEST(a_finding_says_what_its_visit_says),
		TEST(the_office_writes_no_finding_against_its_visit),
		TEST(what_was_answered_is_frozen_with_its_visit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
