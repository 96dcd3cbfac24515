/* http/http.h - the HTTP server, behind one header so that another library is a
 * file and not a rewrite. It closes the holes of CivetWeb 1.15 itself (see
 * docs/operations.md): plain HTTP on loopback only, a gate before dispatch, and
 * a body reader with a deadline, a minimum rate and a cap.
 *
 * A connection carries one request. Every reply but a stream says how long it
 * is, and each says not to guess its type (nosniff); what is refused before a
 * handler runs is a problem too (type "/problems/<name>"): 400 malformed or a
 * wrong digest, 404, 405 with Allow, 408 too slow, 411, 413, 414, 416, 417,
 * 431, 503 for a stream too many, 505. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/jcs.h"

#define HTTP_ARGS_MAX 4

struct request {
	const char *method; /* HEAD goes to GET's handler; its body is cut */
	const char *path; /* decoded and checked, no query */
	const char *query; /* raw, or "" */
	const char *args[HTTP_ARGS_MAX]; /* what {x} of the route matched */
	const char *body; /* whole, NUL behind it */
	size_t body_bytes;
	/* Content-Length, -1: none. Where the route streams, the body is not
	 * above but comes by request_read(). */
	int64_t length;
	const char *remote; /* address of the peer, see http_options.proxied */
	const char *network; /* what limits count it by: http/forwarded.h */
	char id[21]; /* for log and problem replies */
	void *impl;
};

/* A header's value or NULL; borrowed until the handler returns. */
const char *request_header(const struct request *req, const char *name);

/* Is the tag (without quotes, "" when there is no such resource) in the header,
 * an If-Match or If-None-Match of any number of tags, or `*`? NULL holds none.
 * A handler answers 412 when an If-Match that is there does not match with
 * weak = false, before it changes anything; the server itself answers 304 by
 * If-None-Match. The tag of the compressed body ("-gzip" behind it) counts as
 * the tag. If-Modified-Since and If-Unmodified-Since are not used: two changes
 * fit in a second. */
bool http_etag_matches(const char *header, const char *etag, bool weak);

/* Of a route that streams: the next piece of the body, at most n bytes, and
 * *got 0 at its end. RC_IO: it was cut, came slower than 1 KiB/s, or the server
 * stops; what came before counts. RC_BUSY: as many bodies are being read as
 * may be. Nothing is read before the first call, so that a handler may refuse a
 * request without it. */
enum rc request_read(struct request *req, void *p, size_t n, size_t *got,
		     struct err *err);

/* The SHA-256 of the body as the head says it, before the body has come. False
 * where it says none; of a route with HTTP_BODY_SIGNED it always does. */
bool request_digest(const struct request *req, unsigned char out[32]);
/* Of a route with HTTP_BODY_ASKED or HTTP_BODY_SIGNED: the whole body into
 * request->body, with a Content-Digest that is there checked. RC_OK without
 * one. On failure *status says how to answer. A body of somebody who
 * `is_proved` counts among others than one of nobody in particular, of which
 * half of the threads may wait for at one time, and a quarter for long. */
enum rc request_body(struct request *req, bool is_proved, int *status,
		     struct err *err);

#define HTTP_ETAG_BYTES 80

struct stream;

/* Send n bytes now. RC_IO when the peer is gone or takes less than 1 KiB/s, or
 * the server stops; then for good. */
enum rc stream_write(struct stream *stream, const void *p, size_t n);

/* Sleep. False, and at once, when the peer has closed its end or the server
 * stops: return then. A peer whose line is cut is noticed only by writing, so
 * write something now and then, which also keeps HAProxy from ending a quiet
 * connection after a minute. */
bool stream_wait(struct stream *stream, int64_t ms);

/* Writes the body of a reply, for as long as it takes. RC_OK says that it is
 * whole; otherwise a client of HTTP/1.1 sees that it was cut. It runs in the
 * handler's place, one of http_options.threads, and ends within a moment of a
 * failed write or wait. */
typedef enum rc http_stream(void *ctx, struct stream *stream);

struct reply {
	int status; /* 200 unless set */
	const char *content_type; /* static text */
	struct buf body; /* limit HTTP_REPLY_MAX */
	/* Without quotes; "" for none. With one, a GET or HEAD that names it in
	 * If-None-Match is answered 304. */
	char etag[HTTP_ETAG_BYTES];
	/* The body goes out as it is. For one that holds a secret beside text
	 * that a stranger chose: the length of the compressed two would tell of
	 * it. Otherwise text of at least 1 KiB is compressed for a client that
	 * accepts gzip, under a tag that ends in "-gzip". */
	bool is_never_compressed;
	/* When set, this file is the body (and `body` is ignored): byte ranges,
	 * If-Range and If-None-Match are honoured against etag. Owned: freed.
	 */
	char *file;
	/* When set, it writes the body (and `body` is ignored, and no `file`
	 * may be set). Not called for a HEAD, a 304, or when all of
	 * http_options.streams_max are taken, which is answered 503. Its ctx is
	 * freed with stream_free (or NULL) in any case. */
	http_stream *stream;
	void *stream_ctx;
	void (*stream_free)(void *ctx);
	/* Whose stream it is, "" for nobody's: one may have half of all,
	 * rounded up, and is answered 429 beyond it. */
	char stream_owner[64];
	const char *cache_control; /* static text, default "no-store" */
	const char *realm; /* static text: of the challenge of a 401 */
	char allow[48]; /* of a 405: "GET, HEAD" */
	/* Through reply_header(). */
	struct buf headers; /* lines, each with its CR LF */
	int nheaders;
	bool has_bad_header;
};

#define HTTP_REPLY_MAX (64u << 20)
#define REPLY_HEADERS_MAX 16
#define REPLY_HEADERS_BYTES_MAX 8192

/* Add a header line, such as Location, Link, Vary, Set-Cookie or Retry-After.
 * What would break the reply is not sent: a reply with a value over 2 KiB or
 * with anything but printable ASCII, a header of the server's own
 * (Content-Length, ETag, Cache-Control and the like: see headers.c), or more
 * than REPLY_HEADERS_MAX goes out as a problem 500. Making the reply a problem
 * drops what was added before. */
void reply_header(struct reply *reply, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Make the reply an RFC 9457 problem (application/problem+json) from a failure:
 * the rc's status, a stable `type` ("/problems/<rc name>"), title, detail =
 * err->text, and the request's id. */
void reply_problem(struct reply *reply, const struct request *req,
		   const struct err *err);
/* A problem of the caller's own. `type` is what follows "/problems/", `title`
 * the same words for each problem of that type; NULL for those of this room.
 * The members of the object `extras` (borrowed, may be NULL) are added, such as
 * `errors: [{pointer, detail}]`; those that every problem has stay as they
 * are. `detail` may not lie in reply->body. */
void reply_problem_with(struct reply *reply, const struct request *req,
			int status, const char *type, const char *title,
			const char *detail, json_t *extras);
/* 401, with a challenge for HTTP Basic (RFC 7617). `realm` is static text. */
void reply_unauthorized(struct reply *reply, const struct request *req,
			const char *realm, const char *detail);
/* The one table from rc to HTTP status. */
int rc_status(enum rc rc);

typedef void http_handler(void *ctx, struct request *req, struct reply *reply);

struct exchange;

/* Who has proved nothing sends no more than this, but for HTTP_LARGE_MAX at one
 * time: a body is in memory, and so would be one for each thread. */
#define HTTP_NOBODYS_BYTES (64u << 10)
#define HTTP_LARGE_MAX 2

/* How the body of a request is taken. */
enum http_body {
	/* Before the handler runs, of whoever sends it; a Content-Digest that
	 * is there is right. */
	HTTP_BODY_WHOLE,
	/* The same, and a POST, PUT or PATCH has one. */
	HTTP_BODY_DIGEST,
	/* When the handler asks for it by request_body(), which it does once it
	 * knows who sends it; none of it is in `body` before. */
	HTTP_BODY_ASKED,
	/* The same, and a POST, PUT or PATCH has a length and a Content-Digest:
	 * a signature over it proves who sends the body before it comes. */
	HTTP_BODY_SIGNED,
	/* The handler reads it by request_read(), for as long as it takes, and
	 * looks after what it is. */
	HTTP_BODY_STREAM,
};

struct http_route {
	const char *method;
	const char *pattern; /* "/v1/snapshot/{scope}"; {x} matches [^/]+ */
	size_t body_bytes_max;
	enum http_body body;
	http_handler *handler;
};

struct http_options {
	/* "127.0.0.1:8080", "localhost:0"; port 0 picks one. "[::1]:8080" where
	 * CivetWeb has IPv6, which Debian's has not. */
	const char *listen;
	bool insecure_bind; /* allow other than loopback */
	/* A proxy on this machine is in front, and every program on it may say
	 * for whom it asks: for a peer on loopback, `remote` is what the proxy
	 * says last in X-Forwarded-For (400 when that is no address), and the
	 * peer itself when it says nothing. */
	bool proxied;
	int threads; /* 0: 32 */
	/* Replies that are streams at one time, 0: 8. No more than half of the
	 * threads, which the other requests need. */
	int streams_max;
	/* Bodies of streamed routes that are read at one time, 0: 8; no more
	 * than a quarter of the threads. */
	int bodies_max;
	/* 0: 60,000 for a whole body. When smaller, also that for a head
	 * (5,000) and that in which a reader of a reply must take 1 KiB/s
	 * (30,000). */
	int64_t body_deadline_ms;
	int64_t body_rate_after_ms; /* 0: 10,000; then at least 1 KiB/s */
	const struct http_route *routes; /* ended by a NULL method; borrowed */
	void *ctx; /* handed to every handler */
	/* Asked before a request without a route is told so (404 or 405), or
	 * NULL: false for 429, *retry_after_s says when to come back. */
	bool (*admit)(void *ctx, const char *network, const char *path,
		      int *retry_after_s);
	/* Which methods a path without a route has, where patterns of routes
	 * say more than there is; "" for none, which is answered 404. NULL: by
	 * the routes. */
	void (*allowed)(void *ctx, const char *path, char out[48]);
	/* Told of every exchange (http/exchange.h), or NULL. */
	void (*observe)(void *ctx, const struct exchange *e);
	void *observe_ctx;
	bool quiet; /* no log line per request */
};

struct http_server;

/* Can one listen there? RC_INVALID when it is no address, RC_DENIED when it is
 * not loopback and that was not asked for. */
enum rc http_check_address(const char *listen, bool insecure_bind,
			   struct err *err);
/* The same codes, and RC_IO when the port is taken. */
enum rc http_start(struct http_server **out, const struct http_options *options,
		   struct err *err);
int http_port(const struct http_server *server);
/* Stops taking requests, waits for those under way (at most 10 s, then ends the
 * process with 3: a hung worker must not keep a service from restarting). A
 * reply that is not read to its end within 5 s is cut; a stream ends within
 * one. */
void http_stop(struct http_server *server);

#endif
