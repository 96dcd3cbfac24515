/* http/exchange.h - one request and its reply as they went over the wire, for
 * who watches: requests that were refused before a handler ran, too. */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include "http/http.h"

/* Borrowed, all of it, for the time of the call. */
struct exchange {
	/* Its body as far as it was read. */
	const struct request *request;
	int status;
	const char *head; /* of the reply: its lines, as they went out */
	/* The reply's body before it was compressed (a HEAD has one too, which
	 * did not go out); "" where it came from a file or a stream. */
	const char *body;
	size_t body_bytes;
	bool is_file, is_stream;
};

/* Comes after the reply went out, in the connection's own thread, on a stack as
 * large as a handler's. */
typedef void http_observer(void *ctx, const struct exchange *e);

#endif
