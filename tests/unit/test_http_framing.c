/* What CivetWeb 1.15 lets through is refused before anything acts on it. Each
 * case is a whole connection; most try to hide a second request in the first.
 */
#include "unit/test_http_harness.h"

#define HOST "Host: a\r\n"
#define SMUGGLED "GET /show HTTP/1.1\r\nHost: smuggled\r\n\r\n"

struct framing {
	const char *name;
	const char *bytes;
	int status; /* 0: any 4xx, which CivetWeb chooses */
};

static const struct framing framings[] = {
	{ "length and chunked",
	  "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
	  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
	  400 },
	{ "chunked and length",
	  "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	  "Content-Length: 5\r\n\r\n0\r\n\r\n" SMUGGLED,
	  400 },
	{ "chunked",
	  "POST /echo HTTP/1.1\r\n" HOST
	  "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n" SMUGGLED,
	  400 },
	{ "identity",
	  "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n"
	  "Content-Length: 1\r\n\r\na" SMUGGLED,
	  400 },
	{ "another encoding",
	  "POST /echo HTTP/1.1\r\n" HOST
	  "Transfer-Encoding: xchunked\r\n\r\n" SMUGGLED,
	  0 },
	{ "two lengths",
	  "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0\r\n"
	  "Content-Length: 44\r\n\r\n" SMUGGLED,
	  400 },
	{ "the same length twice",
	  "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
	  "content-length: 1\r\n\r\na" SMUGGLED,
	  400 },
	{ "length list",
	  "POST /echo HTTP/1.1\r\n" HOST
	  "Content-Length: 1, 1\r\n\r\na" SMUGGLED,
	  400 },
	{ "signed length",
	  "POST /echo HTTP/1.1\r\n" HOST
	  "Content-Length: +3\r\n\r\nabc" SMUGGLED,
	  400 },
	{ "length with a tail",
	  "POST /echo HTTP/1.1\r\n" HOST
	  "Content-Length: 3abc\r\n\r\nabc" SMUGGLED,
	  400 },
	{ "hex length",
	  "POST /echo HTTP/1.1\r\n" HOST
	  "Content-Length: 0x3\r\n\r\nabc" SMUGGLED,
	  400 },
	{ "negative length",
	  "POST /echo HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\n" SMUGGLED,
	  0 },
	{ "empty length",
	  "POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n" SMUGGLED,
	  0 },
	{ "length over 63 bits",
	  "POST /echo HTTP/1.1\r\n" HOST
	  "Content-Length: 18446744073709551617\r\n\r\na" SMUGGLED,
	  400 },
	{ "space before the colon",
	  "POST /echo HTTP/1.1\r\n" HOST
	  "Content-Length : 3\r\n\r\nabc" SMUGGLED,
	  400 },
	{ "space before another colon",
	  "GET /show HTTP/1.1\r\n" HOST "X-Test : 3\r\n\r\n" SMUGGLED, 400 },
	{ "folded line",
	  "POST /echo HTTP/1.1\r\n" HOST "X-Test: a\r\n b\r\n"
	  "Content-Length: 3\r\n\r\nabc" SMUGGLED,
	  400 },
	{ "folded last line",
	  "GET /show HTTP/1.1\r\n" HOST "X-Test: a\r\n b\r\n\r\n" SMUGGLED,
	  400 },
	{ "folded first line",
	  "GET /show HTTP/1.1\r\n Host: a\r\n\r\n" SMUGGLED, 400 },
	{ "colon without a name",
	  "GET /show HTTP/1.1\r\n" HOST
	  ": b\r\nContent-Length: 3\r\n\r\nabc" SMUGGLED,
	  400 },
	{ "lf for crlf in a header",
	  "POST /echo HTTP/1.1\r\n" HOST "X-Test: a\nContent-Length: 3\r\n\r\n"
	  "abc" SMUGGLED,
	  400 },
	{ "lf for crlf after the request line",
	  "GET /show HTTP/1.1\nHost: a\r\n\r\n" SMUGGLED, 400 },
	{ "cr for crlf",
	  "GET /show HTTP/1.1\r\n" HOST "X-Test: a\rX-B: b\r\n\r\n" SMUGGLED,
	  0 },
	{ "header line without a colon",
	  "GET /show HTTP/1.1\r\n" HOST "X-Test\r\n\r\n" SMUGGLED, 0 },
	{ "tab in a header",
	  "GET /show HTTP/1.1\r\n" HOST "X-Test:\ta\r\n\r\n" SMUGGLED, 0 },
	{ "non-ascii in a header",
	  "GET /show HTTP/1.1\r\n" HOST "X-Test: \xe5\x8e\x82\r\n\r\n" SMUGGLED,
	  400 },
	{ "two hosts", "GET /show HTTP/1.1\r\n" HOST "Host: b\r\n\r\n" SMUGGLED,
	  400 },
	{ "no host", "GET /show HTTP/1.1\r\nX-Test: a\r\n\r\n" SMUGGLED, 400 },
	{ "no header at all", "GET /show HTTP/1.1\r\n\r\n" SMUGGLED, 400 },
	{ "host with a slash",
	  "GET /show HTTP/1.1\r\nHost: a/b\r\n\r\n" SMUGGLED, 400 },
	{ "two digests",
	  "POST /echo HTTP/1.1\r\n" HOST "Content-Digest: a\r\n"
	  "Content-Digest: b\r\nContent-Length: 0\r\n\r\n",
	  400 },
	{ "two spaces", "GET  /show HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 400 },
	{ "space in the target",
	  "GET /show HTTP/1.1 HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 0 },
	{ "nul in the path", "GET /show%00x HTTP/1.1\r\n" HOST "\r\n" SMUGGLED,
	  400 },
	{ "line end in the path",
	  "GET /show%0d%0aX:%20y HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 400 },
	{ "lf in the path", "GET /items/%0A HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "nul in the query",
	  "GET /show?a=%00 HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 400 },
	{ "encoded backslash", "GET /items/%5c HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "backslash", "GET /items/\\ HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "encoded slash", "GET /items/a%2fb HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "non-ascii", "GET /items/\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 0 },
	{ "broken utf-8", "GET /items/%c3 HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "cut escape", "GET /items/%4 HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "dot segments",
	  "GET /items/../show HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 400 },
	{ "encoded dot segments",
	  "GET /items/%2e%2e/show HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 400 },
	{ "empty segment", "GET //show HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "absolute target of another server",
	  "GET http://evil/show HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 400 },
	{ "asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 400 },
	{ "unknown method", "BREW /show HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 0 },
	{ "method of no use",
	  "OPTIONS /show HTTP/1.1\r\n" HOST "Origin: http://a\r\n"
	  "Access-Control-Request-Method: GET\r\n\r\n" SMUGGLED,
	  405 },
	{ "patch", "PATCH /show HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 405 },
	{ "trace", "TRACE /show HTTP/1.1\r\n" HOST "\r\n" SMUGGLED, 0 },
	{ "unknown expectation",
	  "POST /echo HTTP/1.1\r\n" HOST "Expect: tea\r\n"
	  "Content-Length: 1\r\n\r\na" SMUGGLED,
	  417 },
	{ "empty lines first", "\r\n\r\n" SMUGGLED, 400 },
	{ "empty lines and a body",
	  "\r\n\r\nPOST /echo HTTP/1.1\r\n" HOST
	  "Content-Length: 3\r\n\r\nabc" SMUGGLED,
	  400 },
	{ "spaces first", "                GET /show HTTP/1.1\r\n" HOST "\r\n",
	  400 },
	{ "nothing but empty lines", "\r\n\r\n", 0 },
	{ "no http", "hello\r\n\r\n", 0 },
	{ "websocket",
	  "GET /ws HTTP/1.1\r\n" HOST "Connection: Upgrade\r\n"
	  "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" SMUGGLED,
	  404 },
};

static struct rig rig;

static int start(void **state)
{
	/* One thread, so that its buffer has been through all cases before. */
	struct http_options options = { .threads = 1 };

	(void)state;
	rig_start(&rig, &options);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

/* One 4xx, the connection closed, no handler run. */
static void check_refused(const char *name, int status)
{
	int got = rig_status(&rig);

	if (status ? got != status : got < 400 || got > 499)
		fail_msg("%s: %d\n%s", name, got, rig.text);
	if (rig_answers(&rig) != 1)
		fail_msg("%s: %d answers\n%s", name, rig_answers(&rig),
			 rig.text);
	if (atomic_load(&rig.calls) != 0)
		fail_msg("%s: a handler ran", name);
	if (!rig_has(&rig, "Connection: close") ||
	    !rig_has(&rig, "Content-Type: application/problem+json"))
		fail_msg("%s: %s", name, rig.text);
}

static void malformed_framings_are_refused_and_hide_no_second_request(void **s)
{
	(void)s;
	for (size_t i = 0; i < sizeof(framings) / sizeof(framings[0]); i++) {
		rig_talk(&rig, framings[i].bytes);
		check_refused(framings[i].name, framings[i].status);
	}
}

/* Past the 64th header CivetWeb looks no further, and takes the body for the
 * next request. */
static void a_length_behind_too_many_headers_is_not_overlooked(void **s)
{
	static const size_t counts[] = { 59, 60, 63, 64, 65, 100 };
	char text[8192];

	(void)s;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		size_t n = 0;

		n += (size_t)snprintf(text, sizeof(text),
				      "POST /echo HTTP/1.1\r\n" HOST);
		for (size_t j = 1; j < counts[i]; j++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      "X-%zu: y\r\n", j);
		snprintf(text + n, sizeof(text) - n,
			 "Content-Length: %zu\r\n\r\n" SMUGGLED,
			 strlen(SMUGGLED));
		rig_talk(&rig, text);
		check_refused("many headers", 431);
	}
}

static void a_head_over_8_kib_is_refused(void **s)
{
	static char text[20000];
	int n = snprintf(text, sizeof(text),
			 "GET /show HTTP/1.1\r\n" HOST "X-Test: ");

	(void)s;
	memset(text + n, 'x', sizeof(text) - (size_t)n - 5);
	memcpy(text + sizeof(text) - 5, "\r\n\r\n", 5);
	rig_talk(&rig, text);
	check_refused("long head", 400);
}

static void a_target_over_2_kib_is_refused(void **s)
{
	static char text[4096];
	int n = snprintf(text, sizeof(text), "GET /items/");

	(void)s;
	memset(text + n, 'x', 2048);
	snprintf(text + n + 2048, sizeof(text) - (size_t)n - 2048,
		 " HTTP/1.1\r\n" HOST "\r\n");
	rig_talk(&rig, text);
	check_refused("long target", 414);
}

/* Every byte alone, in a place where any text may stand. */
static void control_bytes_in_a_head_are_refused(void **s)
{
	char text[] = "GET /show HTTP/1.1\r\n" HOST "X-Test: a?b\r\n\r\n";
	char *at = strchr(text, '?');

	(void)s;
	for (int c = 0; c < 0x20; c++) {
		if (c == '\n' || c == '\r')
			continue; /* these are in the table */
		*at = (char)c;
		rig_talk_n(&rig, text, sizeof(text) - 1);
		check_refused("control byte", 400);
	}
}

static void a_second_request_on_a_connection_is_not_answered(void **s)
{
	(void)s;
	rig_talk(&rig, "GET /show HTTP/1.1\r\n" HOST
		       "Connection: keep-alive\r\n\r\n" SMUGGLED);
	assert_int_equal(rig_status(&rig), 200);
	assert_int_equal(rig_answers(&rig), 1);
	assert_true(rig_has(&rig, "Connection: close"));
	assert_int_equal(atomic_exchange(&rig.calls, 0), 1);
}

/* CVE-2025-9648 spins for ever on these in mg_handle_form_request. */
static void nul_in_a_form_body_is_only_a_byte(void **s)
{
	static const char request[] =
		"POST /form HTTP/1.1\r\n" HOST
		"Content-Type: application/x-www-form-urlencoded\r\n"
		"Content-Length: 10\r\n\r\n"
		"a=b\0c=d&e=";

	(void)s;
	for (int i = 0; i < 20; i++) {
		rig_talk_n(&rig, request, sizeof(request) - 1);
		assert_int_equal(rig_status(&rig), 200);
		assert_int_equal(rig_body_bytes(&rig), 10);
		assert_memory_equal(rig_body(&rig), "a=b\0c=d&e=", 10);
	}
	atomic_store(&rig.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			malformed_framings_are_refused_and_hide_no_second_request),
		cmocka_unit_test(
			a_length_behind_too_many_headers_is_not_overlooked),
		cmocka_unit_test(a_head_over_8_kib_is_refused),
		cmocka_unit_test(a_target_over_2_kib_is_refused),
		cmocka_unit_test(control_bytes_in_a_head_are_refused),
		cmocka_unit_test(
			a_second_request_on_a_connection_is_not_answered),
		cmocka_unit_test(nul_in_a_form_body_is_only_a_byte),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
