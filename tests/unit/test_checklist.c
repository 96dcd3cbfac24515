/* Two officers, two tablets, one visit: answers, result codes, orders to
 * correct. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "lib/field.h"

static struct field_world world;

#define FORM                                                                   \
	"{\"form_code\":\"food\",\"version\":1,\"title\":\"food\","            \
	"\"state\":\"published\",\"valid_from\":\"2026-01-01\",\"points\":["   \
	"{\"id\":\"p1\",\"text\":\"licence\",\"type\":\"check\","              \
	"\"key\":true},"                                                       \
	"{\"id\":\"p2\",\"text\":\"clean\",\"type\":\"check\"}]}"

static void catalog(const char *kind, const char *id, const char *json)
{
	if (loop_write(&world.loop, "catalog", kind, id, json, &world.err) !=
	    RC_OK)
		fail_msg("%s: %s", id, world.err.text);
}

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 2);
	catalog("form", "f1", FORM);
	field_office(&world, "visit", "v1",
		     "{\"subject\":\"s1\",\"state\":\"open\",\"form\":\"f1\","
		     "\"visited_on\":\"2026-11-20\",\"lead\":\"o1\","
		     "\"code_shown_at\":1763000000000,"
		     "\"officers\":[\"o1\",\"o2\"]}");
	for (int i = 0; i < 2; i++)
		field_sync(&world, i);
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

/* A member of the verdict as text; static memory. */
static const char *verdict_says(const char *member)
{
	static char text[200];
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	json_t *v = NULL, *value;
	char *dumped;

	if (ledger_verdict(&op, FIELD_SCOPE, "v1", &v) != RC_OK)
		fail_msg("%s", world.err.text);
	value = json_object_get(v, member);
	dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	snprintf(text, sizeof(text), "%s", dumped ? dumped : "");
	free(dumped);
	json_decref(v);
	return text;
}

static void answer(int tablet, const char *id, const char *point,
		   const char *author, const char *value)
{
	char sql[300];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO answer(id,visit,point,author,value) "
		 "VALUES('%s','v1','%s','%s','%s')",
		 id, point, author, value);
	field_exec(&world, tablet, sql);
}

static int quarantined(const char *kind, const char *id, const char *code)
{
	char sql[300];

	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM packet_record WHERE kind='%s' AND "
		 "id='%s' AND code='%s'",
		 kind, id, code);
	return field_server(&world, sql)[0] - '0';
}

static void answers_of_two_officers_stand_side_by_side(void **state)
{
	(void)state;
	answer(0, "x1", "p1", "o1", "pass");
	answer(1, "y2", "p2", "o2", "fail");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_sync(&world, 0);
	assert_string_equal(verdict_says("verdict"), "\"deadline\"");
	for (int i = 0; i < 2; i++)
		field_assert_equal(&world, i);
}

static void what_they_disagree_on_keeps_the_visit_unsigned(void **state)
{
	(void)state;
	answer(0, "x1", "p1", "o1", "pass");
	answer(0, "x2", "p2", "o1", "pass");
	answer(1, "y1", "p1", "o2", "fail");
	field_sync(&world, 1);
	field_exec(&world, 0, "UPDATE visit SET state='signed' WHERE id='v1'");
	field_sync(&world, 0);
	/* The tablet could not know, the server did; now the tablet does. */
	assert_int_equal(quarantined("visit", "v1", "disputed"), 1);
	field_exec(&world, 0, "UPDATE visit SET state='signed' WHERE id='v1'");
	assert_int_equal(field_sync(&world, 0).packets_sent, 0);
	field_exec(&world, 0, "UPDATE visit SET state='open' WHERE id='v1'");
	assert_string_equal(
		field_server(&world, "SELECT state FROM visit WHERE id='v1'"),
		"open");
	assert_string_equal(verdict_says("disputed"), "[\"p1\"]");
	/* The lead decides, and then it can be signed. */
	field_exec(&world, 0,
		   "UPDATE answer SET value='fail', settles=1 WHERE id='x1'");
	field_exec(&world, 0, "UPDATE visit SET state='signed' WHERE id='v1'");
	field_sync(&world, 0);
	assert_string_equal(
		field_server(&world, "SELECT state FROM visit WHERE id='v1'"),
		"signed");
	assert_string_equal(verdict_says("verdict"), "\"serious\"");
}

static void an_answer_after_signing_is_left_out(void **state)
{
	(void)state;
	answer(0, "x1", "p1", "o1", "pass");
	answer(0, "x2", "p2", "o1", "pass");
	field_exec(&world, 0, "UPDATE visit SET state='signed' WHERE id='v1'");
	answer(1, "y1", "p1", "o2", "fail");
	field_sync(&world, 0);
	field_sync(&world, 1);
	assert_string_equal(verdict_says("verdict"), "\"clean\"");
	assert_string_equal(verdict_says("unused"),
			    "[{\"id\":\"y1\",\"point\":\"p1\",\"author\":"
			    "\"o2\",\"value\":\"fail\",\"why\":"
			    "\"left_out\"}]");
	/* nor does a change of what was signed change it */
	field_exec(&world, 0, "UPDATE answer SET value='fail' WHERE id='x2'");
	field_sync(&world, 0);
	assert_string_equal(verdict_says("verdict"), "\"clean\"");
	assert_string_equal(
		field_server(&world, "SELECT value FROM answer WHERE id='x2'"),
		"pass");
	assert_non_null(strstr(verdict_says("unused"),
			       "{\"id\":\"x2\",\"point\":\"p2\",\"author\":"
			       "\"o1\",\"value\":\"fail\",\"why\":"
			       "\"left_out\"}"));
}

/* Held back on the tablet where it knows; quarantined where it did not. */
static void nobody_changes_anothers_answer(void **state)
{
	struct sync_summary s;

	(void)state;
	answer(0, "x1", "p1", "o1", "pass");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 1, "UPDATE answer SET value='fail' WHERE id='x1'");
	s = field_sync(&world, 1);
	assert_int_equal(s.packets_sent, 0);
	assert_string_equal(
		field_server(&world, "SELECT value FROM answer WHERE id='x1'"),
		"pass");
	assert_int_equal(loop_write(&world.loop, FIELD_SCOPE, "answer", "x1",
				    "{\"visit\":\"v1\",\"point\":\"p1\","
				    "\"author\":\"o1\",\"value\":\"fail\"}",
				    &world.err),
			 RC_INVALID);
	assert_non_null(strstr(world.err.text, "only its author"));
	err_clear(&world.err);
}

static void an_answer_that_got_its_author_meanwhile_is_the_authors(void **state)
{
	(void)state;
	assert_int_equal(loop_import(&world.loop, FIELD_SCOPE, "answer", "x1",
				     "{\"visit\":\"v1\",\"point\":\"p1\"}",
				     &world.err),
			 RC_OK);
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_exec(&world, 0,
		   "UPDATE answer SET author='o1',value='pass' WHERE id='x1'");
	field_exec(&world, 1, "UPDATE answer SET reason='y' WHERE id='x1'");
	field_sync(&world, 0);
	field_sync(&world, 1);
	assert_int_equal(quarantined("answer", "x1", "owner"), 1);
}

static void a_second_answer_of_one_author_is_kept_out(void **state)
{
	struct sync_summary s;

	(void)state;
	answer(0, "x1", "p1", "o1", "pass");
	answer(0, "x9", "p1", "o1", "fail");
	s = field_sync(&world, 0);
	assert_int_equal(s.packets_sent, 0);
	field_exec(&world, 0, "UPDATE answer SET point='p2' WHERE id='x9'");
	s = field_sync(&world, 0);
	assert_int_equal(s.packets_sent, 1);
	assert_int_equal(loop_import(&world.loop, FIELD_SCOPE, "answer", "z1",
				     "{\"visit\":\"v1\",\"point\":\"p1\","
				     "\"author\":\"o1\",\"value\":\"fail\"}",
				     &world.err),
			 RC_INVALID);
	assert_non_null(strstr(world.err.text, "'x1' is there"));
	err_clear(&world.err);
}

static void a_pinned_form_does_not_move(void **state)
{
	struct sync_summary s;

	(void)state;
	catalog("form", "f2",
		"{\"form_code\":\"food\",\"version\":2,\"title\":\"food\","
		"\"state\":\"published\",\"valid_from\":\"2026-11-01\","
		"\"points\":[{\"id\":\"p1\",\"text\":\"licence\",\"type\":"
		"\"check\"},{\"id\":\"p3\",\"text\":\"staff\",\"type\":"
		"\"check\",\"key\":true}]}");
	field_sync(&world, 0);
	field_exec(&world, 0, "UPDATE visit SET form='f2' WHERE id='v1'");
	s = field_sync(&world, 0);
	assert_int_equal(s.packets_sent, 0);
	assert_string_equal(verdict_says("form"), "\"f1\"");
	assert_string_equal(verdict_says("flags"), "[\"old_form\"]");
	assert_string_equal(verdict_says("supplement"), "[\"p3\"]");
	/* within the grace of seven days it was right */
	field_office(&world, "visit", "v1",
		     "{\"subject\":\"s1\",\"state\":\"open\",\"form\":\"f1\","
		     "\"visited_on\":\"2026-11-08\"}");
	assert_string_equal(verdict_says("flags"), "[]");
}

static void a_published_form_keeps_its_points(void **state)
{
	(void)state;
	assert_int_equal(
		loop_write(&world.loop, "catalog", "form", "f1",
			   "{\"form_code\":\"food\",\"version\":1,\"title\":"
			   "\"food\",\"state\":\"published\",\"points\":[{"
			   "\"id\":\"p1\",\"text\":\"other\",\"type\":"
			   "\"check\"}]}",
			   &world.err),
		RC_INVALID);
	assert_non_null(strstr(world.err.text, "'points' is set once"));
	err_clear(&world.err);
	assert_int_equal(
		loop_write(&world.loop, "catalog", "form", "f9",
			   "{\"form_code\":\"x\",\"version\":1,\"title\":"
			   "\"x\",\"state\":\"draft\",\"points\":[]}",
			   &world.err),
		RC_INVALID);
	assert_non_null(strstr(world.err.text, "1 to 500 points"));
	err_clear(&world.err);
}

static void codes_that_contradict_each_other_stay_at_home(void **state)
{
	struct sync_summary s;

	(void)state;
	field_exec(&world, 0,
		   "UPDATE visit SET result_codes='[\"1\",\"D\"]' "
		   "WHERE id='v1'");
	s = field_sync(&world, 0);
	assert_int_equal(s.packets_sent, 0);
	field_exec(&world, 0,
		   "UPDATE visit SET result_codes='[\"7\"]' WHERE id='v1'");
	s = field_sync(&world, 0);
	assert_int_equal(s.packets_sent, 0);
	field_exec(&world, 0,
		   "UPDATE visit SET proof='[\"photo 1\"]' WHERE id='v1'");
	s = field_sync(&world, 0);
	assert_int_equal(s.packets_sent, 1);
}

static void what_was_found_is_not_outvoted_by_nothing_found(void **state)
{
	(void)state;
	field_exec(&world, 0,
		   "UPDATE visit SET result_codes='[\"1\"]' WHERE id='v1'");
	field_exec(&world, 1,
		   "UPDATE visit SET result_codes='[\"D\"]' WHERE id='v1'");
	field_sync(&world, 0);
	field_sync(&world, 1);
	field_sync(&world, 0);
	for (int i = 0; i < 2; i++) {
		field_assert_equal(&world, i);
		assert_string_equal(
			field_live(&world, i, "SELECT result_codes FROM visit"),
			"[\"D\"]");
		assert_string_equal(
			field_live(&world, i,
				   "SELECT state||field_group FROM conflict"),
			"openresult_codes");
	}
}

static void order_serve(void)
{
	field_exec(&world, 0,
		   "INSERT INTO rectification(id,visit,subject,points,content,"
		   "state) VALUES('r1','v1','s1','[\"p2\"]','clean it',"
		   "'issued')");
	field_sync(&world, 0);
	field_exec(&world, 0,
		   "UPDATE rectification SET state='served',"
		   "served_on='2026-11-20',due='2026-11-27'");
	field_sync(&world, 0);
	field_sync(&world, 1);
}

/* domain.md 4.6, case 27. */
static void closed_in_the_field_beats_an_extension_with_proof(void **state)
{
	(void)state;
	order_serve();
	field_office(&world, "rectification", "r1",
		     "{\"visit\":\"v1\",\"subject\":\"s1\",\"points\":[\"p2\"]"
		     ",\"content\":\"clean it\",\"state\":\"served\","
		     "\"served_on\":\"2026-11-20\",\"due\":\"2026-11-27\","
		     "\"extended_to\":\"2026-12-11\"}");
	field_exec(&world, 0,
		   "UPDATE rectification SET state='closed',"
		   "rechecked_on='2026-11-21',proof='[\"photo\"]'");
	field_sync(&world, 0);
	assert_string_equal(
		field_server(&world,
			     "SELECT state||' '||extended_to||' '||proof "
			     "FROM rectification"),
		"closed 2026-12-11 [\"photo\"]");
}

static void without_proof_the_extension_stands(void **state)
{
	struct sync_summary s;

	(void)state;
	order_serve();
	field_office(&world, "rectification", "r1",
		     "{\"visit\":\"v1\",\"subject\":\"s1\",\"points\":[\"p2\"]"
		     ",\"content\":\"clean it\",\"state\":\"served\","
		     "\"served_on\":\"2026-11-20\",\"due\":\"2026-11-27\","
		     "\"extended_to\":\"2026-12-11\"}");
	field_exec(&world, 0, "UPDATE rectification SET state='closed'");
	s = field_sync(&world, 0);
	assert_int_equal(s.packets_sent, 0);
	assert_string_equal(field_server(&world,
					 "SELECT state||' '||extended_to "
					 "FROM rectification"),
			    "served 2026-12-11");
}

static void what_was_served_does_not_change(void **state)
{
	struct sync_summary s;

	(void)state;
	order_serve();
	field_exec(&world, 1, "UPDATE rectification SET content='other words'");
	s = field_sync(&world, 1);
	assert_int_equal(s.packets_sent, 0);
	field_exec(&world, 0, "UPDATE rectification SET due='2026-12-27'");
	s = field_sync(&world, 0);
	assert_int_equal(s.packets_sent, 0);
}

static void an_extension_only_moves_forward(void **state)
{
	(void)state;
	field_office(&world, "rectification", "r9",
		     "{\"visit\":\"v1\",\"subject\":\"s1\",\"content\":\"x\","
		     "\"state\":\"issued\",\"extended_to\":\"2026-12-11\"}");
	field_office(&world, "rectification", "r9",
		     "{\"visit\":\"v1\",\"subject\":\"s1\",\"content\":\"x\","
		     "\"state\":\"issued\",\"extended_to\":\"2026-12-12\"}");
	assert_int_equal(loop_write(&world.loop, FIELD_SCOPE, "rectification",
				    "r9",
				    "{\"visit\":\"v1\",\"subject\":\"s1\","
				    "\"content\":\"x\",\"state\":\"issued\","
				    "\"extended_to\":\"2026-12-11\"}",
				    &world.err),
			 RC_INVALID);
	assert_non_null(strstr(world.err.text, "only moves forward"));
	err_clear(&world.err);
	assert_int_equal(loop_write(&world.loop, FIELD_SCOPE, "rectification",
				    "r9",
				    "{\"visit\":\"v1\",\"subject\":\"s1\","
				    "\"content\":\"x\",\"state\":\"issued\"}",
				    &world.err),
			 RC_INVALID);
	err_clear(&world.err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_DISTRICT(test) cmocka_unit_test_setup_teardown(test, begin, end)
		IN_DISTRICT(answers_of_two_officers_stand_side_by_side),
		IN_DISTRICT(what_they_disagree_on_keeps_the_visit_unsigned),
		IN_DISTRICT(an_answer_after_signing_is_left_out),
		IN_DISTRICT(nobody_changes_anothers_answer),
		IN_DISTRICT(
			an_answer_that_got_its_author_meanwhile_is_the_authors),
		IN_DISTRICT(a_second_answer_of_one_author_is_kept_out),
		IN_DISTRICT(a_pinned_form_does_not_move),
		IN_DISTRICT(a_published_form_keeps_its_points),
		IN_DISTRICT(codes_that_contradict_each_other_stay_at_home),
		IN_DISTRICT(what_was_found_is_not_outvoted_by_nothing_found),
		IN_DISTRICT(closed_in_the_field_beats_an_extension_with_proof),
		IN_DISTRICT(without_proof_the_extension_stands),
		IN_DISTRICT(what_was_served_does_not_change),
		IN_DISTRICT(an_extension_only_moves_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
