#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/date.h"
#include "base/host.h"

static void host_system_tells_a_time_after_2024(void **state)
{
	(void)state;
	assert_true(host_wall_ms(&host_system) >
		    date_days(2024, 1, 1) * INT64_C(86400000));
}

static void host_system_monotonic_never_goes_back(void **state)
{
	int64_t before = host_monotonic_ms(&host_system);

	(void)state;
	assert_true(before > 0);
	for (int i = 0; i < 1000; i++) {
		int64_t now = host_monotonic_ms(&host_system);

		assert_true(now >= before);
		before = now;
	}
}

static void host_system_boot_id_is_hex_and_stays(void **state)
{
	char a[33], b[33];
	size_t n;

	(void)state;
	host_boot_id(&host_system, a);
	host_boot_id(&host_system, b);
	n = strlen(a);
	assert_true(n >= 1 && n <= 32);
	assert_int_equal(strspn(a, "0123456789abcdef"), n);
	assert_string_equal(a, b);
}

static void host_new_id_is_new_each_time(void **state)
{
	char id[100][21];

	(void)state;
	for (int i = 0; i < 100; i++) {
		host_new_id(&host_system, id[i]);
		assert_int_equal(strspn(id[i], "0123456789abcdef"), 20);
		assert_int_equal(strlen(id[i]), 20);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(id[i], id[j]);
	}
}

static void counting_random(void *ctx, void *p, size_t n)
{
	unsigned char *next = ctx;

	for (size_t i = 0; i < n; i++)
		((unsigned char *)p)[i] = (*next)++;
}

static void host_passes_its_context_on(void **state)
{
	unsigned char next = 0xf8;
	const struct host host = { .random = counting_random, .ctx = &next };
	char id[21];

	(void)state;
	host_new_id(&host, id);
	assert_string_equal(id, "f8f9fafbfcfdfeff0001");
	host_new_id(&host, id);
	assert_string_equal(id, "02030405060708090a0b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host_system_tells_a_time_after_2024),
		cmocka_unit_test(host_system_monotonic_never_goes_back),
		cmocka_unit_test(host_system_boot_id_is_hex_and_stays),
		cmocka_unit_test(host_new_id_is_new_each_time),
		cmocka_unit_test(host_passes_its_context_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
