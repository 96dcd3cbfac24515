/* Draws taken together: textbook figures, chance, and what is not chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include "base/jcs.h"
#include "domain/draw_fairness.h"
#include "domain/draw_stats.h"

#define FRAME 240
#define DRAWN 30
#define DRAWS 8
#define POOL 10

static void near(double found, double wanted, double apart)
{
	if (!(fabs(found - wanted) <= apart))
		fail_msg("%.9g, not %.9g", found, wanted);
}

static void the_gamma_function_is_that_of_the_tables(void **state)
{
	/* critical values of chi-square: df, x2, p */
	static const double table[][3] = {
		{ 1, 3.841, 0.05 },    { 1, 10.828, 0.001 },
		{ 2, 5.991, 0.05 },    { 5, 11.070, 0.05 },
		{ 10, 18.307, 0.05 },  { 10, 29.588, 0.001 },
		{ 30, 43.773, 0.05 },  { 100, 124.342, 0.05 },
		{ 100, 77.929, 0.95 }, { 4, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		near(stats_gamma_q(table[i][0] / 2, table[i][1] / 2),
		     table[i][2], table[i][2] / 500);
	near(stats_gamma_q(1, 50), exp(-50), 1e-30);
}

static void small_cells_are_put_together(void **state)
{
	/* Mendel's peas, 1865: X2 = 0.470, 3 degrees of freedom, p = 0.925 */
	static const double peas[] = { 315, 101, 108, 32 };
	static const double law[] = { 312.75, 104.25, 104.25, 34.75 };
	static const double seen[] = { 9, 11, 1, 3 }, few[] = { 10, 10, 2, 2 };
	struct chi_square c = stats_chi_square(peas, law, 4, 1);

	(void)state;
	near(c.x2, 0.470, 0.0005);
	near(c.p, 0.925, 0.001);
	assert_int_equal(c.df, 3);
	c = stats_chi_square(seen, few, 4, 1);
	assert_int_equal(c.df, 2);
	near(c.x2, 0.2, 1e-12);
	c = stats_chi_square(seen, few, 4, 0.5);
	near(c.x2, 0.4, 1e-12);
	assert_int_equal(stats_chi_square(seen, few, 1, 1).df, 0);
	assert_int_equal(stats_chi_square(seen, few, 4, 0).df, 0);
}

static void runs_are_counted_in_each_row(void **state)
{
	static const unsigned char row[] = { 1, 1, 0, 0, 1, 0, 1, 1 };
	static const unsigned char same[] = { 1, 1, 1 };
	struct runs r = { 0 };
	double p, z;

	(void)state;
	stats_runs_add(&r, row, sizeof(row));
	stats_runs_add(&r, same, sizeof(same));
	stats_runs_add(&r, row, 0);
	assert_int_equal(r.rows, 1);
	assert_int_equal(r.seen, 5);
	near(r.expected, 4.75, 1e-12);
	near(r.variance, 3.75 * 2.75 / 7, 1e-12);
	z = stats_runs_z(&r, &p);
	near(z, 0.25 / sqrt(3.75 * 2.75 / 7), 1e-12);
	near(p, erfc(z / sqrt(2)), 1e-12);
}

static void the_largest_of_many_counts_may_be_large(void **state)
{
	(void)state;
	near(stats_largest(1, 2, 1), 1 - exp(-2), 1e-12);
	near(stats_largest(3, 1, 1), 1 - 2.5 * exp(-1), 1e-12);
	near(stats_largest(3, 1, 5), 5 * (1 - 2.5 * exp(-1)), 1e-12);
	near(stats_largest(3, 1, 1000), 1, 0);
	near(stats_largest(0, 1, 1), 1, 0);
	/* e^-1 / 20! (1 + 1/21 + 1/(21 22) + ...) */
	near(stats_largest(20, 1, 1) / 1.5867e-19, 1, 0.001);
}

/* -- sets of draws -- */

enum rig {
	FAIR,
	ONE_TOWN, /* those of town 001 come first */
	NEIGHBOURS, /* ids beside each other */
	FRIENDS, /* two officers check most of them */
	RIG__MAX
};

/* Numbers without a pattern, the same each time (Lehmer's generator). */
static uint32_t chance(uint64_t *state, uint32_t below)
{
	*state = *state * 48271 % 2147483647;
	return (uint32_t)(*state % below);
}

static void chosen_make(bool chosen[FRAME], enum rig rig, uint64_t *dice)
{
	uint32_t start = chance(dice, FRAME - DRAWN);

	memset(chosen, 0, FRAME * sizeof(*chosen));
	for (int left = DRAWN; left;) {
		uint32_t i = rig == NEIGHBOURS
				     ? start + (uint32_t)(DRAWN - left)
				     : chance(dice, FRAME);

		if (chosen[i] || (rig == ONE_TOWN && i % 4 && left > DRAWN / 2))
			continue;
		chosen[i] = true;
		left--;
	}
}

static json_t *pair_make(const char *subject, enum rig rig, uint64_t *dice)
{
	uint32_t a = chance(dice, POOL), b = chance(dice, POOL - 1);
	char first[8], second[8];

	b += b >= a;
	if (rig == FRIENDS && chance(dice, 3) > 0) {
		a = 3;
		b = 7;
	}
	snprintf(first, sizeof(first), "o%u", a);
	snprintf(second, sizeof(second), "o%u", b);
	return json_pack("[s, s, s]", subject, first, second);
}

static json_t *paper_make(int number, enum rig rig, uint64_t *dice)
{
	json_t *frame = json_array(), *result = json_array();
	json_t *pairs = json_array(), *pool = json_array();
	bool chosen[FRAME];
	char id[20], hash[20];

	chosen_make(chosen, rig, dice);
	for (int i = 0; i < FRAME; i++) {
		snprintf(id, sizeof(id), "s%04d", i);
		json_array_append_new(frame, json_string(id));
		if (!chosen[i])
			continue;
		json_array_append_new(result, json_string(id));
		json_array_append_new(pairs, pair_make(id, rig, dice));
	}
	for (int i = 0; i < POOL; i++) {
		snprintf(id, sizeof(id), "o%d", i);
		json_array_append_new(pool, json_pack("{s:s, s:s}", "id", id,
						      "certificate", "1"));
	}
	snprintf(id, sizeof(id), "d%d", number);
	snprintf(hash, sizeof(hash), "frame%d", number / 2);
	return json_pack(
		"{s:i, s:s, s:s, s:I, s:{s:s, s:I, s:s, s:I, s:{s:s}, "
		"s:[{s:s, s:i}]}, s:o, s:o, s:o, s:o, s:[{s:s, s:s}]}",
		"format", 3, "state", "drawn", "seed", "x", "revealed_at",
		(json_int_t)(5000 * (number + 1)), "committed", "id", id,
		"committed_at", (json_int_t)1000, "frame_hash", hash,
		"officers_per_subject", (json_int_t)2, "rules", "day",
		"2026-11-22", "strata", "name", "all", "n", DRAWN, "frame",
		frame, "result", result, "pairs", pairs, "pool", pool,
		"excluded", "id", "x", "reason", "visited on 2026-01-02, 王");
}

static json_t *figures_of(enum rig rig, uint64_t dice)
{
	json_t *towns = json_object(), *figures;
	struct fairness *f = fairness_new(towns);
	struct err err = { 0 };

	assert_non_null(f);
	for (int i = 0; i < FRAME; i++) {
		char id[20], town[16];

		snprintf(id, sizeof(id), "s%04d", i);
		snprintf(town, sizeof(town), "00%d", i % 4 + 1);
		json_object_set_new(towns, id, json_string(town));
	}
	for (int i = 0; i < DRAWS; i++) {
		json_t *paper = paper_make(i, rig, &dice);
		struct fairness_draw d = { .paper = paper,
					   .by = i % 2 ? "li" : "wang" };

		assert_non_null(paper);
		if (fairness_add(f, &d, &err) != RC_OK)
			fail_msg("%s", err.text);
		json_decref(paper);
	}
	figures = fairness_figures(f);
	assert_non_null(figures);
	fairness_free(f);
	json_decref(towns);
	return figures;
}

static void what_is_rigged_is_unlikely(void **state)
{
	static const char *const found[RIG__MAX] = {
		[ONE_TOWN] = "stratum all",
		[NEIGHBOURS] = "runs",
		[FRIENDS] = "pairs",
	};

	(void)state;
	for (int rig = ONE_TOWN; rig < RIG__MAX; rig++) {
		json_t *figures = figures_of((enum rig)rig, 2026);
		const json_t *unlikely = json_object_get(figures, "unlikely");

		if (json_array_size(unlikely) != 1 ||
		    strcmp(json_string_value(json_array_get(unlikely, 0)),
			   found[rig]) != 0)
			fail_msg("%s: %s", found[rig],
				 json_dumps(figures, JSON_INDENT(1)));
		json_decref(figures);
	}
}

static void chance_is_not_unlikely(void **state)
{
	int below = 0;

	(void)state;
	for (uint64_t dice = 1; dice <= 60; dice++) {
		json_t *figures = figures_of(FAIR, dice * 7919);
		const json_t *runs = json_object_get(figures, "runs");

		assert_int_equal(
			json_array_size(json_object_get(figures, "unlikely")),
			0);
		below += json_int(runs, "p_e6", 0) < 100000;
		json_decref(figures);
	}
	/* p below 0.1 in a tenth of them: 6, give or take 2.3 */
	assert_in_range(below, 1, 13);
}

static void figures_repeat_to_the_byte(void **state)
{
	json_t *a = figures_of(FAIR, 11), *b = figures_of(FAIR, 11);
	const json_t *one;

	(void)state;
	assert_true(json_equal(a, b));
	assert_int_equal(json_int(json_object_get(a, "draws"), "drawn", 0),
			 DRAWS);
	assert_int_equal(json_int(json_object_get(a, "seed"), "least_s", 0), 4);
	assert_int_equal(json_int(json_object_get(a, "seed"), "most_s", 0),
			 5 * DRAWS - 1);
	assert_int_equal(json_array_size(json_object_get(a, "twice")), DRAWS);
	assert_int_equal(json_array_size(json_object_get(a, "exclusions")), 2);
	one = json_array_get(json_object_get(a, "exclusions"), 0);
	assert_string_equal(json_text(one, "person"), "li");
	assert_string_equal(json_text(one, "reason"), "visited on DATE, 王");
	assert_int_equal(json_int(one, "count", 0), DRAWS / 2);
	json_decref(a);
	json_decref(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_gamma_function_is_that_of_the_tables),
		cmocka_unit_test(small_cells_are_put_together),
		cmocka_unit_test(runs_are_counted_in_each_row),
		cmocka_unit_test(the_largest_of_many_counts_may_be_large),
		cmocka_unit_test(what_is_rigged_is_unlikely),
		cmocka_unit_test(chance_is_not_unlikely),
		cmocka_unit_test(figures_repeat_to_the_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
