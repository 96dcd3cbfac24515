/* http/listen.h - the address a server listens on. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

struct listen_address {
	char text[64]; /* "127.0.0.1:8080", as CivetWeb wants it */
	struct sockaddr_storage socket; /* to connect to */
	socklen_t socket_bytes;
};

/* "127.0.0.1:8080", "[::1]:0" or "localhost:8080". RC_INVALID when it is
 * something else, and when it is not loopback unless `insecure`. */
enum rc listen_parse(struct listen_address *address, const char *text,
		     bool insecure, struct err *err);
void listen_set_port(struct listen_address *address, int port);

#endif
