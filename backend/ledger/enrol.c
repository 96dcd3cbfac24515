/* ledger/enrol.c - terminals come and go. */
#include "ledger/enrol.h"

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "object/sshsig.h"
#include "sql_store.gen.h"
#include "wire/message.h"

#define SCOPES_TEXT_SIZE (7 * ENROL_SCOPES_MAX + 1)

/* Letters and digits that cannot be mistaken for one another; 20 of them carry
 * 99 bits. */
static const char code_letters[] = "23456789abcdefghjkmnpqrstuvwxyz";

static void code_hash(char out[65], const char *code)
{
	sha256_hex(out, code, strlen(code));
}

static enum rc code_put(struct op *op, const char *code, const char *officer,
			const char *home, const char *scopes)
{
	const struct audit_entry e = { .by = op_by(op),
				       .operation = "terminal code",
				       .scope = home,
				       .kind = "officer",
				       .id = officer,
				       .detail = strchr(scopes, ',') ? scopes
								     : NULL };
	char hash[65];
	struct query *q;
	bool mine;
	enum rc rc = store_write_begin(op->store, &mine, op->err);

	if (rc != RC_OK)
		return rc;
	code_hash(hash, code);
	q = query_begin(op->store->db, SQL_ENROL_CODE_PUT);
	query_text(q, 1, hash);
	query_text(q, 2, officer);
	query_text(q, 3, scopes);
	query_text(q, 4, op->actor->name);
	query_int(q, 5, op->now_ms + ENROL_CODE_MS);
	rc = query_end(q, op->err);
	if (rc == RC_OK && !op->is_told)
		rc = audit_put(op->store, &e, op->err);
	return store_write_end(op->store, mine, rc, op->err);
}

static void code_make(const struct host *host, char code[ENROL_CODE_SIZE])
{
	unsigned char random[2 * ENROL_CODE_SIZE];

	host_random(host, random, sizeof(random));
	for (int i = 0; i < ENROL_CODE_SIZE - 1; i++)
		code[i] =
			code_letters[(random[2 * i] << 8 | random[2 * i + 1]) %
				     (sizeof(code_letters) - 1)];
	code[ENROL_CODE_SIZE - 1] = '\0';
}

static enum rc scopes_join(struct op *op, const char *const *scopes, size_t n,
			   char out[SCOPES_TEXT_SIZE])
{
	size_t len = 0;

	if (!n || n > ENROL_SCOPES_MAX)
		return err_set(op->err, RC_INVALID,
			       "a terminal has part in 1 to %d scopes",
			       ENROL_SCOPES_MAX);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			if (!strcmp(scopes[i], scopes[k]))
				return err_set(op->err, RC_INVALID,
					       "scope %s is named twice",
					       scopes[i]);
		if (!name_is_scope(scopes[i]) || !strcmp(scopes[i], "catalog"))
			return err_set(op->err, RC_INVALID,
				       "'%.40s' is no county: name those of "
				       "the terminal, the catalog comes with "
				       "them",
				       scopes[i]);
		len += (size_t)snprintf(out + len, SCOPES_TEXT_SIZE - len,
					"%s%s", i ? "," : "", scopes[i]);
	}
	return RC_OK;
}

enum rc enrol_code_for(struct op *op, const char *officer,
		       const char *const *scopes, size_t n,
		       char code[ENROL_CODE_SIZE])
{
	char text[SCOPES_TEXT_SIZE];
	enum rc rc = scopes_join(op, scopes, n, text);

	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = enrol_officer_check(op, scopes[0], scopes[i], officer);
	if (rc != RC_OK)
		return rc;
	code_make(op->store->host, code);
	return code_put(op, code, officer, scopes[0], text);
}

enum rc enrol_code_new(struct op *op, const char *officer, const char *scope,
		       char code[ENROL_CODE_SIZE])
{
	return enrol_code_for(op, officer, &scope, 1, code);
}

/* What the code was made for. Strings are malloc'd. */
struct ticket {
	char hash[65];
	char officer[33], issued_by[33];
	char scopes[SCOPES_TEXT_SIZE], scope[8]; /* with commas; the first */
	char terminal[33], enrolment[33]; /* "" while unused */
	int64_t expires;
};

static void column_copy(struct query *q, int col, char *out, size_t n)
{
	const char *text = query_get_text(q, col);

	snprintf(out, n, "%s", text ? text : "");
}

static enum rc ticket_load(struct op *op, const char *code, struct ticket *t)
{
	struct query *q = query_begin(op->store->db, SQL_ENROL_CODE_GET);
	bool found;

	memset(t, 0, sizeof(*t));
	code_hash(t->hash, code);
	query_text(q, 1, t->hash);
	found = query_row(q);
	if (found) {
		column_copy(q, 0, t->officer, sizeof(t->officer));
		column_copy(q, 1, t->scopes, sizeof(t->scopes));
		snprintf(t->scope, sizeof(t->scope), "%.6s", t->scopes);
		column_copy(q, 2, t->issued_by, sizeof(t->issued_by));
		t->expires = query_get_int(q, 3);
		column_copy(q, 4, t->terminal, sizeof(t->terminal));
		column_copy(q, 5, t->enrolment, sizeof(t->enrolment));
	}
	if (query_end(q, op->err) != RC_OK)
		return op->err->code;
	/* Unknown, used and expired are one answer: nothing to be learned. */
	if (!found || (!t->terminal[0] && op->now_ms > t->expires))
		return err_set(op->err, RC_DENIED,
			       "the code is wrong, used or older than 10 "
			       "minutes: ask for a new one");
	return RC_OK;
}

static bool proof_holds(const char *proof,
			const unsigned char public[SIGN_PUBLIC_BYTES],
			const struct buf *message)
{
	unsigned char signature[SIGN_BYTES];
	size_t n = sizeof(signature);

	return proof && base64_decode(signature, &n, proof, strlen(proof)) &&
	       n == SIGN_BYTES &&
	       sign_is_valid(signature, public, message->data, message->len);
}

static enum rc proofs_check(struct op *op, const json_t *request)
{
	unsigned char officer[SIGN_PUBLIC_BYTES], terminal[SIGN_PUBLIC_BYTES];
	const char *officer_text = json_text(request, "officer_key");
	const char *terminal_text = json_text(request, "terminal_key");
	size_t n = sizeof(terminal);
	struct buf message;
	bool ok;
	enum rc rc = ssh_public_parse(officer, officer_text ? officer_text : "",
				      op->err);

	if (rc != RC_OK)
		return rc;
	buf_init(&message, 256);
	enroll_message(&message, json_text(request, "code"),
		       json_text(request, "terminal"));
	ok = terminal_text &&
	     base64_decode(terminal, &n, terminal_text,
			   strlen(terminal_text)) &&
	     n == sizeof(terminal) &&
	     proof_holds(json_text(request, "officer_proof"), officer,
			 &message) &&
	     proof_holds(json_text(request, "terminal_proof"), terminal,
			 &message);
	buf_release(&message);
	return ok ? RC_OK
		  : err_set(op->err, RC_DENIED,
			    "the terminal does not hold the keys it names");
}

/* In the order of bytes, as a set is, or (`sorted` false) with the home first.
 * New reference. */
static json_t *scopes_list(const struct ticket *t, bool sorted)
{
	json_t *list = json_array();

	for (const char *p = t->scopes; list && *p;) {
		size_t n = strcspn(p, ","), at = 0;
		json_t *one = json_stringn(p, n);

		while (at < json_array_size(list) &&
		       (!sorted ||
			strcmp(json_string_value(json_array_get(list, at)),
			       json_string_value(one)) < 0))
			at++;
		json_array_insert_new(list, at, one);
		p += n + (p[n] == ',');
	}
	return list;
}

static enum rc enrolment_write(struct op *op, const json_t *request,
			       const struct ticket *t, const char *id)
{
	struct account server = { .roles = ROLE_SERVER, .scopes = "*" };
	char key[SSH_PUBLIC_TEXT_MAX], detail[128];
	unsigned char public[SIGN_PUBLIC_BYTES];
	struct office_record record = { .kind = "enrolment", .id = id };
	struct office_write w = { .scope = t->scope,
				  .operation = "enrol",
				  .message = "enrol a terminal",
				  .records = &record,
				  .n = 1,
				  .detail = detail };
	struct op as_server = *op;
	enum rc rc = ssh_public_parse(public, json_text(request, "officer_key"),
				      op->err);

	if (rc != RC_OK)
		return rc;
	ssh_public_text(key, public);
	snprintf(server.name, sizeof(server.name), "%s", t->issued_by);
	as_server.actor = &server;
	as_server.via = VIA_SYNC;
	snprintf(detail, sizeof(detail), "officer=%s terminal=%s", t->officer,
		 json_text(request, "terminal"));
	record.record = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:I}", "officer",
		t->officer, "terminal", json_text(request, "terminal"),
		"officer_key", key, "terminal_key",
		json_text(request, "terminal_key"), "role", "inspector",
		"state", "active", "scopes", scopes_list(t, true), "since",
		(json_int_t)op->now_ms);
	rc = ledger_office(&as_server, &w);
	json_decref((json_t *)(uintptr_t)record.record);
	if (rc == RC_OK && record.outcome == OFFICE_REFUSED)
		rc = err_set(op->err, RC_INVALID, "%s", record.why);
	return rc;
}

static enum rc ticket_use(struct op *op, const struct ticket *t,
			  const char *terminal, const char *enrolment)
{
	struct query *q = query_begin(op->store->db, SQL_ENROL_CODE_USE);
	int64_t changed;
	enum rc rc;

	query_text(q, 1, t->hash);
	query_text(q, 2, terminal);
	query_text(q, 3, enrolment);
	query_row(q);
	changed = query_changes(q);
	rc = query_end(q, op->err);
	return rc == RC_OK && !changed
		       ? err_set(op->err, RC_BUSY, "the code is being used")
		       : rc;
}

static enum rc reply_make(struct op *op, const struct ticket *t,
			  const char *enrolment, json_t **reply)
{
	char key[SSH_PUBLIC_TEXT_MAX];
	json_t *officer = NULL;
	enum rc rc =
		ledger_record(op, t->scope, "officer", t->officer, &officer);

	if (rc != RC_OK)
		return rc;
	ssh_public_text(key, op->store->key.public);
	*reply = json_pack(
		"{s:i, s:s, s:s, s:s, s:o, s:s, s:s, s:I}", "format",
		WIRE_FORMAT, "enrolment", enrolment, "officer", t->officer,
		"name",
		json_text(officer, "name") ? json_text(officer, "name") : "",
		"scopes", scopes_list(t, false), "server_key", key, "epoch",
		op->store->epoch, "time", (json_int_t)op->now_ms);
	json_decref(officer);
	return *reply ? RC_OK : err_set(op->err, RC_NOMEM, "out of memory");
}

static enum rc enrolment_there(struct op *op, const struct ticket *t,
			       const char *id, bool *there)
{
	char *text;
	size_t len;
	enum rc rc = store_record(op->store, t->scope, "enrolment", id, &text,
				  &len, NULL, op->err);

	*there = rc == RC_OK;
	if (rc == RC_OK)
		free(text);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* The enrolment's id follows from the code, so that a try that died between the
 * two writes is finished by the next. */
enum rc enrol_take(struct op *op, const json_t *request, json_t **reply)
{
	const char *code = json_text(request, "code");
	const char *terminal = json_text(request, "terminal");
	struct ticket t;
	char enrolment[21];
	bool there = false;
	enum rc rc;

	*reply = NULL;
	if (json_int(request, "format", 0) != WIRE_FORMAT)
		return err_set(op->err, RC_INVALID,
			       "the terminal enrols in a format that is not "
			       "known here (1 is): update the older side");
	if (!code || !terminal || !name_is_id(terminal))
		return err_set(op->err, RC_INVALID,
			       "an enrolment names its code and a terminal");
	rc = ticket_load(op, code, &t);
	if (rc == RC_OK)
		rc = proofs_check(op, request);
	if (rc != RC_OK)
		return rc;
	if (t.terminal[0] && strcmp(t.terminal, terminal) != 0)
		return err_set(op->err, RC_DENIED,
			       "the code is wrong, used or older than 10 "
			       "minutes: ask for a new one");
	snprintf(enrolment, sizeof(enrolment), "%.20s", t.hash);
	if (!t.enrolment[0])
		rc = ticket_use(op, &t, terminal, enrolment);
	if (rc == RC_OK)
		rc = enrolment_there(op, &t, enrolment, &there);
	if (rc == RC_OK && !there)
		rc = enrolment_write(op, request, &t, enrolment);
	return rc == RC_OK ? reply_make(op, &t, enrolment, reply) : rc;
}

enum rc enrol_officer_is_ones_own(struct op *op, const char *scope,
				  const char *officer)
{
	bool may = true;
	enum rc rc = store_may_agency_of(op->store, op->actor, scope, "officer",
					 officer, &may, op->err);

	return rc == RC_OK && !may
		       ? err_set(op->err, RC_DENIED,
				 "account '%s' acts for other agencies than "
				 "that of officer '%s'",
				 op->actor->name, officer)
		       : rc;
}

enum rc enrol_find(struct op *op, const char *scope, const char *id,
		   json_t **out)
{
	struct query *q = query_begin(op->store->db, SQL_ENROLMENT_OF_TERMINAL);
	char found[33] = "";
	enum rc rc;

	*out = NULL;
	query_text(q, 1, id);
	if (query_row(q))
		column_copy(q, 0, found, sizeof(found));
	rc = query_end(q, op->err);
	if (rc == RC_OK)
		rc = ledger_record(op, scope, "enrolment",
				   found[0] ? found : id, out);
	if (rc == RC_OK)
		rc = enrol_officer_is_ones_own(op, scope,
					       json_text(*out, "officer"));
	if (rc != RC_OK) {
		json_decref(*out);
		*out = NULL;
	}
	return rc;
}

enum rc enrol_write(struct op *op, const char *scope, const json_t *enrolment,
		    const char *operation, const char *message,
		    const char *detail)
{
	struct account server = { .roles = ROLE_SERVER, .scopes = "*" };
	struct office_record record = { .kind = "enrolment",
					.id = json_text(enrolment, "id"),
					.record = enrolment };
	struct office_write w = { .scope = scope,
				  .operation = operation,
				  .message = message,
				  .records = &record,
				  .n = 1,
				  .detail = detail };
	struct op as_server = *op;
	enum rc rc;

	snprintf(server.name, sizeof(server.name), "%s", op->actor->name);
	as_server.actor = &server;
	rc = ledger_office(&as_server, &w);
	if (rc == RC_OK && record.outcome == OFFICE_REFUSED)
		rc = err_set(op->err, RC_INVALID, "%s", record.why);
	return rc;
}

static enum rc may_revoke(struct op *op, const char *scope)
{
	return account_may(op->actor, ROLE_COORDINATOR | ROLE_ADMINISTRATOR,
			   scope)
		       ? RC_OK
		       : err_set(op->err, RC_DENIED,
				 "account '%s' may not revoke terminals in "
				 "scope %s",
				 op->actor->name, scope);
}

static void revoked_set(const struct op *op, json_t *enrolment,
			const char *reason)
{
	json_object_set_new(enrolment, "state", json_string("revoked"));
	json_object_set_new(enrolment, "until", json_integer(op->now_ms));
	json_object_set_new(enrolment, "reason", json_string(reason));
}

enum rc enrol_revoke(struct op *op, const char *scope, const char *id,
		     const char *reason)
{
	json_t *enrolment = NULL;
	enum rc rc = may_revoke(op, scope);

	if (rc == RC_OK)
		rc = enrol_find(op, scope, id, &enrolment);
	if (rc == RC_OK) {
		revoked_set(op, enrolment, reason);
		rc = enrol_write(op, scope, enrolment, "revoke",
				 "revoke a terminal", reason);
	}
	json_decref(enrolment);
	return rc;
}

enum rc enrol_wipe(struct op *op, const char *scope, const char *id,
		   const char *reason)
{
	json_t *enrolment = NULL;
	const char *state;
	char order[21];
	enum rc rc = may_revoke(op, scope);

	if (rc == RC_OK)
		rc = enrol_find(op, scope, id, &enrolment);
	if (rc == RC_OK && json_text(enrolment, "wipe_order"))
		rc = err_set(op->err, RC_CONFLICT,
			     "terminal '%s' was ordered to be wiped already",
			     json_text(enrolment, "terminal"));
	if (rc == RC_OK) {
		state = json_text(enrolment, "state");
		if (!state || strcmp(state, "revoked") != 0)
			revoked_set(op, enrolment, reason);
		host_new_id(op->store->host, order);
		json_object_set_new(enrolment, "wipe_order",
				    json_string(order));
		json_object_set_new(enrolment, "wipe_at",
				    json_integer(op->now_ms));
		rc = enrol_write(op, scope, enrolment, "wipe",
				 "order a terminal to be wiped", reason);
	}
	json_decref(enrolment);
	return rc;
}
