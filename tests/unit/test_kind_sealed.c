/* Sealed records: out and back, and whatever is not exactly that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "kind/sealed.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define KEY_ID "00112233445566778899"

static const unsigned char key[SEAL_KEY_BYTES] = { 1, 2, 3 };
static const unsigned char other_key[SEAL_KEY_BYTES] = { 3, 2, 1 };

static json_t *plain(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", "s1", "scope",
			 "330106", "town", "002", "phone", "138 0000 0000",
			 "note", "夜间");
}

static json_t *sealed(void)
{
	struct err err = { 0 };
	json_t *p = plain(), *outer;

	if (sealed_make(&outer, "subject_private", p, KEY_ID, key, &err) !=
	    RC_OK)
		fail_msg("%s", err.text);
	json_decref(p);
	return outer;
}

static void what_was_sealed_opens_again(void **state)
{
	struct err err = { 0 };
	json_t *outer = sealed(), *opened, *p = plain();

	(void)state;
	assert_int_equal(sealed_check(outer, &err), RC_OK);
	assert_int_equal(
		sealed_open(&opened, "subject_private", outer, key, &err),
		RC_OK);
	assert_true(json_equal(opened, p));
	json_decref(opened);
	json_decref(outer);
	json_decref(p);
}

static void the_outer_form_tells_nothing_but_its_place(void **state)
{
	json_t *outer = sealed();
	char *text = json_dumps(outer, 0);

	(void)state;
	assert_int_equal(json_object_size(outer), 7);
	assert_string_equal(json_text(outer, "alg"), "xchacha20poly1305");
	assert_string_equal(json_text(outer, "key"), KEY_ID);
	assert_string_equal(json_text(outer, "id"), "s1");
	assert_null(strstr(text, "138"));
	assert_null(strstr(text, "phone"));
	free(text);
	json_decref(outer);
}

static void equal_content_gives_equal_bytes(void **state)
{
	struct err err = { 0 };
	json_t *a = sealed(), *b = sealed(), *p = plain(), *c;

	(void)state;
	assert_true(json_equal(a, b));
	json_object_set_new(p, "note", json_string("白天"));
	assert_int_equal(
		sealed_make(&c, "subject_private", p, KEY_ID, key, &err),
		RC_OK);
	assert_string_not_equal(json_text(a, "nonce"), json_text(c, "nonce"));
	assert_string_not_equal(json_text(a, "box"), json_text(c, "box"));
	json_decref(a);
	json_decref(b);
	json_decref(c);
	json_decref(p);
}

static void a_record_without_fields_can_be_sealed(void **state)
{
	struct err err = { 0 };
	json_t *p = json_pack("{s:s, s:s, s:s}", "id", "s1", "scope", "330106",
			      "town", "002");
	json_t *outer, *opened;

	(void)state;
	assert_int_equal(sealed_make(&outer, "k", p, KEY_ID, key, &err), RC_OK);
	assert_int_equal(sealed_open(&opened, "k", outer, key, &err), RC_OK);
	assert_true(json_equal(opened, p));
	json_decref(opened);
	json_decref(outer);
	json_decref(p);
}

static void assert_closed(const char *kind, const json_t *outer,
			  const unsigned char *with)
{
	struct err err = { 0 };
	json_t *opened;

	assert_int_equal(sealed_open(&opened, kind, outer, with, &err),
			 RC_CORRUPT);
	assert_null(opened);
	assert_int_equal(err.code, RC_CORRUPT);
}

static void another_key_or_place_does_not_open(void **state)
{
	static const struct {
		const char *member, *value;
	} places[] = {
		{ "id", "s2" },
		{ "scope", "330105" },
		{ "town", "003" },
	};
	json_t *outer = sealed();

	(void)state;
	assert_closed("subject_private", outer, other_key);
	assert_closed("conflict_private", outer, key);
	for (size_t i = 0; i < COUNT(places); i++) {
		json_t *moved = json_copy(outer);

		json_object_set_new(moved, places[i].member,
				    json_string(places[i].value));
		assert_closed("subject_private", moved, key);
		json_decref(moved);
	}
	json_decref(outer);
}

static void a_turned_bit_does_not_open(void **state)
{
	static const char *const members[] = { "nonce", "box" };
	json_t *outer = sealed();

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++) {
		unsigned char bytes[4096];
		size_t n = sizeof(bytes);
		const char *text = json_text(outer, members[i]);
		json_t *bent = json_copy(outer);
		char again[8192];

		assert_true(base64_decode(bytes, &n, text, strlen(text)));
		bytes[n / 2] ^= 4;
		base64_encode(again, bytes, n);
		json_object_set_new(bent, members[i], json_string(again));
		assert_closed("subject_private", bent, key);
		json_decref(bent);
	}
	json_decref(outer);
}

/* "-" removes the member. */
static const struct {
	const char *member, *value;
} wrong[] = {
	{ "alg", "-" },
	{ "alg", "aes" },
	{ "box", "-" },
	{ "box", "" },
	{ "box", "AAAA" },
	{ "box", "not base64" },
	{ "id", "S1" },
	{ "id", "-" },
	{ "scope", "33" },
	{ "town", "2" },
	{ "key", "-" },
	{ "key", "0011" },
	{ "key", "0011223344556677889X" },
	{ "nonce", "-" },
	{ "nonce", "AAAA" },
	{ "nonce", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
	{ "phone", "138" },
};

static void a_wrong_outer_form_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct err err = { 0 };
		json_t *outer = sealed();

		if (strcmp(wrong[i].value, "-") == 0)
			json_object_del(outer, wrong[i].member);
		else
			json_object_set_new(outer, wrong[i].member,
					    json_string(wrong[i].value));
		if (sealed_check(outer, &err) != RC_INVALID)
			fail_msg("%s = %s", wrong[i].member, wrong[i].value);
		assert_closed("subject_private", outer, key);
		json_decref(outer);
	}
}

/* The box is genuine, but its maker did not keep to the form. */
static void assert_genuine_but_refused(const char *inner)
{
	static const char aad[] = "k\x1fs1\x1f"
				  "330106\x1f"
				  "002";
	unsigned char nonce[SEAL_NONCE_BYTES];
	char text[2][512];
	struct err err = { 0 };
	struct buf box;
	json_t *outer;

	buf_init(&box, 256);
	assert_int_equal(seal_box(&box, nonce, key, aad, strlen(aad), inner,
				  strlen(inner), &err),
			 RC_OK);
	base64_encode(text[0], nonce, sizeof(nonce));
	base64_encode(text[1], box.data, box.len);
	outer = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", "s1",
			  "scope", "330106", "town", "002", "alg",
			  "xchacha20poly1305", "key", KEY_ID, "nonce", text[0],
			  "box", text[1]);
	assert_int_equal(sealed_check(outer, &err), RC_OK);
	assert_closed("k", outer, key);
	json_decref(outer);
	buf_release(&box);
}

static void a_genuine_box_must_hold_canonical_fields(void **state)
{
	(void)state;
	assert_genuine_but_refused("[1]");
	assert_genuine_but_refused("{ }");
	assert_genuine_but_refused("{\"b\":1,\"a\":2}");
	assert_genuine_but_refused("{\"a\":1.5}");
	assert_genuine_but_refused("{\"id\":\"s2\"}");
	assert_genuine_but_refused("{\"town\":\"003\"}");
}

static void what_cannot_be_sealed_is_refused(void **state)
{
	struct err err = { 0 };
	json_t *p = plain(), *outer;

	(void)state;
	assert_int_equal(sealed_make(&outer, "k", p, "k1", key, &err),
			 RC_INVALID);
	assert_null(outer);
	err_clear(&err);
	json_object_set_new(p, "note", json_real(1.5));
	assert_int_equal(sealed_make(&outer, "k", p, KEY_ID, key, &err),
			 RC_INVALID);
	err_clear(&err);
	json_object_del(p, "note");
	json_object_del(p, "town");
	assert_int_equal(sealed_make(&outer, "k", p, KEY_ID, key, &err),
			 RC_INVALID);
	json_decref(p);
}

#ifdef WITH_FAULTS
static enum rc work(struct err *err)
{
	json_t *p = plain(), *outer = NULL, *opened = NULL;
	enum rc rc = sealed_make(&outer, "k", p, KEY_ID, key, err);

	if (rc == RC_OK)
		rc = sealed_open(&opened, "k", outer, key, err);
	json_decref(opened);
	json_decref(outer);
	json_decref(p);
	return rc;
}

static void every_failed_allocation_is_reported(void **state)
{
	enum rc rc = RC_NOMEM;
	long nth;

	(void)state;
	for (nth = 1; rc != RC_OK && nth < 1000; nth++) {
		struct err err = { 0 };

		fault_arm(FAULT_ALLOC, nth, false);
		rc = work(&err);
		fault_clear(FAULT_ALLOC);
		assert_int_equal(rc, err.code);
		assert_true(rc == RC_OK || rc == RC_NOMEM);
	}
	assert_int_equal(rc, RC_OK);
	assert_true(nth > 5);
}
#else
static void every_failed_allocation_is_reported(void **state)
{
	(void)state;
	skip(); /* this build makes no call fail */
}
#endif

static int setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	return seal_setup(&err) != RC_OK;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_opens_again),
		cmocka_unit_test(the_outer_form_tells_nothing_but_its_place),
		cmocka_unit_test(equal_content_gives_equal_bytes),
		cmocka_unit_test(a_record_without_fields_can_be_sealed),
		cmocka_unit_test(another_key_or_place_does_not_open),
		cmocka_unit_test(a_turned_bit_does_not_open),
		cmocka_unit_test(a_wrong_outer_form_is_refused),
		cmocka_unit_test(a_genuine_box_must_hold_canonical_fields),
		cmocka_unit_test(what_cannot_be_sealed_is_refused),
		cmocka_unit_test(every_failed_allocation_is_reported),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
