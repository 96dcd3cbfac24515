#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "base/hex.h"
#include "base/seal.h"

static const unsigned char seed_zero[SIGN_SEED_BYTES];

static void unhex(void *out, size_t n, const char *text)
{
	assert_true(hex_decode(out, n, text, strlen(text)));
}

static int setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	return seal_setup(&err) == RC_OK ? 0 : -1;
}

static void sign_gives_the_vector_of_rfc_8032(void **state)
{
	unsigned char seed[SIGN_SEED_BYTES], public[SIGN_PUBLIC_BYTES];
	unsigned char want[SIGN_BYTES], got[SIGN_BYTES];
	struct sign_key key;

	(void)state;
	unhex(seed, sizeof(seed),
	      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6f"
	      "b");
	unhex(public, sizeof(public),
	      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660"
	      "c");
	unhex(want, sizeof(want),
	      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c0"
	      "0");
	sign_key_from_seed(&key, seed);
	assert_memory_equal(key.public, public, sizeof(public));
	sign(got, &key, "\x72", 1);
	assert_memory_equal(got, want, sizeof(want));
	assert_true(sign_is_valid(got, public, "\x72", 1));
	sign_key_release(&key);
}

static void sign_is_valid_refuses_every_flipped_bit(void **state)
{
	char text[] = "ten bytes.";
	unsigned char signature[SIGN_BYTES];
	struct sign_key key, other;

	(void)state;
	sign_key_new(&key, &host_system);
	sign_key_new(&other, &host_system);
	sign(signature, &key, text, 10);
	assert_true(sign_is_valid(signature, key.public, text, 10));
	assert_false(sign_is_valid(signature, other.public, text, 10));
	assert_false(sign_is_valid(signature, key.public, text, 9));
	for (int bit = 0; bit < SIGN_BYTES * 8; bit++) {
		signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(sign_is_valid(signature, key.public, text, 10));
		signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (int bit = 0; bit < 80; bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		assert_false(sign_is_valid(signature, key.public, text, 10));
		text[bit / 8] ^= (char)(1 << bit % 8);
	}
}

static void sign_key_comes_back_from_its_seed(void **state)
{
	unsigned char seed[SIGN_SEED_BYTES];
	struct sign_key key, again;

	(void)state;
	sign_key_new(&key, &host_system);
	sign_key_seed(&key, seed);
	sign_key_from_seed(&again, seed);
	assert_memory_equal(&key, &again, sizeof(key));
}

static void sign_key_release_wipes_and_accepts_null(void **state)
{
	static const struct sign_key zero;
	struct sign_key key;

	(void)state;
	sign_key_from_seed(&key, seed_zero);
	sign_key_release(&key);
	assert_memory_equal(&key, &zero, sizeof(key));
	sign_key_release(NULL);
}

/* draft-irtf-cfrg-xchacha-03, A.3.1 */
static void seal_open_takes_the_vector_of_the_draft(void **state)
{
	static const char plain[] =
		"Ladies and Gentlemen of the class of '99: If I could offer "
		"you only one tip for the future, sunscreen would be it.";
	unsigned char key[SEAL_KEY_BYTES], nonce[SEAL_NONCE_BYTES];
	unsigned char aad[12], box[sizeof(plain) - 1 + SEAL_TAG_BYTES];
	struct err err = { 0 };
	struct buf out;

	(void)state;
	unhex(key, sizeof(key),
	      "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9"
	      "f");
	unhex(nonce, sizeof(nonce),
	      "404142434445464748494a4b4c4d4e4f5051525354555657");
	unhex(aad, sizeof(aad), "50515253c0c1c2c3c4c5c6c7");
	unhex(box, sizeof(box),
	      "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
	      "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
	      "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
	      "21f9664c97637da9768812f615c68b13b52e"
	      "c0875924c1c7987947deafd8780acf49");
	buf_init(&out, 1000);
	assert_int_equal(seal_open(&out, nonce, key, (const char *)aad,
				   sizeof(aad), box, sizeof(box), &err),
			 RC_OK);
	assert_string_equal(out.data, plain);
	buf_release(&out);
}

struct sealed {
	unsigned char key[SEAL_KEY_BYTES], nonce[SEAL_NONCE_BYTES];
	struct buf box;
};

static const char aad_text[] = "person\x1fp1\x1f"
			       "330106\x1f"
			       "017";
static const char inner_text[] = "{\"name\":\"x\"}";

static void sealed_make(struct sealed *s)
{
	struct err err = { 0 };

	for (size_t i = 0; i < sizeof(s->key); i++)
		s->key[i] = (unsigned char)i;
	buf_init(&s->box, 1000);
	assert_int_equal(seal_box(&s->box, s->nonce, s->key, aad_text,
				  strlen(aad_text), inner_text,
				  strlen(inner_text), &err),
			 RC_OK);
}

static void seal_box_derives_the_nonce_of_the_protocol(void **state)
{
	struct sealed s;
	char text[49];

	(void)state;
	sealed_make(&s);
	hex_encode(text, s.nonce, sizeof(s.nonce));
	/* by Python's hashlib.blake2b, from protocol.md 3 */
	assert_string_equal(text,
			    "c0e1132353bdfab5af457379d3f566ab10c5c65661aa1bf0");
	assert_int_equal(s.box.len, strlen(inner_text) + SEAL_TAG_BYTES);
	buf_release(&s.box);
}

static void seal_box_gives_equal_bytes_for_equal_content(void **state)
{
	struct sealed a, b;
	struct err err = { 0 };

	(void)state;
	sealed_make(&a);
	sealed_make(&b);
	assert_memory_equal(a.nonce, b.nonce, sizeof(a.nonce));
	assert_memory_equal(a.box.data, b.box.data, a.box.len);
	buf_reset(&b.box);
	assert_int_equal(seal_box(&b.box, b.nonce, b.key, "other", 5,
				  inner_text, strlen(inner_text), &err),
			 RC_OK);
	assert_memory_not_equal(a.nonce, b.nonce, sizeof(a.nonce));
	buf_release(&a.box);
	buf_release(&b.box);
}

static void seal_round_trips_and_appends(void **state)
{
	struct err err = { 0 };
	struct sealed s;
	struct buf inner;

	(void)state;
	sealed_make(&s);
	buf_init(&inner, 1000);
	buf_puts(&inner, "before");
	assert_int_equal(seal_open(&inner, s.nonce, s.key, aad_text,
				   strlen(aad_text), s.box.data, s.box.len,
				   &err),
			 RC_OK);
	assert_string_equal(inner.data, "before{\"name\":\"x\"}");
	buf_release(&inner);
	buf_release(&s.box);
}

static void seal_open_refuses_every_flipped_bit(void **state)
{
	struct buf inner;
	struct sealed s;
	struct {
		char *p;
		size_t n;
	} part[4];
	char aad[sizeof(aad_text)];

	(void)state;
	sealed_make(&s);
	memcpy(aad, aad_text, sizeof(aad));
	part[0].p = s.box.data, part[0].n = s.box.len;
	part[1].p = (char *)s.key, part[1].n = sizeof(s.key);
	part[2].p = (char *)s.nonce, part[2].n = sizeof(s.nonce);
	part[3].p = aad, part[3].n = strlen(aad_text);
	buf_init(&inner, 1000);
	buf_puts(&inner, "before");
	for (int i = 0; i < 4; i++) {
		for (size_t bit = 0; bit < part[i].n * 8; bit++) {
			struct err err = { 0 };

			part[i].p[bit / 8] ^= (char)(1 << bit % 8);
			assert_int_equal(seal_open(&inner, s.nonce, s.key, aad,
						   strlen(aad_text), s.box.data,
						   s.box.len, &err),
					 RC_CORRUPT);
			assert_string_equal(inner.data, "before");
			assert_int_equal(inner.len, 6);
			part[i].p[bit / 8] ^= (char)(1 << bit % 8);
		}
	}
	buf_release(&inner);
	buf_release(&s.box);
}

static void seal_open_refuses_every_cut(void **state)
{
	struct buf inner;
	struct sealed s;

	(void)state;
	sealed_make(&s);
	buf_init(&inner, 1000);
	for (size_t n = 0; n < s.box.len; n++) {
		struct err err = { 0 };

		assert_int_equal(seal_open(&inner, s.nonce, s.key, aad_text,
					   strlen(aad_text), s.box.data, n,
					   &err),
				 RC_CORRUPT);
	}
	buf_release(&inner);
	buf_release(&s.box);
}

static void seal_box_leaves_no_plain_text_when_memory_runs_out(void **state)
{
	struct err err = { 0 };
	unsigned char nonce[SEAL_NONCE_BYTES];
	struct sealed s;
	struct buf box;

	(void)state;
	sealed_make(&s);
	buf_init(&box, strlen(inner_text) + SEAL_TAG_BYTES - 1);
	assert_int_equal(seal_box(&box, nonce, s.key, "", 0, inner_text,
				  strlen(inner_text), &err),
			 RC_NOMEM);
	assert_null(strstr(box.data, "name"));
	buf_release(&box);
	buf_release(&s.box);
}

static void pin_opens_what_it_sealed(void **state)
{
	unsigned char sealed[PIN_SEALED_BYTES], seed[SIGN_SEED_BYTES];
	unsigned char back[SIGN_SEED_BYTES];
	struct err err = { 0 };

	(void)state;
	host_random(&host_system, seed, sizeof(seed));
	assert_int_equal(pin_seal(sealed, seed, "135790", &host_system, &err),
			 RC_OK);
	assert_int_equal(pin_open(back, sealed, "135790", &err), RC_OK);
	assert_memory_equal(seed, back, sizeof(seed));
	assert_int_equal(pin_open(back, sealed, "135791", &err), RC_DENIED);
	assert_string_equal(err.text, "wrong pin");
	sealed[PIN_SEALED_BYTES - 1] ^= 1;
	err_clear(&err);
	assert_int_equal(pin_open(back, sealed, "135790", &err), RC_DENIED);
}

static void pin_has_6_to_128_bytes(void **state)
{
	unsigned char sealed[PIN_SEALED_BYTES], back[SIGN_SEED_BYTES];
	char pin[130];

	(void)state;
	for (size_t n = 5; n <= 129; n += 124) {
		struct err err = { 0 };

		memset(pin, 'p', sizeof(pin));
		pin[n] = '\0';
		assert_int_equal(
			pin_seal(sealed, seed_zero, pin, &host_system, &err),
			RC_INVALID);
		err_clear(&err);
		memset(sealed, 0, sizeof(sealed));
		assert_int_equal(pin_open(back, sealed, pin, &err), RC_DENIED);
	}
}

static void password_is_takes_only_the_hashed_one(void **state)
{
	char hash[PASSWORD_HASH_MAX];
	struct err err = { 0 };

	(void)state;
	assert_int_equal(password_hash(hash, "correct horse", &err), RC_OK);
	assert_memory_equal(hash, "$argon2id$v=19$m=65536,t=2,p=1$", 31);
	assert_true(password_is(hash, "correct horse"));
	assert_false(password_is(hash, "correct horse "));
	assert_false(password_is(hash, ""));
	assert_false(password_is("", "correct horse"));
	assert_false(password_is("$argon2id$", "correct horse"));
}

static void wipe_clears_memory(void **state)
{
	char text[] = "secret";

	(void)state;
	wipe(text, 6);
	assert_memory_equal(text, "\0\0\0\0\0\0", 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sign_gives_the_vector_of_rfc_8032),
		cmocka_unit_test(sign_is_valid_refuses_every_flipped_bit),
		cmocka_unit_test(sign_key_comes_back_from_its_seed),
		cmocka_unit_test(sign_key_release_wipes_and_accepts_null),
		cmocka_unit_test(seal_open_takes_the_vector_of_the_draft),
		cmocka_unit_test(seal_box_derives_the_nonce_of_the_protocol),
		cmocka_unit_test(seal_box_gives_equal_bytes_for_equal_content),
		cmocka_unit_test(seal_round_trips_and_appends),
		cmocka_unit_test(seal_open_refuses_every_flipped_bit),
		cmocka_unit_test(seal_open_refuses_every_cut),
		cmocka_unit_test(
			seal_box_leaves_no_plain_text_when_memory_runs_out),
		cmocka_unit_test(pin_opens_what_it_sealed),
		cmocka_unit_test(pin_has_6_to_128_bytes),
		cmocka_unit_test(password_is_takes_only_the_hashed_one),
		cmocka_unit_test(wipe_clears_memory),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
