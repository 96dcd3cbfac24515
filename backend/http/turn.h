/* http/turn.h - one request from its head to its reply. */
#ifndef HTTP_TURN_H
#define HTTP_TURN_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/conn.h"
#include "http/deep.h"

struct mg_connection;
struct turn;

/* What CivetWeb's buffer holds: a head. See body.c on what lies behind it. */
#define TURN_BUFFER_BYTES 8192

struct turn_server {
	const struct http_route *routes;
	void *ctx;
	void (*allowed)(void *ctx, const char *path, char out[48]);
	bool (*admit)(void *ctx, const char *network, const char *path,
		      int *retry_after_s);
	bool quiet;
	bool proxied;
	void (*observe)(void *ctx, const struct exchange *e); /* or NULL */
	void *observe_ctx;
	struct conn_limits limits;
	int streams_max;
	int bodies_max;
	atomic_int bodies; /* of streamed routes, being read */
	int slow_max;
	/* Other bodies that take longer than BODY_QUICK_MS: of who has proved
	 * nothing, and of who has. */
	atomic_int slow[2];
	int waiting_max;
	atomic_int waiting; /* of the former, longer than BODY_AT_ONCE_MS */
	atomic_int large; /* bodies above HTTP_NOBODYS_BYTES of the former */
	pthread_mutex_t streams_lock;
	struct turn *streams; /* that run */
	struct deep_pool deep;
	atomic_bool is_stopping;
};

/* Serve the request that CivetWeb has read the head of. */
void turn_serve(struct turn_server *server, struct mg_connection *mg);

/* Answer a request that CivetWeb itself refused, with its reason. */
void turn_refuse(struct turn_server *server, const struct mg_connection *mg,
		 int status, const char *why);

#endif
