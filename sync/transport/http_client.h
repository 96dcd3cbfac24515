/* transport/http_client.h - an exchange over HTTP(S) by libcurl.
 *
 * Certificates are verified for https; plain http is accepted for loopback
 * addresses only, unless `insecure` is set. Redirects are not followed. */
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
