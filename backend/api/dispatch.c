#include "api/dispatch.h"

#include <string.h>

#include "api/call.h"
#include "api/login.h"
#include "api/service_impl.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "store/session.h"
#include "store/token.h"

#define COOKIE "__Host-hufu="

static const char *header_of(void *ctx, const char *name)
{
	return request_header(ctx, name);
}

/* The session's id in a Cookie header, the first that could be one, or false.
 */
static bool cookie_read(const char *header, char out[SESSION_SIZE])
{
	for (const char *p = header; p && *p;) {
		size_t n;

		p += strspn(p, "; ");
		n = strcspn(p, ";");
		if (n == strlen(COOKIE) + SESSION_SIZE - 1 &&
		    !strncmp(p, COOKIE, strlen(COOKIE))) {
			memcpy(out, p + strlen(COOKIE), SESSION_SIZE - 1);
			out[SESSION_SIZE - 1] = '\0';
			return true;
		}
		p += n;
	}
	return false;
}

/* A browser sends its cookie with whatever page made it: what changes something
 * has to come from a page of this service. */
static bool origin_is_ours(const struct request *req)
{
	const char *origin = request_header(req, "Origin");
	const char *host = request_header(req, "Host");
	const char *at = !origin                           ? NULL
			 : !strncmp(origin, "https://", 8) ? origin + 8
			 : !strncmp(origin, "http://", 7)  ? origin + 7
							   : NULL;

	if (!strcmp(req->method, "GET") || !strcmp(req->method, "HEAD"))
		return true;
	return at && host && !strcmp(at, host);
}

static enum rc identify_session(struct call *c, const struct request *req,
				const char *id)
{
	enum rc rc;

	if (!origin_is_ours(req))
		return call_refuse(c, RC_DENIED, 403, "foreign_origin",
				   "a session changes things only from pages "
				   "of this service");
	rc = session_find(c->store, id, host_wall_ms(c->store->host), &c->actor,
			  &c->err);
	c->by = BY_SESSION;
	if (rc == RC_DENIED)
		call_missed(c, NULL,
			    "a session that is none, or none any more");
	return call_proved(c, rc, 0);
}

static enum rc identify_token(struct call *c, const char *text)
{
	enum rc rc = token_find(c->store, text, host_wall_ms(c->store->host),
				&c->actor, NULL, &c->err);

	c->by = BY_TOKEN;
	if (rc == RC_DENIED)
		call_missed(c, NULL, "a token that is none, or none any more");
	return call_proved(c, rc, 0);
}

static enum rc identify_password(struct call *c, const struct request *req)
{
	/* An address that was wrong too often waits before the dear check, and
	 * not after it; whom the server remembers does not wait. */
	struct login_try try = { .service = c->service,
				 .network = req->network };
	char name[LOGIN_NAME_SIZE];
	enum rc rc = login_basic(c->service->login, c->store,
				 request_header(req, "Authorization"), name,
				 &c->actor, &try, &c->err);

	c->by = BY_PASSWORD;
	if (rc == RC_OK)
		snprintf(c->actor.with, sizeof(c->actor.with), "password");
	c->is_guess = try.is_guess;
	if (rc == RC_DENIED)
		call_missed(c, name, "a wrong password");
	return call_proved(c, rc, try.wait_s);
}

/* What a tablet asks for beside its sync: it signs method, path and time as for
 * a snapshot. */
static enum rc identify_terminal(struct call *c, const struct request *req)
{
	const struct terminal_word word = {
		.terminal = request_header(req, "Hufu-Terminal"),
		.time_text = request_header(req, "Hufu-Time"),
		.signature = request_header(req, "Hufu-Signature"),
		.method = req->method,
		.path = req->path,
	};
	enum rc rc =
		terminal_account(c->store, &word, host_wall_ms(c->store->host),
				 &c->actor, &c->err);

	c->by = BY_TERMINAL;
	if (rc == RC_DENIED)
		call_missed(c, NULL, "the word of no active terminal");
	return call_proved(c, rc, 0);
}

static enum rc identify(struct call *c, const struct request *req,
			char session[SESSION_SIZE])
{
	const char *said = request_header(req, "Authorization");
	enum rc rc = RC_OK;

	c->by = BY_NOBODY;
	c->actor = (struct account){ .roles = 0 };
	if (c->operation->is_for_terminals &&
	    request_header(req, "Hufu-Terminal"))
		rc = identify_terminal(c, req);
	else if (said && !strncasecmp(said, "Bearer ", 7))
		rc = identify_token(c, said + 7);
	else if (said)
		rc = identify_password(c, req);
	else if (cookie_read(request_header(req, "Cookie"), session))
		rc = identify_session(c, req, session);
	c->credential = c->by == BY_SESSION ? session
			: c->by == BY_TOKEN ? said + 7
					    : NULL;
	if (rc != RC_OK)
		c->by = BY_NOBODY;
	return rc;
}

static enum rc limited(struct call *c, int limit, const char *key)
{
	int wait_s;

	if (limit_take(c->service, limit, key, &wait_s))
		return RC_OK;
	err_clear(&c->err);
	c->problem_status = 0;
	c->retry_after_s = wait_s;
	return call_refuse(c, RC_BUSY, 429, "too_many_requests",
			   "too many requests: try again in %d seconds",
			   wait_s);
}

/* The bucket of the address before anything is looked at, that of the account
 * once it is known. Who proves nothing takes from the address. The bucket of
 * `login` only gives for what was wrong (guess_take), so that whoever is right
 * costs nobody of the same office anything. */
static enum rc let_in(struct call *c, const struct request *req,
		      char session[SESSION_SIZE])
{
	const struct contract_limit *limits;
	int limit = c->operation->limit;
	bool by_address = false;
	char ended[80];
	enum rc rc = RC_OK;

	/* Beside what the address asks for without any of these. */
	snprintf(ended, sizeof(ended), "ended %s", req->network);
	contract_limits(c->contract, &limits);
	if (limit >= 0)
		by_address = limits[limit].by == LIMIT_ADDRESS;
	if (by_address)
		rc = limited(c,
			     limit == c->service->limit_login
				     ? c->service->limit_public
				     : limit,
			     req->network);
	if (rc == RC_OK)
		rc = identify(c, req, session);
	/* A token or a session has too many bits to be guessed: one that has
	 * ended is asked with by mistake. */
	if (rc != RC_OK && c->problem_status == 401 && !c->is_guess)
		(void)limited(c, c->service->limit_public, ended);
	if (rc != RC_OK || by_address || limit < 0)
		return rc;
	return c->by == BY_NOBODY
		       ? limited(c, c->service->limit_public, req->network)
		       : limited(c, limit, c->actor.name);
}

/* The next page: the same query with another cursor. */
static void link_put(const struct call *c, const struct request *req,
		     struct reply *reply)
{
	const char *next = json_text(c->result, "next"), *p = req->query;
	struct buf query;

	if (!next)
		return;
	buf_init(&query, 4096);
	while (*p) {
		size_t n = strcspn(p, "&");

		if (strncmp(p, "cursor=", 7) != 0) {
			buf_put(&query, p, n);
			buf_byte(&query, '&');
		}
		p += n + (p[n] == '&');
	}
	reply_header(reply, "Link", "<%s?%scursor=%s>; rel=\"next\"", req->path,
		     query.data ? query.data : "", next);
	buf_release(&query);
}

static void problem_send(struct call *c, const struct request *req,
			 struct reply *reply)
{
	json_t *extras =
		c->errors ? json_pack("{s:O}", "errors", c->errors) : NULL;

	if (c->problem_status)
		reply_problem_with(
			reply, req, c->problem_status, c->problem_type,
			c->contract
				? contract_problem(c->contract, c->problem_type)
				: NULL,
			c->err.text, extras);
	else
		reply_problem(reply, req, &c->err);
	if (reply->status == 401)
		reply->realm = "hufu";
	if (c->retry_after_s)
		reply_header(reply, "Retry-After", "%lld",
			     (long long)c->retry_after_s);
	json_decref(extras);
}

static void result_send(struct call *c, const struct request *req,
			struct reply *reply)
{
	reply->status = c->status;
	snprintf(reply->stream_owner, sizeof(reply->stream_owner), "%s",
		 c->actor.name);
	if (c->etag[0]) {
		snprintf(reply->etag, sizeof(reply->etag), "%s", c->etag);
		reply->cache_control = "private, no-cache";
	}
	if (c->location[0])
		reply_header(reply, "Location", "%s", c->location);
	if (c->retry_after_s)
		reply_header(reply, "Retry-After", "%lld",
			     (long long)c->retry_after_s);
	if (!c->result)
		return;
	link_put(c, req, reply);
	reply->content_type = "application/json";
	if (json_write(&reply->body, c->result, &c->err) != RC_OK)
		reply_problem(reply, req, &c->err);
	else
		buf_byte(&reply->body, '\n');
}

/* {"with": {"headers": {...}}}: what every reply of the operation says. */
static void headers_put(const struct call *c, struct reply *reply)
{
	json_t *all = c->operation
			      ? json_object_get(c->operation->with, "headers")
			      : NULL;
	const char *name;
	json_t *value;

	json_object_foreach(all, name, value)
		reply_header(reply, name, "%s", json_string_value(value));
}

/* The routes of the kinds are one for all of them: what this path has, the
 * document knows. */
static enum rc nothing_there(struct call *c, const struct request *req)
{
	enum rc rc = limited(c, c->service->limit_public, req->network);

	if (rc != RC_OK)
		return rc;
	contract_allowed(c->contract, req->path, c->reply->allow);
	if (c->reply->allow[0])
		return call_refuse(c, RC_DENIED, 405, "method_not_allowed",
				   "'%s' is served with %s", req->path,
				   c->reply->allow);
	return call_refuse(c, RC_NOT_FOUND, 404, "not_found",
			   "there is no %s %s: /v1/docs says what there is",
			   req->method, req->path);
}

/* The body is taken once it is known who sends it, and that he may. Who may
 * not is refused without it, in call_run. */
static enum rc body_ask(struct call *c, struct request *req)
{
	int status = 0;

	if (!call_is_let(c) ||
	    request_body(req, c->by != BY_NOBODY, &status, &c->err) == RC_OK)
		return RC_OK;
	if (status == 503)
		c->retry_after_s = 1;
	c->problem_status = status;
	c->problem_type = NULL;
	return c->err.code;
}

void api_dispatch(void *ctx, struct request *req, struct reply *reply)
{
	struct call c = { .service = ctx,
			  .reply = reply,
			  .request = req,
			  .request_id = req->id,
			  .remote = req->remote,
			  .network = req->network };
	struct contract_held *held = NULL;
	char session[SESSION_SIZE] = "";
	json_t *args = NULL;
	enum rc rc = reader_take(ctx, &c.store, &c.err);

	if (rc == RC_OK)
		rc = contract_take(ctx, c.store, &held, &c.err);
	if (rc == RC_OK) {
		c.contract = held->contract;
		c.operation = contract_match(c.contract, req->method, req->path,
					     &args);
		if (!c.operation)
			rc = nothing_there(&c, req);
	}
	if (rc == RC_OK)
		rc = let_in(&c, req, session);
	if (rc == RC_OK)
		rc = body_ask(&c, req);
	if (rc == RC_OK)
		rc = call_run(&c, &(struct call_input){
					  .query = req->query,
					  .path_args = args,
					  .header = header_of,
					  .ctx = req,
					  .body = req->body,
					  .body_bytes = req->body_bytes });
	if (rc == RC_OK)
		result_send(&c, req, reply);
	else
		problem_send(&c, req, reply);
	headers_put(&c, reply);
	call_release(&c);
	json_decref(args);
	contract_give(ctx, held);
	reader_give(ctx, c.store);
}
