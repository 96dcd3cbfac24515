/* transport/http_client.h - an exchange over HTTP(S) by libcurl.
 *
 * Certificates are verified for https; plain http is accepted for loopback
 * addresses only, unless `insecure` is set, and past any proxy. Redirects are
 * not followed. Connecting takes 10 s at most; then a transfer may take any
 * time, but ends when less than 64 bytes a second came or went for a minute.
 * The reply's status and etag are known before its sink sees a byte. One thread
 * at a time. */
#ifndef TRANSPORT_HTTP_CLIENT_H
#define TRANSPORT_HTTP_CLIENT_H

#include <stdbool.h>

#include "wire/exchange.h"

struct http_client;

/* `url` is the server's, such as "https://hufu.example" or
 * "http://127.0.0.1:8080". New reference. */
enum rc http_client_new(struct http_client **out, const char *url,
			bool insecure, struct err *err);
void http_client_free(struct http_client *client);
/* The exchange to hand to the replica; borrowed from the client. */
struct exchange http_client_exchange(struct http_client *client);

#endif
