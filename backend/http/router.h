/* http/router.h - which route a method and path belong to. */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/gate.h"
#include "http/http.h"

struct route_match {
	const struct http_route *route; /* NULL: none */
	const char *args[HTTP_ARGS_MAX];
	char allow[48]; /* "GET, HEAD": what the path is served with */
	char text[GATE_URI_MAX + 1]; /* args lead into it */
};

/* The first route that fits; HEAD is served by GET's. */
void router_match(struct route_match *match, const struct http_route *routes,
		  const char *method, const char *path);

#endif
