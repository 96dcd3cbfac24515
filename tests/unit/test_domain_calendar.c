/* Working days, and which orders to correct are late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/date.h"
#include "base/jcs.h"
#include "domain/calendar.h"
#include "domain/rectification.h"
#include "lib/field.h"

static struct field_world world;

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

static void day_put(const char *day, bool working)
{
	char id[16], json[100];
	size_t n = 0;

	for (const char *c = day; *c; c++)
		if (*c != '-')
			id[n++] = *c;
	id[n] = '\0';
	snprintf(json, sizeof(json), "{\"day\":\"%s\",\"working\":%s}", day,
		 working ? "true" : "false");
	if (loop_write(&world.loop, "catalog", "calendar", id, json,
		       &world.err) != RC_OK)
		fail_msg("%s: %s", day, world.err.text);
}

static int64_t days(const char *text)
{
	int64_t day = 0;

	assert_true(date_parse(text, &day));
	return day;
}

/* The notice for 2026: New Year 1 to 3 January, 4 January (Sunday) is worked;
 * National Day 1 to 7 October, 10 October (Saturday) is worked. */
static void notice_2026(void)
{
	char day[24];

	day_put("2026-01-01", false);
	day_put("2026-01-02", false);
	day_put("2026-01-03", false);
	day_put("2026-01-04", true);
	for (int i = 1; i <= 7; i++) {
		snprintf(day, sizeof(day), "2026-10-%02d", i);
		day_put(day, false);
	}
	day_put("2026-10-10", true);
}

static const struct {
	const char *from;
	int n;
	const char *want;
} sums[] = {
	{ "2026-11-20", 1, "2026-11-23" }, /* Friday: Monday is the first */
	{ "2026-11-20", 5, "2026-11-27" },
	{ "2026-11-21", 1, "2026-11-23" }, /* Saturday */
	{ "2026-11-20", 0, "2026-11-20" },
	{ "2026-11-21", 0, "2026-11-23" }, /* a last day on a Saturday */
	{ "2025-12-31", 1, "2026-01-04" }, /* a Sunday that is worked */
	{ "2025-12-31", 2, "2026-01-05" },
	{ "2026-01-02", 0, "2026-01-04" },
	{ "2026-09-30", 1, "2026-10-08" },
	{ "2026-09-30", 3, "2026-10-10" }, /* a Saturday that is worked */
	{ "2026-09-30", 4, "2026-10-12" },
	{ "1969-12-26", 3, "1969-12-31" }, /* before days count from 0 */
};

static void the_first_day_does_not_count_and_notices_do(void **state)
{
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	struct calendar c;
	char text[11];

	(void)state;
	notice_2026();
	assert_int_equal(calendar_open(&c, &op), RC_OK);
	for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++) {
		date_format(text, working_days_add(&c, days(sums[i].from),
						   sums[i].n));
		if (strcmp(text, sums[i].want) != 0)
			fail_msg("%s + %d is %s", sums[i].from, sums[i].n,
				 text);
	}
	assert_int_equal(working_days_between(&c, days("2026-09-30"),
					      days("2026-10-12")),
			 4);
	assert_int_equal(working_days_between(&c, days("2026-10-12"),
					      days("2026-09-30")),
			 0);
	calendar_close(&c);
}

static void a_day_has_one_record(void **state)
{
	(void)state;
	day_put("2026-01-01", false);
	assert_int_equal(loop_write(&world.loop, "catalog", "calendar", "twin",
				    "{\"day\":\"2026-01-01\",\"working\":"
				    "true}",
				    &world.err),
			 RC_INVALID);
	err_clear(&world.err);
}

static void order(const char *id, const char *more)
{
	char json[400];

	snprintf(json, sizeof(json),
		 "{\"visit\":\"v1\",\"subject\":\"s1\",\"content\":\"c\","
		 "\"state\":\"issued\"}");
	field_office(&world, "rectification", id, json);
	snprintf(json, sizeof(json),
		 "{\"visit\":\"v1\",\"subject\":\"s1\",\"content\":\"c\","
		 "\"served_on\":\"2026-09-30\",%s}",
		 more);
	field_office(&world, "rectification", id, json);
}

/* "r1 2026-10-12 4; ..." of the orders that are late on that day. */
static void late_on(const char *day, char *out, size_t size)
{
	struct account admin;
	struct op op = loop_op(&world.loop, &admin, &world.err);
	struct rectification_options o = { .as_of = day, .overdue = true };
	json_t *all, *r;
	size_t i, n = 0;

	out[0] = '\0';
	if (rectification_list(&op, FIELD_SCOPE, &o, &all) != RC_OK)
		fail_msg("%s", world.err.text);
	json_array_foreach(all, i, r)
	{
		n += (size_t)snprintf(
			out + n, size - n, "%s %s %lld;", json_text(r, "id"),
			json_text(r, "deadline"),
			(long long)json_int(r, "working_days_over", 0));
	}
	json_decref(all);
}

static void an_order_is_late_after_its_last_day_and_without_proof(void **state)
{
	char late[400];

	(void)state;
	notice_2026();
	order("due", "\"due\":\"2026-10-03\",\"state\":\"served\"");
	order("term", "\"term_days\":3,\"state\":\"served\"");
	order("extended", "\"due\":\"2026-10-08\",\"extended_to\":"
			  "\"2026-10-20\",\"state\":\"served\"");
	order("backwards", "\"due\":\"2026-10-20\",\"extended_to\":"
			   "\"2026-10-08\",\"state\":\"served\"");
	order("proof", "\"due\":\"2026-10-08\",\"proof\":[\"photo\"],"
		       "\"state\":\"proof_in\"");
	late_on("2026-10-08", late, sizeof(late));
	assert_string_equal(late, "");
	late_on("2026-10-09", late, sizeof(late));
	assert_string_equal(late, "due 2026-10-08 1;");
	late_on("2026-10-12", late, sizeof(late));
	assert_string_equal(late, "due 2026-10-08 3;term 2026-10-10 1;");
	late_on("2026-10-21", late, sizeof(late));
	assert_string_equal(late, "due 2026-10-08 10;term 2026-10-10 8;"
				  "backwards 2026-10-20 1;"
				  "extended 2026-10-20 1;");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_DISTRICT(test) cmocka_unit_test_setup_teardown(test, begin, end)
		IN_DISTRICT(the_first_day_does_not_count_and_notices_do),
		IN_DISTRICT(a_day_has_one_record),
		IN_DISTRICT(
			an_order_is_late_after_its_last_day_and_without_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
