/* api/routes.c - HTTP over the service: one thin handler a route. */
#include "api/service_impl.h"

#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/dispatch.h"
#include "base/hash.h"
#include "base/jcs.h"

#define SYNC_BODY_MAX (4u << 20)
#define ENROLL_BODY_MAX (16u << 10)

/* GET /healthz: the process answers. */
static void get_health(void *ctx, struct request *req, struct reply *reply)
{
	(void)ctx;
	(void)req;
	reply->content_type = "application/json";
	buf_puts(&reply->body,
		 "{\"status\":\"ok\",\"version\":\"" VERSION "\"}\n");
}

static void busy_send(struct reply *reply, const struct request *req,
		      const char *why, int wait_s)
{
	reply_problem_with(reply, req, 429, NULL, NULL, why, NULL);
	reply_header(reply, "Retry-After", "%d", wait_s);
}

/* 429 where the bucket is empty. */
static bool is_let_in(struct service *s, int limit, const char *key,
		      const struct request *req, struct reply *reply)
{
	int wait_s;

	if (limit_take(s, limit, key, &wait_s))
		return true;
	busy_send(reply, req, "too many requests: try again later", wait_s);
	return false;
}

/* Has the address guessed too much already? */
static bool may_guess(struct service *s, const struct request *req,
		      struct reply *reply)
{
	int wait_s = limit_wait_s(s, s->limit_login, req->network);

	if (wait_s)
		busy_send(reply, req, "too many requests: try again later",
			  wait_s);
	return !wait_s;
}

/* By terminal and address: whoever uses another's name elsewhere takes nothing
 * from it. */
static bool is_terminal_let_in(struct service *s, const struct request *req,
			       struct reply *reply)
{
	const char *terminal = request_header(req, "Hufu-Terminal");
	char key[120];

	snprintf(key, sizeof(key), "%.60s %.50s", terminal ? terminal : "",
		 req->network);
	return is_let_in(s, s->limit_terminal, key, req, reply);
}

/* The terminal proves itself by the head, whose signature covers the digest of
 * the body; only then the body is read. False: the reply says why not. */
static bool signed_body(struct service *s, struct request *req,
			struct sync_input *in, struct reply *reply)
{
	unsigned char digest[SHA256_BYTES];
	struct err err = { 0 };
	enum rc rc;
	int status = 0;

	*in = (struct sync_input){
		.terminal = request_header(req, "Hufu-Terminal"),
		.signature = request_header(req, "Hufu-Signature"),
		.path = req->path,
		.digest = request_digest(req, digest) ? digest : NULL,
	};
	rc = service_signed(s, in, &err);
	if (rc == RC_OK)
		rc = request_body(req, true, &status, &err);
	if (status)
		reply_problem_with(reply, req, status, NULL, NULL, err.text,
				   NULL);
	else if (rc != RC_OK)
		reply_problem(reply, req, &err);
	if (status == 503)
		reply_header(reply, "Retry-After", "1");
	in->body = req->body;
	in->body_bytes = req->body_bytes;
	in->digest = NULL;
	in->is_proved = true;
	return rc == RC_OK;
}

static void post_sync(void *ctx, struct request *req, struct reply *reply)
{
	struct sync_input in;
	struct err err = { 0 };
	bool revoked;

	if (!is_terminal_let_in(ctx, req, reply) ||
	    !signed_body(ctx, req, &in, reply))
		return;
	if (service_sync(ctx, &in, &reply->body, &revoked, &err) != RC_OK) {
		reply_problem(reply, req, &err);
		return;
	}
	reply->status = revoked ? 403 : 200;
	reply->content_type = "application/x-hufu-sync";
}

static void post_bundle(void *ctx, struct request *req, struct reply *reply)
{
	struct sync_input in;
	struct err err = { 0 };

	if (!is_terminal_let_in(ctx, req, reply) ||
	    !signed_body(ctx, req, &in, reply))
		return;
	if (service_bundle_brought(ctx, &in, &reply->body, &err) != RC_OK) {
		reply_problem(reply, req, &err);
		return;
	}
	reply->content_type = "application/x-hufu-bundle";
}

static void post_rescue(void *ctx, struct request *req, struct reply *reply)
{
	struct err err = { 0 };

	if (!is_terminal_let_in(ctx, req, reply))
		return;
	if (service_rescue(ctx, req->body, req->body_bytes, &reply->body,
			   &err) != RC_OK)
		reply_problem(reply, req, &err);
	else
		reply->content_type = "application/json";
}

static void post_enroll(void *ctx, struct request *req, struct reply *reply)
{
	struct err err = { 0 };
	struct service *s = ctx;
	int wait_s;

	if (!is_let_in(s, s->limit_public, req->network, req, reply) ||
	    !may_guess(s, req, reply))
		return;
	if (service_enroll(ctx, req->body, req->body_bytes, &reply->body,
			   &err) != RC_OK) {
		if (err.code == RC_DENIED)
			(void)limit_take(s, s->limit_login, req->network,
					 &wait_s);
		reply_problem(reply, req, &err);
		return;
	}
	reply->content_type = "application/json";
}

static struct snapshot_input snapshot_asked(const struct request *req)
{
	return (struct snapshot_input){
		.terminal = request_header(req, "Hufu-Terminal"),
		.time_text = request_header(req, "Hufu-Time"),
		.signature = request_header(req, "Hufu-Signature"),
		.format_text = request_header(req, "Hufu-Format"),
		.if_range = request_header(req, "If-Range"),
		.path = req->path,
		.scope = req->args[0],
		.remote = req->remote,
		.request_id = req->id,
	};
}

#define PREPARED_IN_S 2 /* when to ask again */

static void snapshot_failed(struct reply *reply, const struct request *req,
			    const struct err *err)
{
	reply_problem(reply, req, err);
	if (err->code == RC_BUSY)
		reply_header(reply, "Retry-After", "%d", PREPARED_IN_S);
}

static void get_snapshot(void *ctx, struct request *req, struct reply *reply)
{
	const struct snapshot_input in = snapshot_asked(req);
	struct err err = { 0 };

	if (!is_terminal_let_in(ctx, req, reply))
		return;
	if (service_snapshot(ctx, &in, &reply->file, reply->etag, &err) !=
	    RC_OK) {
		snapshot_failed(reply, req, &err);
		return;
	}
	reply->content_type = "application/x-hufu-snapshot";
}

static void get_clone_size(void *ctx, struct request *req, struct reply *reply)
{
	const struct snapshot_input in = snapshot_asked(req);
	struct err err = { 0 };

	if (!is_terminal_let_in(ctx, req, reply))
		return;
	if (service_clone_size(ctx, &in, &reply->body, &err) != RC_OK)
		snapshot_failed(reply, req, &err);
	else
		reply->content_type = "application/json";
}

/* The files of a repository that is cloned by plain HTTP, and the list of keys
 * that its signatures are checked with. */
static void mirror_send(struct service *service, struct request *req,
			struct reply *reply, const char *path)
{
	const struct mirror_input in = {
		.authorization = request_header(req, "Authorization"),
		.path = path,
		.remote = req->remote,
		.network = req->network,
		.request_id = req->id,
	};
	struct err err = { 0 };
	bool is_known;
	int wait_s;
	enum rc rc = service_mirror(service, &in, &reply->file, &is_known,
				    &wait_s, &err);

	reply->content_type = "application/octet-stream";
	if (rc == RC_DENIED && !is_known)
		reply_unauthorized(reply, req, "hufu mirror", err.text);
	else if (rc == RC_BUSY && wait_s)
		busy_send(reply, req, err.text, wait_s);
	else if (rc != RC_OK)
		reply_problem(reply, req, &err);
}

static void get_mirror(void *ctx, struct request *req, struct reply *reply)
{
	mirror_send(ctx, req, reply, req->path + strlen("/mirror.git/"));
}

/* pack-<40 hex>.pack or .idx: nothing else is asked for, and nothing else is
 * sent. */
static void get_mirror_pack(void *ctx, struct request *req, struct reply *reply)
{
	static const char hex[] = "0123456789abcdef";
	const char *name = req->args[0];
	size_t n = strlen(name);
	bool is_pack =
		n > 45 && !strncmp(name, "pack-", 5) &&
		strspn(name + 5, hex) == 40 &&
		(!strcmp(name + 45, ".pack") || !strcmp(name + 45, ".idx"));
	const struct err none = { .code = RC_NOT_FOUND,
				  .text = "there is no such pack" };

	if (is_pack)
		get_mirror(ctx, req, reply);
	else
		reply_problem(reply, req, &none);
}

/* Who answers without api_dispatch: tablets and stock git. */
static const struct {
	const char *name;
	http_handler *run;
} raw[] = {
	{ "health", get_health },           { "sync", post_sync },
	{ "bundle", post_bundle },          { "enroll", post_enroll },
	{ "rescue", post_rescue },          { "snapshot", get_snapshot },
	{ "clone_size", get_clone_size },   { "mirror", get_mirror },
	{ "mirror_pack", get_mirror_pack },
};

static http_handler *raw_named(const char *name)
{
	for (size_t i = 0; i < sizeof(raw) / sizeof(*raw); i++)
		if (!strcmp(raw[i].name, name))
			return raw[i].run;
	return NULL;
}

/* Every declared operation has its function, or the service does not start. */
static enum rc route_make(struct http_route *to,
			  const struct contract_route *from, struct err *err)
{
	*to = (struct http_route){
		.method = from->method,
		.pattern = from->path,
		.body_bytes_max = from->body_bytes_max,
		.body = from->is_streamed    ? HTTP_BODY_STREAM
			: from->is_signed    ? HTTP_BODY_SIGNED
			: from->needs_digest ? HTTP_BODY_DIGEST
			: !from->is_raw      ? HTTP_BODY_ASKED
					     : HTTP_BODY_WHOLE,
		.handler =
			from->is_raw ? raw_named(from->handler) : api_dispatch,
	};
	if (!to->handler || (!from->is_raw && !handler_named(from->handler)))
		return err_set(err, RC_INVALID,
			       "%s %s: there is no handler '%s'", from->method,
			       from->path, from->handler);
	return RC_OK;
}

enum rc routes_make(struct service *s, struct err *err)
{
	const struct contract_route *from = contract_routes(s->held->contract);
	size_t n = 0;
	enum rc rc = RC_OK;

	while (from[n].method)
		n++;
	s->routes = calloc(n + 1, sizeof(*s->routes));
	if (!s->routes)
		return err_set(err, RC_NOMEM, "out of memory");
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = route_make(&s->routes[i], &from[i], err);
	return rc;
}

static void held_free(struct contract_held *held)
{
	contract_free(held->contract);
	free(held);
}

void contract_give(struct service *s, struct contract_held *held)
{
	bool is_last;

	if (!held)
		return;
	pthread_mutex_lock(&s->lock);
	is_last = --held->users == 0;
	pthread_mutex_unlock(&s->lock);
	if (is_last)
		held_free(held);
}

/* The newest takes the place of the one before, which those who work with it
 * keep until they are done. */
static enum rc held_renew(struct service *s, struct store *store,
			  struct err *err)
{
	struct contract_held *held = calloc(1, sizeof(*held)), *old;
	enum rc rc = held ? contract_new(&held->contract, store->kinds, err)
			  : err_set(err, RC_NOMEM, "out of memory");

	if (rc != RC_OK) {
		free(held);
		return rc;
	}
	held->catalog_seen = store->catalog_seen;
	held->users = 1;
	pthread_mutex_lock(&s->lock);
	old = s->held;
	s->held = held;
	pthread_mutex_unlock(&s->lock);
	contract_give(s, old);
	return RC_OK;
}

enum rc contract_take(struct service *s, struct store *store,
		      struct contract_held **out, struct err *err)
{
	bool is_new;
	enum rc rc = RC_OK;

	*out = NULL;
	pthread_mutex_lock(&s->lock);
	is_new = !s->held || s->held->catalog_seen != store->catalog_seen;
	pthread_mutex_unlock(&s->lock);
	if (is_new)
		rc = held_renew(s, store, err);
	if (rc != RC_OK)
		return rc;
	pthread_mutex_lock(&s->lock);
	*out = s->held;
	s->held->users++;
	pthread_mutex_unlock(&s->lock);
	return RC_OK;
}
