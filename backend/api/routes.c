/* api/routes.c - HTTP over the service: one thin handler a route. */
#include "api/service.h"

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

static void post_sync(void *ctx, struct request *req, struct reply *reply)
{
	const struct sync_input in = {
		.terminal = request_header(req, "Hufu-Terminal"),
		.signature = request_header(req, "Hufu-Signature"),
		.path = req->path,
		.body = req->body,
		.body_bytes = req->body_bytes,
	};
	struct err err = { 0 };
	bool revoked;

	if (service_sync(ctx, &in, &reply->body, &revoked, &err) != RC_OK) {
		reply_problem(reply, req, &err);
		return;
	}
	reply->status = revoked ? 403 : 200;
	reply->content_type = "application/x-hufu-sync";
}

static void post_enroll(void *ctx, struct request *req, struct reply *reply)
{
	struct err err = { 0 };

	if (service_enroll(ctx, req->body, req->body_bytes, &reply->body,
			   &err) != RC_OK) {
		reply_problem(reply, req, &err);
		return;
	}
	reply->content_type = "application/json";
}

static void get_snapshot(void *ctx, struct request *req, struct reply *reply)
{
	const struct snapshot_input in = {
		.terminal = request_header(req, "Hufu-Terminal"),
		.time_text = request_header(req, "Hufu-Time"),
		.signature = request_header(req, "Hufu-Signature"),
		.path = req->path,
		.scope = req->args[0],
	};
	struct err err = { 0 };

	if (service_snapshot(ctx, &in, &reply->file, reply->etag, &err) !=
	    RC_OK) {
		reply_problem(reply, req, &err);
		return;
	}
	reply->content_type = "application/x-hufu-snapshot";
}

const struct http_route service_routes[] = {
	{ "GET", "/healthz", 0, false, get_health },
	{ "POST", "/v1/sync", SYNC_BODY_MAX, true, post_sync },
	{ "POST", "/v1/enroll", ENROLL_BODY_MAX, true, post_enroll },
	{ "GET", "/v1/snapshot/{scope}", 0, false, get_snapshot },
	{ NULL, NULL, 0, false, NULL },
};
