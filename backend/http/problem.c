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
	{ 400, "Bad Request", "bad_request" },
	{ 401, "Unauthorized", "unauthorized" },
	{ 403, "Forbidden", "denied" },
	{ 404, "Not Found", "not_found" },
	{ 405, "Method Not Allowed", "method_not_allowed" },
	{ 408, "Request Timeout", "request_timeout" },
	{ 409, "Conflict", "conflict" },
	{ 411, "Length Required", "length_required" },
	{ 413, "Content Too Large", "content_too_large" },
	{ 414, "URI Too Long", "uri_too_long" },
	{ 416, "Range Not Satisfiable", "range_not_satisfiable" },
	{ 417, "Expectation Failed", "expectation_failed" },
	{ 422, "Unprocessable Content", "corrupt" },
	{ 429, "Too Many Requests", "too_many_requests" },
	{ 431, "Request Header Fields Too Large", "head_too_large" },
	{ 500, "Internal Server Error", "io" },
	{ 503, "Service Unavailable", "busy" },
	{ 505, "HTTP Version Not Supported", "version_not_supported" },
};

/* The one table from rc to HTTP. CORRUPT is 422 and not 500: nearly always the
 * bytes are the client's, and a 5xx would make it send them again. */
static const struct {
	int status;
	const char *title;
} of_rc[RC__MAX] = {
	[RC_OK] = { 200, "OK" },
	[RC_INVALID] = { 400, "The request breaks a rule" },
	[RC_DENIED] = { 403, "Not allowed" },
	[RC_NOT_FOUND] = { 404, "Not found" },
	[RC_CONFLICT] = { 409, "The record moved on" },
	[RC_BUSY] = { 503, "Busy, try again" },
	[RC_CORRUPT] = { 422, "The bytes fail their check" },
	[RC_IO] = { 500, "The server failed" },
	[RC_NOMEM] = { 413, "A limit was reached" },
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
	return (unsigned)rc < RC__MAX ? of_rc[rc].status : 500;
}

void reply_init(struct reply *reply)
{
	*reply = (struct reply){ .status = 200 };
	buf_init(&reply->body, HTTP_REPLY_MAX);
}

void reply_release(struct reply *reply)
{
	buf_release(&reply->body);
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
static void write_problem(struct reply *reply, int status, const char *type,
			  const char *title, const char *detail, const char *id)
{
	struct buf *b = &reply->body;

	free(reply->file);
	reply->file = NULL;
	reply->etag[0] = '\0';
	reply->cache_control = NULL;
	reply->content_type = "application/problem+json";
	reply->status = status;
	buf_reset(b);
	buf_puts(b, "{\"type\":\"/problems/");
	buf_puts(b, type);
	buf_byte(b, '"');
	member(b, "title", title);
	buf_puts(b, ",\"status\":");
	buf_int(b, status);
	member(b, "detail", detail);
	member(b, "request", id);
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

	write_problem(reply, of_rc[rc].status, rc_name(rc), of_rc[rc].title,
		      err->text, req->id);
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

	write_problem(reply, status, w->type ? w->type : "unknown", w->phrase,
		      detail, request_id);
}
