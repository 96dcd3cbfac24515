/* A body is taken whole, in time and as announced, or not at all. */
#include "unit/test_http_harness.h"

#include "http/body.h"

#define POST(path) "POST " path " HTTP/1.1\r\nHost: a\r\n"
#define TRICKLE_US 20000

static struct rig rig; /* usual deadlines */
static struct rig hasty; /* 400 ms for a body */
static struct rig picky; /* 1 KiB/s after 300 ms */

static int start(void **state)
{
	struct http_options options = { .body_deadline_ms = 400,
					.body_rate_after_ms = 60000 };

	(void)state;
	rig_start(&rig, NULL);
	rig_start(&hasty, &options);
	options = (struct http_options){ .body_deadline_ms = 60000,
					 .body_rate_after_ms = 300 };
	rig_start(&picky, &options);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rig_stop(&rig);
	rig_stop(&hasty);
	rig_stop(&picky);
	return 0;
}

static void a_body_of_any_size_arrives_as_sent(void **state)
{
	static const size_t sizes[] = { 0,    1,    2,     100,   7000,   8191,
					8192, 8193, 16384, 40000, RIG_CAP };
	static char request[RIG_CAP + 200];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int head = snprintf(request, sizeof(request),
				    POST("/echo") "Content-Length: %zu\r\n\r\n",
				    sizes[i]);

		for (size_t j = 0; j < sizes[i]; j++)
			request[(size_t)head + j] = (char)(j * 7 % 256);
		rig_talk_n(&rig, request, (size_t)head + sizes[i]);
		assert_int_equal(rig_status(&rig), 200);
		assert_int_equal(rig_body_bytes(&rig), sizes[i]);
		assert_memory_equal(rig_body(&rig), request + head, sizes[i]);
	}
}

static void a_body_in_many_pieces_arrives_as_sent(void **state)
{
	static const char body[] = "one two three four five six seven";
	char head[128];
	int fd = rig_connect(&rig);

	(void)state;
	snprintf(head, sizeof(head),
		 POST("/echo") "Content-Length: %zu\r\n\r\n", sizeof(body) - 1);
	rig_send(fd, head, strlen(head));
	for (size_t i = 0; i < sizeof(body) - 1; i++) {
		usleep(1000);
		rig_send(fd, body + i, 1);
	}
	rig_receive(&rig, fd);
	assert_int_equal(rig_status(&rig), 200);
	assert_string_equal(rig_body(&rig), body);
}

/* Sends a byte now and then for as long as the server listens. */
static void trickle(struct rig *r, const char *head)
{
	int fd = rig_connect(r);
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int64_t until = host_monotonic_ms(&host_system) + RIG_PATIENCE_MS;

	rig_send(fd, head, strlen(head));
	while (poll(&poller, 1, 0) == 0 &&
	       host_monotonic_ms(&host_system) < until) {
		usleep(TRICKLE_US);
		rig_send(fd, "x", 1);
	}
	assert_true(host_monotonic_ms(&host_system) < until);
	rig_receive(r, fd);
}

static void a_trickled_body_is_cut_at_the_deadline(void **state)
{
	(void)state;
	trickle(&hasty, POST("/echo") "Content-Length: 60000\r\n\r\n");
	assert_int_equal(rig_status(&hasty), 408);
	assert_int_equal(atomic_load(&hasty.calls), 0);
}

static void a_body_below_the_minimum_rate_is_cut(void **state)
{
	(void)state;
	trickle(&picky, POST("/echo") "Content-Length: 60000\r\n\r\n");
	assert_int_equal(rig_status(&picky), 408);
	assert_int_equal(atomic_load(&picky.calls), 0);
}

static void a_body_that_never_comes_is_cut(void **state)
{
	(void)state;
	rig_talk(&hasty, POST("/echo") "Content-Length: 60000\r\n\r\n");
	assert_int_equal(rig_status(&hasty), 408);
	assert_int_equal(atomic_load(&hasty.calls), 0);
}

static void a_head_that_never_ends_is_cut(void **state)
{
	(void)state;
	trickle(&hasty, "POST /echo HTTP/1.1\r\nX: ");
	assert_int_equal(rig_status(&hasty), 400);
	assert_int_equal(atomic_load(&hasty.calls), 0);
}

static void a_truncated_body_reaches_no_handler(void **state)
{
	static const char request[] =
		POST("/echo") "Content-Length: 20\r\n\r\nonly this";

	(void)state;
	for (size_t n = sizeof(request) - 1; n > strlen(POST("/echo"));
	     n -= 5) {
		int fd = rig_connect(&rig);

		atomic_store(&rig.calls, 0);
		rig_send(fd, request, n);
		shutdown(fd, SHUT_WR);
		rig_receive(&rig, fd);
		assert_int_equal(rig_status(&rig), 400);
		assert_int_equal(atomic_load(&rig.calls), 0);
	}
}

static void a_body_over_the_cap_is_413_unread(void **state)
{
	static const char *const lengths[] = { "65537", "1000000",
					       "999999999999999999" };
	char request[256];

	(void)state;
	atomic_store(&rig.calls, 0);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		snprintf(request, sizeof(request),
			 POST("/echo") "Content-Length: %s\r\n\r\n",
			 lengths[i]);
		rig_talk(&rig, request);
		assert_int_equal(rig_status(&rig), 413);
	}
	assert_int_equal(atomic_load(&rig.calls), 0);
}

/* An answer that is closed upon with bytes unread would be lost. */
static void a_client_still_sending_gets_to_read_its_413(void **state)
{
	static char request[200000];
	int head = snprintf(request, sizeof(request),
			    POST("/echo") "Content-Length: 150000\r\n\r\n");

	(void)state;
	memset(request + head, 'x', 150000);
	for (int i = 0; i < 20; i++) {
		rig_talk_n(&rig, request, (size_t)head + 150000);
		assert_int_equal(rig_status(&rig), 413);
		/* Most systems drop what was not read yet after a reset. */
		assert_false(rig.was_reset);
	}
}

static void a_route_without_a_body_takes_none(void **state)
{
	(void)state;
	rig_talk(&rig, "GET /show HTTP/1.1\r\nHost: a\r\n"
		       "Content-Length: 1\r\n\r\nx");
	assert_int_equal(rig_status(&rig), 413);
}

static void a_body_without_a_length_is_411(void **state)
{
	(void)state;
	rig_talk(&rig, POST("/echo") "\r\n");
	assert_int_equal(rig_status(&rig), 411);
	rig_talk(&rig, "PUT /items/1 HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(rig_status(&rig), 411);
	rig_talk(&rig, POST("/echo") "Content-Length: 0\r\n\r\n");
	assert_int_equal(rig_status(&rig), 200);
}

static void expect_100_continue_is_answered(void **state)
{
	int fd = rig_connect(&rig);
	char go_on[25] = "";
	static const char head[] = POST("/echo") "Expect: 100-continue\r\n"
						 "Content-Length: 2\r\n\r\n";

	(void)state;
	rig_send(fd, head, sizeof(head) - 1);
	assert_int_equal(recv(fd, go_on, sizeof(go_on), MSG_WAITALL), 25);
	assert_memory_equal(go_on, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	rig_send(fd, "ok", 2);
	rig_receive(&rig, fd);
	assert_int_equal(rig_status(&rig), 200);
	assert_string_equal(rig_body(&rig), "ok");
}

static void sync_routes_need_a_right_digest(void **state)
{
	char right[96], wrong[96], cases[6][160];
	static const int want[6] = { 200, 400, 400, 400, 400, 200 };
	char request[1200];

	(void)state;
	digest_header(right, "body", 4);
	digest_header(wrong, "bodY", 4);
	snprintf(cases[0], sizeof(cases[0]), "%s", right);
	snprintf(cases[1], sizeof(cases[1]), "%s", wrong);
	snprintf(cases[2], sizeof(cases[2]), "%s", "");
	snprintf(cases[3], sizeof(cases[3]), "%s",
		 "Content-Digest: sha-256=:AAAA:\r\n");
	snprintf(cases[4], sizeof(cases[4]), "%s",
		 "Content-Digest: md5=:AAAA:\r\n");
	snprintf(cases[5], sizeof(cases[5]),
		 "Content-Digest: sha-512=:AA==:, %s",
		 right + strlen("Content-Digest: "));
	for (int i = 0; i < 6; i++) {
		atomic_store(&rig.calls, 0);
		snprintf(request, sizeof(request),
			 POST("/sync") "%sContent-Length: 4\r\n\r\nbody",
			 cases[i]);
		rig_talk(&rig, request);
		assert_int_equal(rig_status(&rig), want[i]);
		assert_int_equal(atomic_load(&rig.calls), want[i] == 200);
	}
}

static void a_digest_is_read_out_of_any_header_text(void **state)
{
	static const char *const bad[] = {
		"",    ",",         "sha-256",       "sha-256=",
		":",   "sha-256=:", "sha-256=::",    "sha-256=:AAAA",
		" , ", "sha-256==", "x=sha-256=:A:", "sha-256=:*:"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = { 0 };

		assert_int_equal(body_check_digest(bad[i], "", 0, &err),
				 RC_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_of_any_size_arrives_as_sent),
		cmocka_unit_test(a_body_in_many_pieces_arrives_as_sent),
		cmocka_unit_test(a_trickled_body_is_cut_at_the_deadline),
		cmocka_unit_test(a_body_below_the_minimum_rate_is_cut),
		cmocka_unit_test(a_body_that_never_comes_is_cut),
		cmocka_unit_test(a_head_that_never_ends_is_cut),
		cmocka_unit_test(a_truncated_body_reaches_no_handler),
		cmocka_unit_test(a_body_over_the_cap_is_413_unread),
		cmocka_unit_test(a_client_still_sending_gets_to_read_its_413),
		cmocka_unit_test(a_route_without_a_body_takes_none),
		cmocka_unit_test(a_body_without_a_length_is_411),
		cmocka_unit_test(expect_100_continue_is_answered),
		cmocka_unit_test(sync_routes_need_a_right_digest),
		cmocka_unit_test(a_digest_is_read_out_of_any_header_text),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
