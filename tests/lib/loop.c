/* lib/loop.c - a server in this process. */
#include "lib/loop.h"

#include <sys/stat.h>

#include "base/jcs.h"

enum rc loop_init(struct loop *l, const char *dir, const struct host *host,
		  struct err *err)
{
	struct account admin;
	struct op op;
	enum rc rc;

	memset(l, 0, sizeof(*l));
	snprintf(l->dir, sizeof(l->dir), "%s", dir);
	rc = store_init(dir, host, true, err);
	if (rc == RC_OK)
		rc = store_open(&l->store, dir, host, true, err);
	if (rc == RC_OK)
		rc = account_add(l->store, "admin",
				 ROLE_ADMINISTRATOR | ROLE_COORDINATOR |
					 ROLE_ANALYST,
				 "*", NULL, err);
	if (rc == RC_OK) {
		op = loop_op(l, &admin, err);
		rc = ledger_found(&op, "schema");
	}
	if (rc == RC_OK)
		rc = service_inline(&l->service, l->store, err);
	return rc;
}

enum rc loop_open(struct loop *l, const struct host *host, struct err *err)
{
	enum rc rc = store_open(&l->store, l->dir, host, true, err);

	return rc == RC_OK ? service_inline(&l->service, l->store, err) : rc;
}

enum rc loop_reopen(struct loop *l, struct err *err)
{
	const struct host *host = l->store->host;

	loop_release(l);
	return loop_open(l, host, err);
}

void loop_release(struct loop *l)
{
	service_stop(l->service);
	store_close(l->store);
	l->service = NULL;
	l->store = NULL;
}

static const char *header(const struct exchange_request *r, const char *name)
{
	for (size_t i = 0; i < r->nheaders; i++)
		if (!strcmp(r->headers[i].name, name))
			return r->headers[i].value;
	return NULL;
}

static enum rc body_give(struct exchange_reply *reply, const void *p, size_t n,
			 struct err *err)
{
	if (reply->sink)
		return n ? reply->sink(reply->sink_ctx, p, n, err) : RC_OK;
	buf_put(&reply->body, p, n);
	return buf_status(&reply->body, err);
}

static struct snapshot_input snapshot_asked(const struct exchange_request *r,
					    const char *if_range)
{
	size_t skip = strlen("/v1/snapshot/");

	return (struct snapshot_input){
		.terminal = header(r, "Hufu-Terminal"),
		.time_text = header(r, "Hufu-Time"),
		.signature = header(r, "Hufu-Signature"),
		.format_text = header(r, "Hufu-Format"),
		.if_range = if_range,
		.path = r->path,
		.scope = strlen(r->path) > skip ? r->path + skip : NULL,
	};
}

static enum rc snapshot_give(struct loop *l, const struct exchange_request *r,
			     struct exchange_reply *reply, struct err *err)
{
	char piece[65536], *file = NULL, if_range[90] = "";
	const struct snapshot_input in = snapshot_asked(r, if_range);
	bool ranged;
	FILE *f;
	size_t n;
	enum rc rc;

	if (r->if_range)
		snprintf(if_range, sizeof(if_range), "\"%s\"", r->if_range);
	rc = service_snapshot(l->service, &in, &file, reply->etag, err);

	if (rc != RC_OK)
		return rc;
	f = fopen(file, "rb");
	free(file);
	if (!f)
		return err_set(err, RC_IO, "the snapshot is gone");
	ranged = r->range_from > 0 &&
		 (!r->if_range || !strcmp(r->if_range, reply->etag));
	reply->status = ranged ? 206 : 200;
	if (ranged)
		fseek(f, (long)r->range_from, SEEK_SET);
	while (rc == RC_OK && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		rc = body_give(reply, piece, n, err);
	fclose(f);
	return rc;
}

/* What the routes do: a failure of the service becomes a problem reply. */
static enum rc serve(struct loop *l, const struct exchange_request *r,
		     struct exchange_reply *reply, struct err *err)
{
	struct err why = { 0 };
	bool revoked = false;
	struct buf body;
	enum rc rc;

	reply->status = 200;
	if (!strncmp(r->path, "/v1/snapshot/", 13)) {
		rc = snapshot_give(l, r, reply, &why);
	} else {
		buf_init(&body, HTTP_REPLY_MAX);
		if (!strcmp(r->path, "/v1/sync")) {
			const struct sync_input in = {
				.terminal = header(r, "Hufu-Terminal"),
				.signature = header(r, "Hufu-Signature"),
				.path = r->path,
				.body = r->body,
				.body_bytes = r->body_bytes,
			};

			rc = service_sync(l->service, &in, &body, &revoked,
					  &why);
			reply->status = revoked ? 403 : 200;
		} else if (!strcmp(r->path, "/v1/bundle")) {
			const struct sync_input in = {
				.terminal = header(r, "Hufu-Terminal"),
				.signature = header(r, "Hufu-Signature"),
				.path = r->path,
				.body = r->body,
				.body_bytes = r->body_bytes,
			};

			rc = service_bundle_brought(l->service, &in, &body,
						    &why);
		} else if (!strcmp(r->path, "/v1/rescue")) {
			rc = service_rescue(l->service, r->body, r->body_bytes,
					    &body, &why);
		} else if (!strcmp(r->path, "/v1/snapshot")) {
			const struct snapshot_input in =
				snapshot_asked(r, NULL);

			rc = service_clone_size(l->service, &in, &body, &why);
		} else {
			rc = service_enroll(l->service, r->body, r->body_bytes,
					    &body, &why);
		}
		if (rc == RC_OK)
			rc = body_give(reply, body.data, body.len, &why);
		buf_release(&body);
	}
	if (rc == RC_IO || rc == RC_NOMEM)
		return err_set(err, rc, "%s", why.text);
	if (rc != RC_OK) {
		struct buf problem;

		reply->status = rc_status(rc);
		buf_init(&problem, 4096);
		buf_puts(&problem, "{\"detail\":");
		jcs_string(&problem, why.text, strlen(why.text));
		buf_puts(&problem, "}");
		rc = body_give(reply, problem.data, problem.len, err);
		buf_release(&problem);
	}
	return rc;
}

static enum rc perform(void *ctx, const struct exchange_request *request,
		       struct exchange_reply *reply, struct err *err)
{
	struct loop *l = ctx;
	enum rc rc = RC_OK;

	if (l->before)
		rc = l->before(l->ctx, request, err);
	if (rc == RC_OK)
		rc = serve(l, request, reply, err);
	if (rc == RC_OK && l->after)
		rc = l->after(l->ctx, reply, err);
	return rc;
}

struct exchange loop_exchange(struct loop *l)
{
	return (struct exchange){ .perform = perform, .ctx = l };
}

struct op loop_op(struct loop *l, struct account *account, struct err *err)
{
	struct err ignored = { 0 };

	account_get(l->store, "admin", account, &ignored);
	return (struct op){ .store = l->store,
			    .actor = account,
			    .now_ms = host_wall_ms(l->store->host),
			    .err = err };
}

static enum rc write_as(struct loop *l, unsigned roles, const char *scope,
			const char *kind, const char *id, const char *json,
			struct err *err)
{
	struct office_record record = { .kind = kind, .id = id };
	struct office_write w = { .scope = scope,
				  .operation = "test",
				  .message = "written by a test",
				  .records = &record,
				  .n = 1 };
	struct account admin;
	struct op op = loop_op(l, &admin, err);
	json_t *fields = NULL;
	enum rc rc = json_read(json, strlen(json), &fields, err);

	admin.roles |= roles;
	record.record = fields;
	if (rc == RC_OK)
		rc = ledger_office(&op, &w);
	if (rc == RC_OK && record.outcome == OFFICE_REFUSED)
		rc = err_set(err, RC_INVALID, "%s", record.why);
	json_decref(fields);
	return rc;
}

enum rc loop_write(struct loop *l, const char *scope, const char *kind,
		   const char *id, const char *json, struct err *err)
{
	return write_as(l, 0, scope, kind, id, json, err);
}

enum rc loop_serve(struct loop *l, const char *scope, const char *kind,
		   const char *id, const char *json, struct err *err)
{
	return write_as(l, ROLE_SERVER, scope, kind, id, json, err);
}

enum rc loop_import(struct loop *l, const char *scope, const char *kind,
		    const char *id, const char *json, struct err *err)
{
	return write_as(l, ROLE_IMPORT, scope, kind, id, json, err);
}
