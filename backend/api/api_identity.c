/* api/api_identity.c - sessions, tokens, accounts. */
#include "api/handlers.h"

#include <stdlib.h>
#include <string.h>

#include "api/login.h"
#include "api/page.h"
#include "api/service_impl.h"
#include "base/date.h"
#include "base/jcs.h"
#include "sql_store.gen.h"
#include "store/session.h"
#include "store/token.h"

#define COOKIE_ATTRIBUTES "Path=/; Secure; HttpOnly; SameSite=Strict"

static struct audit_by by_of(const struct call *c)
{
	return (struct audit_by){ .who = c->actor.name,
				  .with = c->actor.with,
				  .given_by = c->actor.given_by,
				  .via = c->by == BY_COMMAND ? VIA_CLI
							     : VIA_API,
				  .request_id = c->request_id,
				  .now_ms = c->op.now_ms };
}

static json_t *roles_of(unsigned roles)
{
	json_t *out = json_array();

	for (unsigned bit = 1; bit <= ROLE_ADMINISTRATOR; bit <<= 1)
		if (roles & bit)
			json_array_append_new(out, json_string(role_name(bit)));
	return out;
}

/* Is it among the first n of the list? */
static bool is_before(const json_t *list, size_t n, const json_t *one)
{
	for (size_t i = 0; i < n; i++)
		if (json_equal(json_array_get(list, i), one))
			return true;
	return false;
}

/* A list of texts of the body with commas between, each once, or NULL where it
 * is absent. What does not fit is cut, and then is no legal list. */
static const char *list_text(const json_t *body, const char *name, char *out,
			     size_t size)
{
	const json_t *list = json_object_get(body, name), *one;
	size_t i, n = 0;

	if (!list)
		return NULL;
	*out = '\0';
	json_array_foreach(list, i,
			   one) if (n < size && !is_before(list, i, one)) n +=
		(size_t)snprintf(out + n, size - n, "%s%s", i ? "," : "",
				 json_string_value(one));
	return out;
}

static unsigned roles_in(const json_t *body)
{
	const json_t *one;
	unsigned roles = 0;
	size_t i;

	json_array_foreach(json_object_get(body, "roles"), i, one) roles |=
		role_parse(json_string_value(one));
	return roles;
}

/* -- sessions -- */

/* A password of somebody whose address may wait for wrong ones. */
static enum rc password_prove(struct call *c, const char *name,
			      const char *password, struct account *out,
			      int *wait_s)
{
	struct login_try try = { .service = c->service, .network = c->network };
	enum rc rc;

	rc = login_password(c->service->login, c->store, name, password, out,
			    &try, &c->err);
	c->is_guess = try.is_guess;
	*wait_s = try.wait_s;
	return rc;
}

/* Who is right takes from the own bucket. */
static enum rc session_limit(struct call *c, const struct account *account)
{
	int wait_s;

	if (limit_take(c->service, contract_limit(c->contract, "accounts"),
		       account->name, &wait_s))
		return RC_OK;
	c->retry_after_s = wait_s;
	return call_refuse(c, RC_BUSY, 429, "too_many_requests",
			   "account '%s' begins too many sessions: try again "
			   "in %d seconds",
			   account->name, wait_s);
}

enum rc session_make(struct call *c)
{
	struct account account;
	struct audit_by by;
	char id[SESSION_SIZE];
	int wait_s = 0;
	enum rc rc = password_prove(c, json_text(c->body, "account"),
				    json_text(c->body, "password"), &account,
				    &wait_s);

	if (call_proved(c, rc, wait_s) != RC_OK)
		return rc;
	c->actor = account;
	snprintf(c->actor.with, sizeof(c->actor.with), "password");
	rc = session_limit(c, &account);
	if (rc != RC_OK)
		return rc;
	by = by_of(c);
	rc = session_begin(c->store, &account, &by, id, &c->err);
	if (rc != RC_OK)
		return rc;
	reply_header(c->reply, "Set-Cookie", "__Host-hufu=%s; %s", id,
		     COOKIE_ATTRIBUTES);
	c->by = BY_SESSION;
	c->status = 201;
	return about_me(c);
}

enum rc session_drop(struct call *c)
{
	enum rc rc = RC_OK;

	if (c->by != BY_SESSION)
		return call_refuse(c, RC_INVALID, 400, "bad_request",
				   "there is no session to end: you came with "
				   "a password or a token");
	rc = session_end(c->store, c->credential, &c->err);
	if (rc == RC_OK)
		reply_header(c->reply, "Set-Cookie",
			     "__Host-hufu=; Max-Age=0; %s", COOKIE_ATTRIBUTES);
	c->status = 204;
	return rc;
}

/* -- tokens -- */

enum rc token_create(struct call *c)
{
	char scopes[256], agency[256], text[TOKEN_SIZE], id[21];
	const char *account = json_text(c->body, "account");
	const char *expires = json_text(c->body, "expires_at");
	struct token_wish wish = {
		.account = account ? account : c->actor.name,
		.label = json_text(c->body, "label"),
		.roles = roles_in(c->body),
		.scopes = list_text(c->body, "scopes", scopes, sizeof(scopes)),
		.agency =
			list_text(c->body, "agencies", agency, sizeof(agency)),
		.is_reader =
			json_is_true(json_object_get(c->body, "read_only")),
	};
	struct audit_by by = by_of(c);
	enum rc rc;

	if (expires && !time_parse(expires, &wish.expires_ms))
		return call_wrong(c, "/expires_at", "is no time");
	rc = token_make(c->store, &c->actor, &wish, &by, text, id, &c->err);
	if (rc != RC_OK)
		return rc;
	c->status = 201;
	c->result = json_pack("{s:s, s:s, s:s, s:s}", "id", id, "account",
			      wish.account, "label", wish.label, "token", text);
	snprintf(c->location, sizeof(c->location), "/v1/tokens/%s", id);
	c->reply->is_never_compressed = true;
	return RC_OK;
}

struct tokens {
	json_t *items;
	const char *only; /* the id of this one, or NULL */
};

static enum rc token_item(void *ctx, const struct token_row *row,
			  struct err *err)
{
	const struct tokens *list = ctx;
	json_t *item;

	(void)err;
	if (list->only && strcmp(list->only, row->id) != 0)
		return RC_OK;
	item = json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:b}", "id", row->id,
			 "account", row->account, "label", row->label, "roles",
			 roles_of(row->roles), "scopes",
			 page_words(row->scopes), "created_by", row->created_by,
			 "read_only", row->is_reader);
	if (row->agency && row->agency[0])
		json_object_set_new(item, "agencies", page_words(row->agency));
	page_time(item, "created_at", row->created_ms);
	page_time(item, "expires_at", row->expires_ms);
	page_time(item, "used_at", row->used_ms);
	page_time(item, "revoked_at", row->revoked_ms);
	json_array_append_new(list->items, item);
	return RC_OK;
}

/* The id of the token that the caller came with, or "". What it knows of the
 * others would be more than it was given. */
static enum rc token_own(struct call *c, char id[21])
{
	struct account ignored;

	id[0] = '\0';
	return c->by == BY_TOKEN
		       ? token_find(c->store, c->credential, c->op.now_ms,
				    &ignored, id, &c->err)
		       : RC_OK;
}

/* Whose tokens an administrator may manage. An account that is another's and
 * one that there is not are told of alike. */
static enum rc owner_check(struct call *c, const char *name)
{
	struct err why = { 0 };
	struct account owner;
	enum rc rc = account_look(c->store, name, &owner, &why);

	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return err_set(&c->err, rc, "%s", why.text);
	if (rc == RC_OK && account_manages(&c->actor, &owner))
		return RC_OK;
	return call_refuse(c, RC_DENIED, 403, "denied",
			   "the tokens of others are for administrators of all "
			   "of their scopes, and '%s' is not yours",
			   name);
}

/* One's own; an administrator may ask for those of whom he manages. A token
 * sees itself. */
enum rc token_list(struct call *c)
{
	const char *account = json_text(c->args, "account");
	char own[21];
	struct tokens list = { .items = json_array() };
	enum rc rc = token_own(c, own);

	if (!account)
		account = c->actor.name;
	if (own[0])
		list.only = own;
	c->result = json_pack("{s:o}", "items", list.items);
	if (rc != RC_OK)
		return rc;
	if (strcmp(account, c->actor.name) != 0 && own[0])
		return call_refuse(c, RC_DENIED, 403, "denied",
				   "a token sees itself only: come with a "
				   "session, or with the account and its "
				   "password");
	if (strcmp(account, c->actor.name) != 0 &&
	    owner_check(c, account) != RC_OK)
		return c->err.code;
	rc = token_each(c->store, account, token_item, &list, &c->err);
	return rc == RC_OK ? page_cut(c, "id") : rc;
}

enum rc token_drop(struct call *c)
{
	const char *token = json_text(c->args, "token");
	struct audit_by by = by_of(c);
	char own[21];
	enum rc rc = token_own(c, own);

	if (rc == RC_OK && own[0] && strcmp(own, token) != 0)
		return call_refuse(c, RC_DENIED, 403, "denied",
				   "a token ends itself only, by its id: come "
				   "with a session, or with the account and "
				   "its password");
	c->status = 204;
	return rc == RC_OK ? token_revoke(c->store, &c->actor, NULL, token, &by,
					  &c->err)
			   : rc;
}

/* -- accounts -- */

static json_t *account_json(const struct account *a)
{
	char etag[ACCOUNT_ETAG_SIZE];
	json_t *o;

	account_etag(a, etag);
	o = json_pack("{s:s, s:o, s:o, s:s, s:s}", "account", a->name, "roles",
		      roles_of(a->roles), "scopes", page_words(a->scopes),
		      "state", a->is_disabled ? "disabled" : "active", "etag",
		      etag);
	if (a->agency[0])
		json_object_set_new(o, "agencies", page_words(a->agency));
	return o;
}

/* Those that lie within the scopes of who asks. */
enum rc account_all(struct call *c)
{
	struct query *q = query_begin(c->store->db, SQL_ACCOUNT_LIST);
	json_t *items = json_array();
	struct account a;
	enum rc rc = RC_OK;

	query_text(q, 1, NULL);
	while (rc == RC_OK && query_row(q)) {
		rc = account_look(c->store, query_get_text(q, 0), &a, &c->err);
		if (rc == RC_OK && account_sees(&c->actor, &a))
			json_array_append_new(items, account_json(&a));
	}
	c->result = json_pack("{s:o}", "items", items);
	if (query_end(q, &c->err) != RC_OK)
		return c->err.code;
	return rc == RC_OK ? page_cut(c, "account") : rc;
}

static enum rc account_result(struct call *c, const char *name)
{
	struct account a;
	enum rc rc = account_look(c->store, name, &a, &c->err);

	if (rc == RC_OK) {
		c->result = account_json(&a);
		account_etag(&a, c->etag);
	}
	return rc;
}

/* Who does not see everybody is told the same of an account that there is not
 * as of one that is another's. */
enum rc account_one(struct call *c)
{
	const char *name = json_text(c->args, "account");
	struct account a = { .scopes = "*" };
	struct err missing = { 0 };
	enum rc rc = account_look(c->store, name, &a, &missing);

	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return err_set(&c->err, rc, "%s", missing.text);
	if (rc == RC_NOT_FOUND)
		snprintf(a.scopes, sizeof(a.scopes), "*");
	if (!account_sees(&c->actor, &a))
		return call_refuse(c, RC_DENIED, 403, "denied",
				   "'%s' is no account of your scopes", name);
	return account_result(c, name);
}

/* The etag that the If-Match has to be of, or one that none is. */
static const char *etag_seen(struct call *c, const char *name,
			     char etag[ACCOUNT_ETAG_SIZE])
{
	struct err ignored = { 0 };
	struct account a;

	if (!c->if_match)
		return NULL;
	if (account_look(c->store, name, &a, &ignored) != RC_OK)
		return "";
	account_etag(&a, etag);
	return http_etag_matches(c->if_match, etag, false) ? etag : "";
}

static enum rc account_put(struct call *c, const char *name, bool is_new)
{
	char scopes[256], agency[256], etag[ACCOUNT_ETAG_SIZE];
	const char *state = json_text(c->body, "state");
	struct account_change change = {
		.name = name,
		.is_new = is_new,
		.roles = roles_in(c->body),
		.scopes = list_text(c->body, "scopes", scopes, sizeof(scopes)),
		.agency =
			list_text(c->body, "agencies", agency, sizeof(agency)),
		.password = json_text(c->body, "password"),
		.hash = c->password_hash[0] ? c->password_hash : NULL,
		.seen = etag_seen(c, name, etag),
	};
	struct audit_by by = by_of(c);
	enum rc rc;

	if (state)
		change.state = !strcmp(state, "active") ? ACCOUNT_ENABLE
							: ACCOUNT_DISABLE;
	rc = account_change(c->store, &c->actor, &change, &by, &c->err);
	if (rc == RC_CONFLICT && !is_new) {
		c->problem_status = 412;
		c->problem_type = "precondition_failed";
	}
	return rc == RC_OK ? account_result(c, name) : rc;
}

enum rc account_create(struct call *c)
{
	const char *name = json_text(c->body, "account");
	enum rc rc = account_put(c, name, true);

	c->status = 201;
	snprintf(c->location, sizeof(c->location), "/v1/accounts/%s", name);
	return rc;
}

enum rc account_edit(struct call *c)
{
	return account_put(c, json_text(c->args, "account"), false);
}

/* One's own password, for which the old one has to be known. */
enum rc password_set(struct call *c)
{
	struct account_change change = {
		.name = c->actor.name,
		.password = json_text(c->body, "password"),
	};
	struct audit_by by = by_of(c);
	struct account account;
	int wait_s = 0;
	enum rc rc = password_prove(c, c->actor.name,
				    json_text(c->body, "old_password"),
				    &account, &wait_s);

	c->retry_after_s = wait_s;
	if (rc != RC_OK)
		return rc;
	c->status = 204;
	return account_change(c->store, &c->actor, &change, &by, &c->err);
}
