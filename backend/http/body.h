/* http/body.h - reading a request's body, and the digest that it came whole. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "http/conn.h"

struct mg_connection;

/* A body that is not whole by then is a slow one, of which the server reads
 * conn->slow_max at one time: each holds a worker before anybody knows who
 * sends it. */
#define BODY_QUICK_MS 2000
/* And who has proved nothing is waited for longer than this only while there
 * are fewer than conn->waiting_max of them. */
#define BODY_AT_ONCE_MS 100

/* A body that is taken piece by piece. */
struct body {
	struct conn *conn;
	struct mg_connection *mg;
	int64_t began_ms;
	int64_t ahead; /* what CivetWeb read along with the head; -1: unknown */
	int64_t want, got; /* bytes */
	bool is_slow; /* took longer than BODY_QUICK_MS, and counts among those
		       */
	bool is_waiting; /* counts among conn->waiting */
	bool is_paced; /* has no deadline, but a pace from the beginning on */
};

/* Ask for the body where the peer waits to be asked. */
void body_begin(struct body *body, struct conn *conn, struct mg_connection *mg);
/* The next piece, n bytes at most; *got 0: that was all. `status` as below. */
enum rc body_next(struct body *body, void *p, size_t n, size_t *got,
		  int *status, struct err *err);

/* Append exactly content_length bytes to `out`. On failure *status says how to
 * answer: 408 over a deadline or under the minimum rate, 400 cut short, 413
 * over out's limit, 503 when the server stops, or as
 * many bodies come as slowly. */
enum rc body_read(struct conn *conn, struct mg_connection *mg, struct buf *out,
		  int *status, struct err *err);

/* RFC 9530: what a Content-Digest header (or NULL) says of the body. RC_INVALID
 * where it has no sha-256 member. */
enum rc body_read_digest(const char *digest, unsigned char out[32],
			 struct err *err);
/* RC_INVALID unless `digest` (a Content-Digest header) has a sha-256
 * member and it is that of the n bytes. */
enum rc body_check_digest(const char *digest, const void *p, size_t n,
			  struct err *err);

#endif
