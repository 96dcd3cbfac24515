/* kind/sealed.c - the outer and the plain form of sealed records. */
#include "kind/sealed.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/kind_impl.h"

#define ALG "xchacha20poly1305"
#define KEY_ID_DIGITS 20
/* kind US id US scope US town, each at most 32 bytes */
#define AAD_BYTES_MAX 160
/* base64 of the box and the other members stay below a record's limit */
#define INNER_BYTES_MAX (RECORD_BYTES_MAX / 4 * 3 - 1024)
#define BOX_BYTES_MAX (INNER_BYTES_MAX + SEAL_TAG_BYTES)

static const char *const place_names[] = { "id", "scope", "town" };

static bool is_key_id(const char *s)
{
	unsigned char bytes[KEY_ID_DIGITS / 2];

	return hex_decode(bytes, sizeof(bytes), s, strlen(s));
}

/* What the box is bound to; RC_INVALID when the record has no such place. */
static enum rc aad_make(struct buf *out, const char *kind, const json_t *record,
			struct err *err)
{
	buf_init(out, AAD_BYTES_MAX);
	buf_puts(out, kind);
	for (int i = 0; i < 3; i++) {
		const char *text = json_text(record, place_names[i]);

		if (!text)
			return err_set(err, RC_INVALID,
				       "%s: a record without %s", kind,
				       place_names[i]);
		buf_byte(out, '\x1f');
		buf_puts(out, text);
	}
	return buf_status(out, err);
}

/* The canonical bytes of the fields alone. */
static enum rc inner_write(struct buf *out, const json_t *plain,
			   struct err *err)
{
	json_t *fields = json_copy(json_unconst(plain));
	enum rc rc;

	if (!fields)
		return err_set(err, RC_NOMEM, "no memory to seal a record");
	for (int i = 0; i < 3; i++)
		json_object_del(fields, place_names[i]);
	rc = jcs_write(out, fields, err);
	json_decref(fields);
	return rc;
}

static json_t *base64_json(const void *p, size_t n)
{
	char *text = malloc(BASE64_SIZE(n));
	json_t *value = NULL;

	if (text) {
		base64_encode(text, p, n);
		value = json_string_nocheck(text);
	}
	free(text);
	return value;
}

static enum rc outer_make(json_t **out, const json_t *plain, const char *key_id,
			  const unsigned char nonce[SEAL_NONCE_BYTES],
			  const struct buf *box, struct err *err)
{
	json_t *outer = json_object();
	int failed = 0;

	for (int i = 0; i < 3; i++)
		failed |=
			json_object_set(outer, place_names[i],
					json_object_get(plain, place_names[i]));
	failed |= json_object_set_new(outer, "alg", json_string(ALG));
	failed |= json_object_set_new(outer, "key", json_string(key_id));
	failed |= json_object_set_new(outer, "nonce",
				      base64_json(nonce, SEAL_NONCE_BYTES));
	failed |= json_object_set_new(outer, "box",
				      base64_json(box->data, box->len));
	if (failed) {
		json_decref(outer);
		return err_set(err, RC_NOMEM, "no memory to seal a record");
	}
	*out = outer;
	return RC_OK;
}

static void secret_release(struct buf *b)
{
	if (b->data)
		wipe(b->data, b->len);
	buf_release(b);
}

enum rc sealed_make(json_t **out, const char *kind, const json_t *plain,
		    const char *key_id, const unsigned char key[SEAL_KEY_BYTES],
		    struct err *err)
{
	unsigned char nonce[SEAL_NONCE_BYTES];
	struct buf aad, inner, box;
	enum rc rc;

	*out = NULL;
	buf_init(&inner, INNER_BYTES_MAX);
	buf_init(&box, BOX_BYTES_MAX);
	rc = aad_make(&aad, kind, plain, err);
	if (rc == RC_OK && !is_key_id(key_id))
		rc = err_set(err, RC_INVALID, "'%.40s' is no id of a key",
			     key_id);
	if (rc == RC_OK)
		rc = inner_write(&inner, plain, err);
	if (rc == RC_OK)
		rc = seal_box(&box, nonce, key, aad.data, aad.len, inner.data,
			      inner.len, err);
	if (rc == RC_OK)
		rc = outer_make(out, plain, key_id, nonce, &box, err);
	buf_release(&aad);
	secret_release(&inner);
	buf_release(&box);
	return rc;
}

/* Append the bytes that base64 text stands for; false when it is none. */
static bool text_decode(struct buf *out, const char *text)
{
	size_t n = strlen(text), room = n / 4 * 3;
	unsigned char *bytes = malloc(room + 1);
	bool decoded = bytes && base64_decode(bytes, &room, text, n);

	if (decoded)
		buf_put(out, bytes, room);
	free(bytes);
	return decoded && out->rc == RC_OK;
}

/* The same content in the same place has one nonce only; any other would give a
 * second form of one record. */
static enum rc check_nonce(const unsigned char *nonce, const struct buf *aad,
			   const struct buf *inner, const unsigned char *key,
			   struct err *err)
{
	unsigned char derived[SEAL_NONCE_BYTES];
	struct buf again;
	enum rc rc;

	buf_init(&again, BOX_BYTES_MAX);
	rc = seal_box(&again, derived, key, aad->data, aad->len, inner->data,
		      inner->len, err);
	if (rc == RC_OK && memcmp(derived, nonce, sizeof(derived)) != 0)
		rc = err_set(err, RC_CORRUPT,
			     "the nonce was not derived from the content");
	buf_release(&again);
	return rc;
}

static enum rc plain_make(json_t **out, const json_t *outer,
			  const struct buf *inner, struct err *err)
{
	json_t *plain = NULL;
	enum rc rc = jcs_read(inner->data, inner->len, &plain, err);

	if (rc != RC_OK)
		return rc;
	if (!json_is_object(plain))
		rc = err_set(err, RC_CORRUPT, "what was sealed is no object");
	for (int i = 0; rc == RC_OK && i < 3; i++) {
		if (json_object_get(plain, place_names[i]))
			rc = err_set(err, RC_CORRUPT,
				     "what was sealed has a member '%s'",
				     place_names[i]);
		else if (json_object_set(
				 plain, place_names[i],
				 json_object_get(outer, place_names[i])) != 0)
			rc = err_set(err, RC_NOMEM,
				     "no memory to open a record");
	}
	if (rc != RC_OK)
		json_decref(plain);
	else
		*out = plain;
	return rc;
}

enum rc sealed_open(json_t **out, const char *kind, const json_t *outer,
		    const unsigned char key[SEAL_KEY_BYTES], struct err *err)
{
	struct buf aad, nonce, box, inner;
	struct err why = { 0 };
	enum rc rc;

	*out = NULL;
	rc = sealed_check(outer, &why);
	if (rc != RC_OK)
		return err_set(err, rc == RC_INVALID ? RC_CORRUPT : rc, "%s",
			       why.text);
	buf_init(&nonce, SEAL_NONCE_BYTES);
	buf_init(&box, BOX_BYTES_MAX);
	buf_init(&inner, BOX_BYTES_MAX);
	rc = aad_make(&aad, kind, outer, err);
	if (rc == RC_OK && (!text_decode(&nonce, json_text(outer, "nonce")) ||
			    !text_decode(&box, json_text(outer, "box"))))
		rc = err_set(err, RC_NOMEM, "no memory to open a record");
	if (rc == RC_OK)
		rc = seal_open(&inner, (const unsigned char *)nonce.data, key,
			       aad.data, aad.len, box.data, box.len, err);
	if (rc == RC_OK)
		rc = check_nonce((const unsigned char *)nonce.data, &aad,
				 &inner, key, err);
	if (rc == RC_OK)
		rc = plain_make(out, outer, &inner, err);
	buf_release(&aad);
	buf_release(&nonce);
	buf_release(&box);
	secret_release(&inner);
	return rc;
}

/* Is the text base64 of min to max bytes? Piece by piece on the stack: what is
 * merely out of memory must never be taken for a forgery. */
static bool is_base64(const char *text, size_t min, size_t max)
{
	size_t n = strlen(text), total = 0, piece;
	unsigned char bytes[96];

	if (strcspn(text, "=") + 2 < n)
		return false;
	for (size_t at = 0; at < n; at += piece) {
		size_t room = sizeof(bytes);

		piece = n - at < 128 ? n - at : 128;
		if (!base64_decode(bytes, &room, text + at, piece))
			return false;
		total += room;
	}
	return total >= min && total <= max;
}

static bool place_is_legal(const json_t *outer)
{
	return name_is_id(json_text(outer, "id")) &&
	       name_is_scope(json_text(outer, "scope")) &&
	       name_is_town(json_text(outer, "town"));
}

enum rc sealed_check(const json_t *outer, struct err *err)
{
	static const char *const members[] = { "alg",   "box",   "id",  "key",
					       "nonce", "scope", "town" };

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (!json_text(outer, members[i]))
			return err_set(err, RC_INVALID,
				       "a sealed record has no '%s'",
				       members[i]);
	if (json_object_size(outer) != sizeof(members) / sizeof(*members))
		return err_set(err, RC_INVALID,
			       "a sealed record has other members");
	if (!place_is_legal(outer))
		return err_set(err, RC_INVALID,
			       "a sealed record has no legal place");
	if (strcmp(json_text(outer, "alg"), ALG) != 0)
		return err_set(err, RC_INVALID, "sealed by '%.40s', not by %s",
			       json_text(outer, "alg"), ALG);
	if (!is_key_id(json_text(outer, "key")))
		return err_set(err, RC_INVALID, "a sealed record names no key");
	if (!is_base64(json_text(outer, "nonce"), SEAL_NONCE_BYTES,
		       SEAL_NONCE_BYTES) ||
	    !is_base64(json_text(outer, "box"), SEAL_TAG_BYTES + 2,
		       BOX_BYTES_MAX))
		return err_set(err, RC_INVALID,
			       "a sealed record has no legal box");
	return RC_OK;
}
