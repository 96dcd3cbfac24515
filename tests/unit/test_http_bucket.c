/* Rate limits hold, and cannot be washed away. */
#include "unit/test_http_harness.h"

#include <pthread.h>

#include "base/fault.h"
#include "http/bucket.h"

#define ENTRIES 64
#define BURST 5

/* Five at once, then one in each ten seconds. */
static const struct bucket_class slow = { BURST, 6, 60, ENTRIES };
static int retry_s;

static struct bucket_table *table_of(const struct bucket_class *classes,
				     size_t n)
{
	struct bucket_table *table;
	struct err err = { 0 };

	assert_int_equal(bucket_table_new(&table, classes, n, &err), RC_OK);
	return table;
}

static bool take(struct bucket_table *table, const char *key, int64_t now_ms)
{
	return bucket_take(table, 0, key, now_ms, &retry_s);
}

static bool take_n(struct bucket_table *table, int i, int64_t now_ms)
{
	char key[24];

	snprintf(key, sizeof(key), "key %d", i);
	return take(table, key, now_ms);
}

static void a_burst_passes_and_then_the_rate(void **state)
{
	struct bucket_table *table = table_of(&slow, 1);
	int64_t now = 1000000;

	(void)state;
	for (int i = 0; i < BURST; i++)
		assert_true(take(table, "a", now));
	assert_false(take(table, "a", now));
	assert_int_equal(retry_s, 10);
	assert_false(take(table, "a", now + 2001));
	assert_int_equal(retry_s, 8);
	assert_false(take(table, "a", now + 9999));
	assert_int_equal(retry_s, 1);
	assert_true(take(table, "a", now + 10000)); /* refusals cost nothing */
	assert_false(take(table, "a", now + 19999));
	assert_true(take(table, "a", now + 20000));
	assert_true(take(table, "b", now));
	/* It never holds more than a burst. */
	now += 1000000;
	for (int i = 0; i < BURST; i++)
		assert_true(take(table, "a", now));
	assert_false(take(table, "a", now));
	bucket_table_free(table);
}

static void a_look_takes_nothing(void **state)
{
	struct bucket_table *table = table_of(&slow, 1);
	int wait_s;

	(void)state;
	for (int i = 0; i < 3 * BURST; i++) {
		assert_true(bucket_has(table, 0, "a", 0, &wait_s));
		assert_int_equal(wait_s, 0);
	}
	for (int i = 0; i < BURST; i++)
		assert_true(take(table, "a", 0));
	assert_false(bucket_has(table, 0, "a", 0, &wait_s));
	assert_int_equal(wait_s, 10);
	assert_true(bucket_has(table, 0, "b", 0, &wait_s));
	assert_true(bucket_has(table, 0, "a", 10000, &wait_s));
	assert_true(take(table, "a", 10000));
	bucket_table_free(table);
}

static void any_clock_does(void **state)
{
	struct bucket_table *table = table_of(&slow, 1);

	(void)state;
	assert_true(take(table, "", 0));
	for (int i = 0; i < BURST; i++)
		assert_true(take(table, "a", 5000000));
	/* It went back: as if the bucket were empty now, no worse. */
	assert_false(take(table, "a", 1000));
	assert_int_equal(retry_s, 10);
	assert_true(take(table, "a", 11000));
	bucket_table_free(table);
}

static void classes_do_not_touch_each_other(void **state)
{
	const struct bucket_class two[] = { slow, { 1000, 1000, 1, ENTRIES } };
	struct bucket_table *table = table_of(two, 2);

	(void)state;
	for (int i = 0; i < BURST; i++)
		assert_true(take(table, "a", 0));
	for (int i = 0; i < 100 * ENTRIES; i++) {
		char key[24];

		snprintf(key, sizeof(key), "key %d", i % (3 * ENTRIES));
		assert_true(bucket_take(table, 1, key, 0, &retry_s));
	}
	assert_true(bucket_take(table, 1, "a", 0, &retry_s));
	assert_false(take(table, "a", 0));
	bucket_table_free(table);
}

/* Many keys that each ask once, or drain themselves all but one token, as often
 * as they like. */
static void a_flood_of_keys_does_not_refill_an_empty_bucket(void **state)
{
	struct bucket_table *table = table_of(&slow, 1);

	(void)state;
	for (int i = 0; i < BURST; i++)
		assert_true(take(table, "victim", 0));
	for (int i = 0; i < 1000 * ENTRIES; i++)
		take_n(table, i, 0);
	assert_false(take(table, "victim", 0));
	for (int i = 0; i < 100 * ENTRIES; i++)
		for (int j = 0; j < BURST - 1; j++)
			take_n(table, i, 1);
	assert_false(take(table, "victim", 1));
	/* As the victim's bucket fills it becomes cheaper to displace, and
	 * worth less: at most what it would have had soon. */
	assert_true(take(table, "victim", 10001));
	assert_false(take(table, "victim", 10001));
	bucket_table_free(table);
}

/* What the header says it costs: all others as empty. */
static void only_a_table_of_empty_buckets_forgets_one(void **state)
{
	struct bucket_table *table = table_of(&slow, 1);

	(void)state;
	for (int i = 0; i < BURST; i++)
		assert_true(take(table, "victim", 0));
	for (int i = 0; i < ENTRIES - 1; i++)
		for (int j = 0; j < BURST - (i == 0); j++)
			assert_true(take_n(table, i, 1));
	assert_true(take(table, "newcomer", 1)); /* in the place of key 0 */
	assert_false(take(table, "victim", 1));
	for (int j = 1; j < BURST; j++)
		assert_true(take(table, "newcomer", 1));
	assert_true(take(table, "one more", 1));
	assert_true(take(table, "victim", 1));
	bucket_table_free(table);
}

static void a_newcomer_is_served_in_a_full_table(void **state)
{
	struct bucket_table *table = table_of(&slow, 1);

	(void)state;
	for (int i = 0; i < ENTRIES; i++)
		for (int j = 0; j < BURST; j++)
			take_n(table, i, 0);
	assert_true(take(table, "newcomer", 0));
	bucket_table_free(table);
}

static void numbers_out_of_range_are_refused(void **state)
{
	static const struct bucket_class bad[] = {
		{ 0, 1, 1, 1 },       { 1, 0, 1, 1 },
		{ 1, 1, 0, 1 },       { -1, 1, 1, 1 },
		{ 1000001, 1, 1, 1 }, { 1, 1, 86401, 1 },
		{ 1, 1000001, 1, 1 }, { 1, 1, 1, (1u << 20) + 1 },
	};
	const struct bucket_class most = { 1000000, 1, 86400, 2 };
	struct bucket_table *table;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = { 0 };

		assert_int_equal(bucket_table_new(&table, &bad[i], 1, &err),
				 RC_INVALID);
		assert_null(table);
	}
	table = table_of(&most, 1);
	for (int i = 0; i < 1000000; i++)
		if (!take(table, "a", INT64_C(4000000000000)))
			fail_msg("%d", i);
	assert_false(take(table, "a", INT64_C(4000000000000)));
	assert_int_equal(retry_s, 86400);
	bucket_table_free(table);
}

static void a_table_says_when_memory_runs_out(void **state)
{
	const struct bucket_class two[] = { slow, slow };
	long n, calls = 0;

	(void)state;
	for (n = 1; n < 10; n++) {
		struct bucket_table *table;
		struct err err = { 0 };
		enum rc rc;

		fault_arm(FAULT_ALLOC, n, false);
		rc = bucket_table_new(&table, two, 2, &err);
		calls = fault_clear(FAULT_ALLOC);
		bucket_table_free(table);
		if (calls < n)
			break;
		assert_int_equal(rc, RC_NOMEM);
	}
	assert_int_equal(n, 4);
}

struct crowd {
	struct bucket_table *table;
	atomic_int passed;
};

static void *push(void *crowd_)
{
	struct crowd *crowd = crowd_;
	int ignored;

	for (int i = 0; i < 2000; i++)
		if (bucket_take(crowd->table, 0, "door", 0, &ignored))
			atomic_fetch_add(&crowd->passed, 1);
	return NULL;
}

static void threads_share_a_bucket(void **state)
{
	const struct bucket_class class = { 1000, 1, 1, 0 };
	struct crowd crowd = { .table = table_of(&class, 1) };
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, push, &crowd);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&crowd.passed), 1000);
	bucket_table_free(crowd.table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_passes_and_then_the_rate),
		cmocka_unit_test(a_look_takes_nothing),
		cmocka_unit_test(any_clock_does),
		cmocka_unit_test(classes_do_not_touch_each_other),
		cmocka_unit_test(
			a_flood_of_keys_does_not_refill_an_empty_bucket),
		cmocka_unit_test(only_a_table_of_empty_buckets_forgets_one),
		cmocka_unit_test(a_newcomer_is_served_in_a_full_table),
		cmocka_unit_test(numbers_out_of_range_are_refused),
		cmocka_unit_test(a_table_says_when_memory_runs_out),
		cmocka_unit_test(threads_share_a_bucket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
