#include "http/problem.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"

struct status_words {
	int status;
	const char *phrase;
	const char *type; /* of a problem; stable, clients compare it */
};

static const struct status_words words[] = {
	{ 200, "OK", NULL },
	{ 201, "Created", NULL },
	{ 202, "Accepted", NULL },
	{ 204, "No Content", NULL },
	{ 206, "Partial Content", NULL },
	{ 303, "See Other", NULL },
	{ 304, "Not Modified", NULL },
	{ 307, "Temporary Redirect", NULL },
	{ 308, "Permanent Redirect", NULL },
	{ 400, "Bad Request", "bad_request" },
	{ 401, "Unauthorized", "unauthorized" },
	{ 403, "Forbidden", "denied" },
	{ 404, "Not Found", "not_found" },
	{ 405, "Method Not Allowed", "method_not_allowed" },
	{ 406, "Not Acceptable", "not_acceptable" },
	{ 408, "Request Timeout", "request_timeout" },
	{ 409, "Conflict", "conflict" },
	{ 410, "Gone", "gone" },
	{ 411, "Length Required", "length_required" },
	{ 412, "Precondition Failed", "precondition_failed" },
	{ 413, "Content Too Large", "content_too_large" },
	{ 414, "URI Too Long", "uri_too_long" },
	{ 415, "Unsupported Media Type", "unsupported_media_type" },
	{ 416, "Range Not Satisfiable", "range_not_satisfiable" },
	{ 417, "Expectation Failed", "expectation_failed" },
	{ 422, "Unprocessable Content", "corrupt" },
	{ 423, "Locked", "locked" },
	{ 428, "Precondition Required", "precondition_required" },
	{ 429, "Too Many Requests", "too_many_requests" },
	{ 431, "Request Header Fields Too Large", "head_too_large" },
	{ 460, "Checksum Mismatch", "checksum_mismatch" },
	{ 500, "Internal Server Error", "io" },
	{ 503, "Service Unavailable", "busy" },
	{ 505, "HTTP Version Not Supported", "version_not_supported" },
	{ 507, "Insufficient Storage", "insufficient_storage" },
};

/* One title a type, whoever finds it: those of this room, as `x-hufu.problems`
 * of schema/api.json has them. */
static const struct {
	const char *type, *title;
} titles[] = {
	{ "bad_request", "The request cannot be read" },
	{ "invalid", "The request breaks a rule" },
	{ "unauthorized", "Nobody has proved who asks" },
	{ "denied", "Not allowed" },
	{ "not_found", "Not found" },
	{ "method_not_allowed", "Not by this method" },
	{ "not_acceptable", "In no form that is accepted" },
	{ "request_timeout", "The request took too long" },
	{ "conflict", "The record moved on" },
	{ "gone", "Gone" },
	{ "length_required", "The request says no length" },
	{ "precondition_failed", "It is not what was seen" },
	{ "content_too_large", "Too large" },
	{ "nomem", "A limit was reached" },
	{ "uri_too_long", "The path or query is too long" },
	{ "unsupported_media_type", "Not of this content type" },
	{ "range_not_satisfiable", "No such range" },
	{ "expectation_failed", "An expectation that is not met" },
	{ "corrupt", "The bytes fail their check" },
	{ "locked", "Locked" },
	{ "precondition_required", "A header is missing" },
	{ "too_many_requests", "Too many requests" },
	{ "head_too_large", "The head is too large" },
	{ "checksum_mismatch", "The part fails its checksum" },
	{ "io", "The server failed" },
	{ "busy", "Busy" },
	{ "version_not_supported", "Another version of HTTP" },
	{ "insufficient_storage", "No room left" },
};

const char *problem_title(const char *type)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (strcmp(titles[i].type, type) == 0)
			return titles[i].title;
	return NULL;
}

/* The one table from rc to HTTP. CORRUPT is 422 and not 500: nearly always the
 * bytes are the client's, and a 5xx would make it send them again. */
static const int of_rc[RC__MAX] = {
	[RC_OK] = 200,        [RC_INVALID] = 400,  [RC_DENIED] = 403,
	[RC_NOT_FOUND] = 404, [RC_CONFLICT] = 409, [RC_BUSY] = 503,
	[RC_CORRUPT] = 422,   [RC_IO] = 500,       [RC_NOMEM] = 413,
};

static const struct status_words *words_of(int status)
{
	static const struct status_words unknown = { 0, "Unknown", "unknown" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].status == status)
			return &words[i];
	return &unknown;
}

const char *status_phrase(int status)
{
	return words_of(status)->phrase;
}

int rc_status(enum rc rc)
{
	return (unsigned)rc < RC__MAX ? of_rc[rc] : 500;
}

void reply_init(struct reply *reply)
{
	*reply = (struct reply){ .status = 200 };
	buf_init(&reply->body, HTTP_REPLY_MAX);
	buf_init(&reply->headers, REPLY_HEADERS_BYTES_MAX);
}

static void drop_stream(struct reply *reply)
{
	if (reply->stream_free)
		reply->stream_free(reply->stream_ctx);
	reply->stream = NULL;
	reply->stream_free = NULL;
	reply->stream_ctx = NULL;
}

void reply_release(struct reply *reply)
{
	drop_stream(reply);
	buf_release(&reply->body);
	buf_release(&reply->headers);
	free(reply->file);
	reply->file = NULL;
}

static void member(struct buf *b, const char *name, const char *text)
{
	buf_puts(b, ",\"");
	buf_puts(b, name);
	buf_puts(b, "\":");
	jcs_string(b, text, strlen(text));
}

/* Whatever the handler had begun to answer is dropped. */
static void reply_drop(struct reply *reply)
{
	drop_stream(reply);
	free(reply->file);
	reply->file = NULL;
	reply->etag[0] = '\0';
	reply->cache_control = NULL;
	reply->is_never_compressed = false;
	reply->realm = NULL;
	buf_reset(&reply->headers);
	reply->nheaders = 0;
	reply->has_bad_header = false;
	buf_reset(&reply->body);
}

static bool is_common_member(const char *name)
{
	static const char *const common[] = { "type", "title", "status",
					      "detail", "request" };

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (strcmp(common[i], name) == 0)
			return true;
	return false;
}

static void put_extras(struct buf *b, json_t *extras)
{
	struct err err = { 0 };
	void *at = json_object_iter(extras);

	for (; at; at = json_object_iter_next(extras, at)) {
		const char *name = json_object_iter_key(at);
		size_t begin;

		if (is_common_member(name))
			continue;
		buf_byte(b, ',');
		jcs_string(b, name, strlen(name));
		buf_byte(b, ':');
		begin = b->len;
		if (json_write(b, json_object_iter_value(at), &err) == RC_OK)
			continue;
		/* Half a value would make the whole unreadable. */
		if (b->rc == RC_OK)
			b->len = begin;
		buf_puts(b, "null");
	}
}

static void write_problem(struct reply *reply, int status, const char *type,
			  const char *title, const char *detail, const char *id,
			  json_t *extras)
{
	struct buf *b = &reply->body;

	if (!title)
		title = problem_title(type);
	reply_drop(reply);
	reply->content_type = "application/problem+json";
	reply->status = status;
	buf_puts(b, "{\"type\":\"/problems/");
	buf_puts(b, type);
	buf_byte(b, '"');
	member(b, "title", title ? title : status_phrase(status));
	buf_puts(b, ",\"status\":");
	buf_int(b, status);
	member(b, "detail", detail);
	member(b, "request", id);
	put_extras(b, extras);
	buf_puts(b, "}\n");
}

void reply_problem(struct reply *reply, const struct request *req,
		   const struct err *err)
{
	/* A handler that reports a failure it has not recorded has a defect,
	 * which must not go out as 200. */
	enum rc rc = err->code == RC_OK || (unsigned)err->code >= RC__MAX
			     ? RC_IO
			     : err->code;

	write_problem(reply, of_rc[rc], rc_name(rc), NULL, err->text, req->id,
		      NULL);
}

void reply_problem_with(struct reply *reply, const struct request *req,
			int status, const char *type, const char *title,
			const char *detail, json_t *extras)
{
	const struct status_words *w = words_of(status);

	if (!type)
		type = w->type ? w->type : "unknown";
	write_problem(reply, status, type, title, detail, req->id, extras);
}

void reply_unauthorized(struct reply *reply, const struct request *req,
			const char *realm, const char *detail)
{
	problem_of_status(reply, 401, detail, req->id);
	reply->realm = realm;
}

void problem_of_status(struct reply *reply, int status, const char *detail,
		       const char *request_id)
{
	const struct status_words *w = words_of(status);

	write_problem(reply, status, w->type ? w->type : "unknown", NULL,
		      detail, request_id, NULL);
}
