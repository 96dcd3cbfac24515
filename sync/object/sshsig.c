#include "object/sshsig.h"

#include <stdint.h>

#include "base/hash.h"
#include "base/hex.h"

/* PROTOCOL.sshsig. A string is its length in 4 bytes, big-endian, then its
 * bytes; a public key and a signature are strings that hold strings.
 *
 *   signed:  "SSHSIG" string(namespace) string(reserved) string("sha512")
 *            string(SHA-512 of the message)
 *   blob:    "SSHSIG" 00000001 string(public key) string(namespace)
 *            string(reserved) string("sha512") string(signature)
 *
 * With one key type, one namespace and one hash every part has a fixed size, so
 * that a blob is read by building the one possible form again around the key
 * and the signature found at their places. */

#define HEAD "-----BEGIN SSH SIGNATURE-----\n"
#define TAIL "-----END SSH SIGNATURE-----\n"
#define LINE_CHARS 70
#define KEY_TYPE "ssh-ed25519"
#define KEY_BLOB_BYTES (4 + 11 + 4 + SIGN_PUBLIC_BYTES)
#define KEY_AT (6 + 4 + 4 + 4 + 11 + 4)
#define SIGNATURE_AT                                                           \
	(6 + 4 + 4 + KEY_BLOB_BYTES + 4 + 3 + 4 + 4 + 6 + 4 + 4 + 11 + 4)
#define BLOB_BYTES (SIGNATURE_AT + SIGN_BYTES)
#define BLOB_CHARS (BASE64_SIZE(BLOB_BYTES) - 1)
#define ARMOUR_BYTES                                                           \
	(sizeof HEAD - 1 + BLOB_CHARS +                                        \
	 (BLOB_CHARS + LINE_CHARS - 1) / LINE_CHARS + sizeof TAIL - 1)

static void put_u32(struct buf *b, uint32_t x)
{
	const unsigned char be[4] = { (unsigned char)(x >> 24),
				      (unsigned char)(x >> 16),
				      (unsigned char)(x >> 8),
				      (unsigned char)x };

	buf_put(b, be, sizeof be);
}

static void put_string(struct buf *b, const void *p, size_t n)
{
	put_u32(b, (uint32_t)n);
	buf_put(b, p, n);
}

static void put_text(struct buf *b, const char *s)
{
	put_string(b, s, strlen(s));
}

/* What both the signed bytes and the blob say in the middle. */
static void put_context(struct buf *b)
{
	put_text(b, "git");
	put_text(b, "");
	put_text(b, "sha512");
}

void ssh_public_text(char out[SSH_PUBLIC_TEXT_MAX],
		     const unsigned char public[SIGN_PUBLIC_BYTES])
{
	static const unsigned char prefix[] = "\0\0\0\013" KEY_TYPE "\0\0\0 ";
	unsigned char blob[KEY_BLOB_BYTES];

	memcpy(blob, prefix, sizeof prefix - 1);
	memcpy(blob + sizeof prefix - 1, public, SIGN_PUBLIC_BYTES);
	memcpy(out, KEY_TYPE " ", sizeof KEY_TYPE);
	base64_encode(out + sizeof KEY_TYPE, blob, sizeof blob);
}

enum rc ssh_public_parse(unsigned char public[SIGN_PUBLIC_BYTES],
			 const char *text, struct err *err)
{
	const size_t start = sizeof KEY_TYPE;
	const size_t chars = BASE64_SIZE(KEY_BLOB_BYTES) - 1;
	unsigned char blob[KEY_BLOB_BYTES];
	char again[SSH_PUBLIC_TEXT_MAX];
	size_t len = sizeof blob;

	if (strnlen(text, start + chars) < start + chars ||
	    !base64_decode(blob, &len, text + start, chars) ||
	    len != sizeof blob)
		goto refuse;
	ssh_public_text(again, blob + sizeof blob - SIGN_PUBLIC_BYTES);
	if (memcmp(again, text, start + chars) != 0)
		goto refuse;
	text += start + chars;
	if (*text != '\0' && *text != ' ')
		goto refuse;
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			goto refuse;
	memcpy(public, blob + sizeof blob - SIGN_PUBLIC_BYTES,
	       SIGN_PUBLIC_BYTES);
	return RC_OK;
refuse:
	return err_set(err, RC_INVALID,
		       "not a public key of the form '" KEY_TYPE " AAAA...'");
}

static enum rc to_sign(struct buf *out, const void *message, size_t n,
		       struct err *err)
{
	unsigned char digest[SHA512_BYTES];

	sha512(digest, message, n);
	buf_puts(out, "SSHSIG");
	put_context(out);
	put_string(out, digest, sizeof digest);
	return buf_status(out, err);
}

static enum rc armour_write(struct buf *out,
			    const unsigned char public[SIGN_PUBLIC_BYTES],
			    const unsigned char signature[SIGN_BYTES],
			    struct err *err)
{
	char text[BLOB_CHARS + 1];
	struct buf blob;
	enum rc rc;

	buf_init(&blob, BLOB_BYTES);
	buf_puts(&blob, "SSHSIG");
	put_u32(&blob, 1);
	put_u32(&blob, KEY_BLOB_BYTES);
	put_text(&blob, KEY_TYPE);
	put_string(&blob, public, SIGN_PUBLIC_BYTES);
	put_context(&blob);
	put_u32(&blob, 4 + 11 + 4 + SIGN_BYTES);
	put_text(&blob, KEY_TYPE);
	put_string(&blob, signature, SIGN_BYTES);
	rc = buf_status(&blob, err);
	if (rc != RC_OK)
		goto out;
	base64_encode(text, blob.data, blob.len);
	buf_puts(out, HEAD);
	for (size_t at = 0; at < BLOB_CHARS; at += LINE_CHARS) {
		size_t rest = BLOB_CHARS - at;

		buf_put(out, text + at, rest < LINE_CHARS ? rest : LINE_CHARS);
		buf_byte(out, '\n');
	}
	buf_puts(out, TAIL);
	rc = buf_status(out, err);
out:
	buf_release(&blob);
	return rc;
}

enum rc sshsig_sign(struct buf *out, const struct sign_key *key,
		    const void *message, size_t n, struct err *err)
{
	unsigned char signature[SIGN_BYTES];
	struct buf signed_bytes;
	enum rc rc;

	buf_init(&signed_bytes, 256);
	rc = to_sign(&signed_bytes, message, n, err);
	if (rc == RC_OK) {
		sign(signature, key, signed_bytes.data, signed_bytes.len);
		rc = armour_write(out, key->public, signature, err);
	}
	buf_release(&signed_bytes);
	return rc;
}

/* The blob inside an armour of the right size; what is wrong with it otherwise
 * shows when it is built again. */
static bool armour_decode(unsigned char blob[BLOB_BYTES], const char *armour,
			  size_t armour_bytes)
{
	char text[BLOB_CHARS];
	const char *line = armour + sizeof HEAD - 1;
	size_t len = BLOB_BYTES;

	if (armour_bytes != ARMOUR_BYTES)
		return false;
	for (size_t at = 0; at < BLOB_CHARS; at += LINE_CHARS) {
		size_t rest = BLOB_CHARS - at;
		size_t n = rest < LINE_CHARS ? rest : LINE_CHARS;

		memcpy(text + at, line, n);
		line += n + 1;
	}
	return base64_decode(blob, &len, text, BLOB_CHARS) && len == BLOB_BYTES;
}

static enum rc armour_read(unsigned char blob[BLOB_BYTES], const char *armour,
			   size_t armour_bytes, struct err *err)
{
	struct buf again;
	enum rc rc;

	if (!armour_decode(blob, armour, armour_bytes))
		return err_set(err, RC_CORRUPT,
			       "not an SSH signature in its one form");
	buf_init(&again, ARMOUR_BYTES);
	rc = armour_write(&again, blob + KEY_AT, blob + SIGNATURE_AT, err);
	if (rc == RC_OK && (again.len != armour_bytes ||
			    memcmp(again.data, armour, armour_bytes) != 0))
		rc = err_set(err, RC_CORRUPT,
			     "not an SSH signature in its one form");
	buf_release(&again);
	return rc;
}

enum rc sshsig_verify(const char *armour, size_t armour_bytes,
		      const unsigned char public[SIGN_PUBLIC_BYTES],
		      const void *message, size_t n, struct err *err)
{
	unsigned char blob[BLOB_BYTES];
	struct buf signed_bytes;
	enum rc rc;

	rc = armour_read(blob, armour, armour_bytes, err);
	if (rc != RC_OK)
		return rc;
	if (memcmp(blob + KEY_AT, public, SIGN_PUBLIC_BYTES) != 0)
		return err_set(err, RC_CORRUPT, "signed by another key");
	buf_init(&signed_bytes, 256);
	rc = to_sign(&signed_bytes, message, n, err);
	if (rc == RC_OK && !sign_is_valid(blob + SIGNATURE_AT, public,
					  signed_bytes.data, signed_bytes.len))
		rc = err_set(err, RC_CORRUPT, "the signature does not match");
	buf_release(&signed_bytes);
	return rc;
}

enum rc sshsig_key(unsigned char public[SIGN_PUBLIC_BYTES], const char *armour,
		   size_t armour_bytes, struct err *err)
{
	unsigned char blob[BLOB_BYTES];
	enum rc rc = armour_read(blob, armour, armour_bytes, err);

	if (rc == RC_OK)
		memcpy(public, blob + KEY_AT, SIGN_PUBLIC_BYTES);
	return rc;
}
