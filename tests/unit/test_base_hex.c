#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/hex.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void hex_round_trips_every_byte(void **state)
{
	unsigned char all[256], back[256];
	char text[513];

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	hex_encode(text, all, 256);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102", 6);
	assert_memory_equal(text + 506, "fdfeff", 6);
	assert_true(hex_decode(back, 256, text, 512));
	assert_memory_equal(all, back, 256);
	hex_encode(text, all, 0);
	assert_string_equal(text, "");
}

static void hex_decode_takes_only_lower_case_of_exact_length(void **state)
{
	unsigned char out[2];

	(void)state;
	assert_true(hex_decode(out, 2, "0aff", 4));
	assert_false(hex_decode(out, 2, "0aFF", 4));
	assert_false(hex_decode(out, 2, "0af", 3));
	assert_false(hex_decode(out, 2, "0aff0", 5));
	assert_false(hex_decode(out, 2, "0aff00", 6));
	assert_false(hex_decode(out, 2, "0a g", 4));
	assert_false(hex_decode(out, SIZE_MAX / 2 + 2, "0a", 2));
	assert_true(hex_decode(out, 0, "", 0));
}

static void base64_gives_the_vectors_of_rfc_4648(void **state)
{
	static const struct {
		const char *plain, *text;
	} cases[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = strlen(cases[i].plain), len = n;
		char text[BASE64_SIZE(6)], back[6];

		base64_encode(text, cases[i].plain, n);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(BASE64_SIZE(n), strlen(text) + 1);
		assert_true(base64_decode(back, &len, text, strlen(text)));
		assert_int_equal(len, n);
		assert_memory_equal(back, cases[i].plain, n);
	}
}

static void base64_decode_refuses_all_but_one_form(void **state)
{
	static const char *const bad[] = {
		"Zg",     "Zg=",  "Zg===", "Zh==",     "Zm9=",     "Zm9v ",
		"Zm\n9v", "Z=g=", "====",  "Zm9v====", "Zg==Zg==", "Zm9-",
		"Zm9_",   "=",    "Zm9v=", "A===",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		char out[16];
		size_t len = sizeof(out);

		assert_false(base64_decode(out, &len, bad[i], strlen(bad[i])));
	}
}

static void base64_decode_keeps_within_the_room(void **state)
{
	char out[3] = "xyz";
	size_t len = 2;

	(void)state;
	assert_false(base64_decode(out, &len, "Zm9v", 4));
	assert_memory_equal(out, "xyz", 3);
	len = 2;
	assert_true(base64_decode(out, &len, "Zm8=", 4));
	assert_int_equal(len, 2);
}

typedef bool name_fn(const char *s);

static void names_are(name_fn *is, bool want, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is(list[i]) != want)
			fail_msg("'%s' should %sbe one", list[i],
				 want ? "" : "not ");
}

static void name_is_id_takes_1_to_32_letters_and_digits(void **state)
{
	static const char *const good[] = {
		"a", "0", "91330106ma27xx5j2k",
		"0123456789abcdef0123456789abcdef"
	};
	static const char *const bad[] = {
		"",
		"A",
		"a b",
		"a_b",
		"a/b",
		"..",
		"0123456789abcdef0123456789abcdef0"
	};

	(void)state;
	names_are(name_is_id, true, good, COUNT(good));
	names_are(name_is_id, false, bad, COUNT(bad));
}

static void name_is_field_refuses_reserved_prefixes(void **state)
{
	static const char *const good[] = {
		"a",     "a_1",  "hufu",
		"older", "main", "a23456789012345678901234567890b"
	};
	static const char *const bad[] = {
		"",      "1a",
		"_a",    "A",
		"a-b",   "hufu_x",
		"old_x", "main_",
		"a b",   "a23456789012345678901234567890bc"
	};

	(void)state;
	names_are(name_is_field, true, good, COUNT(good));
	names_are(name_is_field, false, bad, COUNT(bad));
}

static void name_is_scope_and_town_take_exact_digits(void **state)
{
	static const char *const scopes[] = { "330106", "catalog" };
	static const char *const no_scopes[] = { "",         "33010",
						 "3301061",  "33010a",
						 "catalogs", "Catalog" };
	static const char *const towns[] = { "000", "017" };
	static const char *const no_towns[] = { "", "00", "0000", "0a0" };

	(void)state;
	names_are(name_is_scope, true, scopes, COUNT(scopes));
	names_are(name_is_scope, false, no_scopes, COUNT(no_scopes));
	names_are(name_is_town, true, towns, COUNT(towns));
	names_are(name_is_town, false, no_towns, COUNT(no_towns));
}

static void name_is_date_takes_real_days_from_1900_to_2999(void **state)
{
	static const char *const good[] = { "1900-01-01", "2024-02-29",
					    "2000-02-29", "2999-12-31" };
	static const char *const bad[] = {
		"",           "1899-12-31",  "3000-01-01", "2023-02-29",
		"1900-02-29", "2024-13-01",  "2024-00-01", "2024-04-31",
		"2024-4-01",  "2024-04-01 ", "2024/04/01"
	};

	(void)state;
	names_are(name_is_date, true, good, COUNT(good));
	names_are(name_is_date, false, bad, COUNT(bad));
}

static void utf8_is_valid_follows_rfc_3629(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		bool want;
	} cases[] = {
		{ "", 0, true },
		{ "plain ascii, more than eight", 28, true },
		{ "\x7f", 1, true },
		{ "\xc2\x80", 2, true },
		{ "\xdf\xbf", 2, true },
		{ "\xe0\xa0\x80", 3, true },
		{ "\xed\x9f\xbf", 3, true },
		{ "\xee\x80\x80", 3, true },
		{ "\xf0\x90\x80\x80", 4, true },
		{ "\xf4\x8f\xbf\xbf", 4, true },
		{ "1234567\xe4\xb8\xad"
		  "89",
		  12, true },
		{ "a\0b", 3, false },
		{ "12345678\0", 9, false },
		{ "1234\0"
		  "678",
		  8, false },
		{ "\x80", 1, false },
		{ "\xc0\x80", 2, false },
		{ "\xc1\xbf", 2, false },
		{ "\xc2", 1, false },
		{ "\xe0\x9f\xbf", 3, false },
		{ "\xed\xa0\x80", 3, false },
		{ "\xf0\x8f\xbf\xbf", 4, false },
		{ "\xf4\x90\x80\x80", 4, false },
		{ "\xf5\x80\x80\x80", 4, false },
		{ "\xe4\xb8", 2, false },
		{ "\xe4\xb8x", 3, false },
		{ "12345678\xff", 9, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (utf8_is_valid(cases[i].text, cases[i].n) != cases[i].want)
			fail_msg("case %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_round_trips_every_byte),
		cmocka_unit_test(
			hex_decode_takes_only_lower_case_of_exact_length),
		cmocka_unit_test(base64_gives_the_vectors_of_rfc_4648),
		cmocka_unit_test(base64_decode_refuses_all_but_one_form),
		cmocka_unit_test(base64_decode_keeps_within_the_room),
		cmocka_unit_test(name_is_id_takes_1_to_32_letters_and_digits),
		cmocka_unit_test(name_is_field_refuses_reserved_prefixes),
		cmocka_unit_test(name_is_scope_and_town_take_exact_digits),
		cmocka_unit_test(
			name_is_date_takes_real_days_from_1900_to_2999),
		cmocka_unit_test(utf8_is_valid_follows_rfc_3629),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
