#include "http/body.h"

#include <civetweb.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/host.h"

#define PIECE_BYTES 16384

/* False: there are as many already. */
static bool slow_begin(struct body *body)
{
	struct conn *conn = body->conn;

	if (body->is_slow || body->is_paced || !conn->slow)
		return true;
	if (atomic_fetch_add(conn->slow, 1) >= conn->slow_max) {
		atomic_fetch_sub(conn->slow, 1);
		return false;
	}
	body->is_slow = true;
	return true;
}

static bool waiting_begin(struct body *body)
{
	struct conn *conn = body->conn;

	if (body->is_waiting || body->is_paced || !conn->waiting)
		return true;
	if (atomic_fetch_add(conn->waiting, 1) >= conn->waiting_max) {
		atomic_fetch_sub(conn->waiting, 1);
		return false;
	}
	body->is_waiting = true;
	return true;
}

static void slow_end(struct body *body)
{
	if (body->is_waiting)
		atomic_fetch_sub(body->conn->waiting, 1);
	body->is_waiting = false;
	if (body->is_slow)
		atomic_fetch_sub(body->conn->slow, 1);
	body->is_slow = false;
}

static enum rc check_pace(struct body *body, int *status, struct err *err)
{
	const struct conn *conn = body->conn;
	const struct conn_limits *limits = conn->limits;
	int64_t elapsed = host_monotonic_ms(&host_system) - body->began_ms;

	if (atomic_load(conn->is_stopping)) {
		*status = 503;
		return err_set(err, RC_BUSY, "the server is stopping");
	}
	if (elapsed > BODY_QUICK_MS && !slow_begin(body)) {
		*status = 503;
		return err_set(err, RC_BUSY,
			       "%d bodies come slowly already: try again in a "
			       "moment",
			       conn->slow_max);
	}
	if (elapsed > BODY_AT_ONCE_MS && !waiting_begin(body)) {
		*status = 503;
		return err_set(err, RC_BUSY,
			       "%d bodies are being waited for already: try "
			       "again in a moment",
			       conn->waiting_max);
	}
	*status = 408;
	if (!body->is_paced && elapsed > limits->body_ms)
		return err_set(err, RC_INVALID,
			       "the body took longer than %lld ms",
			       (long long)limits->body_ms);
	if (elapsed > limits->body_rate_after_ms &&
	    body->got < elapsed * CONN_RATE_MIN / 1000)
		return err_set(err, RC_INVALID,
			       "the body came slower than %d bytes a second",
			       CONN_RATE_MIN);
	return RC_OK;
}

/* How much CivetWeb read along with the head; -1 when that is not known. */
static int64_t bytes_ahead(const struct conn *conn)
{
	int64_t taken = conn_taken(conn);

	return taken < (int64_t)conn->head_bytes
		       ? -1
		       : taken - (int64_t)conn->head_bytes;
}

/* How much to ask mg_read for. It does not return before all of it came, or
 * nothing came for seconds, so that whoever sends a byte at a time could hold a
 * larger request for as long as he likes: ask only for what is there, and wait
 * here. Where it is not known what CivetWeb holds, that comes byte by byte. */
static size_t next_bytes(const struct conn *conn, int64_t ahead, size_t left)
{
	size_t n = ahead > 0 ? (size_t)ahead : conn_available(conn);

	if (n == 0 && ahead == 0) {
		conn_wait(conn);
		n = conn_available(conn);
	}
	/* At its end a stream has nothing, and asking for it does not wait. */
	if (n == 0 && (ahead < 0 || conn_is_ended(conn)))
		n = 1;
	if (n > PIECE_BYTES)
		n = PIECE_BYTES;
	return n < left ? n : left;
}

void body_begin(struct body *body, struct conn *conn, struct mg_connection *mg)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	*body = (struct body){
		.conn = conn,
		.mg = mg,
		.began_ms = host_monotonic_ms(&host_system),
		.ahead = bytes_ahead(conn),
		.want = conn->head.content_length,
	};
	if (body->want > 0 && conn->head.expects_continue)
		conn_send(conn, go_on, sizeof(go_on) - 1, false);
}

/* CivetWeb must agree that this was all. */
static enum rc body_end(struct body *body, int *status, struct err *err)
{
	char byte;

	*status = 400;
	if (mg_read(body->mg, &byte, 1) != 0)
		return err_set(err, RC_INVALID,
			       "the body is longer than its length");
	return RC_OK;
}

enum rc body_next(struct body *body, void *p, size_t n, size_t *got,
		  int *status, struct err *err)
{
	int64_t left = body->want - body->got;
	int count = 0;
	enum rc rc;

	*got = 0;
	if (left <= 0)
		return body_end(body, status, err);
	if ((int64_t)n > left)
		n = (size_t)left;
	while (count == 0) {
		size_t ask;

		rc = check_pace(body, status, err);
		if (rc != RC_OK)
			return rc;
		ask = next_bytes(body->conn, body->ahead, n);
		count = ask > 0 ? mg_read(body->mg, p, ask) : 0;
		if (count < 0) {
			*status = 400;
			return err_set(err, RC_INVALID,
				       "the body ended after %lld of %lld "
				       "bytes",
				       (long long)body->got,
				       (long long)body->want);
		}
	}
	if (body->ahead > 0)
		body->ahead = count < body->ahead ? body->ahead - count : 0;
	body->got += count;
	body->conn->body_bytes = (size_t)body->got;
	*got = (size_t)count;
	return RC_OK;
}

enum rc body_read(struct conn *conn, struct mg_connection *mg, struct buf *out,
		  int *status, struct err *err)
{
	char piece[PIECE_BYTES];
	struct body body;
	size_t got;
	enum rc rc;

	body_begin(&body, conn, mg);
	do {
		rc = body_next(&body, piece, sizeof(piece), &got, status, err);
		if (rc != RC_OK)
			break;
		buf_put(out, piece, got);
		rc = buf_status(out, err);
		if (rc != RC_OK)
			*status = 413;
	} while (rc == RC_OK && got > 0);
	slow_end(&body);
	return rc;
}

/* The value of the sha-256 member, up to its closing colon, in a dictionary of
 * structured fields: `sha-512=:...:, sha-256=:...:`. */
static const char *find_sha256(const char *digest, size_t *n)
{
	static const char name[] = "sha-256=:";
	const char *p = digest;

	for (;;) {
		p += strspn(p, " ,");
		if (*p == '\0')
			return NULL;
		if (strncasecmp(p, name, sizeof(name) - 1) == 0)
			break;
		p += strcspn(p, ",");
	}
	p += sizeof(name) - 1;
	*n = strcspn(p, ":");
	return p[*n] == ':' ? p : NULL;
}

enum rc body_read_digest(const char *digest, unsigned char out[SHA256_BYTES],
			 struct err *err)
{
	unsigned char said[SHA256_BYTES + 1];
	size_t said_bytes = sizeof(said), text_bytes = 0;
	const char *text;

	text = digest ? find_sha256(digest, &text_bytes) : NULL;
	if (!text)
		return err_set(err, RC_INVALID,
			       "no content-digest header with sha-256");
	if (text_bytes != BASE64_SIZE(SHA256_BYTES) - 1 ||
	    !base64_decode(said, &said_bytes, text, text_bytes) ||
	    said_bytes != SHA256_BYTES)
		return err_set(err, RC_INVALID, "malformed content-digest");
	memcpy(out, said, SHA256_BYTES);
	return RC_OK;
}

enum rc body_check_digest(const char *digest, const void *p, size_t n,
			  struct err *err)
{
	unsigned char said[SHA256_BYTES], is[SHA256_BYTES];
	enum rc rc = body_read_digest(digest, said, err);

	if (rc != RC_OK)
		return rc;
	sha256(is, p, n);
	if (memcmp(said, is, SHA256_BYTES) != 0)
		return err_set(err, RC_INVALID,
			       "the body does not match its content-digest");
	return RC_OK;
}
