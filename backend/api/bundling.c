/* api/bundling.c - syncs that come as a file: each request as POST /v1/sync
 * takes it, each answer with all its pages in a box for its terminal. */
#include "api/service_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/log.h"
#include "wire/bundle.h"
#include "wire/message.h"

/* One request of a file while it is answered. */
struct asked {
	struct service *service;
	struct store *reader;
	const struct bundle_item *item;
	struct bundled *told;
	struct buf body; /* of the request */
	struct buf pages;
};

static enum rc pages_answer(struct asked *a, struct sync *sync, struct err *err)
{
	struct buf page;
	bool revoked;
	enum rc rc;

	buf_init(&page, HTTP_REPLY_MAX);
	do {
		buf_reset(&page);
		rc = sync_answer(sync, a->reader,
				 host_wall_ms(a->service->host), &page,
				 &revoked, err);
		if (rc == RC_OK)
			rc = bundle_page_add(&a->pages, &page, err);
		if (!sync_page_turn(sync))
			break;
	} while (rc == RC_OK);
	a->told->is_revoked = revoked;
	buf_release(&page);
	return rc;
}

/* Take one request in and put its answer into a box. */
static enum rc request_answer(struct asked *a, struct bundle_item *out,
			      struct buf *box, struct err *err)
{
	char signature[SIGNATURE_TEXT_SIZE];
	struct sync_input in = { .terminal = a->item->terminal,
				 .signature = signature,
				 .path = "/v1/sync" };
	struct sync *sync = NULL;
	const char *terminal;
	enum rc rc = bundle_request_open(&a->body, signature, &a->reader->key,
					 a->item, err);

	in.body = a->body.data;
	in.body_bytes = a->body.len;
	if (rc == RC_OK)
		rc = sync_receive(a->service, a->reader, &in, &sync, err);
	if (rc == RC_OK)
		rc = pages_answer(a, sync, err);
	if (rc == RC_OK)
		rc = seal_to(box, sync_terminal_key(sync), a->service->host,
			     a->pages.data, a->pages.len, err);
	if (rc == RC_OK) {
		*out = (struct bundle_item){ .type = BUNDLE_ANSWER,
					     .box = box->data,
					     .box_bytes = box->len };
		snprintf(out->terminal, sizeof(out->terminal), "%s",
			 a->item->terminal);
		hex_encode(out->digest, sync_digest(sync), SHA256_BYTES);
		sync_figures(sync, &terminal, &a->told->packets,
			     &a->told->rows);
	}
	sync_free(sync);
	return rc;
}

/* Is it this request's own fault? Then the others go on. */
static bool is_refusal(enum rc rc)
{
	return rc == RC_DENIED || rc == RC_INVALID || rc == RC_CORRUPT;
}

static enum rc item_answer(struct service *s, struct store *reader,
			   const struct bundle_item *item, struct bundled *told,
			   struct bundle_item *out, struct buf *box,
			   struct err *err)
{
	struct asked a = {
		.service = s, .reader = reader, .item = item, .told = told
	};
	enum rc rc;

	*told = (struct bundled){ 0 };
	snprintf(told->terminal, sizeof(told->terminal), "%s", item->terminal);
	buf_init(&a.body, BUNDLE_BYTES_MAX);
	buf_init(&a.pages, BUNDLE_BYTES_MAX);
	rc = request_answer(&a, out, box, &told->why);
	buf_release(&a.body);
	buf_release(&a.pages);
	told->is_refused = is_refusal(rc);
	return rc == RC_OK || told->is_refused
		       ? RC_OK
		       : err_set(err, rc, "%s", told->why.text);
}

static enum rc items_answer(struct service *s, const struct bundle_item *items,
			    size_t n, bundled_fn *fn, void *ctx,
			    struct buf *answer, struct err *err)
{
	struct bundle_item *out = calloc(n, sizeof(*out));
	struct buf *boxes = calloc(n, sizeof(*boxes));
	struct store *reader = NULL;
	size_t nout = 0;
	enum rc rc = out && boxes ? reader_take(s, &reader, err)
				  : err_set(err, RC_NOMEM, "out of memory");

	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		struct bundled told;

		if (items[i].type != BUNDLE_REQUEST)
			continue;
		buf_init(&boxes[i], BUNDLE_BYTES_MAX);
		rc = item_answer(s, reader, &items[i], &told, &out[nout],
				 &boxes[i], err);
		if (rc != RC_OK)
			break;
		nout += !told.is_refused;
		if (s->writer)
			log_info("bundle terminal=%s packets=%zu rows=%zu%s%s",
				 told.terminal, told.packets, told.rows,
				 told.is_refused ? " refused: " : "",
				 told.why.text);
		if (fn)
			fn(ctx, &told);
	}
	if (rc == RC_OK && nout)
		rc = bundle_write(answer, out, nout, err);
	for (size_t i = 0; boxes && i < n; i++)
		buf_release(&boxes[i]);
	free(boxes);
	free(out);
	reader_give(s, reader);
	return rc;
}

enum rc service_bundle(struct service *s, const void *file, size_t n,
		       bundled_fn *fn, void *ctx, struct buf *answer,
		       struct err *err)
{
	struct bundle_item *items;
	size_t nitems, requests = 0;
	enum rc rc = bundle_read(file, n, &items, &nitems, err);

	for (size_t i = 0; i < nitems; i++)
		requests += items[i].type == BUNDLE_REQUEST;
	if (rc == RC_OK && !requests)
		rc = err_set(err, RC_INVALID,
			     "the bundle has no request for a server: tablets "
			     "take it, by 'hufu bundle apply' or 'hufu peer "
			     "take'");
	if (rc == RC_OK)
		rc = items_answer(s, items, nitems, fn, ctx, answer, err);
	free(items);
	return rc;
}

static void refusal_keep(void *ctx, const struct bundled *b)
{
	struct err *why = ctx;

	if (b->is_refused)
		err_set(why, b->why.code, "%s", b->why.text);
}

enum rc service_bundle_brought(struct service *s, const struct sync_input *in,
			       struct buf *answer, struct err *err)
{
	struct store *reader = NULL;
	struct err why = { 0 };
	enum rc rc = reader_take(s, &reader, err);

	if (rc == RC_OK)
		rc = terminal_signs(reader, in, err);
	reader_give(s, reader);
	if (rc == RC_OK)
		rc = service_bundle(s, in->body, in->body_bytes, refusal_keep,
				    &why, answer, err);
	return rc == RC_OK && !answer->len
		       ? err_set(err, why.code, "%s", why.text)
		       : rc;
}
