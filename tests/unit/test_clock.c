/* When a packet was made, whatever the terminal's clock said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/clock.h"

#define MIN INT64_C(60000)
#define NOON INT64_C(1790000000000) /* the anchor, a whole second */
#define YEARS (INT64_C(3652) * 86400000) /* ten */

/* A packet 30 minutes behind its anchor, received after 40; `off` is how wrong
 * the wall clock is, `before` how wrong it was one packet earlier, which was 10
 * minutes behind the anchor. */
static const struct sample {
	const char *what;
	int64_t off, before;
	const char *boot_before; /* NULL: there was no packet before */
	bool skewed, jumped;
} samples[] = {
	{ "a clock that is right", 0, 0, "b1", false, false },
	{ "a first packet", 0, 0, NULL, false, false },
	{ "4 minutes slow", -4 * MIN, -4 * MIN, "b1", false, false },
	{ "5 minutes slow", -5 * MIN, -5 * MIN, "b1", false, false },
	{ "6 minutes slow", -6 * MIN, -6 * MIN, "b1", true, false },
	{ "14 minutes fast, within latest and 5", 14 * MIN, 14 * MIN, "b1",
	  false, false },
	{ "16 minutes fast", 16 * MIN, 16 * MIN, "b1", true, false },
	{ "ten years fast", YEARS, YEARS, "b1", true, false },
	{ "ten years slow", -YEARS, -YEARS, "b1", true, false },
	{ "set by ten years between two packets", YEARS, 0, "b1", true, true },
	{ "set back by three minutes", -3 * MIN, 0, "b1", false, true },
	{ "set by two minutes", 2 * MIN, 0, "b1", false, false },
	{ "set while it was off", 3 * MIN, 0, "b2", false, false },
};

static void what_is_off_is_flagged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		const struct sample *s = &samples[i];
		struct packet_commit before = {
			.wall_ms = NOON + 10 * MIN + s->before,
			.monotonic_ms = 100 * MIN,
			.boot = s->boot_before,
		};
		struct packet_commit c = {
			.wall_ms = NOON + 30 * MIN + s->off,
			.monotonic_ms = 120 * MIN,
			.boot = "b1",
			.anchor_ms = NOON,
			.seconds = (NOON + 30 * MIN) / 1000,
		};
		struct clock_interval k = clock_judge(
			&c, s->boot_before ? &before : NULL, NOON + 40 * MIN);

		assert_true(k.earliest == NOON + 30 * MIN);
		assert_true(k.latest == NOON + 40 * MIN);
		if (k.is_skewed != s->skewed || k.has_jumped != s->jumped)
			fail_msg("%s: skew %d, jump %d", s->what, k.is_skewed,
				 k.has_jumped);
	}
}

static void the_interval_is_never_the_wrong_way_round(void **state)
{
	struct packet_commit c = {
		.wall_ms = NOON, .boot = "b1", .anchor_ms = NOON, .seconds = 0
	};
	struct clock_interval k = clock_judge(&c, NULL, NOON + MIN);

	(void)state;
	/* A date before the anchor that it names is not believed. */
	assert_true(k.earliest == NOON && k.latest == NOON + MIN);
	/* A restored server receives before it said what the anchor says. */
	k = clock_judge(&c, NULL, NOON - 60 * MIN);
	assert_true(k.earliest == k.latest && k.latest == NOON - 60 * MIN);
	assert_true(k.is_skewed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_off_is_flagged),
		cmocka_unit_test(the_interval_is_never_the_wrong_way_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
