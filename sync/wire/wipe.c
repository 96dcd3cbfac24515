/* wire/wipe.c - small signed objects. */
#include "wire/wipe.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"

#define SIGNED_BYTES_MAX 4096

/* The word, LF, and the canonical bytes without the signature. */
static enum rc message_make(struct buf *out, const char *word, const json_t *o,
			    struct err *err)
{
	json_t *rest = json_copy((json_t *)(uintptr_t)o);
	enum rc rc;

	buf_init(out, SIGNED_BYTES_MAX);
	if (!rest)
		return err_set(err, RC_NOMEM, "out of memory");
	json_object_del(rest, "signature");
	buf_printf(out, "%s\n", word);
	rc = jcs_write(out, rest, err);
	json_decref(rest);
	return rc == RC_OK ? buf_status(out, err) : rc;
}

/* Takes the reference of `o`. */
static enum rc signed_write(json_t **out, json_t *o, const char *word,
			    const struct sign_key *server, struct err *err)
{
	unsigned char raw[SIGN_BYTES];
	char text[BASE64_SIZE(SIGN_BYTES)];
	struct buf message;
	enum rc rc;

	*out = NULL;
	if (!o)
		return err_set(err, RC_NOMEM, "out of memory");
	rc = message_make(&message, word, o, err);
	if (rc == RC_OK) {
		sign(raw, server, message.data, message.len);
		base64_encode(text, raw, sizeof(raw));
		json_object_set_new(o, "signature", json_string(text));
		*out = json_incref(o);
	}
	buf_release(&message);
	json_decref(o);
	return rc;
}

static enum rc signed_check(const json_t *o, const char *word, const char *what,
			    const unsigned char server[SIGN_PUBLIC_BYTES],
			    struct err *err)
{
	const char *signature = json_text(o, "signature");
	unsigned char raw[SIGN_BYTES];
	size_t n = sizeof(raw);
	struct buf message;
	bool holds;
	enum rc rc;

	if (json_int(o, "format", 0) > WIPE_FORMAT)
		return err_set(err, RC_INVALID,
			       "%s is of a later version: update this program",
			       what);
	rc = message_make(&message, word, o, err);
	holds = rc == RC_OK && json_int(o, "format", 0) == WIPE_FORMAT &&
		signature &&
		base64_decode(raw, &n, signature, strlen(signature)) &&
		n == sizeof(raw) &&
		sign_is_valid(raw, server, message.data, message.len);
	buf_release(&message);
	return holds ? RC_OK
	       : rc == RC_NOMEM
		       ? rc
		       : err_set(err, RC_CORRUPT,
				 "%s is not signed by this server", what);
}

static bool id_copy(char out[33], const json_t *o, const char *name)
{
	const char *text = json_text(o, name);

	if (!text || !name_is_id(text))
		return false;
	snprintf(out, 33, "%s", text);
	return true;
}

enum rc wipe_order_write(json_t **out, const struct wipe_order *o,
			 const struct sign_key *server, struct err *err)
{
	return signed_write(out,
			    json_pack("{s:i, s:s, s:s, s:s, s:I}", "format",
				      WIPE_FORMAT, "order", o->id, "terminal",
				      o->terminal, "enrolment", o->enrolment,
				      "issued", (json_int_t)o->issued_ms),
			    "hufu-wipe-1", server, err);
}

enum rc wipe_order_read(struct wipe_order *out, const json_t *order,
			const unsigned char server[SIGN_PUBLIC_BYTES],
			struct err *err)
{
	enum rc rc = signed_check(order, "hufu-wipe-1", "the order to wipe",
				  server, err);

	memset(out, 0, sizeof(*out));
	out->issued_ms = json_int(order, "issued", -1);
	if (rc == RC_OK && (!id_copy(out->id, order, "order") ||
			    !id_copy(out->terminal, order, "terminal") ||
			    !id_copy(out->enrolment, order, "enrolment") ||
			    out->issued_ms < 0))
		rc = err_set(err, RC_CORRUPT, "the order to wipe is malformed");
	return rc;
}

enum rc rescue_receipt_write(json_t **out, const struct rescue_receipt *r,
			     const struct sign_key *server, struct err *err)
{
	return signed_write(out,
			    json_pack("{s:i, s:s, s:s, s:I}", "format",
				      WIPE_FORMAT, "order", r->order, "sha256",
				      r->sha256, "time",
				      (json_int_t)r->time_ms),
			    "hufu-rescued-1", server, err);
}

enum rc rescue_receipt_read(struct rescue_receipt *out, const json_t *receipt,
			    const unsigned char server[SIGN_PUBLIC_BYTES],
			    struct err *err)
{
	const char *sha256 = json_text(receipt, "sha256");
	enum rc rc = signed_check(receipt, "hufu-rescued-1",
				  "the receipt of the rescue", server, err);

	memset(out, 0, sizeof(*out));
	out->time_ms = json_int(receipt, "time", 0);
	if (rc == RC_OK && (!id_copy(out->order, receipt, "order") || !sha256 ||
			    strlen(sha256) != 64))
		rc = err_set(err, RC_CORRUPT,
			     "the receipt of the rescue is malformed");
	if (rc == RC_OK)
		snprintf(out->sha256, sizeof(out->sha256), "%s", sha256);
	return rc;
}
