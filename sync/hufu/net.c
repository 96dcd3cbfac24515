/* hufu/net.c - what needs the server: enrol, clone, sync; with progress, and a
 * stop at any piece of the network. */
#include "hufu/hufu_impl.h"

#include <string.h>

#include "base/json_memory.h"
#include "replica/evidence.h"
#include "transport/http_client.h"

/* An exchange around the client's, which tells how far it is. */
struct watched {
	struct hufu *h;
	struct http_client *client;
	struct exchange inner;
	/* of the reply under way: */
	struct exchange_reply *reply;
	enum rc (*sink)(void *ctx, const void *p, size_t n, struct err *err);
	void *sink_ctx;
	int64_t received;
};

static enum rc stopped(struct err *err)
{
	return err_set(err, RC_IO, "stopped");
}

static enum rc watched_sink(void *ctx, const void *p, size_t n, struct err *err)
{
	struct watched *w = ctx;
	enum rc rc;

	if (w->sink) {
		/* Whoever has a sink of its own tells by itself. */
		rc = w->sink(w->sink_ctx, p, n, err);
	} else {
		buf_put(&w->reply->body, p, n);
		rc = buf_status(&w->reply->body, err);
		w->received += (int64_t)n;
		if (rc == RC_OK)
			hufu_tell(w->h, "receive", w->received, 0);
	}
	return rc == RC_OK && w->h->is_stopped ? stopped(err) : rc;
}

static enum rc watched_perform(void *ctx,
			       const struct exchange_request *request,
			       struct exchange_reply *reply, struct err *err)
{
	struct watched *w = ctx;
	enum rc rc;

	if (request->body_bytes)
		hufu_tell(w->h, "send", 0, (int64_t)request->body_bytes);
	if (w->h->is_stopped)
		return stopped(err);
	w->reply = reply;
	w->sink = reply->sink;
	w->sink_ctx = reply->sink_ctx;
	w->received = 0;
	reply->sink = watched_sink;
	reply->sink_ctx = w;
	rc = w->inner.perform(w->inner.ctx, request, reply, err);
	reply->sink = w->sink;
	reply->sink_ctx = w->sink_ctx;
	return rc;
}

static enum rc watched_begin(struct watched *w, struct hufu *h, const char *url,
			     struct exchange *x)
{
	enum rc rc;

	*w = (struct watched){ .h = h };
	*x = (struct exchange){ .perform = watched_perform, .ctx = w };
	rc = http_client_new(&w->client, url, h->allow_plain, &h->err);
	if (rc == RC_OK)
		w->inner = http_client_exchange(w->client);
	return rc;
}

static void watched_end(struct watched *w)
{
	http_client_free(w->client);
}

enum hufu_code hufu_url_check(struct hufu *h, const char *url)
{
	struct http_client *client = NULL;
	enum rc rc;

	err_clear(&h->err);
	h->is_stopped = false;
	rc = hufu_need(h, url, "the server's address");
	if (rc == RC_OK)
		rc = http_client_new(&client, url, h->allow_plain, &h->err);
	http_client_free(client);
	return hufu_end(h, rc);
}

enum hufu_code hufu_enroll(struct hufu *h, const char *url, const char *code,
			   const char *pin)
{
	struct watched w = { 0 };
	struct exchange x;
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK)
		rc = hufu_need(h, url, "the server's address");
	if (rc == RC_OK)
		rc = hufu_need(h, code, "the code");
	if (rc == RC_OK)
		rc = hufu_need(h, pin, "the pin");
	if (rc == RC_OK)
		rc = watched_begin(&w, h, url, &x);
	if (rc == RC_OK)
		rc = replica_enroll(h->r, &x, url, code, pin, &h->err);
	watched_end(&w);
	return hufu_end(h, rc);
}

static enum rc connect_home(struct watched *w, struct hufu *h,
			    struct exchange *x)
{
	const char *url = replica_url(h->r);

	if (!url)
		return err_set(&h->err, RC_INVALID,
			       "this replica is not enrolled yet: run 'hufu "
			       "enroll'");
	return watched_begin(w, h, url, x);
}

static void tell(void *ctx, const char *what, int64_t done, int64_t total)
{
	hufu_tell(ctx, what, done, total);
}

static enum rc size_list(struct hufu *h, const struct clone_size *s,
			 struct hufu_list *list)
{
	json_t *o =
		json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			  "scopes", s->scopes, "records",
			  (json_int_t)s->records, "bytes", (json_int_t)s->bytes,
			  "records_warn", (json_int_t)s->records_warn,
			  "bytes_warn", (json_int_t)s->bytes_warn,
			  "records_most", (json_int_t)s->records_most,
			  "bytes_most", (json_int_t)s->bytes_most,
			  "space_bytes", (json_int_t)s->space_bytes,
			  "free_bytes", (json_int_t)s->free_bytes);

	return list_add(list, o, &h->err);
}

enum hufu_code hufu_clone_size(struct hufu *h, struct hufu_list **out)
{
	struct hufu_list *list;
	struct clone_size size;
	struct watched w = { 0 };
	struct exchange x;
	enum rc rc = hufu_begin_list(h, out, &list);

	if (rc == RC_OK)
		rc = connect_home(&w, h, &x);
	if (rc == RC_OK)
		rc = replica_clone_size(h->r, &x, &size, &h->err);
	if (rc == RC_NOT_FOUND)
		err_set(&h->err, rc,
			"the server does not say how large a clone is");
	if (rc == RC_OK)
		rc = size_list(h, &size, list);
	watched_end(&w);
	return hufu_end_list(h, list, out, true, rc);
}

enum hufu_code hufu_clone(struct hufu *h)
{
	struct watched w = { 0 };
	struct exchange x;
	enum rc rc = hufu_begin(h);

	if (rc == RC_OK)
		rc = connect_home(&w, h, &x);
	if (rc == RC_OK)
		rc = replica_clone(h->r, &x, tell, h, &h->err);
	watched_end(&w);
	return hufu_end(h, rc);
}

static enum rc count_edited(void *ctx, const struct status_entry *e,
			    struct err *err)
{
	int *n = ctx;

	(void)err;
	*n += !strcmp(e->state, "new") || !strcmp(e->state, "edited");
	return RC_OK;
}

enum rc hufu_left_behind(struct hufu *h, int *edited)
{
	/* Before counting: a mended capture may show edits. */
	enum rc rc = replica_mend(h->r, &h->err);

	*edited = 0;
	return rc != RC_OK || replica_is_unlocked(h->r)
		       ? rc
		       : replica_status(h->r, count_edited, edited, &h->err);
}

static enum rc summary_add(struct hufu *h, struct hufu_list *list,
			   const struct sync_summary *s, int edited)
{
	json_t *info = NULL, *o;
	enum rc rc = replica_info(h->r, &info, &h->err);

	if (rc != RC_OK)
		return rc;
	o = json_pack(
		"{s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:b, s:b,"
		" s:b, s:i, s:b, s:i, s:i, s:s, s:s, s:i, s:s, s:i, s:i, s:O}",
		"equal", s->all_equal, "requests", s->requests, "packets_sent",
		s->packets_sent, "records_sent", s->records_sent,
		"records_received", s->records_received, "merged", s->merged,
		"conflicts", s->conflicts, "quarantined", s->quarantined,
		"bytes_up", (json_int_t)s->bytes_up, "bytes_down",
		(json_int_t)s->bytes_down, "fork", s->fork, "restored",
		s->restored, "damaged", s->was_damaged, "repaired", s->repaired,
		"rebuilt", s->rebuilt, "uncommitted", edited, "held_back",
		s->held.records, "held_why", s->held.why, "mended",
		replica_mended(h->r)->what, "carried", s->carried,
		"carried_why", s->carried_why, "scopes_came", s->scopes_came,
		"scopes_went", s->scopes_went, "scopes",
		json_object_get(info, "scopes"));
	json_decref(info);
	return list_add(list, o, &h->err);
}

typedef enum rc sync_fn(struct replica *r, const struct exchange *x,
			struct sync_summary *out, struct err *err);

static enum hufu_code sync_by(struct hufu *h, sync_fn *fn,
			      struct hufu_list **report)
{
	struct sync_summary summary = { 0 };
	struct hufu_list *list;
	struct watched w = { 0 };
	struct exchange x;
	int edited = 0;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = connect_home(&w, h, &x);
	if (rc == RC_OK && !replica_is_wiped(h->r))
		rc = hufu_left_behind(h, &edited);
	if (rc == RC_OK)
		rc = fn(h->r, &x, &summary, &h->err);
	if (rc == RC_OK)
		rc = summary_add(h, list, &summary, edited);
	watched_end(&w);
	return hufu_end_list(h, list, report, true, rc);
}

static enum rc upload_add(struct hufu_list *list,
			  const struct upload_summary *s, struct err *err)
{
	return list_add(list,
			json_pack("{s:i, s:I, s:i, s:i, s:I, s:i, s:s}",
				  "requests", s->requests, "bytes_up",
				  (json_int_t)s->bytes_up, "files", s->files,
				  "left", s->left, "left_bytes",
				  (json_int_t)s->left_bytes, "refused",
				  s->refused, "why", s->why),
			err);
}

enum hufu_code hufu_upload(struct hufu *h, int64_t most_bytes,
			   int64_t bytes_per_s, struct hufu_list **report)
{
	const struct upload_options options = { .bytes_max = most_bytes,
						.bytes_per_s = bytes_per_s,
						.progress = tell,
						.ctx = h };
	struct upload_summary summary = { 0 };
	struct hufu_list *list;
	struct watched w = { 0 };
	struct exchange x;
	enum rc rc = hufu_begin_list(h, report, &list);

	if (rc == RC_OK)
		rc = connect_home(&w, h, &x);
	if (rc == RC_OK)
		rc = replica_upload(h->r, &x, &options, &summary, &h->err);
	if (rc == RC_OK)
		rc = upload_add(list, &summary, &h->err);
	watched_end(&w);
	return hufu_end_list(h, list, report, true, rc);
}

enum hufu_code hufu_adopt(struct hufu *h, const char *packet, const char *kind,
			  const char *id, const char *reason,
			  struct hufu_list **entry)
{
	struct hufu_list *list;
	struct watched w = { 0 };
	struct exchange x;
	json_t *shown = NULL;
	enum rc rc = hufu_begin_list(h, entry, &list);

	if (rc == RC_OK)
		rc = hufu_need(h, packet, "the packet");
	if (rc == RC_OK)
		rc = hufu_need(h, kind, "the kind");
	if (rc == RC_OK)
		rc = hufu_need(h, id, "the id of the record");
	if (rc == RC_OK)
		rc = connect_home(&w, h, &x);
	if (rc == RC_OK)
		rc = replica_adopt(h->r, &x, packet, kind, id, reason, &shown,
				   &h->err);
	if (rc == RC_OK)
		rc = list_add(list, shown, &h->err);
	watched_end(&w);
	return hufu_end_list(h, list, entry, true, rc);
}

enum hufu_code hufu_sync(struct hufu *h, struct hufu_list **report)
{
	return sync_by(h, replica_sync, report);
}

enum hufu_code hufu_repair(struct hufu *h, struct hufu_list **report)
{
	return sync_by(h, replica_repair, report);
}
