/* Later editions of lists: what stood is kept with its days. */
#include "unit/test_import_harness.h"

#include "domain/division.h"

#define CATALOG "catalog"

static enum rc import_from(const char *text, const char *valid_from)
{
	struct import_job job = { .kind = "division",
				  .scope = CATALOG,
				  .valid_from = valid_from,
				  .mappings = "schema/import" };

	job.file = put_file("a.csv", text, strlen(text));
	err = (struct err){ 0 };
	import_report_release(&report);
	return import_csv(&op, &job, &report);
}

static void expect_name(const char *day, const char *want)
{
	json_t *tree;

	err = (struct err){ 0 };
	assert_int_equal(division_tree(&op, "330106", day, &tree), RC_OK);
	assert_string_equal(
		json_text(json_array_get(json_object_get(tree, "divisions"), 0),
			  "name"),
		want);
	json_decref(tree);
}

static void a_later_edition_does_not_rename_the_past(void **state)
{
	(void)state;
	assert_int_equal(import_from("code,name\n330106000000,one\n", NULL),
			 RC_OK);
	assert_int_equal(
		import_from("code,name\n330106000000,two\n", "2020-07-01"),
		RC_OK);
	expect(1, 0, 1, 0, 0);
	assert_int_equal(note_of(&report, "changed by a later edition: the "
					  "earlier is kept with its days"),
			 1);
	assert_int_equal(
		import_from("code,name\n330106000000,three\n", "2024-01-01"),
		RC_OK);
	expect_name("2015-01-01", "one");
	expect_name("2020-06-30", "one");
	expect_name("2020-07-01", "two");
	expect_name("2023-12-31", "two");
	expect_name("2024-01-01", "three");
	/* The same again ends nothing. */
	assert_int_equal(
		import_from("code,name\n330106000000,three\n", "2025-01-01"),
		RC_OK);
	expect(1, 0, 0, 1, 0);
	/* On its own first day an edition is corrected where it stands. */
	assert_int_equal(
		import_from("code,name\n330106000000,four\n", "2024-01-01"),
		RC_OK);
	expect_name("2023-12-31", "two");
	expect_name("2024-01-01", "four");
	/* A file that has days says itself what holds when. */
	assert_int_equal(import_from("code,name,valid_from\n"
				     "330106000000,five,2024-02-01\n",
				     "2026-01-01"),
			 RC_OK);
	expect_name("2026-01-01", "five");
	assert_int_equal(
		import_from("code,name\n330106000000,six\n", "tomorrow"),
		RC_INVALID);
}

/* What was not said before is no other wording. */
static void a_column_that_is_new_begins_no_edition(void **state)
{
	(void)state;
	assert_int_equal(import_from("code,name\n330106000000,one\n", NULL),
			 RC_OK);
	assert_int_equal(
		import_from("code,name,level\n330106000000,one,county\n", NULL),
		RC_OK);
	expect(1, 0, 1, 0, 0);
	assert_int_equal(report.nnotes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_later_edition_does_not_rename_the_past),
		TEST(a_column_that_is_new_begins_no_edition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
