/* http/body.h - reading a request's body, and the digest that it came whole. */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include "http/conn.h"

struct mg_connection;

/* Append exactly content_length bytes to `out`. On failure *status says how to
 * answer: 408 over a deadline or under the minimum rate, 400 cut short, 413
 * over out's limit, 503 when the server stops. */
enum rc body_read(struct conn *conn, struct mg_connection *mg, struct buf *out,
		  int *status, struct err *err);

/* RFC 9530: RC_INVALID unless `digest` (a Content-Digest header) has a sha-256
 * member and it is that of the n bytes. */
enum rc body_check_digest(const char *digest, const void *p, size_t n,
			  struct err *err);

#endif
