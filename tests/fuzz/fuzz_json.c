/* fuzz_json.c - JSON from outside, and canonical bytes: what is canonical is
 * canonical for ever, and one value has one canonical form. */
#include "fuzz.h"

#include "base/hex.h"
#include "base/jcs.h"

#define BYTES_MAX ((size_t)16 << 20)

/* Writing gives canonical bytes, which read as the same value. */
static void round_trip(const json_t *value)
{
	struct err err = { 0 };
	json_t *again = NULL;
	struct buf out;

	buf_init(&out, BYTES_MAX);
	if (jcs_write(&out, value, &err) == RC_OK) {
		FUZZ_HOLDS(utf8_is_valid(out.data, out.len));
		if (out.len <= RECORD_BYTES_MAX) {
			FUZZ_HOLDS(jcs_read(out.data, out.len, &again, &err) ==
				   RC_OK);
			FUZZ_HOLDS(json_equal(value, again));
		}
	}
	json_decref(again);
	buf_release(&out);
}

static void canonical(const char *text, size_t n)
{
	struct err err = { 0 };
	json_t *value = NULL;
	struct buf out;

	if (jcs_read(text, n, &value, &err) != RC_OK)
		return;
	buf_init(&out, BYTES_MAX);
	FUZZ_HOLDS(jcs_write(&out, value, &err) == RC_OK);
	FUZZ_HOLDS(out.len == n && !memcmp(out.data, text, n));
	buf_release(&out);
	json_decref(value);
}

/* The bytes of messages: not canonical, but the same value. */
static void message(const json_t *value)
{
	struct err err = { 0 };
	json_t *again = NULL;
	struct buf out;

	buf_init(&out, BYTES_MAX);
	if (json_write(&out, value, &err) == RC_OK &&
	    out.len <= JSON_BYTES_MAX) {
		FUZZ_HOLDS(json_read(out.data, out.len, &again, &err) == RC_OK);
		FUZZ_HOLDS(json_equal(value, again));
	}
	json_decref(again);
	buf_release(&out);
}

static json_t *parsed(const struct buf *b)
{
	struct err err = { 0 };
	json_t *value = NULL;

	FUZZ_HOLDS(jcs_read(b->data, b->len, &value, &err) == RC_OK);
	return value;
}

/* Members of `from` that `only` has not are the same in `other`; those that it
 * has are not. */
static void only_check(json_t *from, const json_t *other, const json_t *only)
{
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach(from, key, value)
	{
		const json_t *left = json_object_get(only, key);
		bool same = json_equal(value, json_object_get(other, key));

		FUZZ_HOLDS(same ? !left : json_equal(left, value));
		n += !same;
	}
	FUZZ_HOLDS(json_object_size(only) == n);
}

/* The difference on bytes is the difference of the values. */
static void difference(json_t *a, json_t *b)
{
	struct buf ta, tb, oa, ob;
	struct err err = { 0 };

	buf_init(&ta, BYTES_MAX);
	buf_init(&tb, BYTES_MAX);
	buf_init(&oa, BYTES_MAX);
	buf_init(&ob, BYTES_MAX);
	if (jcs_write(&ta, a, &err) == RC_OK &&
	    jcs_write(&tb, b, &err) == RC_OK) {
		json_t *ja, *jb;

		FUZZ_HOLDS(jcs_differ(&oa, &ob, ta.data, ta.len, tb.data,
				      tb.len, &err) == RC_OK);
		ja = parsed(&oa);
		jb = parsed(&ob);
		only_check(a, b, ja);
		only_check(b, a, jb);
		json_decref(ja);
		json_decref(jb);
	}
	buf_release(&ta);
	buf_release(&tb);
	buf_release(&oa);
	buf_release(&ob);
}

/* Bytes that nobody checked are walked without harm. */
static void difference_of_bytes(const char *text, size_t n)
{
	struct err err = { 0 };
	struct buf a, b;

	buf_init(&a, BYTES_MAX);
	buf_init(&b, BYTES_MAX);
	jcs_differ(&a, &b, text, n / 2, text + n / 2, n - n / 2, &err);
	buf_release(&a);
	buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct err err = { 0 };
	json_t *value = NULL;

	if (json_read(text, size, &value, &err) == RC_OK) {
		round_trip(value);
		message(value);
		if (json_is_object(json_array_get(value, 0)) &&
		    json_is_object(json_array_get(value, 1)))
			difference(json_array_get(value, 0),
				   json_array_get(value, 1));
	} else {
		FUZZ_HOLDS(err.code != RC_OK && err.text[0] && !value);
	}
	canonical(text, size);
	difference_of_bytes(text, size);
	json_decref(value);
	return 0;
}
