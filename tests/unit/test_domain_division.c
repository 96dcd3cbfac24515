/* The dated tree of divisions. */
#include "unit/test_import_harness.h"

#include "domain/division.h"

static void expect_divisions(const char *code, const char *day,
			     const char *gone, const char *const *want)
{
	json_t *tree;
	const json_t *list;
	size_t n = 0;

	if (division_tree(&op, code, day, &tree) != RC_OK)
		fail_msg("%s", err.text);
	list = json_object_get(tree, "divisions");
	for (; want[n]; n++)
		assert_string_equal(json_text(json_array_get(list, n), "name"),
				    want[n]);
	assert_int_equal(json_array_size(list), n);
	assert_int_equal(json_object_get(tree, "abolished") != NULL,
			 gone != NULL);
	if (gone)
		assert_string_equal(
			json_text(json_object_get(tree, "abolished"),
				  "valid_to"),
			gone);
	json_decref(tree);
}

static void divisions_are_as_of_a_day(void **state)
{
	static const char *const kinds[] = { "330106002000", "subdistrict",
					     "330106109000", "town",
					     "330127205000", "township",
					     "330109401000", "zone" };
	static const char text[] =
		"id,code,name,level,valid_from,valid_to,successors\n"
		"110001000000,110001000000,a,county,,2001-01-01,110002000000\n"
		"110002000000,110002000000,b,county,2001-01-02,2010-01-01,"
		"110003000000;110004000000\n"
		"110003000000,110003000000,c,county,2010-01-02,,\n"
		"110004000000,110004000000,d,county,2010-01-02,,\n";
	json_t *tree;

	(void)state;
	assert_int_equal(import_text("division", "catalog", text), RC_OK);
	expect_divisions("110001", "2000-12-31", NULL,
			 (const char *[]){ "a", NULL });
	expect_divisions("110001", "2001-01-01", NULL,
			 (const char *[]){ "a", NULL });
	expect_divisions("110001", "2001-01-02", "2001-01-01",
			 (const char *[]){ "b", NULL });
	expect_divisions("110001", NULL, "2001-01-01",
			 (const char *[]){ "c", "d", NULL });
	for (size_t i = 0; i < COUNT(kinds); i += 2)
		assert_string_equal(division_town_kind(kinds[i]), kinds[i + 1]);
	assert_null(division_town_kind("330106000000"));
	assert_null(division_town_kind("330106002001"));
	assert_null(division_town_kind("3301"));
	assert_int_equal(division_tree(&op, "110003", "2001-01-01", &tree),
			 RC_NOT_FOUND);
	err_clear(&err);
	assert_int_equal(division_tree(&op, "11000", NULL, &tree), RC_INVALID);
	err_clear(&err);
	assert_int_equal(division_tree(&op, NULL, "2001-13-01", &tree),
			 RC_INVALID);
}

static void zhejiang_of_2020_is_another_tree(void **state)
{
	static const struct {
		const char *day;
		int counties;
	} cases[] = { { "2023-06-30", 90 }, { "2021-04-08", 90 } };

	(void)state;
	assert_int_equal(import_path("division", "catalog",
				     "fixtures/zhejiang/divisions.csv", false),
			 RC_OK);
	assert_int_equal(import_path("division", "catalog",
				     "fixtures/zhejiang/divisions-history.csv",
				     false),
			 RC_OK);
	expect(29, 15, 14, 0, 0);
	/* The list of today does not undo what the history says. */
	assert_int_equal(import_path("division", "catalog",
				     "fixtures/zhejiang/divisions.csv", false),
			 RC_OK);
	expect(1489, 0, 0, 1489, 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *tree, *d;
		size_t k;
		int n = 0;

		assert_int_equal(division_tree(&op, NULL, cases[i].day, &tree),
				 RC_OK);
		json_array_foreach(json_object_get(tree, "divisions"), k, d)
			n += !strcmp(json_text(d, "level"), "county");
		assert_int_equal(n, cases[i].counties);
		json_decref(tree);
	}
	expect_divisions("330104", "2026-11-22", "2021-04-08",
			 (const char *[]){ "上城区", "钱塘区", NULL });
	expect_divisions("330184", "2026-11-22", "2001-02-01",
			 (const char *[]){ "余杭区", NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(divisions_are_as_of_a_day),
		TEST(zhejiang_of_2020_is_another_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
