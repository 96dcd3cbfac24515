#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "object/sshsig.h"
#include "wire/message.h"

#define ENROLL_BYTES_MAX (64u << 10)

static enum rc officer_seal(struct replica *r, const struct sign_key *key,
			    const char *pin, struct err *err)
{
	unsigned char sealed[PIN_SEALED_BYTES], seed[SIGN_SEED_BYTES];
	char text[BASE64_SIZE(PIN_SEALED_BYTES)], public[SSH_PUBLIC_TEXT_MAX];
	enum rc rc;

	sign_key_seed(key, seed);
	rc = pin_seal(sealed, seed, pin, r->host, err);
	wipe(seed, sizeof(seed));
	if (rc != RC_OK)
		return rc;
	base64_encode(text, sealed, sizeof(sealed));
	ssh_public_text(public, key->public);
	rc = meta_put(r, "officer_sealed", text, err);
	return rc == RC_OK ? meta_put(r, "officer_public", public, err) : rc;
}

enum rc enrolment_keys(struct replica *r, const char *code, const char *pin,
		       struct err *err)
{
	unsigned char seed[SIGN_SEED_BYTES];
	struct sign_key officer, terminal;
	char hex[2 * SIGN_SEED_BYTES + 1];
	enum rc rc;

	sign_key_new(&officer, r->host);
	sign_key_new(&terminal, r->host);
	sign_key_seed(&terminal, seed);
	hex_encode(hex, seed, sizeof(seed));
	rc = officer_seal(r, &officer, pin, err);
	if (rc == RC_OK)
		rc = meta_put(r, "terminal_seed", hex, err);
	if (rc == RC_OK)
		rc = meta_put(r, "code", code, err);
	if (rc == RC_OK) {
		sign_key_release(&r->officer);
		r->officer = officer;
		r->is_unlocked = true;
	}
	sign_key_release(&officer);
	sign_key_release(&terminal);
	wipe(seed, sizeof(seed));
	wipe(hex, sizeof(hex));
	return rc;
}

/* The keys of this code: those of an earlier try whose answer was lost, or new
 * ones. *done: it is enrolled already. */
static enum rc keys_prepare(struct replica *r, const char *code,
			    const char *pin, bool *done, struct err *err)
{
	char *known = NULL, *enrolment = NULL;
	bool again;
	enum rc rc = meta_get(r, "code", &known, err);

	if (rc == RC_OK)
		rc = meta_get(r, "enrolment", &enrolment, err);
	again = known && !strcmp(known, code);
	*done = enrolment != NULL;
	if (rc == RC_OK && enrolment && !again)
		rc = err_set(err, RC_INVALID,
			     "this replica is enrolled already: make a new one "
			     "for another enrolment");
	if (rc == RC_OK && again)
		rc = replica_unlock(r, pin, err);
	else if (rc == RC_OK)
		rc = enrolment_keys(r, code, pin, err);
	free(known);
	free(enrolment);
	return rc;
}

static enum rc proofs_make(struct replica *r, const char *code,
			   const char *terminal, json_t *out, struct err *err)
{
	unsigned char signature[SIGN_BYTES];
	char text[SIGNATURE_TEXT_SIZE], public[BASE64_SIZE(SIGN_PUBLIC_BYTES)];
	struct sign_key key;
	struct buf message;
	enum rc rc = meta_terminal_key(r, &key, err);

	if (rc != RC_OK)
		return rc;
	buf_init(&message, 4096);
	enroll_message(&message, code, terminal);
	rc = buf_status(&message, err);
	if (rc == RC_OK) {
		sign(signature, &r->officer, message.data, message.len);
		base64_encode(text, signature, sizeof(signature));
		json_object_set_new(out, "officer_proof", json_string(text));
		sign(signature, &key, message.data, message.len);
		base64_encode(text, signature, sizeof(signature));
		json_object_set_new(out, "terminal_proof", json_string(text));
		base64_encode(public, key.public, SIGN_PUBLIC_BYTES);
		json_object_set_new(out, "terminal_key", json_string(public));
	}
	sign_key_release(&key);
	buf_release(&message);
	return rc;
}

static enum rc request_of(struct replica *r, const char *code, struct buf *body,
			  struct err *err)
{
	char public[SSH_PUBLIC_TEXT_MAX], *terminal = NULL;
	json_t *o = NULL;
	enum rc rc = meta_need(r, "terminal", &terminal, err);

	if (rc != RC_OK)
		return rc;
	ssh_public_text(public, r->officer.public);
	o = json_pack("{s:i, s:s, s:s, s:s}", "format", WIRE_FORMAT, "code",
		      code, "terminal", terminal, "officer_key", public);
	rc = o ? proofs_make(r, code, terminal, o, err)
	       : err_set(err, RC_INVALID, "the code is no text");
	if (rc == RC_OK)
		rc = json_write(body, o, err);
	json_decref(o);
	free(terminal);
	return rc;
}

static enum rc scopes_keep(struct replica *r, const json_t *scopes,
			   struct err *err)
{
	const json_t *name;
	size_t i;
	bool first = true, is_new;
	enum rc rc = scope_join(r, "catalog", &is_new, err);

	json_array_foreach(scopes, i, name)
	{
		const char *text = json_string_value(name);

		if (rc != RC_OK)
			break;
		if (!text || !name_is_scope(text) || i >= SCOPES_MAX - 1)
			return err_set(err, RC_CORRUPT,
				       "the server names a scope that is none");
		if (!strcmp(text, "catalog"))
			continue;
		rc = scope_join(r, text, &is_new, err);
		if (rc == RC_OK && first)
			rc = meta_put(r, "home", text, err);
		first = false;
	}
	return rc;
}

enum rc enrolment_keep(struct replica *r, const char *url, const json_t *answer,
		       struct err *err)
{
	static const char *const members[] = { "enrolment", "officer", "name",
					       "server_key", "epoch" };
	unsigned char key[SIGN_PUBLIC_BYTES];
	const char *server = json_text(answer, "server_key");
	enum rc rc;

	for (size_t i = 0; i < 5; i++)
		if (i != 2 && !json_text(answer, members[i]))
			return err_set(err, RC_CORRUPT,
				       "the server's answer lacks '%s'",
				       members[i]);
	if (!name_is_id(json_text(answer, "enrolment")) ||
	    !name_is_id(json_text(answer, "officer")))
		return err_set(err, RC_CORRUPT,
			       "the server's answer has no legal ids");
	rc = ssh_public_parse(key, server, err);
	for (size_t i = 0; i < 5 && rc == RC_OK; i++)
		rc = meta_put(r, members[i], json_text(answer, members[i]),
			      err);
	if (rc == RC_OK)
		rc = scopes_keep(r, json_object_get(answer, "scopes"), err);
	return rc == RC_OK ? meta_put(r, "url", url, err) : rc;
}

static enum rc answer_keep(struct replica *r, const char *url,
			   const struct exchange_reply *reply, struct err *err)
{
	json_t *answer = NULL;
	enum rc rc;

	if (reply->status != 200)
		return reply_failed(reply, "cannot enrol", err);
	rc = json_read(reply->body.data, reply->body.len, &answer, err);
	if (rc == RC_OK && json_int(answer, "format", 0) != WIRE_FORMAT)
		rc = err_set(err, RC_INVALID,
			     "the server is of a later version: update this "
			     "program");
	if (rc == RC_OK)
		rc = replica_begin(r, err);
	if (rc == RC_OK)
		rc = replica_end(r, enrolment_keep(r, url, answer, err), err);
	json_decref(answer);
	return rc;
}

enum rc replica_enroll(struct replica *r, const struct exchange *x,
		       const char *url, const char *code, const char *pin,
		       struct err *err)
{
	struct exchange_reply reply = { 0 };
	struct buf body;
	bool done = false;
	enum rc rc = replica_begin(r, err);

	if (rc != RC_OK)
		return rc;
	/* The keys are kept before they are sent: an answer that is lost must
	 * not leave an enrolment whose keys nobody has. */
	rc = replica_end(r, keys_prepare(r, code, pin, &done, err), err);
	if (rc != RC_OK || done)
		return rc;
	buf_init(&body, ENROLL_BYTES_MAX);
	buf_init(&reply.body, ENROLL_BYTES_MAX);
	rc = request_of(r, code, &body, err);
	if (rc == RC_OK)
		rc = exchange_post(r, x, "/v1/enroll", "application/json",
				   false, &body, &reply, err);
	if (rc == RC_OK)
		rc = answer_keep(r, url, &reply, err);
	buf_release(&body);
	buf_release(&reply.body);
	return rc;
}
