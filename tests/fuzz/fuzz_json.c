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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct err err = { 0 };
	json_t *value = NULL;

	if (json_read(text, size, &value, &err) == RC_OK) {
		round_trip(value);
		message(value);
	} else {
		FUZZ_HOLDS(err.code != RC_OK && err.text[0] && !value);
	}
	canonical(text, size);
	json_decref(value);
	return 0;
}
