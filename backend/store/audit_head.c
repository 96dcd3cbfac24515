/* store/audit_head.c - the head of the audit log, to be kept elsewhere. */
#include "store/audit_impl.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "object/sshsig.h"

#define FORMAT "hufu audit head 1"
#define HEAD_BYTES_MAX 4096

static json_t *head_json(const struct store *s, const struct audit_head *h)
{
	char hash[2 * SHA256_BYTES + 1], key[SSH_PUBLIC_TEXT_MAX];

	hex_encode(hash, h->hash, SHA256_BYTES);
	ssh_public_text(key, s->key.public);
	return json_pack("{s:s, s:I, s:I, s:s, s:s, s:s}", "format", FORMAT,
			 "seq", (json_int_t)h->seq, "at_ms",
			 (json_int_t)h->at_ms, "hash", hash, "epoch", h->epoch,
			 "server_key", key);
}

enum rc audit_head_write(struct store *s, struct buf *out, struct err *err)
{
	struct audit_head head;
	struct buf message, armour;
	json_t *json = NULL;
	enum rc rc = audit_head(s, &head, err);

	buf_init(&message, HEAD_BYTES_MAX);
	buf_init(&armour, HEAD_BYTES_MAX);
	if (rc == RC_OK && !(json = head_json(s, &head)))
		rc = err_set(err, RC_NOMEM, "out of memory");
	if (rc == RC_OK)
		rc = jcs_write(&message, json, err);
	if (rc == RC_OK)
		rc = sshsig_sign(&armour, &s->key, message.data, message.len,
				 err);
	if (rc == RC_OK &&
	    json_object_set_new(json, "signature",
				json_stringn(armour.data, armour.len)) != 0)
		rc = err_set(err, RC_NOMEM, "out of memory");
	if (rc == RC_OK)
		rc = jcs_write(out, json, err);
	if (rc == RC_OK) {
		buf_byte(out, '\n');
		rc = buf_status(out, err);
	}
	json_decref(json);
	buf_release(&message);
	buf_release(&armour);
	return rc;
}

/* Members are there, and of their form. */
static bool head_fill(const json_t *json, struct audit_head *out)
{
	const char *format = json_text(json, "format");
	const char *hash = json_text(json, "hash");
	const char *epoch = json_text(json, "epoch");

	if (!format || strcmp(format, FORMAT) != 0 || !hash || !epoch ||
	    !json_text(json, "signature") || !json_text(json, "server_key") ||
	    strlen(epoch) >= sizeof(out->epoch) ||
	    !hex_decode(out->hash, SHA256_BYTES, hash, strlen(hash)))
		return false;
	snprintf(out->epoch, sizeof(out->epoch), "%s", epoch);
	out->seq = json_int(json, "seq", -1);
	out->at_ms = json_int(json, "at_ms", -1);
	return out->seq >= 0 && out->at_ms >= 0;
}

static enum rc signature_check(struct store *s, json_t *json, struct err *err)
{
	char key[SSH_PUBLIC_TEXT_MAX];
	json_t *signature = json_incref(json_object_get(json, "signature"));
	struct err ignored = { 0 };
	struct buf message;
	enum rc rc;

	buf_init(&message, HEAD_BYTES_MAX);
	ssh_public_text(key, s->key.public);
	json_object_del(json, "signature");
	rc = jcs_write(&message, json, err);
	if (rc == RC_OK &&
	    (strcmp(key, json_text(json, "server_key")) != 0 ||
	     sshsig_verify(json_string_value(signature),
			   json_string_length(signature), s->key.public,
			   message.data, message.len, &ignored) != RC_OK))
		rc = err_set(err, RC_DENIED,
			     "this head was not signed by this server's key");
	buf_release(&message);
	json_decref(signature);
	return rc;
}

enum rc audit_head_read(struct store *s, const char *text, size_t n,
			struct audit_head *out, struct err *err)
{
	struct err ignored = { 0 };
	json_t *json = NULL;
	enum rc rc = n <= HEAD_BYTES_MAX ? json_read(text, n, &json, &ignored)
					 : RC_INVALID;

	memset(out, 0, sizeof(*out));
	if (rc == RC_NOMEM)
		return err_set(err, rc, "%s", ignored.text);
	if (rc != RC_OK || !head_fill(json, out))
		rc = err_set(err, RC_INVALID,
			     "this is no head of an audit log, as 'hufud audit "
			     "head' writes it");
	else
		rc = signature_check(s, json, err);
	json_decref(json);
	return rc;
}
