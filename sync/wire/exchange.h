/* wire/exchange.h - one HTTP request and its answer, without the HTTP: what the
 * replica needs of a transport. sync/transport does it with libcurl, the
 * simulator in memory. */
#ifndef WIRE_EXCHANGE_H
#define WIRE_EXCHANGE_H

#include <stdint.h>

#include "base/buf.h"

#define EXCHANGE_HEADERS_MAX 8

struct exchange_header {
	const char *name;
	const char *value;
};

struct exchange_request {
	const char *method; /* GET, POST or PATCH */
	const char *path; /* "/v1/sync" */
	struct exchange_header headers[EXCHANGE_HEADERS_MAX];
	size_t nheaders;
	const void *body; /* NULL with GET */
	size_t body_bytes;
	int64_t range_from; /* > 0: ask for the bytes from here */
	int64_t bytes_per_s; /* > 0: send no faster */
	const char *if_range; /* the ETag that a range relies on, or NULL */
};

struct exchange_reply {
	int status; /* HTTP status */
	char etag[80]; /* without quotes; "" when there was none */
	struct buf body; /* the caller sets its limit; RC_NOMEM above it */
	/* Takes the body piece by piece instead of `body` when set. */
	enum rc (*sink)(void *ctx, const void *p, size_t n, struct err *err);
	void *sink_ctx;
};

/* RC_OK when an answer of any status came whole; RC_IO "cannot reach ..." when
 * the network failed, with what did arrive in the body. */
struct exchange {
	enum rc (*perform)(void *ctx, const struct exchange_request *request,
			   struct exchange_reply *reply, struct err *err);
	void *ctx;
};

#endif
