/* The pure parts of http: gate, target, router, address. */
#include "unit/test_http_harness.h"

#include "http/forwarded.h"
#include "http/gate.h"
#include "http/listen.h"
#include "http/router.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A POST that passes, with one header put in place of the second. */
static enum rc check_with(struct gate_head *head, const char *name,
			  const char *value)
{
	struct gate_header headers[] = { { "Host", "a" }, { name, value } };
	struct gate_input in = { .method = "POST",
				 .path = "/x",
				 .version = "1.1",
				 .headers = headers,
				 .nheaders = name ? 2 : 1 };
	struct err err = { 0 };

	return gate_check(head, &in, &err);
}

static void content_length_is_1_to_18_digits(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} cases[] = {
		{ "0", 0 },
		{ "7", 7 },
		{ "007", 7 },
		{ "999999999999999999", INT64_C(999999999999999999) },
		{ "1000000000000000000", -1 },
		{ "", -1 },
		{ "-1", -1 },
		{ "+1", -1 },
		{ "1 ", -1 },
		{ "1,1", -1 },
		{ "1.0", -1 },
		{ "0x1", -1 },
		{ "1e3", -1 },
	};
	struct gate_head head;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum rc rc = check_with(&head, "Content-Length", cases[i].text);

		assert_int_equal(rc, cases[i].want < 0 ? RC_INVALID : RC_OK);
		if (rc == RC_OK)
			assert_int_equal(head.content_length, cases[i].want);
		else
			assert_int_equal(head.status, 400);
	}
	assert_int_equal(check_with(&head, NULL, NULL), RC_OK);
	assert_int_equal(head.content_length, -1);
}

static void only_six_methods_pass(void **state)
{
	static const char *const pass[] = { "GET", "HEAD",  "POST",
					    "PUT", "PATCH", "DELETE" };
	static const char *const fail[] = { "get",      "patch", "OPTIONS",
					    "PROPFIND", "TRACE", "CONNECT" };
	struct gate_header host = { "Host", "a" };
	struct gate_input in = {
		.path = "/", .version = "1.1", .headers = &host, .nheaders = 1
	};
	struct gate_head head;

	(void)state;
	for (size_t i = 0; i < COUNT(pass); i++) {
		struct err err = { 0 };

		in.method = pass[i];
		assert_int_equal(gate_check(&head, &in, &err), RC_OK);
	}
	for (size_t i = 0; i < COUNT(fail); i++) {
		struct err err = { 0 };

		in.method = fail[i];
		assert_int_equal(gate_check(&head, &in, &err), RC_DENIED);
		assert_int_equal(head.status, 405);
	}
}

static void a_network_is_what_an_address_costs_nothing_within(void **state)
{
	static const char *const cases[][2] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::9", "2001:db8:1:2::/64" },
		{ "2001:db8:1:3::9", "2001:db8:1:3::/64" },
		{ "::ffff:192.0.2.7", "::ffff:192.0.2.7" },
		{ "nowhere", "nowhere" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char network[NETWORK_SIZE];

		forwarded_network(cases[i][0], network);
		assert_string_equal(network, cases[i][1]);
	}
}

static void the_last_forwarded_address_is_the_proxys(void **state)
{
	static const struct {
		const char *first, *last, *want; /* NULL: malformed */
	} cases[] = {
		{ "192.0.2.7", NULL, "192.0.2.7" },
		{ "10.0.0.1, 192.0.2.7", NULL, "192.0.2.7" },
		{ "junk,192.0.2.7", NULL, "192.0.2.7" },
		{ "10.0.0.1", "192.0.2.7", "192.0.2.7" },
		{ "junk", "10.0.0.1 ,\t192.0.2.7 ", "192.0.2.7" },
		{ "2001:DB8:0::07", NULL, "2001:db8::7" },
		{ "::ffff:192.0.2.7", NULL, "192.0.2.7" },
		{ "", NULL, NULL },
		{ "192.0.2.7,", NULL, NULL },
		{ "192.0.2.7", "", NULL },
		{ "192.0.2.7", "junk", NULL },
		{ "192.0.2.7:80", NULL, NULL },
		{ "192.0.2", NULL, NULL },
		{ "192.0.2.007.1", NULL, NULL },
		{ "[2001:db8::7]", NULL, NULL },
		{ "fe80::1%eth0", NULL, NULL },
		{ "192.0.2.7 x", NULL, NULL },
		{ "unknown", NULL, NULL },
		{ "0000:0000:0000:0000:0000:ffff:192.168.100.2280000000", NULL,
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct gate_header headers[] = {
			{ "x-forwarded-FOR", cases[i].first },
			{ "X-Forwarded-For", cases[i].last }
		};
		struct gate_head head = { .headers = headers,
					  .nheaders = cases[i].last ? 2 : 1 };
		struct forwarded forwarded;
		struct err err = { 0 };
		enum rc rc = forwarded_read(&forwarded, &head, &err);

		if (rc != (cases[i].want ? RC_OK : RC_INVALID) ||
		    strcmp(forwarded.text,
			   cases[i].want ? cases[i].want : "") != 0)
			fail_msg("%s %s: %s", cases[i].first, cases[i].last,
				 forwarded.text);
	}
}

static void loopback_is_told_from_others(void **state)
{
	(void)state;
	assert_true(forwarded_is_loopback("127.0.0.1"));
	assert_true(forwarded_is_loopback("127.9.0.1"));
	assert_true(forwarded_is_loopback("::1"));
	assert_true(forwarded_is_loopback("::ffff:127.0.0.1"));
	assert_false(forwarded_is_loopback("128.0.0.1"));
	assert_false(forwarded_is_loopback("10.0.0.1"));
	assert_false(forwarded_is_loopback("::ffff:10.0.0.1"));
	assert_false(forwarded_is_loopback("2001:db8::1"));
	assert_false(forwarded_is_loopback(""));
}

static void header_names_are_tokens(void **state)
{
	static const char *const bad[] = { "",    "X Y",   "X:",   "X\t",
					   "(X)", "X\x7f", "\xe5", "X\n",
					   " X",  "X{",    "X\"",  "X/" };
	struct gate_head head;

	(void)state;
	assert_int_equal(check_with(&head, "X-1_a.b~!", "v"), RC_OK);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(check_with(&head, bad[i], "v"), RC_INVALID);
}

static void headers_that_steer_come_once(void **state)
{
	static const char *const names[] = { "Content-Digest", "content-type",
					     "RANGE",          "If-Range",
					     "Authorization",  "Hufu-Signature",
					     "hufu-time",      "Cookie" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct gate_header headers[] = { { "Host", "a" },
						 { names[i], "1" },
						 { names[i], "1" } };
		struct gate_input in = { .method = "GET",
					 .path = "/",
					 .version = "1.1",
					 .headers = headers,
					 .nheaders = 3 };
		struct gate_head head;
		struct err err = { 0 };

		assert_int_equal(gate_check(&head, &in, &err), RC_INVALID);
		in.nheaders = 2;
		err_clear(&err);
		assert_int_equal(gate_check(&head, &in, &err), RC_OK);
		assert_string_equal(gate_header(&head, names[i]), "1");
	}
}

static void a_path_is_decoded_once_or_refused(void **state)
{
	static const struct {
		const char *path;
		const char *want; /* NULL: refused */
	} cases[] = {
		{ "/", "/" },
		{ "/v1/sync", "/v1/sync" },
		{ "/v1/", "/v1/" },
		{ "/a%20b", "/a b" },
		{ "/%41", "/A" },
		{ "/%2541", "/%41" },
		{ "/%e5%8e%82", "/\xe5\x8e\x82" },
		{ "/..a/.b/c.", "/..a/.b/c." },
		{ "", NULL },
		{ "x", NULL },
		{ "*", NULL },
		{ "http://a/", NULL },
		{ "/.", NULL },
		{ "/..", NULL },
		{ "/a/../b", NULL },
		{ "/a/./b", NULL },
		{ "/a/%2e%2E", NULL },
		{ "/a//b", NULL },
		{ "//", NULL },
		{ "/%", NULL },
		{ "/%4", NULL },
		{ "/%4g", NULL },
		{ "/%00", NULL },
		{ "/%0d%0a", NULL },
		{ "/%7f", NULL },
		{ "/%5C", NULL },
		{ "/a%2Fb", NULL },
		{ "/\\", NULL },
		{ "/a b", NULL },
		{ "/\"", NULL },
		{ "/#a", NULL },
		{ "/%c3", NULL },
		{ "/%ed%a0%80", NULL },
		{ "/\xc3\xa9", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct gate_input in = { .path = cases[i].path };
		struct gate_head head;
		struct err err = { 0 };
		enum rc rc = gate_uri(&head, &in, &err);

		if ((rc == RC_OK) != (cases[i].want != NULL))
			fail_msg("%s: %d", cases[i].path, rc);
		if (rc == RC_OK)
			assert_string_equal(head.path, cases[i].want);
	}
}

static void a_query_stays_raw_and_is_checked(void **state)
{
	static const struct {
		const char *query;
		enum rc want;
	} cases[] = { { "a=%2F&b=//..?c", RC_OK }, { "", RC_OK },
		      { "a=%00", RC_INVALID },     { "a=%0a", RC_INVALID },
		      { "a=%5c", RC_INVALID },     { "a=\\", RC_INVALID },
		      { "a=%zz", RC_INVALID },     { "a b", RC_INVALID } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct gate_input in = { .path = "/", .query = cases[i].query };
		struct gate_head head;
		struct err err = { 0 };

		assert_int_equal(gate_uri(&head, &in, &err), cases[i].want);
		if (cases[i].want == RC_OK)
			assert_string_equal(head.query, cases[i].query);
	}
}

static void nothing(void *ctx, struct request *req, struct reply *reply)
{
	(void)ctx;
	(void)req;
	(void)reply;
}

static void the_router_finds_route_arguments_and_methods(void **state)
{
	static const struct http_route routes[] = {
		{ "GET", "/a", 0, false, nothing },
		{ "GET", "/a/{x}", 0, false, nothing },
		{ "DELETE", "/a/{x}", 0, false, nothing },
		{ "PATCH", "/a/{x}", 0, false, nothing },
		{ "POST", "/a/{x}/b/{y}", 0, false, nothing },
		{ NULL, NULL, 0, false, NULL },
	};
	static const struct {
		const char *method, *path;
		int route; /* -1: none */
		const char *arg0, *arg1, *allow;
	} cases[] = {
		{ "GET", "/a", 0, NULL, NULL, "" },
		{ "HEAD", "/a", 0, NULL, NULL, "" },
		{ "GET", "/a/q1", 1, "q1", NULL, "" },
		{ "DELETE", "/a/q1", 2, "q1", NULL, "GET, HEAD" },
		{ "PATCH", "/a/q1", 3, "q1", NULL, "" },
		{ "POST", "/a/1/b/22", 4, "1", "22", "" },
		{ "PUT", "/a/q1", -1, NULL, NULL, "GET, HEAD, DELETE, PATCH" },
		{ "HEAD", "/a/1/b/2", -1, NULL, NULL, "POST" },
		{ "GET", "/", -1, NULL, NULL, "" },
		{ "GET", "/a/", -1, NULL, NULL, "" },
		{ "GET", "/a/b/c", -1, NULL, NULL, "" },
		{ "GET", "/ab", -1, NULL, NULL, "" },
		{ "POST", "/a/1/b/", -1, NULL, NULL, "" },
		{ "POST", "/a/1/b/2/", -1, NULL, NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct route_match match;

		router_match(&match, routes, cases[i].method, cases[i].path);
		if (cases[i].route < 0) {
			assert_null(match.route);
			assert_string_equal(match.allow, cases[i].allow);
			continue;
		}
		assert_ptr_equal(match.route, &routes[cases[i].route]);
		if (cases[i].arg0)
			assert_string_equal(match.args[0], cases[i].arg0);
		else
			assert_null(match.args[0]);
		if (cases[i].arg1)
			assert_string_equal(match.args[1], cases[i].arg1);
		else
			assert_null(match.args[1]);
	}
}

static void a_server_listens_on_loopback_unless_told(void **state)
{
	static const struct {
		const char *text;
		bool good, good_insecure;
	} cases[] = {
		{ "127.0.0.1:8080", true, true },
		{ "127.9.0.1:0", true, true },
		{ "localhost:80", true, true },
		{ "[::1]:65535", true, true },
		{ "0.0.0.0:80", false, true },
		{ "192.0.2.1:80", false, true },
		{ "[::]:80", false, true },
		{ "8080", false, false },
		{ ":8080", false, false },
		{ "127.0.0.1", false, false },
		{ "127.0.0.1:", false, false },
		{ "127.0.0.1:65536", false, false },
		{ "127.0.0.1:80s", false, false },
		{ "127.0.0.1:80,0.0.0.0:80", false, false },
		{ "127.0.0.1.evil:80", false, false },
		{ "example.org:80", false, false },
		{ "+80", false, false },
		{ "x/tmp/socket", false, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct listen_address a;
		struct err err = { 0 }, err2 = { 0 };

		if ((listen_parse(&a, cases[i].text, false, &err) == RC_OK) !=
			    cases[i].good ||
		    (listen_parse(&a, cases[i].text, true, &err2) == RC_OK) !=
			    cases[i].good_insecure)
			fail_msg("%s", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_length_is_1_to_18_digits),
		cmocka_unit_test(only_six_methods_pass),
		cmocka_unit_test(the_last_forwarded_address_is_the_proxys),
		cmocka_unit_test(
			a_network_is_what_an_address_costs_nothing_within),
		cmocka_unit_test(loopback_is_told_from_others),
		cmocka_unit_test(header_names_are_tokens),
		cmocka_unit_test(headers_that_steer_come_once),
		cmocka_unit_test(a_path_is_decoded_once_or_refused),
		cmocka_unit_test(a_query_stays_raw_and_is_checked),
		cmocka_unit_test(the_router_finds_route_arguments_and_methods),
		cmocka_unit_test(a_server_listens_on_loopback_unless_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
