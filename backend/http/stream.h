/* http/stream.h - a reply that is written while its connection lasts. See
 * http/http.h for what handlers use. */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "http/conn.h"

/* Behind the head: call the reply's function, and end the body when it was
 * written whole. The head said chunked for HTTP/1.1. */
void stream_run(struct conn *conn, const struct reply *reply);

#endif
