#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "base/jcs.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static enum rc read_text(const char *text, json_t **out)
{
	struct err err = { 0 };

	return json_read(text, strlen(text), out, &err);
}

/* Reads `text` and writes it canonically; the caller's to free. */
static char *canonical(const char *text)
{
	struct err err = { 0 };
	json_t *value;
	struct buf out;

	buf_init(&out, RECORD_BYTES_MAX);
	assert_int_equal(json_read(text, strlen(text), &value, &err), RC_OK);
	assert_int_equal(jcs_write(&out, value, &err), RC_OK);
	json_decref(value);
	return out.data;
}

/* depth arrays, one in the other */
static char *nested(size_t depth)
{
	char *text = calloc(1, 2 * depth + 1);

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	return text;
}

static void json_read_takes_any_top_level_value(void **state)
{
	static const char *const good[] = {
		"{}", "[]", "\"a\"", "1", "true", "null", "1.5", " [1] \n"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		json_t *value;

		assert_int_equal(read_text(good[i], &value), RC_OK);
		json_decref(value);
	}
}

static void json_read_refuses_what_is_not_json(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"[1,]",
		"{\"a\":1,\"a\":1}",
		"{} x",
		"{}{}",
		"[01]",
		"'a'",
		"{a:1}",
		"\"\\u0000\"",
		"{\"\\u0000\":1}",
		"\"\\ud800\"",
		"\"\xed\xa0\x80\"",
		"\"\xff\"",
		"\"a\nb\"",
		"9223372036854775808",
		"1e999",
		"[1]]",
		"nul",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		json_t *value = (json_t *)1;

		if (read_text(bad[i], &value) != RC_INVALID || value)
			fail_msg("'%s'", bad[i]);
	}
}

static void json_read_refuses_nul_bytes(void **state)
{
	struct err err = { 0 };
	json_t *value;

	(void)state;
	assert_int_equal(json_read("{}\0", 3, &value, &err), RC_INVALID);
	err_clear(&err);
	assert_int_equal(json_read("\"a\0b\"", 5, &value, &err), RC_INVALID);
}

static void json_read_takes_64_levels_and_refuses_65(void **state)
{
	char *text = nested(64);
	json_t *value;

	(void)state;
	assert_int_equal(read_text(text, &value), RC_OK);
	json_decref(value);
	free(text);
	text = nested(65);
	assert_int_equal(read_text(text, &value), RC_INVALID);
	free(text);
	text = nested(1000000);
	assert_int_equal(read_text(text, &value), RC_INVALID);
	free(text);
}

static void json_read_counts_no_brackets_inside_strings(void **state)
{
	char text[300] = "[\"\\\"";
	json_t *value;

	(void)state;
	memset(text + 4, '[', 200);
	memcpy(text + 204, "\"]", 3);
	assert_int_equal(read_text(text, &value), RC_OK);
	json_decref(value);
}

static void json_read_refuses_text_over_its_size(void **state)
{
	struct err err = { 0 };
	size_t n = JSON_BYTES_MAX + 1;
	char *text = malloc(n);
	json_t *value;

	(void)state;
	memset(text, ' ', n);
	text[0] = '1';
	assert_int_equal(json_read(text, n - 1, &value, &err), RC_OK);
	json_decref(value);
	assert_int_equal(json_read(text, n, &value, &err), RC_NOMEM);
	assert_null(value);
	free(text);
}

static void json_read_reports_utf8_even_for_torn_text(void **state)
{
	struct err err = { 0 };
	json_t *value;

	(void)state;
	assert_int_equal(json_read("\"\xe4\xb8\xad", 4, &value, &err),
			 RC_INVALID);
	value = json_string(err.text);
	assert_non_null(value); /* jansson takes only UTF-8 */
	json_decref(value);
}

static void jcs_write_gives_one_form(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ " { } ", "{}" },
		{ "[ 1 , -2 ]", "[1,-2]" },
		{ "-0", "0" },
		{ "{\"b\":1,\"a\":{\"d\":true,\"c\":false}}",
		  "{\"a\":{\"c\":false,\"d\":true},\"b\":1}" },
		{ "\"\\u0008\\u0009\\u000a\\u000c\\u000d\"",
		  "\"\\b\\t\\n\\f\\r\"" },
		{ "\"\\u0001\\u001F\\u007f\\/\"", "\"\\u0001\\u001f\x7f/\"" },
		{ "\"\\\"\\\\\"", "\"\\\"\\\\\"" },
		{ "\"\\u4e2d\\ud83d\\ude00\"",
		  "\"\xe4\xb8\xad\xf0\x9f\x98\x80\"" },
		{ "9007199254740991", "9007199254740991" },
		{ "-9007199254740991", "-9007199254740991" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *got = canonical(cases[i].text);

		assert_string_equal(got, cases[i].want);
		free(got);
	}
}

static void jcs_write_sorts_members_by_bytes(void **state)
{
	char *got = canonical("{\"ab\":1,\"a\":2,\"b\":3,\"B\":4,\"a_\":5,"
			      "\"a1\":6,\"\":7,\"~\":8,\" \":9}");

	(void)state;
	assert_string_equal(got, "{\"\":7,\" \":9,\"B\":4,\"a\":2,\"a1\":6,"
				 "\"a_\":5,\"ab\":1,\"b\":3,\"~\":8}");
	free(got);
}

static void jcs_write_sorts_large_objects(void **state)
{
	struct err err = { 0 };
	json_t *object = json_object();
	char before[16] = "";
	struct buf out;
	char *p;
	int n = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%03d", i * 7 % 1000);
		json_object_set_new(object, key, json_integer(i));
	}
	buf_init(&out, RECORD_BYTES_MAX);
	assert_int_equal(jcs_write(&out, object, &err), RC_OK);
	for (p = strchr(out.data, 'k'); p; p = strchr(p + 1, 'k')) {
		assert_true(memcmp(before, p, 4) < 0);
		memcpy(before, p, 4);
		n++;
	}
	assert_int_equal(n, 1000);
	json_decref(object);
	buf_release(&out);
}

static void jcs_write_refuses_what_has_no_canonical_form(void **state)
{
	json_t *const bad[] = {
		json_real(1.0),
		json_null(),
		json_integer(JSON_INT_MAX + 1),
		json_integer(-JSON_INT_MAX - 1),
		json_stringn("a\0b", 3),
		json_string_nocheck("\xff"),
		json_pack("{s:i}", "\xe4\xb8\xad", 1),
		json_pack("{s:i}", "a\n", 1),
		json_pack("{s:i}", "\x7f", 1),
		json_pack("[n]"),
		json_pack("{s:{s:[f]}}", "a", "b", 0.5),
		NULL,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err err = { 0 };
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(jcs_write(&out, bad[i], &err), RC_INVALID);
		assert_string_not_equal(err.text, "");
		buf_release(&out);
		json_decref(bad[i]);
	}
}

static json_t *nested_value(int depth)
{
	json_t *value = json_integer(1);

	while (depth-- > 0)
		value = depth % 2 ? json_pack("[o]", value)
				  : json_pack("{s:o}", "a", value);
	return value;
}

static void jcs_write_takes_64_levels_and_refuses_65(void **state)
{
	struct err err = { 0 };
	json_t *good = nested_value(64), *bad = nested_value(65);
	struct buf out;

	(void)state;
	buf_init(&out, 10000);
	assert_int_equal(jcs_write(&out, good, &err), RC_OK);
	assert_int_equal(jcs_write(&out, bad, &err), RC_INVALID);
	buf_release(&out);
	json_decref(good);
	json_decref(bad);
}

static void jcs_write_stops_at_the_limit(void **state)
{
	struct err err = { 0 };
	json_t *value = json_pack("{s:s}", "a", "0123456789");
	struct buf out;

	(void)state;
	buf_init(&out, 18);
	assert_int_equal(jcs_write(&out, value, &err), RC_OK);
	buf_release(&out);
	buf_init(&out, 17);
	assert_int_equal(jcs_write(&out, value, &err), RC_NOMEM);
	buf_release(&out);
	json_decref(value);
}

static void jcs_read_takes_its_own_writing(void **state)
{
	static const char text[] =
		"{\"a\":[1,{\"x\":\"\\u001f\\n\xe4\xb8\xad\"}],\"b\":true}";
	struct err err = { 0 };
	json_t *value;

	(void)state;
	assert_int_equal(jcs_read(text, strlen(text), &value, &err), RC_OK);
	assert_int_equal(json_object_size(value), 2);
	json_decref(value);
}

static void jcs_read_refuses_another_form_as_corrupt(void **state)
{
	static const char *const bad[] = {
		"",
		"{ }",
		"{}\n",
		"{\"b\":1,\"a\":2}",
		"{\"a\":1,\"a\":1}",
		"-0",
		"1.0",
		"1e2",
		"null",
		"\"\\/\"",
		"\"\\u000a\"",
		"\"\\u001F\"",
		"\"\\u0041\"",
		"9007199254740992",
		"{\"\xe4\xb8\xad\":1}",
		"[",
		"\"\xff\"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err err = { 0 };
		json_t *value = (json_t *)1;

		if (jcs_read(bad[i], strlen(bad[i]), &value, &err) !=
			    RC_CORRUPT ||
		    err.code != RC_CORRUPT || value)
			fail_msg("'%s'", bad[i]);
	}
}

static void jcs_read_says_when_memory_runs_out(void **state)
{
#ifdef WITH_FAULTS
	struct buf text;
	long nth = 0, calls;
	enum rc rc;

	(void)state;
	buf_init(&text, 10000);
	buf_byte(&text, '{');
	for (int i = 100; i < 200; i++)
		buf_printf(&text, "%s\"k%d\":%d", i > 100 ? "," : "", i, i);
	buf_byte(&text, '}');
	do {
		struct err err = { 0 };
		json_t *value;

		fault_arm(FAULT_ALLOC, ++nth, false);
		rc = jcs_read(text.data, text.len, &value, &err);
		calls = fault_clear(FAULT_ALLOC);
		assert_int_equal(rc, calls >= nth ? RC_NOMEM : RC_OK);
		json_decref(value);
	} while (calls >= nth);
	assert_true(nth > 3);
	buf_release(&text);
#else
	(void)state;
	skip(); /* this build makes no call fail */
#endif
}

static void json_write_keeps_member_order_and_nulls(void **state)
{
	struct err err = { 0 };
	json_t *value = json_pack("{s:n, s:[f, b, I], s:s}", "z", "a", 0.5, 1,
				  (json_int_t)INT64_MIN, "\xe4\xb8\xad", "\"");
	json_t *back;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	buf_puts(&out, ">");
	assert_int_equal(json_write(&out, value, &err), RC_OK);
	assert_string_equal(out.data,
			    ">{\"z\":null,\"a\":[0.5,true,-9223372036854775808]"
			    ",\"\xe4\xb8\xad\":\"\\\"\"}");
	assert_int_equal(json_read(out.data + 1, out.len - 1, &back, &err),
			 RC_OK);
	assert_true(json_equal(value, back));
	json_decref(back);
	json_decref(value);
	buf_release(&out);
}

/* Canonical JSON keeps them: there the bytes count. */
static void json_write_shows_what_no_screen_does(void **state)
{
	const char *text = "[\"a\xc2\x9b\\u001b\x7f\xe2\x80\xae"
			   "b\xe6\xa3\x80\xef\xbb\xbf\\\"\"]";
	struct err err = { 0 };
	struct buf out, canonical;
	json_t *value, *again;

	(void)state;
	buf_init(&out, 200);
	buf_init(&canonical, 200);
	assert_int_equal(json_read(text, strlen(text), &value, &err), RC_OK);
	assert_int_equal(json_write(&out, value, &err), RC_OK);
	assert_string_equal(out.data, "[\"a\\u009b\\u001b\\u007f\\u202e"
				      "b\xe6\xa3\x80\\ufeff\\\"\"]");
	assert_int_equal(json_read(out.data, out.len, &again, &err), RC_OK);
	assert_true(json_equal(value, again));
	assert_int_equal(jcs_write(&canonical, value, &err), RC_OK);
	assert_string_equal(canonical.data, text);
	json_decref(value);
	json_decref(again);
	buf_release(&out);
	buf_release(&canonical);
}

static void json_write_refuses_what_json_read_would(void **state)
{
	json_t *const bad[] = { json_stringn("a\0b", 3),
				json_string_nocheck("\xff"), nested_value(65) };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err err = { 0 };
		struct buf out;

		buf_init(&out, 1000);
		assert_int_equal(json_write(&out, bad[i], &err), RC_INVALID);
		buf_release(&out);
		json_decref(bad[i]);
	}
}

static void json_members_answer_only_their_type(void **state)
{
	json_t *o = json_pack("{s:s, s:i, s:n}", "t", "text", "i", 7, "n");

	(void)state;
	assert_string_equal(json_text(o, "t"), "text");
	assert_null(json_text(o, "i"));
	assert_null(json_text(o, "none"));
	assert_null(json_text(NULL, "t"));
	assert_int_equal(json_int(o, "i", -1), 7);
	assert_int_equal(json_int(o, "t", -1), -1);
	assert_int_equal(json_int(o, "n", -1), -1);
	assert_int_equal(json_int(NULL, "i", -1), -1);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_read_takes_any_top_level_value),
		cmocka_unit_test(json_read_refuses_what_is_not_json),
		cmocka_unit_test(json_read_refuses_nul_bytes),
		cmocka_unit_test(json_read_takes_64_levels_and_refuses_65),
		cmocka_unit_test(json_read_counts_no_brackets_inside_strings),
		cmocka_unit_test(json_read_refuses_text_over_its_size),
		cmocka_unit_test(json_read_reports_utf8_even_for_torn_text),
		cmocka_unit_test(jcs_write_gives_one_form),
		cmocka_unit_test(jcs_write_sorts_members_by_bytes),
		cmocka_unit_test(jcs_write_sorts_large_objects),
		cmocka_unit_test(jcs_write_refuses_what_has_no_canonical_form),
		cmocka_unit_test(jcs_write_takes_64_levels_and_refuses_65),
		cmocka_unit_test(jcs_write_stops_at_the_limit),
		cmocka_unit_test(jcs_read_takes_its_own_writing),
		cmocka_unit_test(jcs_read_refuses_another_form_as_corrupt),
		cmocka_unit_test(jcs_read_says_when_memory_runs_out),
		cmocka_unit_test(json_write_keeps_member_order_and_nulls),
		cmocka_unit_test(json_write_shows_what_no_screen_does),
		cmocka_unit_test(json_write_refuses_what_json_read_would),
		cmocka_unit_test(json_members_answer_only_their_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
