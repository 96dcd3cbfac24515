#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "domain/uscc.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char *const valid[] = {
	"91350100M000100Y43", /* the worked example of the standard */
	"91110000802100433B", "91330100799655058B",
	"91440300708461136T", "91330106MA20003340", /* remainder 0 */
	"91330106MA2000211Y", /* value 30 */
	"92330106MA2B12343D", "93330822MA2B12343K",
	"51330000MA2B12343Q", "12330000MA2B12343R",
};

static void uscc_check_takes_the_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		struct err err = { 0 };

		assert_int_equal(uscc_check(valid[i], &err), RC_OK);
		assert_int_equal(uscc_check_character(valid[i]), valid[i][17]);
	}
}

static void uscc_check_refuses_and_says_why(void **state)
{
	static const struct {
		const char *code, *why;
	} cases[] = {
		{ "91350100M000100Y4Z", "'Z' at place 18" },
		{ "91350100M000100Y44", "is '3', not '4'" },
		{ "91350100M000100y43", "'y' at place 16" },
		{ "91350100M000100Y4", "17 characters" },
		{ "91350100M000100Y433", "19 characters" },
		{ "", "0 characters" },
		{ "9135010OM000100Y43", "'O' at place 8" },
		{ "9135010IM000100Y43", "'I' at place 8" },
		{ "9135010SM000100Y43", "'S' at place 8" },
		{ "9135010VM000100Y43", "'V' at place 8" },
		{ "91350100M000100 43", "place 16" },
		{ "\xef\xbc\x99"
		  "1350100M000100Y43",
		  "has full-width characters" }, /* 9 */
		{ "\xef\xbc\x99"
		  "350100M000100Y4",
		  "has full-width characters" },
		{ "\xe4\xb8\x80"
		  "1350100M000100Y43",
		  "'?' at place 1" },
		{ "\xe4\xb8\x80\xe4\xb8\x80", "2 characters, not 18" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = { 0 };

		assert_int_equal(uscc_check(cases[i].code, &err), RC_INVALID);
		assert_non_null(strstr(err.text, cases[i].why));
		assert_false(uscc_is_valid(cases[i].code));
	}
}

static void uscc_check_finds_every_single_wrong_character(void **state)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++)
		for (size_t at = 0; at < 18; at++)
			for (const char *c = alphabet; *c; c++) {
				char code[19];

				memcpy(code, valid[i], 19);
				code[at] = *c;
				assert_int_equal(uscc_is_valid(code),
						 *c == valid[i][at]);
			}
}

static void uscc_inner_check_is_that_of_gb_11714(void **state)
{
	(void)state;
	assert_true(uscc_inner_is_valid("91350100M000100Y43"));
	assert_true(uscc_inner_is_valid("91110000802100433B"));
	assert_true(uscc_inner_is_valid("91330100799655058B"));
	assert_true(uscc_inner_is_valid("91440300708461136T"));
	assert_false(uscc_inner_is_valid("91350100M000100Z43"));
	assert_false(uscc_inner_is_valid("91110000802100434B"));
}

static void uscc_normalise_raises_letters_and_drops_spaces_only(void **state)
{
	char out[19];

	(void)state;
	assert_true(uscc_normalise(out, " 91350100m000100y43\t", 20));
	assert_string_equal(out, "91350100M000100Y43");
	assert_false(uscc_normalise(out, "91350100M 000100Y43", 19));
	assert_false(uscc_normalise(out, "", 0));
	uscc_id(out, "91350100M000100Y43");
	assert_string_equal(out, "91350100m000100y43");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uscc_check_takes_the_vectors),
		cmocka_unit_test(uscc_check_refuses_and_says_why),
		cmocka_unit_test(uscc_check_finds_every_single_wrong_character),
		cmocka_unit_test(uscc_inner_check_is_that_of_gb_11714),
		cmocka_unit_test(
			uscc_normalise_raises_letters_and_drops_spaces_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
