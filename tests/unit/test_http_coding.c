/* Compressed replies: for whom, of what, and under which tag. */
#include "unit/test_http_harness.h"

#include "base/deflate.h"
#include "base/fault.h"
#include "http/accept.h"

#define GZIP "Accept-Encoding: gzip\r\n"

static struct rig rig;

static int start(void **state)
{
	(void)state;
	rig_start(&rig, NULL);
	rig_make_file(&rig, 5000);
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

static void gzip_is_used_when_it_is_liked_no_less(void **state)
{
	static const struct {
		const char *header;
		bool want;
	} cases[] = {
		{ NULL, false },
		{ "", false },
		{ "gzip", true },
		{ "GZip", true },
		{ "x-gzip", true },
		{ "gzip, deflate, br", true },
		{ "br;q=1.0, gzip;q=0.8, *;q=0.1", true },
		{ "*", true },
		{ "deflate", false },
		{ "gzip;q=0", false },
		{ "gzip;q=0.000", false },
		{ "gzip;q=0.001", true },
		{ "gzip ; q=1.000", true },
		{ "*;q=0", false },
		{ "gzip;q=0, *", false },
		{ "*;q=0, gzip", true },
		{ "identity;q=0", false },
		{ "identity;q=0, *", true },
		{ "identity;q=0, gzip;q=0.1", true },
		{ "identity, gzip;q=0.5", false },
		{ "identity;q=0.5, gzip;q=0.5", true },
		{ " , gzip ,", true },
		{ "gzip;q=2", false },
		{ "gzip;q=1.001", false },
		{ "gzip;q=0.0001", false },
		{ "gzip;q=", false },
		{ "gzip;level=9", false },
		{ "gzip deflate", false },
		{ "gzip;", false },
		{ "\"gzip\"", false },
		{ ";q=1, gzip", false },
		{ "gzipped", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (accept_gzip(cases[i].header) != cases[i].want)
			fail_msg("%s", cases[i].header);
}

static void only_text_shrinks(void **state)
{
	static const char *const yes[] = {
		"application/json",         "application/json; charset=utf-8",
		"application/problem+json", "application/geo+json;x=y",
		"text/html; charset=utf-8", "text/csv"
	};
	static const char *const no[] = { "application/octet-stream",
					  "application/x-hufu-sync", "+json",
					  "image/png", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(accept_shrinks(yes[i]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(accept_shrinks(no[i]));
}

static bool is_compressed(void)
{
	return rig_has(&rig, "Content-Encoding: gzip");
}

static bool varies(void)
{
	return rig_has(&rig, "Vary: Accept-Encoding");
}

static void text_is_compressed_under_a_tag_of_its_own(void **state)
{
	struct err err = { 0 };
	struct buf want;
	char text[3000], length[40];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 26);
	buf_init(&want, sizeof(text));
	assert_int_equal(
		gzip_all(&want, text, sizeof(text), DEFLATE_LEVEL, &err),
		RC_OK);
	ask("GET", "/text/3000", GZIP);
	assert_int_equal(rig_status(&rig), 200);
	assert_true(is_compressed() && varies());
	assert_true(rig_has(&rig, "ETag: \"t1-gzip\""));
	assert_int_equal(rig_body_bytes(&rig), want.len);
	assert_memory_equal(rig_body(&rig), want.data, want.len);
	snprintf(length, sizeof(length), "Content-Length: %zu", want.len);
	assert_true(rig_has(&rig, length));
	ask("HEAD", "/text/3000", GZIP);
	assert_true(is_compressed() && rig_has(&rig, length));
	assert_int_equal(rig_body_bytes(&rig), 0);
	buf_release(&want);
}

static void text_goes_out_plain_to_who_does_not_ask(void **state)
{
	static const char *const headers[] = {
		"", "Accept-Encoding: br\r\n",
		"Accept-Encoding: gzip\r\nAccept-Encoding: gzip;q=0\r\n"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		ask("GET", "/text/3000", headers[i]);
		assert_false(is_compressed());
		assert_true(varies()); /* a cache may not hand it to others */
		assert_true(rig_has(&rig, "ETag: \"t1\""));
		assert_int_equal(rig_body_bytes(&rig), 3000);
	}
}

static void what_would_not_gain_goes_out_plain(void **state)
{
	static const struct {
		const char *target;
		bool compressed;
	} cases[] = {
		{ "/text/1023", false },  { "/text/1024", true },
		{ "/text/s1024", false }, { "/text/b1024", false },
		{ "/text/r1024", true },  { "/file", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask("GET", cases[i].target, GZIP);
		if (is_compressed() != cases[i].compressed ||
		    varies() != cases[i].compressed)
			fail_msg("%s: %s", cases[i].target, rig.text);
	}
	ask("GET", "/file", GZIP "Range: bytes=0-1999\r\n");
	assert_int_equal(rig_status(&rig), 206);
	assert_int_equal(rig_body_bytes(&rig), 2000);
}

static void either_tag_makes_304_of_the_form_it_names(void **state)
{
	static const struct {
		const char *headers, *etag;
	} cases[] = {
		{ GZIP "If-None-Match: \"t1-gzip\"\r\n", "ETag: \"t1-gzip\"" },
		{ GZIP "If-None-Match: W/\"t1\"\r\n", "ETag: \"t1\"" },
		{ "If-None-Match: \"t1-gzip\"\r\n", "ETag: \"t1-gzip\"" },
		{ "If-None-Match: \"t1\", \"t1-gzip\"\r\n", "ETag: \"t1\"" },
		{ GZIP "If-None-Match: \"t1\", \"t1-gzip\"\r\n",
		  "ETag: \"t1-gzip\"" },
		{ GZIP "If-None-Match: *\r\n", "ETag: \"t1-gzip\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask("GET", "/text/3000", cases[i].headers);
		assert_int_equal(rig_status(&rig), 304);
		if (!rig_has(&rig, cases[i].etag))
			fail_msg("%s: %s", cases[i].headers, rig.text);
		assert_true(varies());
		assert_false(is_compressed());
		assert_int_equal(rig_body_bytes(&rig), 0);
	}
	ask("GET", "/text/3000", GZIP "If-None-Match: \"t0\"\r\n");
	assert_int_equal(rig_status(&rig), 200);
}

/* Every allocation fails in turn: plain or a problem, never half. */
static void without_memory_text_goes_out_plain(void **state)
{
	bool was_plain = false;
	long n, calls;

	(void)state;
	for (n = 1; n < 100; n++) {
		fault_arm(FAULT_ALLOC, n, false);
		ask("GET", "/text/3000", GZIP);
		calls = fault_clear(FAULT_ALLOC);
		if (calls < n)
			break;
		if (rig_status(&rig) == 200 && !is_compressed()) {
			assert_true(rig_has(&rig, "ETag: \"t1\""));
			assert_int_equal(rig_body_bytes(&rig), 3000);
			was_plain = true;
		} else if (!is_compressed()) {
			assert_int_equal(rig_status(&rig), 500);
		}
	}
	assert_true(n > 3 && n < 100 && was_plain);
	assert_true(is_compressed());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzip_is_used_when_it_is_liked_no_less),
		cmocka_unit_test(only_text_shrinks),
		cmocka_unit_test(text_is_compressed_under_a_tag_of_its_own),
		cmocka_unit_test(text_goes_out_plain_to_who_does_not_ask),
		cmocka_unit_test(what_would_not_gain_goes_out_plain),
		cmocka_unit_test(either_tag_makes_304_of_the_form_it_names),
		cmocka_unit_test(without_memory_text_goes_out_plain),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
