#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/hex.h"

static void sha256_gives_the_vectors_of_fips_180(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb924"
		      "27ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223"
			 "b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039"
		  "a33ce45964ff2167f6ecedd419db06c1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[65];

		sha256_hex(text, cases[i].text, strlen(cases[i].text));
		assert_string_equal(text, cases[i].want);
	}
	{
		char text[65];

		sha256_hex(text, NULL, 0);
		assert_string_equal(text, cases[0].want);
	}
}

static void sha256_in_pieces_equals_sha256_at_once(void **state)
{
	unsigned char data[300], whole[SHA256_BYTES], pieces[SHA256_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	sha256(whole, data, sizeof(data));
	for (size_t step = 1; step < 130; step++) {
		struct sha256 h;

		sha256_begin(&h);
		for (size_t at = 0; at < sizeof(data); at += step) {
			size_t left = sizeof(data) - at;

			sha256_add(&h, data + at, left < step ? left : step);
		}
		sha256_end(&h, pieces);
		assert_memory_equal(whole, pieces, SHA256_BYTES);
	}
}

static void sha256_add_record_chains_path_length_and_bytes(void **state)
{
	unsigned char out[SHA256_BYTES];
	struct sha256 h;
	char text[65];

	(void)state;
	sha256_begin(&h);
	sha256_add_record(&h, "item", "i7", "hello", 5);
	sha256_end(&h, out);
	hex_encode(text, out, sizeof(out));
	/* SHA-256("item/i7" NUL "5" NUL "hello"), by Python's hashlib */
	assert_string_equal(text, "401b7644f55cbce0d8dbfe4af5bfa76e"
				  "bd4e616e7fd0d354cffbc48f7c40a36d");
}

static void sha256_runs_side_by_side(void **state)
{
	unsigned char a[SHA256_BYTES], b[SHA256_BYTES], want[SHA256_BYTES];
	struct sha256 x, y;

	(void)state;
	sha256_begin(&x);
	sha256_begin(&y);
	sha256_add(&x, "ab", 2);
	sha256_add(&y, "de", 2);
	sha256_add(&x, "c", 1);
	sha256_add(&y, "f", 1);
	sha256_end(&x, a);
	sha256_end(&y, b);
	sha256(want, "abc", 3);
	assert_memory_equal(a, want, sizeof(a));
	sha256(want, "def", 3);
	assert_memory_equal(b, want, sizeof(b));
}

static void blake2b_keyed_agrees_with_another_implementation(void **state)
{
	unsigned char key[32], out[24];
	char text[49];

	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (unsigned char)i;
	blake2b_keyed(out, sizeof(out), "abc", 3, key, sizeof(key));
	hex_encode(text, out, sizeof(out));
	/* hashlib.blake2b(b"abc", digest_size=24, key=bytes(range(32))) */
	assert_string_equal(text,
			    "43f5ccafe5afc5b810756184a24cdb8980ca46b3cd554e3a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_vectors_of_fips_180),
		cmocka_unit_test(sha256_in_pieces_equals_sha256_at_once),
		cmocka_unit_test(
			sha256_add_record_chains_path_length_and_bytes),
		cmocka_unit_test(sha256_runs_side_by_side),
		cmocka_unit_test(
			blake2b_keyed_agrees_with_another_implementation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
