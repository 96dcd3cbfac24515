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

static void sha256_of_one_block_equals_sha256(void **state)
{
	unsigned char block[SHA256_BLOCK_BYTES], message[SHA256_BLOCK_BYTES];
	unsigned char want[SHA256_BYTES], is[SHA256_BYTES];

	(void)state;
	for (size_t n = 0; n <= SHA256_ONE_MAX; n++) {
		memset(block, 0xff, sizeof(block));
		sha256_block_pad(block, n);
		/* padded once, hashed twice */
		for (int round = 0; round < 2; round++) {
			for (size_t i = 0; i < n; i++)
				message[i] = (unsigned char)(7 * i + n +
							     (size_t)round);
			memcpy(block, message, n);
			sha256(want, message, n);
			sha256_block(is, block);
			assert_memory_equal(want, is, SHA256_BYTES);
		}
	}
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

/* Byte i of a message of n bytes is 7i + n; the lengths are those around the
 * padding of one and of two blocks. From Python's hashlib. */
static const struct {
	size_t n;
	const char *want;
} sha512_cases[] = {
	{ 0,
	  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0"
	  "d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
	{ 3,
	  "8853167ab14c043919981a6409307ef68b5b726f4b80dcab259daa24b7cabcb8b4bb"
	  "fd3e2e36ed98465059661f672e6529cdcc673e7eabfa78dd3186745b112a" },
	{ 111,
	  "df79e18538ec82120d0eb59f92ade93fc786e47b5c622121a065503708882f7801fa"
	  "4b115197504b74feb420ee58fb85718ab98a5bf461bf7f8897472c26be4d" },
	{ 112,
	  "d7377bc7047400daa33483946a6e2ec47609bc5f64b8309effd8d38b764b6ef25008"
	  "6511cc4cc9b4e5806613ecdf2a7b86ffcf0b9c88a571b869b32dfeca4b0a" },
	{ 127,
	  "82b7fc0e1e5d1bb8e56e25cef83ba1205d3b3b44c9efacb33b11b13ffc47d1502beb"
	  "4b9cc885239d9a03a255757c582ee9aaa270c742f8bfd959228443704bf5" },
	{ 128,
	  "eb5119a4c3e176a3e0cb2bf8a6237bdc1e474f9f501f27c84284d2289b1ade3a5a19"
	  "13236a2b771e0f435f2a9b17792eb23eb92248a199f991228ff65de55d09" },
	{ 129,
	  "06e68bf71185b1fda1d64bc8dc221aeaa9040b40d202d6030f840940ff2e53005655"
	  "0e68bd5d7a68d6fcf910077cd5b6c0befa877a436ddae766dd278592d2b6" },
	{ 239,
	  "511f3b02317c383e27eb7064cc6e1d721d2c0ffd7efb5cb70647f0655ea93288052d"
	  "566892f4a1b14342adf14f96740e7433346b58d521d84fa8bcfae11ca9f8" },
	{ 240,
	  "774d6a1206485a1c2342cfddc586d2b0af9e78f4ed95b69ff18bf6fa3ecbe59fd7ae"
	  "11bdc5afd460f44fd84b5af08016e8986b0474d1515148ef9d8068e8dede" },
	{ 1000,
	  "5c9833a6b6d14cabd5256ae50e9217163760d44bafa40d2e0e64ee13a2b74ec3f10d"
	  "965a04c7381d12383c59ee449c75241303eb3806dcf1d8ca0c566fe1ed6a" },
};

static void sha512_gives_known_digests_around_every_padding(void **state)
{
	unsigned char message[1000], digest[SHA512_BYTES];
	char hex[2 * SHA512_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(sha512_cases) / sizeof(*sha512_cases);
	     i++) {
		for (size_t k = 0; k < sha512_cases[i].n; k++)
			message[k] = (unsigned char)(7 * k + sha512_cases[i].n);
		sha512(digest, message, sha512_cases[i].n);
		hex_encode(hex, digest, sizeof(digest));
		assert_string_equal(hex, sha512_cases[i].want);
	}
}

static void sha1_gives_the_digest_of_fips_180_in_any_pieces(void **state)
{
	static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklm"
				   "nlmnomnopnopq";
	unsigned char digest[SHA1_BYTES];
	char hex[2 * SHA1_BYTES + 1];
	struct sha1 h;

	(void)state;
	for (size_t cut = 0; cut < sizeof(text); cut++) {
		sha1_begin(&h);
		sha1_add(&h, text, cut);
		sha1_add(&h, text + cut, sizeof(text) - 1 - cut);
		sha1_end(&h, digest);
		hex_encode(hex, digest, sizeof(digest));
		assert_string_equal(hex, "84983e441c3bd26ebaae4aa1f95129e5e5467"
					 "0f1");
	}
}

static void sha512_gives_the_digest_of_fips_180(void **state)
{
	unsigned char digest[SHA512_BYTES];
	char hex[2 * SHA512_BYTES + 1];

	(void)state;
	sha512(digest, "abc", 3);
	hex_encode(hex, digest, sizeof(digest));
	assert_string_equal(hex, "ddaf35a193617abacc417349ae20413112e6fa4e89a97"
				 "ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3"
				 "feebbd454d4423643ce80e2a9ac94fa54ca49f");
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
		cmocka_unit_test(sha256_of_one_block_equals_sha256),
		cmocka_unit_test(sha256_runs_side_by_side),
		cmocka_unit_test(
			sha512_gives_known_digests_around_every_padding),
		cmocka_unit_test(sha512_gives_the_digest_of_fips_180),
		cmocka_unit_test(
			sha1_gives_the_digest_of_fips_180_in_any_pieces),
		cmocka_unit_test(
			blake2b_keyed_agrees_with_another_implementation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
