#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <cmocka.h>

#include "base/fault.h"

#ifdef WITH_FAULTS

static void fault_hit_is_false_while_disarmed(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_false(fault_hit(FAULT_STORE));
	assert_int_equal(fault_clear(FAULT_STORE), 0);
}

static void fault_hits_the_nth_call_once(void **state)
{
	(void)state;
	fault_arm(FAULT_STORE, 3, false);
	for (int i = 1; i <= 6; i++)
		assert_int_equal(fault_hit(FAULT_STORE), i == 3);
	assert_int_equal(fault_clear(FAULT_STORE), 6);
	assert_false(fault_hit(FAULT_STORE));
}

static void fault_for_good_hits_until_it_is_cleared(void **state)
{
	(void)state;
	fault_arm(FAULT_NET, 2, true);
	for (int i = 1; i <= 6; i++)
		assert_int_equal(fault_hit(FAULT_NET), i >= 2);
	assert_int_equal(fault_clear(FAULT_NET), 6);
	assert_false(fault_hit(FAULT_NET));
}

static void fault_kinds_count_apart(void **state)
{
	(void)state;
	fault_arm(FAULT_STORE, 1, false);
	assert_false(fault_hit(FAULT_NET));
	assert_false(fault_hit(FAULT_ALLOC));
	assert_true(fault_hit(FAULT_STORE));
	assert_int_equal(fault_clear(FAULT_NET), 0);
	assert_int_equal(fault_clear(FAULT_STORE), 1);
}

static void fault_arm_starts_counting_again(void **state)
{
	(void)state;
	fault_arm(FAULT_STORE, 5, true);
	for (int i = 0; i < 4; i++)
		assert_false(fault_hit(FAULT_STORE));
	fault_arm(FAULT_STORE, 2, false);
	assert_false(fault_hit(FAULT_STORE));
	assert_true(fault_hit(FAULT_STORE));
	assert_int_equal(fault_clear(FAULT_STORE), 2);
}

static void *hit_many(void *ctx)
{
	atomic_int *hits = ctx;

	for (int i = 0; i < 10000; i++)
		if (fault_hit(FAULT_STORE))
			atomic_fetch_add(hits, 1);
	return NULL;
}

static void fault_hits_one_thread_of_many(void **state)
{
	pthread_t thread[4];
	atomic_int hits = 0;

	(void)state;
	fault_arm(FAULT_STORE, 20000, false);
	for (int i = 0; i < 4; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, hit_many, &hits), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(fault_clear(FAULT_STORE), 40000);
	assert_int_equal(atomic_load(&hits), 1);
}

#else

static void fault_hits_the_nth_call_once(void **state)
{
	(void)state;
	assert_false(fault_hit(FAULT_STORE));
	skip(); /* this build makes no call fail */
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fault_hits_the_nth_call_once),
#ifdef WITH_FAULTS
		cmocka_unit_test(fault_hit_is_false_while_disarmed),
		cmocka_unit_test(fault_for_good_hits_until_it_is_cleared),
		cmocka_unit_test(fault_kinds_count_apart),
		cmocka_unit_test(fault_arm_starts_counting_again),
		cmocka_unit_test(fault_hits_one_thread_of_many),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
