/* http/forwarded.h - whom a proxy on this machine speaks for. */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include <netinet/in.h>

#include "http/gate.h"

struct forwarded {
	char text[INET6_ADDRSTRLEN]; /* "" when nothing is said */
};

/* "127.0.0.1", "::1" and the like. */
bool forwarded_is_loopback(const char *address);

/* What limits count an address by, since nobody has to pay for more: itself, of
 * IPv6 its first 64 bits ("2001:db8:1:2::/64"). What is no address stays. */
#define NETWORK_SIZE (INET6_ADDRSTRLEN + 4)
void forwarded_network(const char *address, char out[NETWORK_SIZE]);

/* The last address of the last X-Forwarded-For: what the proxy itself wrote.
 * All before it is what the client claims. An address of IPv4 within IPv6
 * becomes one of IPv4, and every address has one form, so that it can be a key.
 * RC_INVALID when it is no address. */
enum rc forwarded_read(struct forwarded *f, const struct gate_head *head,
		       struct err *err);

#endif
