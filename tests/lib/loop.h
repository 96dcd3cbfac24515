/* lib/loop.h - a server in this process and an exchange that reaches it without
 * a socket, through the same bytes. */
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include "api/service.h"
#include "wire/exchange.h"

struct loop {
	struct store *store;
	struct service *service;
	char dir[256];
	/* Called before a request reaches the server and before its answer
	 * reaches the client; anything but RC_OK cuts there. May be NULL. */
	enum rc (*before)(void *ctx, const struct exchange_request *request,
			  struct err *err);
	enum rc (*after)(void *ctx, struct exchange_reply *reply,
			 struct err *err);
	void *ctx;
};

/* A new server in `dir` (made) with the kinds of ./schema, an account "admin"
 * of all roles and scopes; not fsynced. */
enum rc loop_init(struct loop *l, const char *dir, const struct host *host,
		  struct err *err);
/* Close and open again, as after a crash. */
enum rc loop_reopen(struct loop *l, struct err *err);
void loop_release(struct loop *l);
/* Open the folder of a loop that was released. */
enum rc loop_open(struct loop *l, const struct host *host, struct err *err);
struct exchange loop_exchange(struct loop *l);
/* An op of the account "admin" at the host's time. `account` is the memory it
 * borrows. */
struct op loop_op(struct loop *l, struct account *account, struct err *err);
/* Write one record of the office from JSON text such as
 * {"name":"x","state":"in_business"}; fails when it is refused. */
enum rc loop_write(struct loop *l, const char *scope, const char *kind,
		   const char *id, const char *json, struct err *err);
/* The same as a job of the server writes it. */
enum rc loop_serve(struct loop *l, const char *scope, const char *kind,
		   const char *id, const char *json, struct err *err);
/* The same as an import writes it by its own rules. */
enum rc loop_import(struct loop *l, const char *scope, const char *kind,
		    const char *id, const char *json, struct err *err);

#endif
