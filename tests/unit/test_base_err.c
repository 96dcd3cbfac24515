#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/hex.h"

static void err_set_returns_the_code_and_formats(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(
		err_set(&err, RC_CONFLICT, "item '%s' is not open", "i7"),
		RC_CONFLICT);
	assert_int_equal(err.code, RC_CONFLICT);
	assert_string_equal(err.text, "item 'i7' is not open");
}

static void err_set_keeps_the_first_report(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, RC_IO, "first");
	assert_int_equal(err_set(&err, RC_NOMEM, "second"), RC_IO);
	assert_string_equal(err.text, "first");
}

static void err_clear_makes_room_for_the_next_report(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, RC_IO, "first");
	err_clear(&err);
	assert_int_equal(err.code, RC_OK);
	assert_string_equal(err.text, "");
	assert_int_equal(err_set(&err, RC_BUSY, "second"), RC_BUSY);
	assert_string_equal(err.text, "second");
}

static void err_set_replaces_control_characters(void **state)
{
	struct err err = { 0 };

	(void)state;
	err_set(&err, RC_INVALID,
		"a\nb\tc\x7f"
		"d\x1b");
	assert_string_equal(err.text, "a?b?c?d?");
	err_clear(&err);
	err_set(&err, RC_INVALID,
		"'\xc2\x9b"
		"2J\xe2\x80\xae' \xe6\xa3\x80");
	assert_string_equal(err.text, "'?"
				      "?2J?"
				      "?"
				      "?' \xe6\xa3\x80");
}

static void err_set_keeps_utf8_and_replaces_what_is_not(void **state)
{
	struct err good = { 0 }, bad = { 0 };

	(void)state;
	err_set(&good, RC_INVALID, "'%s'", "\xe4\xb8\xad");
	assert_string_equal(good.text, "'\xe4\xb8\xad'");
	err_set(&bad, RC_INVALID, "'%s'", "\xe4\xb8");
	assert_string_equal(bad.text, "'?\?'");
}

static void err_set_never_cuts_inside_a_character(void **state)
{
	char text[3 * ERR_TEXT_MAX + 1];

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		struct err err = { 0 };
		size_t n;

		memset(text, 'a', shift);
		for (n = shift; n + 3 < sizeof(text); n += 3)
			memcpy(text + n, "\xe6\x9d\x91", 3);
		text[n] = '\0';
		err_set(&err, RC_INVALID, "%s", text);
		n = strlen(err.text);
		assert_true(utf8_is_valid(err.text, n));
		assert_null(strchr(err.text, '?'));
		assert_true(n > ERR_TEXT_MAX - 4 && n < ERR_TEXT_MAX);
	}
}

static void rc_name_names_every_code(void **state)
{
	(void)state;
	for (int i = 0; i < RC__MAX; i++) {
		assert_string_not_equal(rc_name((enum rc)i), "unknown");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(rc_name((enum rc)i),
						rc_name((enum rc)j));
	}
	assert_string_equal(rc_name(RC_NOT_FOUND), "not_found");
	assert_string_equal(rc_name(RC__MAX), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_set_returns_the_code_and_formats),
		cmocka_unit_test(err_set_keeps_the_first_report),
		cmocka_unit_test(err_clear_makes_room_for_the_next_report),
		cmocka_unit_test(err_set_replaces_control_characters),
		cmocka_unit_test(err_set_keeps_utf8_and_replaces_what_is_not),
		cmocka_unit_test(err_set_never_cuts_inside_a_character),
		cmocka_unit_test(rc_name_names_every_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
