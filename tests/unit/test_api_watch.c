/* Whoever waits for writes is let go when the server stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "api/watch.h"
#include "lib/field.h"

static struct field_world world;

static int begin(void **state)
{
	(void)state;
	field_begin(&world, 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	field_end(&world);
	return 0;
}

/* A thread that looked whether it should go on, and then begins to wait, would
 * otherwise hold up the end of the server for a minute. */
static void a_wait_that_begins_after_the_end_does_not_last(void **state)
{
	struct watch *w;
	int64_t before;

	(void)state;
	if (watch_start(&w, world.loop.store->dir, &host_system, &world.err) !=
	    RC_OK)
		fail_msg("%s", world.err.text);
	watch_end(w);
	before = host_monotonic_ms(&host_system);
	watch_wait(w, watch_count(w), 60000);
	assert_true(host_monotonic_ms(&host_system) - before < 30000);
	watch_stop(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_wait_that_begins_after_the_end_does_not_last, begin,
			end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
