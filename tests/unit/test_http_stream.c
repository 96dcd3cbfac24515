/* Replies that are streams: whole, cut, limited in number, and never kept. */
#include "unit/test_http_harness.h"

#include <dirent.h>
#include <pthread.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define STREAMS 3

static atomic_int nrunning; /* in a stream's function */
static atomic_int nctx; /* allocated and not freed */
static struct rig rig;

struct source {
	char what[16];
	long n;
};

static void source_free(void *ctx)
{
	free(ctx);
	atomic_fetch_sub(&nctx, 1);
}

/* n lines and a good end, n lines and a bad end, lines for ever, waiting for
 * ever, or as much as the peer takes. */
static enum rc source_write(struct source *source, struct stream *stream)
{
	static char block[65536];
	char line[32];
	enum rc rc = RC_OK;
	int n;

	if (strcmp(source->what, "wait") == 0) {
		stream_write(stream, "first\n", 6);
		while (stream_wait(stream, 60000))
			;
		return RC_OK;
	}
	while (rc == RC_OK && strcmp(source->what, "flood") == 0)
		rc = stream_write(stream, block, sizeof(block));
	for (long i = 0; rc == RC_OK && i < source->n; i++) {
		n = snprintf(line, sizeof(line), "line %ld\n", i);
		rc = stream_write(stream, line, (size_t)n);
	}
	while (rc == RC_OK && strcmp(source->what, "ever") == 0) {
		if (!stream_wait(stream, 10))
			return RC_OK;
		rc = stream_write(stream, "tick\n", 5);
	}
	stream_write(stream, "", 0);
	return strcmp(source->what, "fail") == 0 ? RC_CORRUPT : rc;
}

static enum rc source_run(void *ctx, struct stream *stream)
{
	enum rc rc;

	atomic_fetch_add(&nrunning, 1);
	rc = source_write(ctx, stream);
	atomic_fetch_sub(&nrunning, 1);
	return rc;
}

static void get_stream(void *ctx, struct request *req, struct reply *reply)
{
	struct source *source = calloc(1, sizeof(*source));

	(void)ctx;
	assert_non_null(source);
	atomic_fetch_add(&nctx, 1);
	snprintf(source->what, sizeof(source->what), "%s", req->args[0]);
	source->n = strtol(req->args[1], NULL, 10);
	buf_puts(&reply->body, "never sent");
	reply->content_type = "text/event-stream";
	snprintf(reply->etag, sizeof(reply->etag), "s1");
	reply->stream = source_run;
	reply->stream_ctx = source;
	reply->stream_free = source_free;
	if (strcmp(source->what, "problem") == 0)
		reply_problem_with(reply, req, 409, NULL, NULL, "no", NULL);
}

static void get_plain(void *ctx, struct request *req, struct reply *reply)
{
	(void)ctx;
	(void)req;
	buf_puts(&reply->body, "plain");
}

static const struct http_route routes[] = {
	{ "GET", "/plain", 0, false, get_plain },
	{ "GET", "/stream/{what}/{n}", 0, false, get_stream },
	{ NULL, NULL, 0, false, NULL }
};

static void serve(struct rig *to, int threads, int streams, int64_t body_ms)
{
	struct http_options options = { .listen = "127.0.0.1:0",
					.threads = threads,
					.streams_max = streams,
					.body_deadline_ms = body_ms,
					.routes = routes,
					.quiet = true };
	struct err err = { 0 };

	*to = (struct rig){ .address = { .sin_family = AF_INET } };
	if (http_start(&to->server, &options, &err) != RC_OK)
		fail_msg("%s", err.text);
	to->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to->address.sin_port = htons((uint16_t)http_port(to->server));
}

static int start(void **state)
{
	(void)state;
	serve(&rig, 8, STREAMS, 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rig_stop(&rig);
	return atomic_load(&nctx);
}

static void wait_for(atomic_int *what, int want, int64_t patience_ms)
{
	int64_t until = host_monotonic_ms(&host_system) + patience_ms;

	while (atomic_load(what) != want) {
		if (host_monotonic_ms(&host_system) > until)
			fail_msg("%d instead of %d", atomic_load(what), want);
		usleep(1000);
	}
}

/* The body without the frames of its chunks; *whole tells whether the last
 * chunk was there. */
static char *unchunk(const struct rig *from, bool *whole)
{
	const char *p = rig_body(from);
	char *out = calloc(1, from->text_bytes + 1), *to = out, *end;

	*whole = false;
	while (*p) {
		size_t n = strtoul(p, &end, 16);

		assert_true(end > p && strncmp(end, "\r\n", 2) == 0);
		p = end + 2;
		assert_true((size_t)(from->text + from->text_bytes - p) >= n);
		memcpy(to, p, n);
		to += n;
		p += n;
		assert_true(strncmp(p, "\r\n", 2) == 0);
		p += 2;
		*whole = n == 0;
		assert_true(n > 0 || *p == '\0');
	}
	return out;
}

static void check_lines(const char *text, long n)
{
	char line[32];

	for (long i = 0; i < n; i++) {
		int bytes = snprintf(line, sizeof(line), "line %ld\n", i);

		assert_int_equal(strncmp(text, line, (size_t)bytes), 0);
		text += bytes;
	}
	assert_string_equal(text, "");
}

static void a_stream_arrives_whole_in_chunks(void **state)
{
	bool whole;
	char *text;

	(void)state;
	rig_talk(&rig, GET("/stream/count/5000"));
	assert_int_equal(rig_status(&rig), 200);
	assert_true(rig_has(&rig, "Transfer-Encoding: chunked"));
	assert_true(rig_has(&rig, "Content-Type: text/event-stream"));
	assert_true(rig_has(&rig, "ETag: \"s1\""));
	assert_null(strstr(rig.text, "Content-Length"));
	text = unchunk(&rig, &whole);
	check_lines(text, 5000);
	assert_true(whole);
	free(text);
	wait_for(&nctx, 0, RIG_PATIENCE_MS);
}

static void an_old_client_gets_the_bytes_as_they_are(void **state)
{
	(void)state;
	rig_talk(&rig, "GET /stream/count/100 HTTP/1.0\r\n\r\n");
	assert_int_equal(rig_status(&rig), 200);
	assert_null(strstr(rig.text, "Transfer-Encoding"));
	assert_null(strstr(rig.text, "Content-Length"));
	check_lines(rig_body(&rig), 100);
}

static void a_stream_that_fails_has_no_last_chunk(void **state)
{
	bool whole;
	char *text;

	(void)state;
	rig_talk(&rig, GET("/stream/fail/3"));
	text = unchunk(&rig, &whole);
	check_lines(text, 3);
	assert_false(whole);
	free(text);
}

static void what_sends_no_body_runs_no_stream(void **state)
{
	(void)state;
	rig_talk(&rig, "HEAD /stream/ever/0 HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(rig_status(&rig), 200);
	assert_int_equal(rig_body_bytes(&rig), 0);
	rig_talk(&rig, "GET /stream/ever/0 HTTP/1.1\r\nHost: a\r\n"
		       "If-None-Match: \"s1\"\r\n\r\n");
	assert_int_equal(rig_status(&rig), 304);
	assert_int_equal(rig_body_bytes(&rig), 0);
	rig_talk(&rig, GET("/stream/problem/0"));
	assert_int_equal(rig_status(&rig), 409);
	assert_non_null(strstr(rig_body(&rig), "/problems/conflict"));
	wait_for(&nctx, 0, RIG_PATIENCE_MS);
}

static void one_stream_too_many_is_503_and_others_are_served(void **state)
{
	int fds[STREAMS];

	(void)state;
	for (int i = 0; i < STREAMS; i++) {
		fds[i] = rig_connect(&rig);
		rig_send(fds[i], GET("/stream/wait/0"),
			 strlen(GET("/stream/wait/0")));
	}
	wait_for(&nrunning, STREAMS, RIG_PATIENCE_MS);
	rig_talk(&rig, GET("/stream/wait/0"));
	assert_int_equal(rig_status(&rig), 503);
	assert_true(rig_has(&rig, "Retry-After: 5"));
	assert_non_null(strstr(rig_body(&rig), "/problems/busy"));
	for (int i = 0; i < 20; i++) {
		rig_talk(&rig, GET("/plain"));
		assert_string_equal(rig_body(&rig), "plain");
	}
	close(fds[0]);
	wait_for(&nrunning, STREAMS - 1, 1000);
	wait_for(&nctx, STREAMS - 1, 1000);
	rig_talk(&rig, GET("/stream/count/2"));
	assert_int_equal(rig_status(&rig), 200);
	for (int i = 1; i < STREAMS; i++)
		close(fds[i]);
	wait_for(&nctx, 0, 1000);
}

static int count_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* By sending nothing more, or by being gone. */
static void leave(const char *request, bool in_order)
{
	int fd = rig_connect(&rig);
	char byte;

	rig_send(fd, request, strlen(request));
	assert_int_equal(recv(fd, &byte, 1, 0), 1);
	wait_for(&nrunning, 1, RIG_PATIENCE_MS);
	if (in_order)
		shutdown(fd, SHUT_WR);
	else
		close(fd);
	wait_for(&nrunning, 0, 1000);
	wait_for(&nctx, 0, 1000);
	if (in_order)
		close(fd);
}

static void a_peer_that_leaves_ends_its_stream_and_leaks_nothing(void **state)
{
	int64_t until;
	int before;

	(void)state;
	leave(GET("/stream/wait/0"), true);
	before = count_files();
	for (int i = 0; i < 8; i++) {
		leave(GET("/stream/wait/0"), i % 2);
		leave(GET("/stream/ever/0"), i % 2);
		leave(GET("/stream/flood/0"), false);
		/* Unread bytes before the end do not hide it. */
		leave(GET("/stream/wait/0") "and more", i % 2);
	}
	until = host_monotonic_ms(&host_system) + RIG_PATIENCE_MS;
	while (count_files() > before &&
	       host_monotonic_ms(&host_system) < until)
		usleep(10000);
	assert_int_equal(count_files(), before);
}

static void a_wait_lasts_as_long_as_was_asked(void **state)
{
	int64_t began = host_monotonic_ms(&host_system);
	int fd = rig_connect(&rig), ticks = 0;
	char text[4096];

	(void)state;
	rig_send(fd, GET("/stream/ever/0"), strlen(GET("/stream/ever/0")));
	while (ticks < 20) {
		ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

		assert_true(n > 0);
		text[n] = '\0';
		for (char *p = text; (p = strstr(p, "tick")); p++)
			ticks++;
	}
	assert_true(host_monotonic_ms(&host_system) - began >= 190);
	close(fd);
	wait_for(&nctx, 0, 1000);
}

static void a_reader_who_does_not_read_loses_his_stream(void **state)
{
	struct rig slow;
	int fd;

	(void)state;
	serve(&slow, 4, 1, 300);
	fd = rig_connect(&slow);
	rig_send(fd, GET("/stream/flood/0"), strlen(GET("/stream/flood/0")));
	wait_for(&nrunning, 1, RIG_PATIENCE_MS);
	wait_for(&nrunning, 0, RIG_PATIENCE_MS);
	close(fd);
	rig_stop(&slow);
	wait_for(&nctx, 0, 0);
}

static void streams_leave_half_of_the_threads(void **state)
{
	struct rig small;
	int fd;

	(void)state;
	serve(&small, 2, 100, 0);
	fd = rig_connect(&small);
	rig_send(fd, GET("/stream/wait/0"), strlen(GET("/stream/wait/0")));
	wait_for(&nrunning, 1, RIG_PATIENCE_MS);
	rig_talk(&small, GET("/stream/wait/0"));
	assert_int_equal(rig_status(&small), 503);
	close(fd);
	rig_stop(&small);
}

static void stopping_ends_all_streams_within_a_second(void **state)
{
	static const char *const what[] = { GET("/stream/wait/0"),
					    GET("/stream/ever/0"),
					    GET("/stream/flood/0") };
	int64_t began;
	int fds[6];
	struct rig mine;
	bool whole;
	char *text;

	(void)state;
	serve(&mine, 16, 6, 0);
	for (int i = 0; i < 6; i++) {
		fds[i] = rig_connect(&mine);
		rig_send(fds[i], what[i % 3], strlen(what[i % 3]));
	}
	wait_for(&nrunning, 6, RIG_PATIENCE_MS);
	usleep(300000); /* no more fits on the way of a flood */
	began = host_monotonic_ms(&host_system);
	http_stop(mine.server);
	assert_true(host_monotonic_ms(&host_system) - began < 1000);
	assert_int_equal(atomic_load(&nctx), 0);
	/* Told to end between two writes, it ended whole. */
	rig_receive(&mine, fds[0]);
	text = unchunk(&mine, &whole);
	assert_string_equal(text, "first\n");
	assert_true(whole);
	free(text);
	free(mine.text);
	for (int i = 1; i < 6; i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_arrives_whole_in_chunks),
		cmocka_unit_test(an_old_client_gets_the_bytes_as_they_are),
		cmocka_unit_test(a_stream_that_fails_has_no_last_chunk),
		cmocka_unit_test(what_sends_no_body_runs_no_stream),
		cmocka_unit_test(
			one_stream_too_many_is_503_and_others_are_served),
		cmocka_unit_test(
			a_peer_that_leaves_ends_its_stream_and_leaks_nothing),
		cmocka_unit_test(a_wait_lasts_as_long_as_was_asked),
		cmocka_unit_test(a_reader_who_does_not_read_loses_his_stream),
		cmocka_unit_test(streams_leave_half_of_the_threads),
		cmocka_unit_test(stopping_ends_all_streams_within_a_second),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
