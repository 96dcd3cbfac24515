/* What a scheme is, and how deductions add up under it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/date.h"
#include "base/jcs.h"
#include "domain/credit.h"
#include "unit/test_scheme_harness.h"

static json_t *json_of(const char *text)
{
	struct err err = { 0 };
	json_t *value = NULL;

	if (json_read(text, strlen(text), &value, &err) != RC_OK)
		fail_msg("%s: %s", text, err.text);
	return value;
}

struct given {
	int64_t age;
	const char *severity, *visit_type;
};

static int64_t score_of(const struct given *facts, size_t n, size_t listed,
			const char **grade, json_t **reasons)
{
	static json_t *kept; /* the grade is borrowed from it */
	struct credit_sum sum;
	static struct scheme s;
	struct err err = { 0 };
	int64_t score;

	json_decref(kept);
	kept = json_of(definition);
	if (scheme_read(&s, kept, &err) != RC_OK)
		fail_msg("%s", err.text);
	credit_begin(&sum, &s, 20000, listed);
	for (size_t i = 0; i < n; i++) {
		struct credit_fact f = { .id = "v1",
					 .severity = facts[i].severity,
					 .visit_type = facts[i].visit_type };
		char day[11];

		date_format(day, 20000 - facts[i].age);
		f.found_on = day;
		credit_add(&sum, &f);
	}
	score = credit_end(&sum, grade, reasons);
	credit_release(&sum);
	return score;
}

static void a_deduction_decays_by_steps_and_ends_at_the_horizon(void **state)
{
	static const struct {
		struct given fact;
		int64_t score;
		const char *grade;
	} cases[] = {
		{ { 0, "high", NULL }, 55, "B" },
		{ { 100, "high", NULL }, 55, "B" },
		{ { 101, "high", NULL }, 78, "B" }, /* 22.5 rounds down */
		{ { 200, "high", NULL }, 78, "B" },
		{ { 201, "high", NULL }, 96, "A" },
		{ { 300, "high", NULL }, 96, "A" },
		{ { 301, "high", NULL }, 100, "A" },
		{ { -1, "high", NULL }, 100, "A" },
		{ { 1, "moderate", NULL }, 90, "A" },
		{ { 1, "low", "routine" }, 97, "A" },
		{ { 1, NULL, NULL }, 99, "A" },
		{ { 1, "of a later version", NULL }, 99, "A" },
		{ { 1, "high", "Construction, new" }, 100, "A" },
		{ { 1, "high", "NEW ownership" }, 100, "A" },
		{ { 1, "high", "renewal" }, 55, "B" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *grade;
		json_t *reasons;

		assert_int_equal(
			score_of(&cases[i].fact, 1, 50, &grade, &reasons),
			cases[i].score);
		assert_string_equal(grade, cases[i].grade);
		json_decref(reasons);
	}
}

static void reasons_are_bounded_and_add_up(void **state)
{
	struct given facts[120];
	const char *grade;
	json_t *reasons, *listed, *more;
	int64_t sum = 0;

	(void)state;
	for (size_t i = 0; i < 120; i++)
		facts[i] = (struct given){ 150, "low", NULL };
	assert_int_equal(score_of(facts, 120, 50, &grade, &reasons), 0);
	assert_string_equal(grade, "D");
	listed = json_object_get(reasons, "facts");
	more = json_object_get(reasons, "more");
	assert_int_equal(json_array_size(listed), 50);
	for (size_t i = 0; i < 50; i++)
		sum += json_int(json_array_get(listed, i), "deduction", 0);
	assert_int_equal(json_int(more, "count", 0), 70);
	assert_int_equal(sum + json_int(more, "deduction", 0), 120);
	json_decref(reasons);
}

static void no_sum_of_deductions_runs_over(void **state)
{
	const struct credit_fact fact = { .id = "v1",
					  .found_on = "2024-10-04",
					  .severity = "high" };
	json_t *kept = json_of(definition), *reasons;
	struct credit_sum sum;
	struct err err = { 0 };
	const char *grade;
	struct scheme s;

	(void)state;
	assert_int_equal(scheme_read(&s, kept, &err), RC_OK);
	credit_begin(&sum, &s, 20000, 0);
	sum.deducted = sum.more_deducted = JSON_INT_MAX - 1;
	credit_add(&sum, &fact);
	credit_add(&sum, &fact);
	assert_int_equal(credit_end(&sum, &grade, &reasons), 0);
	assert_string_equal(grade, "D");
	assert_true(json_int(json_object_get(reasons, "more"), "deduction",
			     0) == JSON_INT_MAX);
	credit_release(&sum);
	json_decref(reasons);
	json_decref(kept);
}

static void a_scheme_that_cannot_grade_is_refused(void **state)
{
	static const struct {
		const char *member, *value;
	} changes[] = {
		{ "start", "-1" },
		{ "start", "\"100\"" },
		{ "floor", "101" },
		{ "horizon_days", "-5" },
		{ "deductions", "{\"low\":1}" },
		{ "decay", "[]" },
		{ "decay", "[{\"days_max\":5,\"percent\":101}]" },
		{ "decay", "[{\"days_max\":5,\"percent\":1},"
			   "{\"days_max\":5,\"percent\":1}]" },
		{ "grades", "[{\"grade\":\"A\",\"min\":10}]" },
		{ "grades", "[{\"grade\":\"\",\"min\":0}]" },
		{ "grades", "[{\"grade\":\"A\",\"min\":0},"
			    "{\"grade\":\"B\",\"min\":0}]" },
		{ "uncounted_visits", "[1]" },
		{ "uncounted_visits", "\"x\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		json_t *d = json_of(definition), *holder;
		struct scheme s;
		struct err err = { 0 };
		char text[200];

		snprintf(text, sizeof(text), "{\"v\":%s}", changes[i].value);
		holder = json_of(text);
		json_object_set(d, changes[i].member,
				json_object_get(holder, "v"));
		if (scheme_read(&s, d, &err) != RC_INVALID)
			fail_msg("%s: %s", changes[i].member, changes[i].value);
		json_decref(holder);
		json_decref(d);
	}
}

static void the_scheme_that_ships_is_one(void **state)
{
	json_error_t why;
	json_t *file = json_load_file("schema/schemes/default.json", 0, &why);
	struct err err = { 0 };
	struct scheme s;

	(void)state;
	assert_non_null(file);
	if (scheme_read(&s, json_object_get(file, "definition"), &err) != RC_OK)
		fail_msg("%s", err.text);
	assert_false(scheme_counts_visit(&s, "New Construction"));
	assert_false(scheme_counts_visit(&s, "Non-inspection site visit"));
	assert_true(scheme_counts_visit(&s, "Routine - Unscheduled"));
	json_decref(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_deduction_decays_by_steps_and_ends_at_the_horizon),
		cmocka_unit_test(reasons_are_bounded_and_add_up),
		cmocka_unit_test(no_sum_of_deductions_runs_over),
		cmocka_unit_test(a_scheme_that_cannot_grade_is_refused),
		cmocka_unit_test(the_scheme_that_ships_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
