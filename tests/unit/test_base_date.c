#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/date.h"

static void date_days_counts_from_1970(void **state)
{
	(void)state;
	assert_int_equal(date_days(1970, 1, 1), 0);
	assert_int_equal(date_days(1969, 12, 31), -1);
	assert_int_equal(date_days(2000, 2, 29), 11016);
	assert_int_equal(date_days(2026, 11, 22), 20779);
	assert_int_equal(date_days(0, 1, 1), -719528);
}

static void date_format_and_parse_agree_on_every_day(void **state)
{
	int64_t first = date_days(0, 1, 1), last = date_days(9999, 12, 31);
	char before[11] = "", text[11];

	(void)state;
	for (int64_t day = first; day <= last; day++) {
		int64_t back;

		date_format(text, day);
		if (!date_parse(text, &back) || back != day ||
		    strcmp(before, text) >= 0)
			fail_msg("%s", text);
		memcpy(before, text, sizeof(before));
	}
	assert_string_equal(text, "9999-12-31");
}

static void date_format_keeps_its_size_beyond_the_calendar(void **state)
{
	char day[11], time[25];

	(void)state;
	date_format(day, INT64_MAX);
	assert_string_equal(day, "9999-12-31");
	date_format(day, INT64_MIN);
	assert_string_equal(day, "0000-01-01");
	time_format(time, INT64_MAX);
	assert_string_equal(time, "9999-12-31T23:59:59.999Z");
	time_format(time, INT64_MIN);
	assert_string_equal(time, "0000-01-01T00:00:00.000Z");
}

static void date_parse_refuses_what_is_no_day(void **state)
{
	static const char *const bad[] = {
		"",           "2024",        "2024-",      "2024-02",
		"2024-02-",   "2024-02-3",   "2024-02-30", "2023-02-29",
		"2024-06-31", "2024-00-10",  "2024-13-10", "2024-01-00",
		"2024-01-32", "2024-01-01T", "+024-01-01", "2024- 1-01",
		"20240101",   "1900-02-29",
	};
	int64_t days;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (date_parse(bad[i], &days))
			fail_msg("'%s'", bad[i]);
}

static void time_format_writes_utc_with_milliseconds(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 1, "1970-01-01T00:00:00.001Z" },
		{ INT64_C(951782399999), "2000-02-28T23:59:59.999Z" },
		{ INT64_C(1795313496123), "2026-11-22T02:11:36.123Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[25];

		time_format(text, cases[i].ms);
		assert_string_equal(text, cases[i].text);
	}
}

static void time_parse_reads_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-22T09:30:00Z", INT64_C(1795339800000) },
		{ "2026-11-22t17:30:00.25+08:00", INT64_C(1795339800250) },
		{ "2026-11-21T23:30:00.1239-10:00", INT64_C(1795339800123) },
		{ "2016-12-31T23:59:60Z", INT64_C(1483228799000) },
	};
	static const char *const bad[] = {
		"",
		"2026-11-22",
		"2026-11-22T09:30:00",
		"2026-11-22T09:30:00.Z",
		"2026-11-22T24:00:00Z",
		"2026-02-30T09:30:00Z",
		"2026-11-22T09:30:61Z",
		"2026-11-22T09:30:00+8:00",
		"2026-11-22T09:30:00Z ",
		"2026-11-22 09:30:00Z",
	};
	char back[25];
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(time_parse(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(time_parse(bad[i], &ms));
	time_format(back, INT64_C(1795339800250));
	assert_true(time_parse(back, &ms));
	assert_int_equal(ms, INT64_C(1795339800250));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_parse_reads_rfc_3339),
		cmocka_unit_test(date_days_counts_from_1970),
		cmocka_unit_test(date_format_and_parse_agree_on_every_day),
		cmocka_unit_test(
			date_format_keeps_its_size_beyond_the_calendar),
		cmocka_unit_test(date_parse_refuses_what_is_no_day),
		cmocka_unit_test(time_format_writes_utc_with_milliseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
