/* api/call.c - one operation: checked by its declaration, then done. */
#include "api/call.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "api/job.h"
#include "api/misses.h"
#include "api/service_impl.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "base/json_memory.h"
#include "base/seal.h"
#include "contract/schema.h"
#include "store/audit.h"

#define SUBJECTS_BYTES 1800 /* of an entry's detail */

enum rc call_refuse(struct call *c, enum rc rc, int status, const char *type,
		    const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!c->err.code) {
		c->problem_status = status;
		c->problem_type = type;
	}
	return err_set(&c->err, rc, "%s", text);
}

enum rc call_proved(struct call *c, enum rc rc, int wait_s)
{
	c->retry_after_s = wait_s;
	if (rc == RC_DENIED) {
		c->problem_status = 401;
		c->problem_type = "unauthorized";
	} else if (rc == RC_BUSY && wait_s > 0) {
		c->problem_status = 429;
		c->problem_type = "too_many_requests";
	}
	return rc;
}

enum rc call_wrong(struct call *c, const char *pointer, const char *detail)
{
	if (!c->errors)
		c->errors = json_array();
	json_array_append_new(c->errors, json_pack("{s:s, s:s}", "pointer",
						   pointer, "detail", detail));
	return call_refuse(c, RC_INVALID, 400, "invalid_request", "%s %s",
			   *pointer ? pointer : "the body", detail);
}

/* The first error is the sentence, all of them are the list. */
static enum rc errors_take(struct call *c, json_t *errors, int status)
{
	const json_t *first = json_array_get(errors, 0);
	const char *pointer;

	if (!first) {
		json_decref(errors);
		return RC_OK;
	}
	c->errors = errors;
	pointer = json_text(first, "pointer");
	return call_refuse(c, RC_INVALID, status, "invalid_request", "%s %s",
			   *pointer ? pointer : "the body",
			   json_text(first, "detail"));
}

int call_via(const struct call *c)
{
	return c->by == BY_COMMAND    ? VIA_CLI
	       : c->by == BY_TERMINAL ? VIA_SYNC
				      : VIA_API;
}

/* -- what is checked before the handler -- */

static bool says(const struct call *c, const char *word)
{
	return json_is_true(json_object_get(c->operation->with, word));
}

static enum rc role_check(struct call *c)
{
	const struct operation *op = c->operation;
	char roles[120];

	/* A token that makes tokens or sets passwords would outlive itself, and
	 * have more than it was given. */
	if (c->by == BY_TOKEN && says(c, "person"))
		return call_refuse(c, RC_DENIED, 403, "denied",
				   "this is for a person: come with a session, "
				   "or with the account and its password");
	if (c->actor.is_reader && strcmp(op->method, "GET") != 0 &&
	    !says(c, "reads"))
		return call_refuse(c, RC_DENIED, 403, "denied",
				   "this token only reads: it changes nothing");
	if ((c->actor.roles | ROLE_PUBLIC) & op->roles)
		return RC_OK;
	if (c->by == BY_NOBODY)
		return call_refuse(c, RC_DENIED, 401, "unauthorized",
				   "say who you are: a token, a session, or an "
				   "account with its password");
	contract_roles_say(op->roles, roles, sizeof(roles));
	return call_refuse(c, RC_DENIED, 403, "denied",
			   "account '%s' may not: this is for %s",
			   c->actor.name, roles);
}

bool call_is_let(struct call *c)
{
	enum rc rc = role_check(c);

	if (rc == RC_OK)
		return true;
	err_clear(&c->err);
	c->problem_status = 0;
	c->problem_type = NULL;
	return false;
}

static enum rc parameters_take(struct call *c, const struct call_input *in)
{
	json_t *errors = NULL;
	enum rc rc = contract_parameters(c->contract, c->operation, in->query,
					 in->path_args, in->header, in->ctx,
					 &c->args, &errors, &c->err);

	if (rc != RC_OK) {
		json_decref(errors);
		return rc;
	}
	return errors_take(c, errors, 400);
}

/* Text is UTF-8, whatever else a client would like it to be. */
static bool is_utf8(const char *type)
{
	static const char name[] = "charset=";
	const char *said = type;

	while (*said && strncasecmp(said, name, strlen(name)) != 0)
		said++;
	if (!*said)
		return true;
	said += strlen(name);
	said += *said == '"';
	return !strncasecmp(said, "utf-8", 5) &&
	       !isalnum((unsigned char)said[5]);
}

static enum rc type_check(struct call *c, const char *type, size_t n)
{
	const char *wanted = c->operation->body_type;

	if (type && n == strlen(wanted) && !strncasecmp(type, wanted, n))
		return is_utf8(type)
			       ? RC_OK
			       : call_refuse(c, RC_INVALID, 415,
					     "unsupported_media_type",
					     "the body has to be UTF-8: leave "
					     "the charset away");
	return call_refuse(c, RC_INVALID, 415, "unsupported_media_type",
			   "the body has to be %s", wanted);
}

static enum rc json_take(struct call *c, const struct call_input *in)
{
	const struct operation *op = c->operation;
	struct err why = { 0 };

	if (json_read(in->body, in->body_bytes, &c->body, &why) != RC_OK)
		return call_refuse(c, RC_INVALID, 400, "bad_request",
				   "the body is no JSON: %s", why.text);
	if (errors_take(c,
			schema_errors(contract_document(c->contract), op->body,
				      c->body),
			400) != RC_OK)
		return c->err.code;
	/* A password is nobody's to look at. */
	return says(c, "quiet") ? RC_OK
				: errors_take(c, schema_hidden(c->body), 400);
}

static enum rc body_take(struct call *c, const struct call_input *in)
{
	const struct operation *op = c->operation;
	const char *type = in->header ? in->header(in->ctx, "Content-Type")
				      : op->body_type;
	size_t n = type ? strcspn(type, "; ") : 0;

	if (op->is_streamed)
		return type_check(c, type, n);
	if (!op->body || (!in->body_bytes && !op->body_required))
		return in->body_bytes
			       ? call_refuse(c, RC_INVALID, 400, "bad_request",
					     "this operation takes no body")
			       : RC_OK;
	if (!in->body_bytes)
		return call_refuse(c, RC_INVALID, 400, "bad_request",
				   "the body is missing: it is %s",
				   op->body_type);
	if (type_check(c, type, n) != RC_OK)
		return c->err.code;
	if (!strstr(op->body_type, "json")) {
		c->raw = in->body;
		c->raw_bytes = in->body_bytes;
		return RC_OK;
	}
	return json_take(c, in);
}

static enum rc conditions_take(struct call *c)
{
	c->if_match = json_text(c->args, "If-Match");
	if (c->operation->needs_match && !c->if_match && c->by != BY_COMMAND)
		return call_refuse(c, RC_INVALID, 428, "precondition_required",
				   "send If-Match with the etag of the record "
				   "that you have seen");
	if (c->operation->needs_key && c->by != BY_COMMAND &&
	    !json_text(c->args, "Idempotency-Key"))
		return call_refuse(c, RC_INVALID, 428, "precondition_required",
				   "send an Idempotency-Key, such as a UUID of "
				   "your own");
	return RC_OK;
}

/* -- the log of who did what -- */

/* Reads that leave an entry: class L3 and L4. */
static bool is_logged(const struct call *c)
{
	return strcmp(c->operation->method, "GET") != 0 ||
	       (c->kind && audit_is_due(c->kind)) || c->is_due ||
	       says(c, "logged");
}

/* Of what failed; who looks where he may not is told of, whatever it was. */
static bool is_told(const struct call *c, enum rc why)
{
	return is_logged(c) || (c->by != BY_NOBODY && why == RC_DENIED);
}

/* What it was about: a record, or an account or token by its name. */
static const char *about(const struct call *c)
{
	static const char *const names[] = { "id", "account", "token" };
	const char *text = NULL;

	for (size_t i = 0; i < 3 && !text; i++)
		text = json_text(c->args, names[i]);
	if (!text)
		text = json_text(c->body, "account");
	return text ? text : json_text(c->result, "id");
}

/* What was read of a list: how many, from which id to which, and how it was
 * asked for. */
static void page_say(const struct call *c, struct buf *out)
{
	const json_t *items = json_object_get(c->result, "items");
	size_t n = json_array_size(items);
	const char *first = json_text(json_array_get(items, 0), "id");
	const char *last =
		json_text(json_array_get(items, n ? n - 1 : 0), "id");
	struct err ignored = { 0 };

	if (!items)
		return;
	buf_printf(out, "; records=%zu", n);
	if (first)
		buf_printf(out, " ids=%s..%s", first, last);
	buf_puts(out, " ");
	(void)json_write(out, c->args, &ignored);
}

/* The log is kept for ever and read by many: what a request said is not in it
 * where it may hold what is nobody's business, a slip of JSON with half a
 * password. */
static bool may_quote(const struct call *c)
{
	return !(c->kind && c->kind->is_sealed) && !c->errors &&
	       c->problem_status != 400;
}

static void detail_say(const struct call *c, enum rc came, struct buf *out)
{
	if (c->remote)
		buf_printf(out, "from %s", c->remote);
	if (c->is_repeated)
		buf_puts(out, "; asked again with its Idempotency-Key");
	if (c->detail[0])
		buf_printf(out, "; %s", c->detail);
	if (came == RC_OK)
		page_say(c, out);
	else if (may_quote(c))
		buf_printf(out, ": %s", c->err.text);
	else
		buf_printf(out, ": %s",
			   c->problem_type ? c->problem_type : rc_name(came));
}

/* Of whom a list was read that has subjects: an entry has room for some. */
static enum rc subjects_say(struct call *c, struct audit_entry *e,
			    struct err *err)
{
	const json_t *items = json_object_get(c->result, "items"), *one;
	struct buf detail;
	enum rc rc = RC_OK;
	size_t i;

	buf_init(&detail, 2 * SUBJECTS_BYTES);
	json_array_foreach(items, i, one)
	{
		const char *subject = json_text(one, "subject");

		if (rc != RC_OK || !subject)
			continue;
		buf_printf(&detail, "%s\"%s\"",
			   detail.len ? "," : "of the subjects ", subject);
		if (detail.len < SUBJECTS_BYTES)
			continue;
		e->detail = detail.data;
		rc = audit_put(c->store, e, err);
		buf_reset(&detail);
	}
	e->detail = detail.data;
	if (rc == RC_OK && detail.len)
		rc = audit_put(c->store, e, err);
	buf_release(&detail);
	return rc;
}

static enum rc logged(struct call *c, enum rc came, struct err *err)
{
	struct audit_entry e = {
		.by = { .who = c->actor.name[0] ? c->actor.name : "nobody",
			.with = c->actor.with,
			.given_by = c->actor.given_by,
			.via = call_via(c),
			.request_id = c->request_id,
			.now_ms = c->op.now_ms },
		.operation = c->operation->id,
		.scope = c->scope[0] ? c->scope : NULL,
		.kind = c->about_kind[0] ? c->about_kind
			: c->kind        ? c->kind->name
					 : NULL,
		.id = about(c),
		.outcome = audit_outcome_of(came),
	};
	struct buf detail;
	enum rc rc;

	buf_init(&detail, 64u << 10);
	detail_say(c, came, &detail);
	e.detail = detail.data;
	rc = audit_put(c->store, &e, err);
	if (rc == RC_OK && came == RC_OK && c->kind && audit_is_due(c->kind))
		rc = subjects_say(c, &e, err);
	buf_release(&detail);
	return rc;
}

/* -- doing it -- */

/* The hash that is stored, and a digest by which the same request is known
 * again. Each is as dear to try as the other. */
static enum rc password_work(struct call *c)
{
	const char *password = json_text(c->body, "password");
	unsigned char seed[SIGN_SEED_BYTES], salt[SHA256_BYTES];
	struct sha256 h;
	enum rc rc = RC_OK;

	if (!password || !says(c, "password"))
		return RC_OK;
	sign_key_seed(&c->store->key, seed);
	sha256_begin(&h);
	sha256_add(&h, seed, sizeof(seed));
	sha256_add(&h, c->operation->id, strlen(c->operation->id) + 1);
	sha256_add(&h, c->actor.name, strlen(c->actor.name));
	sha256_end(&h, salt);
	wipe(seed, sizeof(seed));
	rc = password_digest(c->password_digest, password, salt, &c->err);
	return rc == RC_OK ? password_hash(c->password_hash, password, &c->err)
			   : rc;
}

/* What makes two requests the same: who, what and all of what they say,
 * whatever the order of members; of a password the digest. Under the server's
 * key: nobody who has the database alone can try what was said. */
static enum rc request_hash(struct call *c, unsigned char out[SHA256_BYTES])
{
	const size_t how = JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY;
	unsigned char seed[SIGN_SEED_BYTES];
	json_t *args = json_copy(c->args);
	json_t *said = json_pack("{s:s, s:o?, s:o?}", "operation",
				 c->operation->id, "arguments", args, "body",
				 c->body ? json_copy(c->body) : NULL);
	char *text;
	struct sha256 h;

	/* A job is the same however its result is waited for. */
	if (says(c, "job")) {
		json_object_del(args, "Prefer");
		json_object_del(args, "Idempotency-Key");
	}
	json_object_del(json_object_get(said, "body"), "password");
	json_object_del(json_object_get(said, "body"), "old_password");
	text = json_dumps(said, how);
	json_decref(said);
	if (!text)
		return err_set(&c->err, RC_NOMEM, "out of memory");
	sign_key_seed(&c->store->key, seed);
	sha256_begin(&h);
	sha256_add(&h, seed, sizeof(seed));
	sha256_add(&h, text, strlen(text));
	sha256_add(&h, c->password_digest,
		   c->password_hash[0] ? sizeof(c->password_digest) : 0);
	sha256_add(&h, c->raw ? c->raw : "", c->raw_bytes);
	sha256_end(&h, out);
	wipe(seed, sizeof(seed));
	free(text);
	return RC_OK;
}

static enum rc by_handler(struct call *c)
{
	enum rc rc = handler_named(c->operation->handler)(c);

	/* What it wrote may have brought newer kinds in the place of those. */
	c->kind = registry_kind(c->store->kinds, c->operation->kind);
	return rc;
}

static enum rc handled(struct call *c)
{
	const char *key = json_text(c->args, "Idempotency-Key");
	unsigned char hash[SHA256_BYTES];
	enum rc rc = RC_OK;

	if (key) {
		rc = request_hash(c, hash);
		if (rc == RC_OK)
			rc = idempotency_look(c, key, hash, &c->is_repeated);
	}
	if (rc == RC_OK && !c->is_repeated)
		rc = by_handler(c);
	if (rc == RC_OK && key && !c->is_repeated)
		rc = idempotency_keep(c, key, hash);
	return rc;
}

/* What was built while memory ran out may lack a member. */
static enum rc whole(struct call *c, uint64_t failures, enum rc rc)
{
	if (json_memory_failures() == failures)
		return rc;
	err_clear(&c->err);
	c->problem_status = 0;
	return err_set(&c->err, RC_NOMEM, "out of memory");
}

/* {"with": {"own": true}}: the handler's transactions are its own, as for a job
 * of minutes that may not hold up tablets, or a password that takes long to
 * check on purpose. */
static bool is_own(const struct call *c)
{
	return says(c, "own");
}

/* {"with": {"quiet": true}}: the store has written one of its own. What was
 * done before is no new deed, but a read of class L3 or L4. */
static bool leaves_entry(const struct call *c)
{
	if (c->is_repeated)
		return c->kind && audit_is_due(c->kind);
	return !says(c, "quiet");
}

/* All of it in one transaction, or none. */
static enum rc changed(struct call *c, uint64_t failures)
{
	enum rc rc = db_outer_begin(c->store->db, &c->err);
	int64_t seen;

	if (rc != RC_OK)
		return rc;
	rc = store_refresh_kinds(c->store, &c->err);
	seen = c->store->catalog_seen;
	c->kind = registry_kind(c->store->kinds, c->operation->kind);
	if (rc == RC_OK)
		rc = handled(c);
	if (rc == RC_OK && leaves_entry(c))
		rc = logged(c, rc, &c->err);
	rc = whole(c, failures, rc);
	if (rc == RC_OK)
		rc = db_outer_commit(c->store->db, &c->err);
	if (rc != RC_OK) {
		db_outer_rollback(c->store->db);
		/* What the transaction made of the kinds is taken back. */
		if (c->store->catalog_seen != seen)
			c->store->catalog_seen = -1;
	}
	return rc;
}

void call_missed(const struct call *c, const char *account, const char *why)
{
	misses_note(c->service->misses, c->store,
		    &(struct miss){ .operation = c->operation->id,
				    .account = account,
				    .remote = c->remote,
				    .network = c->network,
				    .request_id = c->request_id,
				    .why = why });
}

/* Who proved nothing is told of as often as it fills no disk. */
static void refusal_say(struct call *c, enum rc came)
{
	const char *account = json_text(c->body, "account");
	struct err ignored = { 0 };

	if (c->by != BY_NOBODY) {
		(void)logged(c, came, &ignored);
		return;
	}
	call_missed(c, account,
		    came == RC_DENIED ? "a wrong password" : rc_name(came));
}

static enum rc job_asked(struct call *c)
{
	unsigned char hash[SHA256_BYTES];
	enum rc rc = request_hash(c, hash);

	return rc == RC_OK ? job_ask(c, hash) : rc;
}

/* Changes leave their entry in their transaction. */
static enum rc done_here(struct call *c, uint64_t failures)
{
	bool is_change = strcmp(c->operation->method, "GET") != 0 &&
			 !is_own(c) && !says(c, "reads");
	enum rc rc = password_work(c);

	if (rc == RC_OK && says(c, "job") && c->service->jobs)
		return job_asked(c);
	if (rc == RC_OK)
		rc = is_change ? changed(c, failures)
			       : whole(c, failures, handled(c));

	if (rc != RC_OK && is_told(c, rc))
		refusal_say(c, rc);
	else if (!is_change && is_logged(c) && leaves_entry(c))
		rc = logged(c, rc, &c->err);
	return rc;
}

/* What was refused before its arguments were looked at is told of with them:
 * nothing of this is an answer. */
static void refused_about(struct call *c, const struct call_input *in)
{
	const struct err err = c->err;
	const int status = c->problem_status;
	const char *type = c->problem_type, *scope;
	json_t *errors = NULL;

	err_clear(&c->err);
	if (contract_parameters(c->contract, c->operation, in->query,
				in->path_args, in->header, in->ctx, &c->args,
				&errors, &c->err) == RC_OK &&
	    !json_array_size(errors)) {
		(void)call_scope(c);
		scope = json_text(c->args, "scope");
		if (!c->scope[0] && scope && name_is_scope(scope))
			snprintf(c->scope, sizeof(c->scope), "%s", scope);
	}
	json_decref(errors);
	json_decref(c->errors);
	c->errors = NULL;
	c->err = err;
	c->problem_status = status;
	c->problem_type = type;
}

static void begin(struct call *c)
{
	c->status = 200;
	c->op = (struct op){ .store = c->store,
			     .actor = &c->actor,
			     .now_ms = host_wall_ms(c->store->host),
			     .via = call_via(c),
			     .request_id = c->request_id,
			     .is_told = !is_own(c),
			     .err = &c->err };
	c->kind = registry_kind(c->store->kinds, c->operation->kind);
}

enum rc call_work(struct call *c)
{
	uint64_t failures = json_memory_failures();
	enum rc rc;

	begin(c);
	rc = whole(c, failures, by_handler(c));
	if (rc != RC_OK)
		refusal_say(c, rc);
	else
		rc = logged(c, rc, &c->err);
	return rc;
}

enum rc call_run(struct call *c, const struct call_input *in)
{
	uint64_t failures = json_memory_failures();
	enum rc rc;

	begin(c);
	rc = role_check(c);
	if (rc == RC_OK)
		rc = parameters_take(c, in);
	else if (c->by != BY_NOBODY)
		refused_about(c, in);
	if (rc == RC_OK)
		rc = body_take(c, in);
	if (rc == RC_OK)
		rc = conditions_take(c);
	if (rc == RC_OK)
		rc = call_scope(c);
	if (rc == RC_OK)
		return done_here(c, failures);
	if (c->by != BY_NOBODY && is_told(c, rc)) {
		struct err ignored = { 0 };

		(void)logged(c, rc, &ignored);
	}
	return rc;
}

void call_release(struct call *c)
{
	json_decref(c->args);
	json_decref(c->body);
	json_decref(c->result);
	json_decref(c->errors);
	wipe(c->password_hash, sizeof(c->password_hash));
	c->args = c->body = c->result = c->errors = NULL;
}
