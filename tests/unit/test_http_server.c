/* What every reply is like, and starting and stopping under load. */
#include "unit/test_http_harness.h"

#include <jansson.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fault.h"

#define SLOW_CONNECTIONS 200

static struct rig rig;
static pid_t hung; /* a process with a handler that never returns */

static void hang(void *ctx, struct request *req, struct reply *reply)
{
	(void)req;
	(void)reply;
	atomic_store((atomic_bool *)ctx, true);
	for (;;)
		pause();
}

/* Ends with 3 by the watchdog, or with 1. Its ten seconds run beside the other
 * tests. */
static void be_hung(void)
{
	static const struct http_route routes[] = {
		{ "GET", "/hang", 0, false, hang },
		{ NULL, NULL, 0, false, NULL }
	};
	static atomic_bool is_in;
	struct http_options options = { .listen = "127.0.0.1:0",
					.routes = routes,
					.ctx = &is_in,
					.quiet = true };
	struct rig mine = { .address = { .sin_family = AF_INET } };
	struct err err = { 0 };
	int fd;

	if (http_start(&mine.server, &options, &err) != RC_OK)
		_exit(1);
	mine.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	mine.address.sin_port = htons((uint16_t)http_port(mine.server));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&mine.address,
		    sizeof(mine.address)) != 0)
		_exit(1);
	rig_send(fd, "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n", 31);
	while (!atomic_load(&is_in))
		usleep(1000);
	http_stop(mine.server);
	_exit(1);
}

static int start(void **state)
{
	(void)state;
	hung = fork(); /* while there are no threads */
	if (hung == 0)
		be_hung();
	rig_start(&rig, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

static void ask(const char *method, const char *target, const char *headers)
{
	char request[512];

	snprintf(request, sizeof(request),
		 "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, target,
		 headers);
	rig_talk(&rig, request);
}

static void a_handler_sees_the_request(void **state)
{
	(void)state;
	ask("GET", "/items/q%207?b=%41&c", "X-Test:   some value  \r\n");
	assert_int_equal(rig_status(&rig), 200);
	assert_string_equal(rig_body(&rig),
			    "GET /items/q 7 ?b=%41&c arg=q 7 x=some value");
}

static void a_handler_has_room_on_its_stack(void **state)
{
	(void)state;
	ask("GET", "/deep", "");
	assert_int_equal(rig_status(&rig), 200);
	assert_string_equal(rig_body(&rig), "d");
}

static void a_challenge_says_how_to_prove_oneself(void **state)
{
	(void)state;
	ask("GET", "/locked", "");
	assert_int_equal(rig_status(&rig), 401);
	assert_true(rig_has(&rig, "WWW-Authenticate: Basic realm=\"rig\", "
				  "charset=\"UTF-8\""));
	assert_non_null(strstr(rig_body(&rig), "/problems/unauthorized"));
}

static void every_reply_has_length_cache_rule_nosniff_and_close(void **state)
{
	static const char *const targets[] = { "/show", "/nothing", "/fail/1",
					       "/items/", "/items/%00" };

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		char length[40];

		ask("GET", targets[i], "");
		snprintf(length, sizeof(length), "Content-Length: %zu",
			 rig_body_bytes(&rig));
		assert_true(rig_has(&rig, length));
		assert_true(rig_has(&rig, "Cache-Control: no-store"));
		assert_true(rig_has(&rig, "X-Content-Type-Options: nosniff"));
		assert_true(rig_has(&rig, "Connection: close"));
		assert_non_null(strstr(rig.text, "\r\nDate: "));
	}
}

static void head_is_get_without_a_body(void **state)
{
	size_t n;
	char length[40];

	(void)state;
	ask("GET", "/show", "");
	n = rig_body_bytes(&rig);
	ask("HEAD", "/show", "");
	assert_int_equal(rig_status(&rig), 200);
	/* It shows its method, which has a letter more. */
	snprintf(length, sizeof(length), "Content-Length: %zu", n + 1);
	assert_true(rig_has(&rig, length));
	assert_true(rig_has(&rig, "ETag: \"e1\""));
	assert_int_equal(rig_body_bytes(&rig), 0);
}

static void a_tag_makes_304_of_a_reply_from_memory(void **state)
{
	(void)state;
	ask("GET", "/show", "If-None-Match: W/\"e1\"\r\n");
	assert_int_equal(rig_status(&rig), 304);
	assert_int_equal(rig_body_bytes(&rig), 0);
}

static void a_change_is_made_only_of_the_named_version(void **state)
{
	(void)state;
	ask("PUT", "/show", "Content-Length: 0\r\nIf-Match: \"e1\"\r\n");
	assert_int_equal(rig_status(&rig), 200);
	/* A tag in If-None-Match makes no 304 of a change. */
	ask("PUT", "/show", "Content-Length: 0\r\nIf-None-Match: \"e2\"\r\n");
	assert_int_equal(rig_status(&rig), 200);
	ask("PUT", "/show", "Content-Length: 0\r\nIf-Match: W/\"e1\"\r\n");
	assert_int_equal(rig_status(&rig), 412);
	assert_non_null(
		strstr(rig_body(&rig), "/problems/precondition_failed"));
}

static void put_and_patch_bring_a_body_and_delete_none(void **state)
{
	(void)state;
	ask("PUT", "/items/1", "Content-Length: 2\r\n\r\nab");
	assert_int_equal(rig_status(&rig), 200);
	assert_string_equal(rig_body(&rig), "ab");
	ask("PATCH", "/items/1", "Content-Length: 2\r\n\r\nxy");
	assert_int_equal(rig_status(&rig), 200);
	assert_string_equal(rig_body(&rig), "xy");
	ask("PATCH", "/items/1", "");
	assert_int_equal(rig_status(&rig), 411);
	ask("DELETE", "/items/1", "");
	assert_int_equal(rig_status(&rig), 200);
	assert_string_equal(rig_body(&rig), "DELETE /items/1 ? arg=1 x=-");
	ask("DELETE", "/items/1", "Content-Length: 2\r\n\r\nab");
	assert_int_equal(rig_status(&rig), 413);
}

static void an_unknown_path_is_404(void **state)
{
	(void)state;
	ask("GET", "/nothing", "");
	assert_int_equal(rig_status(&rig), 404);
	ask("GET", "/", "");
	assert_int_equal(rig_status(&rig), 404);
	ask("GET", "/show/", "");
	assert_int_equal(rig_status(&rig), 404);
}

static void a_wrong_method_is_405_with_allow(void **state)
{
	(void)state;
	ask("POST", "/items/1", "Content-Length: 0\r\n");
	assert_int_equal(rig_status(&rig), 405);
	assert_true(rig_has(&rig, "Allow: GET, HEAD, DELETE, PUT, PATCH"));
	ask("GET", "/echo", "");
	assert_int_equal(rig_status(&rig), 405);
	assert_true(rig_has(&rig, "Allow: POST"));
	ask("OPTIONS", "/items/1", "");
	assert_int_equal(rig_status(&rig), 405);
	assert_true(
		rig_has(&rig, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE"));
}

static void check_problem(const char *type, int status)
{
	json_t *problem = json_loads(rig_body(&rig), 0, NULL);
	const char *text;
	char header[40];

	assert_true(rig_has(&rig, "Content-Type: application/problem+json"));
	assert_non_null(problem);
	text = json_string_value(json_object_get(problem, "type"));
	assert_non_null(text);
	assert_string_equal(text, type);
	assert_int_equal(json_integer_value(json_object_get(problem, "status")),
			 status);
	assert_int_equal(rig_status(&rig), status);
	assert_true(json_is_string(json_object_get(problem, "title")));
	assert_true(json_is_string(json_object_get(problem, "detail")));
	text = json_string_value(json_object_get(problem, "request"));
	assert_non_null(text);
	assert_int_equal(strlen(text), 20);
	snprintf(header, sizeof(header), "Request-Id: %s", text);
	assert_true(rig_has(&rig, header));
	json_decref(problem);
}

static void a_failure_is_a_problem_of_its_kind(void **state)
{
	static const struct {
		const char *target, *type;
		int status;
	} cases[] = {
		{ "/fail/1", "/problems/invalid", 400 },
		{ "/fail/2", "/problems/denied", 403 },
		{ "/fail/3", "/problems/not_found", 404 },
		{ "/fail/4", "/problems/conflict", 409 },
		{ "/fail/5", "/problems/busy", 503 },
		{ "/fail/6", "/problems/corrupt", 422 },
		{ "/fail/7", "/problems/io", 500 },
		{ "/fail/8", "/problems/nomem", 413 },
		{ "/nothing", "/problems/not_found", 404 },
		{ "/echo", "/problems/method_not_allowed", 405 },
		{ "/%00", "/problems/bad_request", 400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask("GET", cases[i].target, "");
		check_problem(cases[i].type, cases[i].status);
		assert_null(strstr(rig.text, "half an answer"));
	}
}

static void a_problem_has_members_of_its_own(void **state)
{
	json_t *problem, *error;

	(void)state;
	ask("GET", "/errors", "");
	check_problem("/problems/validation", 422);
	problem = json_loads(rig_body(&rig), 0, NULL);
	error = json_array_get(json_object_get(problem, "errors"), 0);
	assert_string_equal(json_string_value(json_object_get(error, "detail")),
			    "is \"empty\"");
	assert_string_equal(
		json_string_value(json_object_get(error, "pointer")), "/name");
	assert_true(json_is_null(json_object_get(problem, "bad")));
	assert_string_equal(
		json_string_value(json_object_get(problem, "title")),
		"The body does not fit its schema");
	json_decref(problem);
}

static void a_handler_adds_headers(void **state)
{
	(void)state;
	ask("GET", "/headers/good", "");
	assert_int_equal(rig_status(&rig), 201);
	assert_true(rig_has(&rig, "Location: /v1/items/7"));
	assert_true(rig_has(&rig, "Set-Cookie: a=1; Secure"));
	assert_true(rig_has(&rig, "Set-Cookie: b=2"));
	ask("GET", "/headers/most", "");
	assert_int_equal(rig_status(&rig), 200);
	assert_true(rig_has(&rig, "X-Many: 15"));
	ask("GET", "/headers/later", "");
	assert_true(rig_has(&rig, "Retry-After: 17"));
	assert_false(rig_has(&rig, "Retry-After: 1"));
}

static void a_header_that_would_break_the_reply_is_500(void **state)
{
	static const char *const targets[] = { "/headers/own", "/headers/name",
					       "/headers/split", "/headers/big",
					       "/headers/many" };

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		ask("GET", targets[i], "");
		check_problem("/problems/io", 500);
		assert_null(strstr(rig.text, "X-Evil"));
		assert_null(strstr(rig.text, "X-Many"));
	}
}

static void a_problem_drops_the_headers_before_it(void **state)
{
	(void)state;
	ask("GET", "/headers/dropped", "");
	assert_int_equal(rig_status(&rig), 409);
	assert_false(rig_has(&rig, "Location: /old"));
	assert_true(rig_has(&rig, "X-New: n"));
}

static void only_behind_a_proxy_a_forwarded_address_counts(void **state)
{
	static const struct {
		const char *headers;
		int status;
		const char *who;
	} cases[] = {
		{ "", 200, "127.0.0.1" },
		{ "X-Forwarded-For: 10.0.0.1, 192.0.2.7\r\n", 200,
		  "192.0.2.7" },
		{ "X-Forwarded-For: 192.0.2.7\r\n"
		  "X-Forwarded-For: 192.0.2.8\r\n",
		  200, "192.0.2.8" },
		{ "X-Forwarded-For: 10.0.0.1, nobody\r\n", 400, NULL },
	};
	struct http_options options = { .proxied = true };
	struct rig behind;
	char request[256];

	(void)state;
	rig_start(&behind, &options);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask("GET", "/who", cases[i].headers);
		assert_string_equal(rig_body(&rig), "127.0.0.1");
		snprintf(request, sizeof(request),
			 "GET /who HTTP/1.1\r\nHost: a\r\n%s\r\n",
			 cases[i].headers);
		rig_talk(&behind, request);
		assert_int_equal(rig_status(&behind), cases[i].status);
		if (cases[i].who)
			assert_string_equal(rig_body(&behind), cases[i].who);
	}
	rig_stop(&behind);
}

static void a_taken_port_is_said_so(void **state)
{
	struct http_options options = { .routes = rig_routes, .quiet = true };
	struct http_server *server;
	struct err err = { 0 };

	(void)state;
	options.listen = rig.url + strlen("http://");
	assert_int_equal(http_start(&server, &options, &err), RC_IO);
	assert_null(server);
	assert_non_null(strstr(err.text, "cannot listen on"));
	assert_non_null(strstr(err.text, "in use"));
}

static void another_address_than_loopback_is_refused(void **state)
{
	struct http_options options = { .routes = rig_routes,
					.listen = "0.0.0.0:0",
					.quiet = true };
	struct http_server *server;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(http_start(&server, &options, &err), RC_DENIED);
	assert_null(server);
}

/* Every allocation on the way to an answer fails in turn. */
static void no_failed_allocation_takes_the_server_down(void **state)
{
	static const char request[] = "POST /echo HTTP/1.1\r\nHost: a\r\n"
				      "Content-Length: 4\r\n\r\nbody";
	long n, calls;

	(void)state;
	for (n = 1; n < 100; n++) {
		fault_arm(FAULT_ALLOC, n, false);
		rig_talk(&rig, request);
		calls = fault_clear(FAULT_ALLOC);
		assert_int_not_equal(rig_status(&rig), 0);
		if (calls < n)
			break;
		assert_true(rig_status(&rig) >= 400);
	}
	assert_true(n > 2 && n < 100);
	assert_int_equal(rig_status(&rig), 200);
	assert_string_equal(rig_body(&rig), "body");
}

static void *ask_often(void *arg)
{
	struct rig mine = { .address = ((struct rig *)arg)->address };
	static const char request[] = "POST /echo HTTP/1.1\r\nHost: a\r\n"
				      "Content-Length: 16\r\n\r\n";
	long right = 0;

	for (int i = 0; i < 50; i++) {
		char text[128];
		int n = snprintf(text, sizeof(text), "%s%15d.", request,
				 i * 7 + (int)(intptr_t)&mine % 1000);

		rig_talk_n(&mine, text, (size_t)n);
		right += rig_status(&mine) == 200 &&
			 strcmp(rig_body(&mine), text + n - 16) == 0;
	}
	free(mine.text);
	return (void *)right;
}

static void parallel_requests_do_not_mix(void **state)
{
	pthread_t threads[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, ask_often, &rig), 0);
	for (int i = 0; i < 8; i++) {
		void *right;

		pthread_join(threads[i], &right);
		assert_int_equal((long)right, 50);
	}
}

/* A server with every worker and most of the queue taken by heads that do not
 * end: others are served once the first are cut, and stopping does not wait. */
static void slow_heads_neither_hang_the_server_nor_its_stop(void **state)
{
	struct http_options options = { .threads = 32,
					.body_deadline_ms = 300 };
	static const char head[] = "GET /show HTTP/1.1\r\nX-Slow: ";
	int fds[SLOW_CONNECTIONS];
	int64_t began;
	struct rig slow;

	(void)state;
	rig_start(&slow, &options);
	for (int i = 0; i < SLOW_CONNECTIONS; i++) {
		fds[i] = rig_connect(&slow);
		rig_send(fds[i], head, sizeof(head) - 1);
	}
	rig_talk(&slow, "GET /show HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(rig_status(&slow), 200);
	for (int i = 0; i < SLOW_CONNECTIONS; i++) {
		rig_send(fds[i], "x", 1);
		close(fds[i]);
		fds[i] = rig_connect(&slow);
		rig_send(fds[i], head, sizeof(head) - 1);
	}
	began = host_monotonic_ms(&host_system);
	rig_stop(&slow);
	assert_true(host_monotonic_ms(&host_system) - began < 9000);
	for (int i = 0; i < SLOW_CONNECTIONS; i++)
		close(fds[i]);
}

static void a_reader_who_does_not_read_is_cut(void **state)
{
	struct http_options options = { .threads = 1, .body_deadline_ms = 300 };
	int fd, small = 4096;
	struct rig slow;

	(void)state;
	rig_start(&slow, &options);
	rig_make_file(&slow, 32u << 20);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	assert_int_equal(connect(fd, (struct sockaddr *)&slow.address,
				 sizeof(slow.address)),
			 0);
	rig_send(fd, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n", 31);
	/* The only worker is free again although nothing was read. */
	rig_talk(&slow, "GET /show HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(rig_status(&slow), 200);
	close(fd);
	rig_stop(&slow);
}

static atomic_bool is_entered;

static void linger(void *ctx, struct request *req, struct reply *reply)
{
	struct timespec pause = { .tv_nsec = 300 * 1000 * 1000 };

	(void)ctx;
	(void)req;
	atomic_store(&is_entered, true);
	nanosleep(&pause, NULL);
	buf_puts(&reply->body, "done all the same");
}

static void *stop_it(void *arg)
{
	http_stop(arg);
	return NULL;
}

static void a_request_under_way_is_answered_before_the_stop(void **state)
{
	static const struct http_route routes[] = {
		{ "GET", "/slow", 0, false, linger },
		{ NULL, NULL, 0, false, NULL }
	};
	struct http_options options = { .listen = "127.0.0.1:0",
					.routes = routes,
					.quiet = true };
	struct rig slow = { .address = rig.address };
	struct err err = { 0 };
	pthread_t thread;
	int fd;

	(void)state;
	assert_int_equal(http_start(&slow.server, &options, &err), RC_OK);
	slow.address.sin_port = htons((uint16_t)http_port(slow.server));
	fd = rig_connect(&slow);
	rig_send(fd, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", 31);
	while (!atomic_load(&is_entered))
		usleep(1000);
	assert_int_equal(pthread_create(&thread, NULL, stop_it, slow.server),
			 0);
	rig_receive(&slow, fd);
	pthread_join(thread, NULL);
	assert_string_equal(rig_body(&slow), "done all the same");
	free(slow.text);
}

static void a_worker_that_hangs_ends_the_process_with_3(void **state)
{
	int status = 0;

	(void)state;
	assert_true(hung > 0);
	assert_int_equal(waitpid(hung, &status, 0), hung);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handler_sees_the_request),
		cmocka_unit_test(a_handler_has_room_on_its_stack),
		cmocka_unit_test(a_challenge_says_how_to_prove_oneself),
		cmocka_unit_test(
			every_reply_has_length_cache_rule_nosniff_and_close),
		cmocka_unit_test(head_is_get_without_a_body),
		cmocka_unit_test(a_tag_makes_304_of_a_reply_from_memory),
		cmocka_unit_test(a_change_is_made_only_of_the_named_version),
		cmocka_unit_test(put_and_patch_bring_a_body_and_delete_none),
		cmocka_unit_test(an_unknown_path_is_404),
		cmocka_unit_test(a_wrong_method_is_405_with_allow),
		cmocka_unit_test(a_failure_is_a_problem_of_its_kind),
		cmocka_unit_test(a_problem_has_members_of_its_own),
		cmocka_unit_test(a_handler_adds_headers),
		cmocka_unit_test(a_header_that_would_break_the_reply_is_500),
		cmocka_unit_test(a_problem_drops_the_headers_before_it),
		cmocka_unit_test(
			only_behind_a_proxy_a_forwarded_address_counts),
		cmocka_unit_test(a_taken_port_is_said_so),
		cmocka_unit_test(another_address_than_loopback_is_refused),
		cmocka_unit_test(no_failed_allocation_takes_the_server_down),
		cmocka_unit_test(parallel_requests_do_not_mix),
		cmocka_unit_test(
			slow_heads_neither_hang_the_server_nor_its_stop),
		cmocka_unit_test(a_reader_who_does_not_read_is_cut),
		cmocka_unit_test(
			a_request_under_way_is_answered_before_the_stop),
		cmocka_unit_test(a_worker_that_hangs_ends_the_process_with_3),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
