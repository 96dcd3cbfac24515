/* bench/load.h - a light client: one POST on a socket of its own, as the server
 * closes each, without a library between. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "base/buf.h"

struct load_request {
	const char *path, *headers; /* whole lines, each with its CRLF */
	const void *body;
	size_t body_bytes;
};

/* The body of a reply of status 200 in *body, which is emptied before. */
enum rc load_post(int port, const struct load_request *q, struct buf *body,
		  struct err *err);

#endif
