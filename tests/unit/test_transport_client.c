/* The client against a real server, and against one that says what it is told.
 */
#include "unit/test_http_harness.h"

#include <pthread.h>

#include "base/fault.h"
#include "transport/http_client.h"
#include "transport/origin.h"

#define FILE_BYTES 300000

static struct rig rig;

static int start(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	rig_make_file(&rig, FILE_BYTES);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

/* One exchange with the server at `url`; the caller releases reply->body. */
static enum rc ask(const char *url, const struct exchange_request *request,
		   struct exchange_reply *reply, struct err *err)
{
	struct http_client *client;
	struct exchange exchange;
	enum rc rc = http_client_new(&client, url, false, err);

	if (rc != RC_OK)
		return rc;
	exchange = http_client_exchange(client);
	rc = exchange.perform(exchange.ctx, request, reply, err);
	http_client_free(client);
	return rc;
}

static void a_get_brings_status_tag_and_body(void **state)
{
	struct exchange_request request = { .method = "GET",
					    .path = "/items/7?q=1" };
	struct exchange_reply reply = { 0 };
	struct err err = { 0 };

	(void)state;
	request.headers[request.nheaders++] =
		(struct exchange_header){ "X-Test", "v" };
	buf_init(&reply.body, 1000);
	assert_int_equal(ask(rig.url, &request, &reply, &err), RC_OK);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.etag, "e1");
	assert_string_equal(reply.body.data, "GET /items/7 ?q=1 arg=7 x=v");
	buf_release(&reply.body);
}

static void a_post_carries_any_bytes_whole(void **state)
{
	static unsigned char body[3u << 20];
	static const size_t sizes[] = { 0, 1, 1000, 1u << 16, sizeof(body) };
	char header[96];

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (unsigned char)(i * 31 % 256);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct exchange_request request = { .method = "POST",
						    .path = "/sync",
						    .body = body,
						    .body_bytes = sizes[i] };
		struct exchange_reply reply = { 0 };
		struct err err = { 0 };

		digest_header(header, body, sizes[i]);
		header[strlen(header) - 2] = '\0';
		request.headers[request.nheaders++] = (struct exchange_header){
			"Content-Digest", header + strlen("Content-Digest: ")
		};
		buf_init(&reply.body, sizeof(body));
		assert_int_equal(ask(rig.url, &request, &reply, &err), RC_OK);
		assert_int_equal(reply.status, 200);
		assert_int_equal(reply.body.len, sizes[i]);
		if (sizes[i] > 0)
			assert_memory_equal(reply.body.data, body, sizes[i]);
		buf_release(&reply.body);
	}
}

static void a_failure_of_the_server_is_an_answer(void **state)
{
	struct exchange_request request = { .method = "GET",
					    .path = "/fail/4" };
	struct exchange_reply reply = { 0 };
	struct err err = { 0 };

	(void)state;
	buf_init(&reply.body, 1000);
	assert_int_equal(ask(rig.url, &request, &reply, &err), RC_OK);
	assert_int_equal(reply.status, 409);
	buf_release(&reply.body);
}

static void a_reply_over_the_limit_is_nomem(void **state)
{
	struct exchange_request request = { .method = "GET", .path = "/file" };
	struct exchange_reply reply = { 0 };
	struct err err = { 0 };

	(void)state;
	buf_init(&reply.body, FILE_BYTES - 1);
	assert_int_equal(ask(rig.url, &request, &reply, &err), RC_NOMEM);
	buf_release(&reply.body);
}

/* Takes the first `stop_at` bytes in all, then fails as a full disk would. */
struct sink {
	size_t got, stop_at;
	bool is_right;
	const struct exchange_reply *reply;
};

static enum rc sink_take(void *ctx, const void *p, size_t n, struct err *err)
{
	const unsigned char *bytes = p;
	struct sink *sink = ctx;

	if (sink->reply->status != 200 && sink->reply->status != 206)
		sink->is_right = false;
	if (n > sink->stop_at - sink->got)
		n = sink->stop_at - sink->got;
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != (sink->got + i) * 31 % 251)
			sink->is_right = false;
	sink->got += n;
	if (sink->got == sink->stop_at && sink->got < FILE_BYTES)
		return err_set(err, RC_IO, "the disk is full");
	return RC_OK;
}

static void a_cut_download_is_resumed_by_range(void **state)
{
	struct exchange_request request = { .method = "GET", .path = "/file" };
	struct exchange_reply reply = { .sink = sink_take };
	struct sink sink = { .is_right = true, .reply = &reply };
	struct http_client *client;
	struct exchange exchange;
	struct err err = { 0 };
	int tries = 0;

	(void)state;
	assert_int_equal(http_client_new(&client, rig.url, false, &err), RC_OK);
	exchange = http_client_exchange(client);
	reply.sink_ctx = &sink;
	while (sink.got < FILE_BYTES && tries++ < 20) {
		sink.stop_at = sink.got + 77777;
		if (sink.stop_at > FILE_BYTES)
			sink.stop_at = FILE_BYTES;
		request.range_from = (int64_t)sink.got;
		if (sink.got > 0)
			request.if_range = reply.etag;
		err_clear(&err);
		if (exchange.perform(exchange.ctx, &request, &reply, &err) !=
		    RC_OK)
			assert_string_equal(err.text, "the disk is full");
		assert_int_equal(reply.status,
				 request.range_from > 0 ? 206 : 200);
		assert_string_equal(reply.etag, "v7");
	}
	assert_int_equal(tries, 4);
	assert_true(sink.is_right);
	http_client_free(client);
}

static void a_range_on_an_older_tag_brings_all(void **state)
{
	struct exchange_request request = { .method = "GET",
					    .path = "/file",
					    .range_from = 1000,
					    .if_range = "v6" };
	struct exchange_reply reply = { 0 };
	struct err err = { 0 };

	(void)state;
	buf_init(&reply.body, FILE_BYTES);
	assert_int_equal(ask(rig.url, &request, &reply, &err), RC_OK);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.body.len, FILE_BYTES);
	buf_release(&reply.body);
}

static void addresses_are_checked_without_a_network(void **state)
{
	static const struct {
		const char *url;
		enum rc want, want_insecure;
	} cases[] = {
		{ "https://hufu.example", RC_OK, RC_OK },
		{ "https://hufu.example:8443/", RC_OK, RC_OK },
		{ "http://127.0.0.1:8080", RC_OK, RC_OK },
		{ "http://127.1", RC_OK, RC_OK },
		{ "http://localhost", RC_OK, RC_OK },
		{ "http://[::1]:80", RC_OK, RC_OK },
		{ "http://hufu.example", RC_INVALID, RC_OK },
		{ "http://192.0.2.1", RC_INVALID, RC_OK },
		{ "http://127.0.0.1.evil.example", RC_INVALID, RC_OK },
		{ "http://localhost.evil.example", RC_INVALID, RC_OK },
		{ "http://[::2]", RC_INVALID, RC_OK },
		{ "http://128.0.0.1", RC_INVALID, RC_OK },
		{ "http://127.0.0.1@evil.example", RC_INVALID, RC_INVALID },
		{ "https://u:p@hufu.example", RC_INVALID, RC_INVALID },
		{ "https://hufu.example/path", RC_INVALID, RC_INVALID },
		{ "https://hufu.example?q", RC_INVALID, RC_INVALID },
		{ "https://hufu.example#f", RC_INVALID, RC_INVALID },
		{ "ftp://127.0.0.1", RC_INVALID, RC_INVALID },
		{ "file:///etc/passwd", RC_INVALID, RC_INVALID },
		{ "hufu.example", RC_INVALID, RC_INVALID },
		{ "https://a\r\nb", RC_INVALID, RC_INVALID },
		{ "", RC_INVALID, RC_INVALID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int insecure = 0; insecure < 2; insecure++) {
			enum rc want = insecure ? cases[i].want_insecure
						: cases[i].want;
			struct http_client *client;
			struct err err = { 0 };
			enum rc rc = http_client_new(&client, cases[i].url,
						     insecure, &err);

			if (rc != want)
				fail_msg("%s: %d %s", cases[i].url, rc,
					 err.text);
			assert_int_equal(client != NULL, rc == RC_OK);
			http_client_free(client);
		}
	}
}

static void a_refusal_of_plain_http_says_what_to_do(void **state)
{
	struct http_client *client;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		http_client_new(&client, "http://hufu.example", false, &err),
		RC_INVALID);
	assert_string_equal(err.text, "'http://hufu.example' is plain http to "
				      "another machine: use https");
}

static void a_server_that_is_not_there_is_said_so(void **state)
{
	struct exchange_request request = { .method = "GET", .path = "/" };
	struct exchange_reply reply = { 0 };
	struct rig gone;
	struct err err = { 0 };
	char want[128];

	(void)state;
	rig_start(&gone, NULL);
	rig_stop(&gone);
	assert_int_equal(ask(gone.url, &request, &reply, &err), RC_IO);
	snprintf(want, sizeof(want),
		 "cannot reach %s: connection refused; is the server running?",
		 gone.url);
	assert_string_equal(err.text, want);
}

static void a_name_that_is_not_known_is_said_so(void **state)
{
	struct err err = { 0 };

	(void)state;
	/* 6: CURLE_COULDNT_RESOLVE_HOST; asking for one would need a network */
	assert_int_equal(origin_explain("https://x.invalid", 6, 0, "", &err),
			 RC_IO);
	assert_string_equal(
		err.text, "cannot reach https://x.invalid: its name is not "
			  "known; is the name right, and is there a network?");
}

/* A server of one connection, which reads a head and says its piece. */
struct parrot {
	const char *text;
	int fd;
	char url[48];
	pthread_t thread;
};

static void *parrot_speak(void *arg)
{
	struct parrot *parrot = arg;
	int fd = accept(parrot->fd, NULL, NULL);
	char head[4096];
	size_t n = 0;

	if (fd < 0)
		return NULL;
	while (n < sizeof(head) - 1) {
		ssize_t got = recv(fd, head + n, sizeof(head) - 1 - n, 0);

		if (got <= 0)
			break;
		n += (size_t)got;
		head[n] = '\0';
		if (strstr(head, "\r\n\r\n"))
			break;
	}
	rig_send(fd, parrot->text, strlen(parrot->text));
	shutdown(fd, SHUT_WR);
	close(fd);
	return NULL;
}

static void parrot_start(struct parrot *parrot, const char *text)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);

	parrot->text = text;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	parrot->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(parrot->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(parrot->fd, 1), 0);
	assert_int_equal(getsockname(parrot->fd, (struct sockaddr *)&a, &n), 0);
	snprintf(parrot->url, sizeof(parrot->url), "http://127.0.0.1:%d",
		 ntohs(a.sin_port));
	assert_int_equal(
		pthread_create(&parrot->thread, NULL, parrot_speak, parrot), 0);
}

static const struct {
	const char *text;
	enum rc want;
	int status;
	const char *body, *etag;
} said[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: \"t\"\r\n\r\n"
	  "abc",
	  RC_OK, 200, "abc", "t" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "3\r\nabc\r\n0\r\n\r\n",
	  RC_OK, 200, "abc", "" },
	{ "HTTP/1.1 100 Continue\r\nETag: \"no\"\r\n\r\n"
	  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	  RC_OK, 200, NULL, "" },
	{ "HTTP/1.1 304 Not Modified\r\nETag: \"t\"\r\n\r\n", RC_OK, 304, NULL,
	  "t" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: W/\"t\"\r\n"
	  "\r\n",
	  RC_OK, 200, NULL, "" },
	{ "HTTP/1.1 302 Found\r\nLocation: /show\r\n"
	  "Content-Length: 0\r\n\r\n",
	  RC_OK, 302, NULL, "" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", RC_IO, 200, "abc",
	  "" },
	{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "3\r\nabc\r\n",
	  RC_IO, 200, "abc", "" },
	{ "HTTP/1.1 200 OK\r\n\r\nabc", RC_IO, 200, "abc", "" },
	{ "HTTP/1.1 200 OK\r\nContent-Le", RC_IO, 200, NULL, "" },
	{ "", RC_IO, 0, NULL, "" },
	{ "hello", RC_IO, 0, NULL, "" },
	{ "SSH-2.0-x\r\n", RC_IO, 0, NULL, "" },
};

static void replies_are_whole_or_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct exchange_request request = { .method = "GET",
						    .path = "/" };
		struct exchange_reply reply = { 0 };
		struct err err = { 0 };
		struct parrot parrot;
		enum rc rc;

		buf_init(&reply.body, 1000);
		parrot_start(&parrot, said[i].text);
		rc = ask(parrot.url, &request, &reply, &err);
		pthread_join(parrot.thread, NULL);
		close(parrot.fd);
		if (rc != said[i].want || reply.status != said[i].status)
			fail_msg("%s: %d %d %s", said[i].text, rc, reply.status,
				 err.text);
		if (rc == RC_IO)
			assert_memory_equal(err.text, "cannot reach http", 17);
		assert_string_equal(reply.etag, said[i].etag);
		if (said[i].body)
			assert_string_equal(reply.body.data, said[i].body);
		else
			assert_int_equal(reply.body.len, 0);
		buf_release(&reply.body);
	}
}

static void a_request_that_cannot_be_sent_is_invalid(void **state)
{
	static const struct {
		const char *method, *path, *name, *value;
	} cases[] = {
		{ "PUT", "/", "X", "y" },
		{ "GET", "", "X", "y" },
		{ "GET", "@evil.example/", "X", "y" },
		{ "GET", "/a b", "X", "y" },
		{ "GET", "/\r\nX: y", "X", "y" },
		{ "GET", "/", "X", "y\r\nZ: z" },
		{ "GET", "/", "X\n", "y" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exchange_request request = { .method = cases[i].method,
						    .path = cases[i].path,
						    .nheaders = 1 };
		struct exchange_reply reply = { 0 };
		struct err err = { 0 };
		enum rc rc;

		request.headers[0] = (struct exchange_header){ cases[i].name,
							       cases[i].value };
		rc = ask(rig.url, &request, &reply, &err);
		if (rc != RC_INVALID)
			fail_msg("%zu: %d %s", i, rc, err.text);
	}
}

static void an_armed_fault_fails_a_request_before_the_network(void **state)
{
	struct exchange_request request = { .method = "GET", .path = "/show" };
	struct exchange_reply reply = { 0 };
	struct err err = { 0 };

	(void)state;
	buf_init(&reply.body, 1000);
	atomic_store(&rig.calls, 0);
	fault_arm(FAULT_NET, 1, false);
	assert_int_equal(ask(rig.url, &request, &reply, &err), RC_IO);
	err_clear(&err);
	assert_int_equal(atomic_load(&rig.calls), 0);
	assert_int_equal(ask(rig.url, &request, &reply, &err), RC_OK);
	assert_int_equal(fault_clear(FAULT_NET), 2);
	assert_int_equal(atomic_load(&rig.calls), 1);
	buf_release(&reply.body);
}

static void a_proxy_of_the_environment_sees_no_plain_request(void **state)
{
	struct exchange_request request = { .method = "GET", .path = "/show" };
	struct exchange_reply reply = { 0 };
	struct err err = { 0 };

	(void)state;
	buf_init(&reply.body, 1000);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	assert_int_equal(ask(rig.url, &request, &reply, &err), RC_OK);
	unsetenv("http_proxy");
	buf_release(&reply.body);
}

static void https_to_a_server_without_it_fails(void **state)
{
	struct exchange_request request = { .method = "GET", .path = "/show" };
	struct exchange_reply reply = { 0 };
	struct err err = { 0 };
	char url[64];

	(void)state;
	snprintf(url, sizeof(url), "https://127.0.0.1:%d",
		 http_port(rig.server));
	assert_int_equal(ask(url, &request, &reply, &err), RC_IO);
	assert_non_null(strstr(err.text, "does it speak https?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_get_brings_status_tag_and_body),
		cmocka_unit_test(a_post_carries_any_bytes_whole),
		cmocka_unit_test(a_failure_of_the_server_is_an_answer),
		cmocka_unit_test(a_reply_over_the_limit_is_nomem),
		cmocka_unit_test(a_cut_download_is_resumed_by_range),
		cmocka_unit_test(a_range_on_an_older_tag_brings_all),
		cmocka_unit_test(addresses_are_checked_without_a_network),
		cmocka_unit_test(a_refusal_of_plain_http_says_what_to_do),
		cmocka_unit_test(a_server_that_is_not_there_is_said_so),
		cmocka_unit_test(a_name_that_is_not_known_is_said_so),
		cmocka_unit_test(replies_are_whole_or_an_error),
		cmocka_unit_test(a_request_that_cannot_be_sent_is_invalid),
		cmocka_unit_test(
			an_armed_fault_fails_a_request_before_the_network),
		cmocka_unit_test(
			a_proxy_of_the_environment_sees_no_plain_request),
		cmocka_unit_test(https_to_a_server_without_it_fails),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
