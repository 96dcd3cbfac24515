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

/* The files of a repository that is cloned by plain HTTP, and the list of keys
 * that its signatures are checked with. */
static void mirror_send(struct service *service, struct request *req,
			struct reply *reply, const char *path)
{
	const struct mirror_input in = {
		.authorization = request_header(req, "Authorization"),
		.path = path,
	};
	struct err err = { 0 };
	bool is_known;
	enum rc rc =
		service_mirror(service, &in, &reply->file, &is_known, &err);

	reply->content_type = "application/octet-stream";
	if (rc == RC_DENIED && !is_known)
		reply_unauthorized(reply, req, "hufu mirror", err.text);
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

const struct http_route service_routes[] = {
	{ "GET", "/healthz", 0, false, get_health },
	{ "POST", "/v1/sync", SYNC_BODY_MAX, true, post_sync },
	{ "POST", "/v1/enroll", ENROLL_BODY_MAX, true, post_enroll },
	{ "GET", "/v1/snapshot/{scope}", 0, false, get_snapshot },
	{ "GET", "/mirror.git/HEAD", 0, false, get_mirror },
	{ "GET", "/mirror.git/allowed_signers", 0, false, get_mirror },
	{ "GET", "/mirror.git/info/refs", 0, false, get_mirror },
	{ "GET", "/mirror.git/objects/info/packs", 0, false, get_mirror },
	{ "GET", "/mirror.git/objects/pack/{file}", 0, false, get_mirror_pack },
	{ NULL, NULL, 0, false, NULL },
};
