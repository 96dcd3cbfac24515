#include "http/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"

/* Decimal, 0 to 65535, nothing else; -1 otherwise. */
static long read_port(const char *text)
{
	size_t n = strspn(text, "0123456789");
	long port;

	if (n < 1 || n > 5 || text[n])
		return -1;
	port = strtol(text, NULL, 10);
	return port <= 65535 ? port : -1;
}

static bool is_v4(struct listen_address *a, const char *host, bool *loopback)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return false;
	*loopback = ntohl(in.sin_addr.s_addr) >> 24 == 127;
	memcpy(&a->socket, &in, sizeof(in));
	a->socket_bytes = sizeof(in);
	return true;
}

static bool is_v6(struct listen_address *a, const char *host, bool *loopback)
{
	struct sockaddr_in6 in = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET6, host, &in.sin6_addr) != 1)
		return false;
	*loopback = IN6_IS_ADDR_LOOPBACK(&in.sin6_addr);
	memcpy(&a->socket, &in, sizeof(in));
	a->socket_bytes = sizeof(in);
	return true;
}

enum rc listen_parse(struct listen_address *address, const char *text,
		     bool insecure, struct err *err)
{
	const char *colon = strrchr(text, ':');
	bool loopback = false, good;
	char host[48];
	long port = colon ? read_port(colon + 1) : -1;
	size_t n = colon ? (size_t)(colon - text) : 0;

	memset(address, 0, sizeof(*address));
	if (port < 0 || n < 2 || n >= sizeof(host))
		return err_set(err, RC_INVALID,
			       "'%s' is no address to listen on, such as "
			       "127.0.0.1:8080",
			       text);
	memcpy(host, text, n);
	host[n] = '\0';
	if (strcmp(host, "localhost") == 0)
		memcpy(host, "127.0.0.1", sizeof("127.0.0.1"));
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		good = is_v6(address, host + 1, &loopback);
		host[n - 1] = ']';
	} else {
		good = is_v4(address, host, &loopback);
	}
	if (!good)
		return err_set(err, RC_INVALID,
			       "'%s' is no address to listen on, such as "
			       "127.0.0.1:8080",
			       text);
	if (!loopback && !insecure)
		return err_set(err, RC_DENIED,
			       "'%s' is not a loopback address: put a proxy "
			       "that speaks https in front, or ask for "
			       "--insecure-bind",
			       text);
	snprintf(address->text, sizeof(address->text), "%s:%ld", host, port);
	return RC_OK;
}

enum rc http_check_address(const char *listen, bool insecure_bind,
			   struct err *err)
{
	struct listen_address ignored;

	return listen_parse(&ignored, listen, insecure_bind, err);
}

void listen_set_port(struct listen_address *address, int port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (address->socket.ss_family == AF_INET) {
		memcpy(&in, &address->socket, sizeof(in));
		in.sin_port = htons((uint16_t)port);
		memcpy(&address->socket, &in, sizeof(in));
	} else {
		memcpy(&in6, &address->socket, sizeof(in6));
		in6.sin6_port = htons((uint16_t)port);
		memcpy(&address->socket, &in6, sizeof(in6));
	}
}
