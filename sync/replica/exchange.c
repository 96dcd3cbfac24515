#include "replica/replica_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "wire/message.h"

static void header_add(struct exchange_request *q, const char *name,
		       const char *value)
{
	q->headers[q->nheaders].name = name;
	q->headers[q->nheaders++].value = value;
}

/* Sign as the terminal; `text` is signed in place of a body. */
static enum rc sign_as_terminal(struct replica *r, struct exchange_request *q,
				const void *text, size_t n, char **terminal,
				char signature[SIGNATURE_TEXT_SIZE],
				struct err *err)
{
	struct sign_key key = { 0 };
	enum rc rc = meta_need(r, "terminal", terminal, err);

	if (rc == RC_OK)
		rc = meta_terminal_key(r, &key, err);
	if (rc == RC_OK)
		rc = request_sign(signature, &key, q->method, q->path, text, n,
				  err);
	sign_key_release(&key);
	if (rc != RC_OK)
		return rc;
	header_add(q, "Hufu-Terminal", *terminal);
	header_add(q, "Hufu-Signature", signature);
	return RC_OK;
}

enum rc exchange_post(struct replica *r, const struct exchange *x,
		      const char *path, const char *type, bool sign_it,
		      const struct buf *body, struct exchange_reply *reply,
		      struct err *err)
{
	char signature[SIGNATURE_TEXT_SIZE], digest[CONTENT_DIGEST_SIZE];
	struct exchange_request q = { .method = "POST",
				      .path = path,
				      .body = body->data,
				      .body_bytes = body->len };
	char *terminal = NULL;
	enum rc rc = RC_OK;

	content_digest(digest, body->data, body->len);
	header_add(&q, "Content-Type", type);
	header_add(&q, "Content-Digest", digest);
	if (sign_it)
		rc = sign_as_terminal(r, &q, body->data, body->len, &terminal,
				      signature, err);
	if (rc == RC_OK)
		rc = x->perform(x->ctx, &q, reply, err);
	free(terminal);
	return rc;
}

enum rc exchange_get(struct replica *r, const struct exchange *x,
		     const char *path, int64_t from, const char *etag,
		     struct exchange_reply *reply, struct err *err)
{
	char signature[SIGNATURE_TEXT_SIZE], time[24];
	struct exchange_request q = { .method = "GET",
				      .path = path,
				      .range_from = from,
				      .if_range = from > 0 ? etag : NULL };
	char *terminal = NULL;
	enum rc rc;

	snprintf(time, sizeof(time), "%" PRId64, host_wall_ms(r->host));
	header_add(&q, "Hufu-Time", time);
	header_add(&q, "Hufu-Format", SNAPSHOT_FORMAT_TEXT);
	rc = sign_as_terminal(r, &q, time, strlen(time), &terminal, signature,
			      err);
	if (rc == RC_OK)
		rc = x->perform(x->ctx, &q, reply, err);
	free(terminal);
	return rc;
}

enum rc exchange_tus(struct replica *r, const struct exchange *x,
		     const struct tus_request *t, struct exchange_reply *reply,
		     struct err *err)
{
	char signature[SIGNATURE_TEXT_SIZE], time[24], offset[24], length[24];
	struct exchange_request q = { .method = t->method,
				      .path = t->path,
				      .body = t->body ? t->body : "",
				      .body_bytes = t->body_bytes,
				      .bytes_per_s = t->bytes_per_s };
	char *terminal = NULL;
	enum rc rc;

	snprintf(time, sizeof(time), "%" PRId64, host_wall_ms(r->host));
	snprintf(offset, sizeof(offset), "%" PRId64, t->offset);
	snprintf(length, sizeof(length), "%" PRId64, t->length);
	header_add(&q, "Tus-Resumable", "1.0.0");
	header_add(&q, "Hufu-Time", time);
	if (t->body)
		header_add(&q, "Content-Type",
			   "application/offset+octet-stream");
	if (t->offset >= 0)
		header_add(&q, "Upload-Offset", offset);
	if (t->length >= 0)
		header_add(&q, "Upload-Length", length);
	rc = sign_as_terminal(r, &q, time, strlen(time), &terminal, signature,
			      err);
	if (rc == RC_OK)
		rc = x->perform(x->ctx, &q, reply, err);
	free(terminal);
	return rc;
}

static enum rc code_of(int status)
{
	switch (status) {
	case 400:
	case 411:
	case 413:
	case 422: return RC_INVALID;
	case 401:
	case 403: return RC_DENIED;
	case 404: return RC_NOT_FOUND;
	case 409: return RC_CONFLICT;
	case 408:
	case 429:
	case 503: return RC_BUSY;
	default: return RC_IO;
	}
}

enum rc reply_failed(const struct exchange_reply *reply, const char *doing,
		     struct err *err)
{
	const char *text = NULL;
	struct err ignored = { 0 };
	json_t *problem = NULL;
	enum rc rc;

	if (reply->body.len)
		json_read(reply->body.data, reply->body.len, &problem,
			  &ignored);
	text = json_text(problem, "detail");
	if (!text)
		text = json_text(problem, "title");
	rc = err_set(err, code_of(reply->status), "%s: %s (HTTP status %d)",
		     doing, text ? text : "the server refused", reply->status);
	json_decref(problem);
	return rc;
}
