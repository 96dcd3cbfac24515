/* What is done beside requests: in turn, so many at once, and ended with the
 * server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <pthread.h>

#include "api/jobs.h"

/* Work that goes on until it is let go, or halted. */
static struct world {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	int running, most, ended, halted, dropped;
	bool may_end, is_halted;
	struct jobs *jobs;
	struct err err;
} w;

static void run(void *ctx, void *work)
{
	(void)work;
	assert_ptr_equal(ctx, &w);
	pthread_mutex_lock(&w.lock);
	w.running++;
	w.most = w.running > w.most ? w.running : w.most;
	pthread_cond_broadcast(&w.moved);
	while (!w.may_end && !w.is_halted)
		pthread_cond_wait(&w.moved, &w.lock);
	w.running--;
	w.ended++;
	w.halted += !w.may_end;
	pthread_cond_broadcast(&w.moved);
	pthread_mutex_unlock(&w.lock);
}

static void halt(void *ctx, void *work)
{
	(void)ctx;
	(void)work;
	pthread_mutex_lock(&w.lock);
	w.is_halted = true;
	pthread_cond_broadcast(&w.moved);
	pthread_mutex_unlock(&w.lock);
}

static void drop(void *ctx, void *work)
{
	(void)ctx;
	(void)work;
	pthread_mutex_lock(&w.lock);
	w.dropped++;
	pthread_cond_broadcast(&w.moved);
	pthread_mutex_unlock(&w.lock);
}

static int begin(void **state)
{
	const struct jobs_do how = { run, halt, drop, &w };

	(void)state;
	w = (struct world){ 0 };
	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.moved, NULL);
	assert_int_equal(jobs_start(&w.jobs, &how, &w.err), RC_OK);
	return 0;
}

static int end(void **state)
{
	(void)state;
	jobs_stop(w.jobs);
	w.jobs = NULL;
	return 0;
}

static const char *name_of(int i)
{
	static char id[8];

	snprintf(id, sizeof(id), "j%d", i);
	return id;
}

static void put(int i)
{
	assert_int_equal(jobs_reserve(w.jobs, name_of(i), &w.err), RC_OK);
	jobs_go(w.jobs, name_of(i), &w);
}

/* Until `*what` is `n`. */
static void until(const int *what, int n)
{
	pthread_mutex_lock(&w.lock);
	while (*what != n)
		pthread_cond_wait(&w.moved, &w.lock);
	pthread_mutex_unlock(&w.lock);
}

static void let_go(void)
{
	pthread_mutex_lock(&w.lock);
	w.may_end = true;
	pthread_cond_broadcast(&w.moved);
	pthread_mutex_unlock(&w.lock);
}

static void only_so_many_run_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * JOBS_AT_ONCE; i++)
		put(i);
	until(&w.running, JOBS_AT_ONCE);
	assert_true(jobs_has(w.jobs, "j0"));
	assert_true(jobs_has(w.jobs, "j3"));
	let_go();
	until(&w.dropped, 2 * JOBS_AT_ONCE);
	assert_int_equal(w.most, JOBS_AT_ONCE);
	assert_false(jobs_has(w.jobs, "j0"));
	assert_false(jobs_has(w.jobs, "j3"));
}

static void beyond_the_queue_one_is_refused(void **state)
{
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i < JOBS_MAX; i++)
		put(i);
	assert_int_equal(jobs_reserve(w.jobs, "late", &err), RC_BUSY);
	assert_false(jobs_has(w.jobs, "late"));
	let_go();
	until(&w.dropped, JOBS_MAX);
	assert_int_equal(jobs_reserve(w.jobs, "late", &w.err), RC_OK);
	jobs_leave(w.jobs, "late");
	assert_false(jobs_has(w.jobs, "late"));
}

static void who_waits_is_told_when_it_is_over(void **state)
{
	(void)state;
	put(1);
	until(&w.running, 1);
	jobs_wait(w.jobs, "j1", 0);
	assert_true(jobs_has(w.jobs, "j1"));
	let_go();
	jobs_wait(w.jobs, "j1", 60000);
	assert_false(jobs_has(w.jobs, "j1"));
}

static void
the_end_of_the_server_halts_what_runs_and_drops_the_rest(void **state)
{
	(void)state;
	for (int i = 0; i < JOBS_AT_ONCE + 3; i++)
		put(i);
	until(&w.running, JOBS_AT_ONCE);
	jobs_stop(w.jobs);
	w.jobs = NULL;
	assert_int_equal(w.ended, JOBS_AT_ONCE);
	assert_int_equal(w.halted, JOBS_AT_ONCE);
	assert_int_equal(w.dropped, JOBS_AT_ONCE + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_so_many_run_at_once, begin,
						end),
		cmocka_unit_test_setup_teardown(beyond_the_queue_one_is_refused,
						begin, end),
		cmocka_unit_test_setup_teardown(
			who_waits_is_told_when_it_is_over, begin, end),
		cmocka_unit_test_setup_teardown(
			the_end_of_the_server_halts_what_runs_and_drops_the_rest,
			begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
