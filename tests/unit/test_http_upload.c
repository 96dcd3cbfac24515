/* A body that its handler reads itself: piece by piece, and what came before a
 * cut counts. */
#include "unit/test_http_harness.h"

#define PATCH(path) "PATCH " path " HTTP/1.1\r\nHost: a\r\n"

static struct rig rig;
static struct rig picky; /* 1 KiB/s after 300 ms */

static int start(void **state)
{
	const struct http_options options = { .body_deadline_ms = 60000,
					      .body_rate_after_ms = 300,
					      .bodies_max = 1 };

	(void)state;
	rig_start(&rig, NULL);
	rig_start(&picky, &options);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rig_stop(&rig);
	rig_stop(&picky);
	return 0;
}

static void wait_until(atomic_int *what, int value)
{
	for (int i = 0; i < 2000 && atomic_load(what) != value; i++)
		usleep(10000);
	assert_int_equal(atomic_load(what), value);
}

static void a_streamed_body_of_any_size_arrives_whole(void **state)
{
	static const size_t sizes[] = {
		0, 1, 999, 1000, 8192, 100000, 1 << 20
	};
	static char request[(1 << 20) + 200];
	char want[60];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int head = snprintf(request, sizeof(request),
				    PATCH("/stream/x") "Content-Length: "
						       "%zu\r\n\r\n",
				    sizes[i]);

		rig_talk_n(&rig, request, (size_t)head + sizes[i]);
		snprintf(want, sizeof(want), "%zu of %zu", sizes[i], sizes[i]);
		assert_int_equal(rig_status(&rig), 200);
		assert_string_equal(rig_body(&rig), want);
	}
}

static void what_came_before_a_cut_was_read(void **state)
{
	static const char head[] =
		PATCH("/stream/x") "Content-Length: 5000\r\n\r\n";
	char piece[3000] = { 0 };
	int fd, before = atomic_load(&rig.streamed);

	(void)state;
	atomic_store(&rig.cut, 0);
	fd = rig_connect(&rig);
	rig_send(fd, head, sizeof(head) - 1);
	rig_send(fd, piece, sizeof(piece));
	close(fd);
	wait_until(&rig.cut, 1);
	assert_int_equal(atomic_load(&rig.streamed) - before, 3000);
}

static void a_refusal_reaches_a_peer_that_still_sends(void **state)
{
	static char request[200000];
	int head = snprintf(request, sizeof(request),
			    PATCH("/stream/none") "Content-Length: "
						  "100000\r\n\r\n");

	(void)state;
	rig_talk_n(&rig, request, (size_t)head + 100000);
	assert_int_equal(rig_status(&rig), 403);
	assert_false(rig.was_reset);
}

static void a_streamed_body_has_a_limit_and_a_length(void **state)
{
	int before = atomic_load(&rig.calls);

	(void)state;
	rig_talk(&rig, PATCH("/stream/x") "Content-Length: 1048577\r\n\r\n");
	assert_int_equal(rig_status(&rig), 413);
	rig_talk(&rig, PATCH("/stream/x") "\r\n");
	assert_int_equal(rig_status(&rig), 411);
	assert_int_equal(atomic_load(&rig.calls), before);
}

static void only_so_many_bodies_are_read_at_a_time(void **state)
{
	static const char head[] =
		PATCH("/stream/x") "Content-Length: 5000\r\n\r\n0123456789";
	int fd = rig_connect(&picky);

	(void)state;
	atomic_store(&picky.streamed, 0);
	atomic_store(&picky.cut, 0);
	rig_send(fd, head, sizeof(head) - 1);
	wait_until(&picky.streamed, 10);
	rig_talk(&picky, PATCH("/stream/x") "Content-Length: 3\r\n\r\nabc");
	/* Whoever is slower than 1 KiB/s makes room. */
	wait_until(&picky.cut, 1);
	close(fd);
	assert_int_equal(rig_status(&picky), 503);
	rig_talk(&picky, PATCH("/stream/x") "Content-Length: 3\r\n\r\nabc");
	assert_int_equal(rig_status(&picky), 200);
	assert_string_equal(rig_body(&picky), "3 of 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_streamed_body_of_any_size_arrives_whole),
		cmocka_unit_test(what_came_before_a_cut_was_read),
		cmocka_unit_test(a_refusal_reaches_a_peer_that_still_sends),
		cmocka_unit_test(a_streamed_body_has_a_limit_and_a_length),
		cmocka_unit_test(only_so_many_bodies_are_read_at_a_time),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
