/* Who proves nothing is told of in the audit log, and fills no disk. */
#include "test_store.h"

#include "api/misses.h"

#define MINUTE INT64_C(60000)
#define ENTRIES "SELECT count(*) FROM audit WHERE who = 'nobody'"
/* Misses that entries tell of, each one or "from x: N more ...". */
#define TOLD                                                                   \
	"SELECT coalesce(sum(CASE WHEN detail LIKE '% more that proved %' "    \
	"THEN CAST(substr(detail, instr(detail, ': ') + 2) AS INTEGER) "       \
	"ELSE 1 END), 0) FROM audit WHERE who = 'nobody'"

static void miss_from(struct misses *m, int n)
{
	char address[40];
	const struct miss miss = { .operation = "getMe",
				   .remote = address,
				   .network = address,
				   .why = "a wrong password" };

	snprintf(address, sizeof(address), "10.0.%d.%d", n / 256, n % 256);
	misses_note(m, desk.s, &miss);
}

static void a_thousand_addresses_make_sixty_entries_a_minute(void **state)
{
	struct misses *m;

	(void)state;
	ok(misses_new(&m, &desk.host, &desk.err));
	desk.now_ms = NOW / MINUTE * MINUTE;
	for (int i = 0; i < 1000; i++)
		miss_from(m, i);
	assert_int_equal(number(ENTRIES), MISSES_MOST);
	/* Nor does the next minute make more, with what the first one left. */
	desk.now_ms += MINUTE;
	for (int i = 0; i < 1000; i++)
		miss_from(m, i);
	assert_true(number(ENTRIES) <= 2 * MISSES_MOST);
	misses_tell(m, desk.s, true);
	assert_int_equal(number(TOLD), 2000);
	misses_free(m);
}

static void an_address_has_one_entry_and_its_number_in_a_minute(void **state)
{
	struct misses *m;

	(void)state;
	ok(misses_new(&m, &desk.host, &desk.err));
	desk.now_ms = NOW / MINUTE * MINUTE;
	for (int i = 0; i < 50; i++)
		miss_from(m, 7);
	assert_int_equal(number(ENTRIES), 1);
	desk.now_ms += MINUTE;
	misses_tell(m, desk.s, false);
	assert_int_equal(number(ENTRIES), 2);
	assert_int_equal(number(TOLD), 50);
	misses_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_thousand_addresses_make_sixty_entries_a_minute,
			desk_begin, desk_end),
		cmocka_unit_test_setup_teardown(
			an_address_has_one_entry_and_its_number_in_a_minute,
			desk_begin, desk_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
