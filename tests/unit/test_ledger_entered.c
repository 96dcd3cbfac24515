/* What people at the office enter refers to what there is, a set of references
 * in each member, and keeps to its kind's limits; what jobs and tablets bring
 * is not held to that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/jcs.h"
#include "ledger/check.h"
#include "lib/loop.h"
#include "lib/quoted.h"

#define SCOPE "330106"
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct loop loop;
static char dir[64];
static struct err err;

static void put(const char *kind, const char *id, const char *json)
{
	if (loop_write(&loop, SCOPE, kind, id, json, &err) != RC_OK)
		fail_msg("%s: %s", id, err.text);
}

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/hufu-entered-XXXXXX");
	assert_non_null(mkdtemp(dir));
	err = (struct err){ 0 };
	assert_int_equal(seal_setup(&err), RC_OK);
	assert_int_equal(object_setup(&err), RC_OK);
	if (loop_init(&loop, dir, &host_system, &err) != RC_OK)
		fail_msg("%s", err.text);
	put("subject", "s1", "{\"name\":\"x\"}");
	put("officer", "o1", "{\"name\":\"x\"}");
	put("officer", "o2", "{\"name\":\"x\"}");
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	loop_release(&loop);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* Enter records, the ids a1, a2 ..., and say what the last is refused for, or
 * "". */
static const char *entered(const char *kind, const char *const *texts, size_t n)
{
	static char why[ERR_TEXT_MAX];
	struct office_record r[4] = { 0 };
	struct office_write w = { .scope = SCOPE,
				  .operation = "test",
				  .message = "entered by a test",
				  .records = r,
				  .n = n,
				  .entered = true };
	static const char *const ids[] = { "a1", "a2", "a3", "a4" };
	struct account admin;
	struct op op = loop_op(&loop, &admin, &err);

	op.now_ms = INT64_C(1795365000000); /* 2026-11-23 in the district */
	for (size_t i = 0; i < n; i++)
		r[i] = (struct office_record){ .kind = kind,
					       .id = ids[i],
					       .record = quoted(texts[i]) };
	if (ledger_office(&op, &w) != RC_OK)
		fail_msg("%s", err.text);
	snprintf(why, sizeof(why), "%s",
		 r[n - 1].outcome == OFFICE_REFUSED ? r[n - 1].why : "");
	for (size_t i = 0; i < n; i++)
		json_decref((json_t *)(uintptr_t)r[i].record);
	return why;
}

static void an_order_names_officers_that_there_are_two_and_a_day(void **state)
{
	static const struct {
		const char *record, *why; /* "": taken */
	} cases[] = {
		{ "{'subject':'s1','officers':['o1','o2'],'state':'issued',"
		  "'due':'2026-11-23'}",
		  "" },
		{ "{'subject':'s1','officers':['o1','o9'],'state':'issued'}",
		  "field 'officers': there is no officer 'o9' in scope" },
		{ "{'subject':'s9','officers':['o1','o2'],'state':'issued'}",
		  "field 'subject': there is no subject 's9'" },
		{ "{'subject':'s1','officers':['o9'],'state':'draft'}",
		  "there is no officer 'o9'" },
		{ "{'subject':'s1','officers':['o1'],'state':'draft',"
		  "'due':'2020-01-01'}",
		  "" },
		{ "{'subject':'s1','officers':['o1'],'state':'issued'}",
		  "'officers' has 1 of the at least 2" },
		{ "{'subject':'s1','officers':['o1','o2'],'state':'issued',"
		  "'due':'2026-11-22'}",
		  "'due' is over" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *why;

		teardown(NULL);
		setup(NULL);
		why = entered("assignment", &cases[i].record, 1);
		if (*cases[i].why ? !strstr(why, cases[i].why) : *why)
			fail_msg("%s: '%s'", cases[i].record, why);
	}
	(void)state;
}

static void a_member_may_come_in_the_same_write(void **state)
{
	static const char *const two[] = { "{'name':'x'}", "{'name':'y'}" };
	static const char *const team[] = {
		"{'subject':'s1','officers':['a1','a2'],'state':'issued'}"
	};

	(void)state;
	assert_string_equal(entered("officer", two, 2), "");
	assert_string_equal(entered("assignment", team, 1), "");
}

/* A member that stands is nobody's mistake of today. */
static void a_member_that_stood_before_is_not_looked_for(void **state)
{
	static const char *const kept[] = {
		"{'subject':'s1','officers':['o1','o8'],'state':'issued',"
		"'due':'2099-01-01'}"
	};
	static const char *const more[] = {
		"{'subject':'s1','officers':['o1','o7','o8'],'state':'issued'}"
	};

	(void)state;
	put("assignment", "a1",
	    "{\"subject\":\"s1\",\"officers\":[\"o1\",\"o8\"],\"state\":"
	    "\"issued\"}");
	assert_string_equal(entered("assignment", kept, 1), "");
	assert_non_null(strstr(entered("assignment", more, 1),
			       "there is no officer 'o7'"));
}

static void the_check_counts_members_that_are_not_there(void **state)
{
	struct check_report report = { 0 };

	(void)state;
	put("assignment", "a1",
	    "{\"subject\":\"s1\",\"officers\":[\"o1\",\"o8\",\"o9\"],"
	    "\"state\":\"issued\"}");
	if (ledger_check(loop.store, NULL, &report, &err) != RC_OK)
		fail_msg("%s", err.text);
	assert_int_equal(report.nloose, 2);
	assert_string_equal(report.loose[0].field, "officers");
	assert_string_equal(report.loose[0].to, "officer/o8");
	assert_string_equal(report.loose[1].to, "officer/o9");
	check_report_release(&report);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_order_names_officers_that_there_are_two_and_a_day),
		TEST(a_member_may_come_in_the_same_write),
		TEST(a_member_that_stood_before_is_not_looked_for),
		TEST(the_check_counts_members_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
