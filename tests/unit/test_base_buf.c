#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/fault.h"

static void buf_appends_and_ends_with_a_nul(void **state)
{
	struct err err = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_null(b.data);
	buf_puts(&b, "ab");
	buf_put(&b, "\0c", 2);
	buf_byte(&b, 'd');
	buf_printf(&b, "%s=%d", "e", 5);
	assert_int_equal(b.len, 8);
	assert_memory_equal(b.data, "ab\0cde=5", 9);
	assert_int_equal(buf_status(&b, &err), RC_OK);
	buf_release(&b);
}

static void buf_put_of_nothing_gives_empty_text(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	buf_put(&b, NULL, 0);
	assert_int_equal(b.rc, RC_OK);
	assert_string_equal(b.data, "");
	buf_release(&b);
}

static void buf_int_writes_the_whole_range(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ -1, "-1" },
		{ 10, "10" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b;

		buf_init(&b, 20);
		buf_int(&b, cases[i].value);
		assert_string_equal(b.data, cases[i].text);
		buf_release(&b);
	}
}

static void buf_takes_exactly_its_limit(void **state)
{
	static const size_t limits[] = { 0, 1, 63, 64, 65, 1000, 4096 };

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct err err = { 0 };
		struct buf b;

		buf_init(&b, limits[i]);
		for (size_t k = 0; k < limits[i]; k++)
			buf_byte(&b, 'x');
		assert_int_equal(buf_status(&b, &err), RC_OK);
		assert_int_equal(b.len, limits[i]);
		buf_byte(&b, 'x');
		assert_int_equal(buf_status(&b, &err), RC_NOMEM);
		assert_int_equal(b.len, limits[i]);
		buf_release(&b);
	}
}

static void buf_printf_takes_exactly_its_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_printf(&b, "%0100d", 1);
	assert_int_equal(b.rc, RC_OK);
	assert_int_equal(strlen(b.data), 100);
	buf_reset(&b);
	buf_puts(&b, "ab");
	buf_printf(&b, "%099d", 1);
	assert_int_equal(b.rc, RC_NOMEM);
	assert_string_equal(b.data, "ab");
	buf_release(&b);
}

static void buf_sticks_after_its_first_failure(void **state)
{
	struct err err = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	buf_puts(&b, "abc");
	buf_puts(&b, "de");
	buf_puts(&b, "f");
	buf_int(&b, 1);
	buf_printf(&b, "g");
	assert_string_equal(b.data, "abc");
	assert_int_equal(buf_status(&b, &err), RC_NOMEM);
	assert_string_equal(err.text, "more than 4 bytes");
	buf_release(&b);
}

static void buf_reset_heals_and_keeps_the_limit(void **state)
{
	struct err err = { 0 };
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	buf_puts(&b, "abcde");
	buf_reset(&b);
	buf_puts(&b, "xy");
	assert_int_equal(buf_status(&b, &err), RC_OK);
	assert_string_equal(b.data, "xy");
	buf_puts(&b, "abc");
	assert_int_equal(b.rc, RC_NOMEM);
	buf_reset(&b);
	assert_string_equal(b.data, "");
	buf_release(&b);
}

static void buf_fails_when_memory_runs_out(void **state)
{
#ifdef WITH_FAULTS
	struct buf b;
	long nth = 0, calls;

	(void)state;
	do {
		buf_init(&b, 1 << 16);
		fault_arm(FAULT_ALLOC, ++nth, false);
		for (int i = 0; i < 1000; i++)
			buf_printf(&b, "%d ", i);
		calls = fault_clear(FAULT_ALLOC);
		if (calls >= nth)
			assert_int_equal(b.rc, RC_NOMEM);
		if (b.data)
			assert_int_equal(strlen(b.data), b.len);
		buf_release(&b);
	} while (calls >= nth);
	assert_int_equal(b.rc, RC_OK);
	assert_true(nth > 3);
#else
	(void)state;
	skip(); /* this build makes no call fail */
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_appends_and_ends_with_a_nul),
		cmocka_unit_test(buf_put_of_nothing_gives_empty_text),
		cmocka_unit_test(buf_int_writes_the_whole_range),
		cmocka_unit_test(buf_takes_exactly_its_limit),
		cmocka_unit_test(buf_printf_takes_exactly_its_limit),
		cmocka_unit_test(buf_sticks_after_its_first_failure),
		cmocka_unit_test(buf_reset_heals_and_keeps_the_limit),
		cmocka_unit_test(buf_fails_when_memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
