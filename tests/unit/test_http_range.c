/* Byte ranges: the arithmetic, and files over the wire. */
#include "unit/test_http_harness.h"

#include "http/range.h"

#define FILE_BYTES 200000

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

static void ranges_are_picked_as_rfc_9110_says(void **state)
{
	static const struct {
		const char *range, *if_range;
		int64_t size;
		enum range_kind want;
		int64_t from, count;
	} cases[] = {
		{ NULL, NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=0-", NULL, 10, RANGE_PART, 0, 10 },
		{ "bytes=3-", NULL, 10, RANGE_PART, 3, 7 },
		{ "bytes=3-3", NULL, 10, RANGE_PART, 3, 1 },
		{ "bytes=3-5", NULL, 10, RANGE_PART, 3, 3 },
		{ "Bytes=3-99", NULL, 10, RANGE_PART, 3, 7 },
		{ "bytes=9-", NULL, 10, RANGE_PART, 9, 1 },
		{ "bytes=10-", NULL, 10, RANGE_OUTSIDE, 0, 10 },
		{ "bytes=-1", NULL, 10, RANGE_PART, 9, 1 },
		{ "bytes=-10", NULL, 10, RANGE_PART, 0, 10 },
		{ "bytes=-99", NULL, 10, RANGE_PART, 0, 10 },
		{ "bytes=-0", NULL, 10, RANGE_OUTSIDE, 0, 10 },
		{ "bytes=0-", NULL, 0, RANGE_OUTSIDE, 0, 0 },
		{ "bytes=-1", NULL, 0, RANGE_OUTSIDE, 0, 0 },
		{ "bytes=5-3", NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=1-2,4-5", NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=", NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=-", NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=a-", NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=1- ", NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=+1-", NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "lines=1-", NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=9999999999999999999-", NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=1-9999999999999999999", NULL, 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=999999999999999999-", NULL, 10, RANGE_OUTSIDE, 0, 10 },
		{ "bytes=3-", "\"v7\"", 10, RANGE_PART, 3, 7 },
		{ "bytes=3-", "\"v8\"", 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=3-", "W/\"v7\"", 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=3-", "v7", 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=3-", "", 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=99-", "\"v8\"", 10, RANGE_WHOLE, 0, 10 },
		{ "bytes=3-", "Sun, 22 Nov 2026 02:56:10 GMT", 10, RANGE_WHOLE,
		  0, 10 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t from = -1, count = -1;
		enum range_kind kind =
			range_pick(cases[i].range, cases[i].if_range, "v7",
				   cases[i].size, &from, &count);

		if (kind != cases[i].want || from != cases[i].from ||
		    count != cases[i].count)
			fail_msg("%s %s: %d %lld %lld", cases[i].range,
				 cases[i].if_range, kind, (long long)from,
				 (long long)count);
	}
}

static void tags_are_found_in_a_list(void **state)
{
	static const struct {
		const char *list;
		bool weak, strong;
	} cases[] = {
		{ "\"v7\"", true, true },
		{ "W/\"v7\"", true, false },
		{ "\"a\", \"v7\"", true, true },
		{ "\"a\",W/\"v7\" ", true, false },
		{ "W/\"v7\", \"v7\"", true, true },
		{ ", \"a\" ,, \"v7\",", true, true },
		{ "\"\",\"v7\"", true, true },
		{ "*", true, true },
		{ "\"v7-gzip\"", true, true },
		{ "W/\"v7-gzip\"", true, false },
		{ "\"v7-gzi\"", false, false },
		{ "\"v7-gzip-gzip\"", false, false },
		{ "\"v\"", false, false },
		{ "\"v77\"", false, false },
		{ "\"V7\"", false, false },
		{ "v7", false, false },
		{ "\"v7", false, false },
		{ "w/\"v7\"", false, false },
		{ "W \"v7\"", false, false },
		{ "\"a\" \"v7\"", false, false },
		{ "* , \"v7\"", false, false },
		{ "", false, false },
		{ "\"a\", \"b\"v7\"", false, false },
		{ NULL, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *list = cases[i].list;

		if (http_etag_matches(list, "v7", true) != cases[i].weak ||
		    http_etag_matches(list, "v7", false) != cases[i].strong)
			fail_msg("%s", list);
	}
	assert_false(http_etag_matches("*", "", true));
	assert_false(http_etag_matches("\"\"", "", true));
}

static void get_file(const char *method, const char *headers)
{
	char request[512];

	snprintf(request, sizeof(request),
		 "%s /file HTTP/1.1\r\nHost: a\r\n%s\r\n", method, headers);
	rig_talk(&rig, request);
}

static void check_bytes(size_t from, size_t count)
{
	const char *body = rig_body(&rig);

	assert_int_equal(rig_body_bytes(&rig), count);
	for (size_t i = 0; i < count; i++)
		if ((unsigned char)body[i] != (from + i) * 31 % 251)
			fail_msg("byte %zu differs", from + i);
}

static void a_file_comes_whole_with_its_tag(void **state)
{
	(void)state;
	get_file("GET", "");
	assert_int_equal(rig_status(&rig), 200);
	assert_true(rig_has(&rig, "Content-Length: 200000"));
	assert_true(rig_has(&rig, "ETag: \"v7\""));
	assert_true(rig_has(&rig, "Accept-Ranges: bytes"));
	check_bytes(0, FILE_BYTES);
}

static void a_part_of_a_file_is_206(void **state)
{
	static const struct {
		const char *range, *said;
		size_t from, count;
	} cases[] = {
		{ "0-0", "Content-Range: bytes 0-0/200000", 0, 1 },
		{ "123456-", "Content-Range: bytes 123456-199999/200000",
		  123456, 76544 },
		{ "1000-67999", "Content-Range: bytes 1000-67999/200000", 1000,
		  67000 },
		{ "-5", "Content-Range: bytes 199995-199999/200000", 199995,
		  5 },
	};
	char header[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(header, sizeof(header), "Range: bytes=%s\r\n",
			 cases[i].range);
		get_file("GET", header);
		assert_int_equal(rig_status(&rig), 206);
		assert_true(rig_has(&rig, cases[i].said));
		check_bytes(cases[i].from, cases[i].count);
	}
}

static void a_range_outside_a_file_is_416(void **state)
{
	(void)state;
	get_file("GET", "Range: bytes=200000-\r\n");
	assert_int_equal(rig_status(&rig), 416);
	assert_true(rig_has(&rig, "Content-Range: bytes */200000"));
	assert_true(rig_has(&rig, "Content-Type: application/problem+json"));
}

static void a_range_on_another_tag_gives_the_whole_file(void **state)
{
	(void)state;
	get_file("GET", "Range: bytes=9-\r\nIf-Range: \"v6\"\r\n");
	assert_int_equal(rig_status(&rig), 200);
	check_bytes(0, FILE_BYTES);
	get_file("GET", "Range: bytes=9-\r\nIf-Range: \"v7\"\r\n");
	assert_int_equal(rig_status(&rig), 206);
	check_bytes(9, FILE_BYTES - 9);
}

static void an_unchanged_file_is_304_without_a_body(void **state)
{
	(void)state;
	get_file("GET", "If-None-Match: \"v6\", \"v7\"\r\n"
			"Range: bytes=9-\r\n");
	assert_int_equal(rig_status(&rig), 304);
	assert_true(rig_has(&rig, "ETag: \"v7\""));
	assert_int_equal(rig_body_bytes(&rig), 0);
	get_file("GET", "If-None-Match: \"v6\"\r\n");
	assert_int_equal(rig_status(&rig), 200);
}

static void head_of_a_file_has_its_length_and_no_body(void **state)
{
	(void)state;
	get_file("HEAD", "Range: bytes=9-\r\n");
	assert_int_equal(rig_status(&rig), 200);
	assert_true(rig_has(&rig, "Content-Length: 200000"));
	assert_int_equal(rig_body_bytes(&rig), 0);
}

static void a_file_that_is_gone_is_500(void **state)
{
	struct rig other;

	(void)state;
	rig_start(&other, NULL);
	snprintf(other.file, sizeof(other.file), "/tmp/hufu-no-such-file");
	rig_talk(&other, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(rig_status(&other), 500);
	snprintf(other.file, sizeof(other.file), "/tmp");
	rig_talk(&other, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(rig_status(&other), 500);
	other.file[0] = '\0';
	rig_stop(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_picked_as_rfc_9110_says),
		cmocka_unit_test(tags_are_found_in_a_list),
		cmocka_unit_test(a_file_comes_whole_with_its_tag),
		cmocka_unit_test(a_part_of_a_file_is_206),
		cmocka_unit_test(a_range_outside_a_file_is_416),
		cmocka_unit_test(a_range_on_another_tag_gives_the_whole_file),
		cmocka_unit_test(an_unchanged_file_is_304_without_a_body),
		cmocka_unit_test(head_of_a_file_has_its_length_and_no_body),
		cmocka_unit_test(a_file_that_is_gone_is_500),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
