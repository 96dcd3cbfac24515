/* Over thousands of seeds every subject, officer and pair has the chance that
 * it should have. */
#include "unit/test_domain_paper_harness.h"

#define ROUNDS 2000

struct chances {
	int seen[120], served[20], pairs[20][20];
};

static int number_of(const json_t *id)
{
	return (int)strtol(json_string_value(id) + 1, NULL, 10);
}

static void set_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, json_string(text));
}

/* No officer differs from another. */
static void officers_level(json_t *paper)
{
	size_t i;
	json_t *officer;

	json_object_set_new(paper, "recusals", json_array());
	json_array_foreach(json_object_get(paper, "pool"), i, officer)
	{
		char number[32];

		snprintf(number, sizeof(number), "level-%zu", i);
		json_object_del(officer, "lead");
		set_text(officer, "certificate", number);
		set_text(officer, "certificate_from", "2020-01-01");
		set_text(officer, "certificate_to", "2099-12-31");
		set_text(officer, "certificate_state", "valid");
		set_text(officer, "state", "active");
	}
}

/* 10 of 120 subjects, two of 20 officers each, for ROUNDS seeds. */
static void chances_count(struct chances *c)
{
	static const int64_t quota[GRADES] = { -10 };
	json_t *paper = paper_new(120, 20, quota);
	size_t k;
	json_t *pair;

	officers_level(paper);
	for (int round = 0; round < ROUNDS; round++) {
		char seed[20];

		snprintf(seed, sizeof(seed), "chance-%d", round);
		paper_run(paper, seed);
		json_array_foreach(json_object_get(paper, "pairs"), k, pair)
		{
			int a = number_of(json_array_get(pair, 1));
			int b = number_of(json_array_get(pair, 2));

			c->seen[number_of(json_array_get(pair, 0))]++;
			c->served[a]++;
			c->served[b]++;
			c->pairs[a < b ? a : b][a < b ? b : a]++;
		}
	}
	json_decref(paper);
}

static double chi_square(const int *seen, size_t n, double want)
{
	double chi = 0;

	for (size_t i = 0; i < n; i++)
		chi += (seen[i] - want) * (seen[i] - want) / want;
	return chi;
}

/* The statistic of 119 degrees of freedom, scaled for drawing without
 * replacement, stays below the value that one fair draw in 100,000 exceeds
 * (193), and that of the 190 pairs of officers, 189 degrees, below its (281).
 * Seeds are fixed, so the test answers the same for ever. */
static void every_subject_and_pair_has_the_same_chance(void **state)
{
	struct chances c = { 0 };
	int pairs[190];
	size_t n = 0;

	(void)state;
	chances_count(&c);
	assert_true(chi_square(c.seen, 120, ROUNDS * 10.0 / 120) * 119 / 110 <
		    193);
	/* Ten subjects take all twenty officers once. */
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(c.served[i], ROUNDS);
	for (size_t a = 0; a < 20; a++)
		for (size_t b = a + 1; b < 20; b++)
			pairs[n++] = c.pairs[a][b];
	assert_int_equal(n, 190);
	for (size_t i = 0; i < n; i++)
		assert_true(pairs[i] > 0);
	assert_true(chi_square(pairs, n, ROUNDS * 10.0 / 190) < 281);
}

/* In each stratum of a draw by grade too. */
static void every_member_of_a_grade_has_the_same_chance(void **state)
{
	static const int64_t quota[GRADES] = { 10, 0, 1 };
	json_t *paper = paper_new(120, 6, quota);
	int seen[120] = { 0 }, first[40];
	struct err err = { 0 };
	size_t i;
	json_t *id;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		json_t *outcome;
		char seed[20];

		snprintf(seed, sizeof(seed), "grade-%d", round);
		assert_int_equal(draw_outcome(paper, seed, &outcome, &err),
				 RC_OK);
		json_array_foreach(json_object_get(outcome, "result"), i, id)
			seen[number_of(id)]++;
		json_decref(outcome);
	}
	for (i = 0; i < 40; i++)
		first[i] = seen[i * GRADES];
	/* 39 degrees of freedom: 86 */
	assert_true(chi_square(first, 40, ROUNDS * 10.0 / 40) * 39 / 30 < 86);
	json_decref(paper);
}

static void loads_differ_by_one_where_nobody_is_recused(void **state)
{
	static const int64_t quota[GRADES] = { -300 };

	(void)state;
	for (size_t officers = 2; officers < 12; officers++) {
		json_t *paper = paper_new(300, officers, quota), *pairs;
		int64_t load[12] = { 0 }, least = 600, most = 0;
		size_t i;
		json_t *pair;

		officers_level(paper);
		paper_run(paper, "load");
		pairs = json_object_get(paper, "pairs");
		assert_int_equal(json_array_size(pairs), 300);
		json_array_foreach(pairs, i, pair)
		{
			assert_int_equal(json_array_size(pair), 3);
			assert_false(json_equal(json_array_get(pair, 1),
						json_array_get(pair, 2)));
			for (size_t o = 1; o <= 2; o++)
				load[number_of(json_array_get(pair, o))]++;
		}
		for (size_t o = 0; o < officers; o++) {
			least = load[o] < least ? load[o] : least;
			most = load[o] > most ? load[o] : most;
		}
		assert_true(most - least <= 1);
		json_decref(paper);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_subject_and_pair_has_the_same_chance),
		cmocka_unit_test(every_member_of_a_grade_has_the_same_chance),
		cmocka_unit_test(loads_differ_by_one_where_nobody_is_recused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
