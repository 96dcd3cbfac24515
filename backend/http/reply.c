#include "http/reply.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/deflate.h"
#include "base/host.h"
#include "http/accept.h"
#include "http/etag.h"
#include "http/range.h"
#include "http/stream.h"

#define HEAD_BYTES_MAX (REPLY_HEADERS_BYTES_MAX + 4096)
#define CHUNK_BYTES 32768
#define GZIP_BYTES_MIN 1024 /* less fits in a packet anyway */

/* What goes out: from reply->body, or count bytes of a file. */
struct outgoing {
	struct conn *conn;
	struct reply *reply;
	int fd; /* of the file, or -1 */
	int64_t size; /* of the whole file or body */
	int64_t from;
	int64_t count;
	enum range_kind range;
	bool may_shrink; /* compressed for those who accept it */
	bool is_compressed;
	char tag[ETAG_BYTES]; /* of the form that goes out, or "" */
};

/* The way out when not even a problem could be built. */
static int send_bare_500(struct conn *conn)
{
	static const char text[] = "HTTP/1.1 500 Internal Server Error\r\n"
				   "Content-Length: 0\r\n"
				   "Connection: close\r\n\r\n";

	conn_send(conn, text, sizeof(text) - 1, false);
	return 500;
}

static void put_date(struct buf *b)
{
	time_t now = (time_t)(host_wall_ms(&host_system) / 1000);
	struct tm tm;
	char text[40];

	if (gmtime_r(&now, &tm) &&
	    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0)
		buf_printf(b, "Date: %s\r\n", text);
}

static bool is_head(const struct outgoing *o)
{
	return strcmp(o->conn->head.method, "HEAD") == 0;
}

static bool is_streamed(const struct outgoing *o)
{
	return o->reply->stream && !is_head(o) && o->reply->status != 204 &&
	       o->reply->status != 304;
}

static void put_length(struct buf *b, const struct outgoing *o)
{
	int status = o->reply->status;

	if (status == 206)
		buf_printf(b, "Content-Range: bytes %lld-%lld/%lld\r\n",
			   (long long)o->from,
			   (long long)(o->from + o->count - 1),
			   (long long)o->size);
	if (o->range == RANGE_OUTSIDE)
		buf_printf(b, "Content-Range: bytes */%lld\r\n",
			   (long long)o->size);
	if (is_streamed(o) && o->conn->head.minor == 1)
		buf_puts(b, "Transfer-Encoding: chunked\r\n");
	if (o->reply->stream)
		return;
	/* 204 may not have one, and that of a 304 would be the file's. */
	if (status != 204 && status != 304)
		buf_printf(b, "Content-Length: %lld\r\n", (long long)o->count);
}

static void put_head(struct buf *b, const struct outgoing *o)
{
	const struct reply *reply = o->reply;
	const char *type = reply->content_type;

	buf_printf(b, "HTTP/1.1 %d %s\r\n", reply->status,
		   status_phrase(reply->status));
	put_date(b);
	put_length(b, o);
	if (o->count > 0 || reply->file || reply->stream)
		buf_printf(b, "Content-Type: %s\r\n",
			   type ? type : "application/json");
	if (o->is_compressed && reply->status != 304)
		buf_puts(b, "Content-Encoding: gzip\r\n");
	if (o->may_shrink)
		buf_puts(b, "Vary: Accept-Encoding\r\n");
	if (o->tag[0])
		buf_printf(b, "ETag: \"%s\"\r\n", o->tag);
	if (reply->file)
		buf_puts(b, "Accept-Ranges: bytes\r\n");
	if (reply->status == 405 && reply->allow[0])
		buf_printf(b, "Allow: %s\r\n", reply->allow);
	if (reply->status == 401 && reply->realm)
		buf_printf(b,
			   "WWW-Authenticate: Basic realm=\"%s\", "
			   "charset=\"UTF-8\"\r\n",
			   reply->realm);
	if (reply->status == 503 && !reply_has_header(reply, "retry-after"))
		buf_puts(b, "Retry-After: 1\r\n");
	buf_printf(b, "Cache-Control: %s\r\n",
		   reply->cache_control ? reply->cache_control : "no-store");
	buf_printf(b, "Request-Id: %s\r\n", o->conn->id);
	buf_put(b, reply->headers.data, reply->headers.len);
	buf_puts(b, "X-Content-Type-Options: nosniff\r\n"
		    "Connection: close\r\n\r\n");
}

static void send_file(struct outgoing *o)
{
	char chunk[CHUNK_BYTES];

	while (o->count > 0) {
		size_t want =
			o->count < CHUNK_BYTES ? (size_t)o->count : CHUNK_BYTES;
		ssize_t n = pread(o->fd, chunk, want, (off_t)o->from);

		/* A file that shrank: the client sees fewer bytes than
		 * announced, which is the truth. */
		if (n <= 0)
			return;
		o->from += n;
		o->count -= n;
		if (!conn_send(o->conn, chunk, (size_t)n, o->count > 0))
			return;
	}
}

static void send_body(struct outgoing *o, bool wants_body)
{
	if (is_streamed(o))
		stream_run(o->conn, o->reply);
	else if (wants_body && o->fd >= 0)
		send_file(o);
	else if (wants_body)
		conn_send(o->conn, o->reply->body.data, (size_t)o->count,
			  false);
}

static int send_all(struct outgoing *o)
{
	bool wants_body = !is_head(o) && o->count > 0 &&
			  o->reply->status != 304 && o->reply->status != 204;
	struct err err = { 0 };
	struct buf head;
	int status = o->reply->status;

	buf_init(&head, HEAD_BYTES_MAX);
	put_head(&head, o);
	if (buf_status(&head, &err) != RC_OK)
		status = send_bare_500(o->conn);
	else if (conn_send(o->conn, head.data, head.len, wants_body))
		send_body(o, wants_body);
	if (o->conn->tap)
		buf_put(&o->conn->tap->head, head.data, head.len);
	buf_release(&head);
	return status;
}

static bool is_read(const struct conn *conn)
{
	return strcmp(conn->head.method, "GET") == 0 ||
	       strcmp(conn->head.method, "HEAD") == 0;
}

/* Is what the client holds still current? */
static bool is_unchanged(const struct conn *conn, const struct reply *reply)
{
	return reply->status == 200 && is_read(conn) &&
	       http_etag_matches(gate_header(&conn->head, "if-none-match"),
				 reply->etag, true);
}

/* On two lines it could be a list that a proxy reads otherwise. */
static const char *accept_encoding(const struct gate_head *head)
{
	const char *name = "accept-encoding", *found = NULL;

	for (size_t i = 0; i < head->nheaders; i++) {
		if (strcasecmp(head->headers[i].name, name) != 0)
			continue;
		if (found)
			return NULL;
		found = head->headers[i].value;
	}
	return found;
}

static void choose_form(struct outgoing *o)
{
	const struct reply *reply = o->reply;
	const char *type = reply->content_type;

	o->may_shrink = !reply->file && !reply->stream &&
			!reply->is_never_compressed &&
			reply->body.len >= GZIP_BYTES_MIN &&
			accept_shrinks(type ? type : "application/json");
	o->is_compressed =
		o->may_shrink && accept_gzip(accept_encoding(&o->conn->head));
	if (!o->is_compressed || !etag_compressed(o->tag, reply->etag))
		memcpy(o->tag, reply->etag, sizeof(reply->etag));
}

/* A 304 names the form that the client has, which may be the other one. */
static void name_listed_form(struct outgoing *o)
{
	const char *list = gate_header(&o->conn->head, "if-none-match");
	const char *etag = o->reply->etag;

	if (etag_is_listed(list, o->tag, true))
		return;
	if (etag_is_listed(list, etag, true))
		memcpy(o->tag, etag, sizeof(o->reply->etag));
	else if (http_etag_matches(list, etag, true))
		etag_compressed(o->tag, etag);
}

/* Where there is no memory for it, the body goes out plain. */
static void compress(struct outgoing *o)
{
	struct buf *body = &o->reply->body;
	struct err ignored = { 0 };
	struct buf small;

	buf_init(&small, body->limit_bytes);
	if (gzip_all(&small, body->data, body->len, DEFLATE_LEVEL, &ignored) ==
	    RC_OK) {
		buf_release(body);
		*body = small;
		return;
	}
	buf_release(&small);
	o->is_compressed = false;
	memcpy(o->tag, o->reply->etag, sizeof(o->reply->etag));
}

static void open_file(struct outgoing *o)
{
	struct reply *reply = o->reply;
	struct conn *conn = o->conn;
	struct stat st;

	o->fd = open(reply->file, O_RDONLY | O_CLOEXEC);
	if (o->fd < 0 || fstat(o->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		problem_of_status(reply, 500, "the file cannot be read",
				  conn->id);
		return;
	}
	o->size = o->count = st.st_size;
	if (reply->status != 200 || strcmp(conn->head.method, "GET") != 0)
		return;
	o->range = range_pick(gate_header(&conn->head, "range"),
			      gate_header(&conn->head, "if-range"), reply->etag,
			      o->size, &o->from, &o->count);
	if (o->range == RANGE_PART)
		reply->status = 206;
	if (o->range == RANGE_OUTSIDE)
		problem_of_status(reply, 416, "the range is outside the file",
				  conn->id);
}

/* What is said about a failure to make the reply takes its place. */
static void settle(struct outgoing *o)
{
	struct reply *reply = o->reply;
	const char *id = o->conn->id;

	if (reply->has_bad_header)
		problem_of_status(reply, 500,
				  "a header of the reply is no header", id);
	else if (!reply->file && !reply->stream && reply->body.rc != RC_OK)
		problem_of_status(reply, 500, "the reply is too large", id);
	choose_form(o);
	if (is_unchanged(o->conn, reply))
		reply->status = 304;
	else if (reply->file)
		open_file(o);
	if (reply->status == 304)
		name_listed_form(o);
	if (reply->etag[0] == '\0')
		o->tag[0] = '\0';
}

static void tap_body(struct conn_tap *tap, const struct reply *reply)
{
	tap->is_file = reply->file;
	tap->is_stream = reply->stream;
	if (!reply->file && !reply->stream && reply->body.data)
		buf_put(&tap->body, reply->body.data, reply->body.len);
}

int reply_send(struct conn *conn, struct reply *reply)
{
	struct outgoing o = { .conn = conn, .reply = reply, .fd = -1 };
	int status;

	settle(&o);
	if (conn->tap)
		tap_body(conn->tap, reply);
	if (!reply->file) {
		/* A problem may have taken the file's place. */
		if (o.fd >= 0)
			close(o.fd);
		o.fd = -1;
		o.from = 0;
		if (reply->body.rc != RC_OK)
			return send_bare_500(conn);
		if (o.is_compressed && reply->status != 304)
			compress(&o);
		o.count = reply->stream ? 0 : (int64_t)reply->body.len;
	}
	status = send_all(&o);
	if (o.fd >= 0)
		close(o.fd);
	return status;
}
