/* api/call.h - one operation being done: what a handler is given and what it
 * leaves. Handlers know nothing of HTTP; `hufud call` runs them as well. */
#ifndef API_CALL_H
#define API_CALL_H

#include "base/hash.h"
#include "base/seal.h"
#include "contract/contract.h"
#include "http/http.h"
#include "ledger/ledger.h"

struct service;

enum call_by {
	BY_NOBODY,
	BY_TOKEN,
	BY_SESSION,
	BY_PASSWORD,
	BY_COMMAND,
	BY_TERMINAL, /* the officer of a tablet, with the role inspector */
};

struct call {
	struct service *service;
	const struct contract *contract;
	const struct operation *operation;
	struct store *store;
	struct account
		actor; /* roles ROLE_PUBLIC where nobody proved himself */
	enum call_by by;
	struct op op; /* of store and actor; op.err is `err` below */
	json_t *args; /* parameters, typed, defaults filled in; owned */
	json_t *body; /* checked against its schema, or NULL; owned */
	/* A body that is not JSON, as it came; borrowed from the request. */
	const char *raw;
	size_t raw_bytes;
	const char *if_match; /* header, or NULL */
	const char *credential; /* of a session or a token, or NULL */
	const char *request_id, *remote, *network;
	/* For request_read() of an operation that streams; NULL for a command.
	 */
	struct request *request;
	const struct kind *kind; /* the operation's, or NULL */
	char scope[16]; /* by the operation's scope rule; "" for none */
	bool is_due; /* what was read quotes a record of class L3 or L4 */

	/* A handler's words for the audit log: the kind that it found out
	 * itself
	 * ("": the operation's), and what else. */
	char about_kind[33];
	char detail[400];
	/* What takes long of a password in the body, made before a transaction
	 * begins ({"with": {"password": true}}); "" where there is none. */
	char password_hash[PASSWORD_HASH_MAX];
	unsigned char password_digest[SHA256_BYTES];
	bool is_guess; /* a password was tried, and was wrong */
	bool is_repeated; /* the Idempotency-Key was: nothing was done now */

	/* What the handler leaves. */
	int status; /* 200 unless set */
	json_t *result; /* JSON body, or NULL; owned */
	char etag[HTTP_ETAG_BYTES]; /* without quotes */
	char location[200]; /* of what was made */
	struct reply *reply; /* for a body that is not JSON, or NULL */
	json_t *errors; /* [{pointer, detail}] of a 400; owned */
	int problem_status; /* 0: by the rc */
	const char *problem_type; /* static text; NULL: by the status */
	int64_t retry_after_s;
	struct err err;
};

typedef enum rc call_fn(struct call *c);

/* The function of that name, or NULL. */
call_fn *handler_named(const char *name);

/* Refuse with a status and a type of its own. */
enum rc call_refuse(struct call *c, enum rc rc, int status, const char *type,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* What came of proving who asks: 401 for RC_DENIED, and 429 for RC_BUSY where
 * that is over in `wait_s` seconds. Answers rc. */
enum rc call_proved(struct call *c, enum rc rc, int wait_s);
/* Count a proof that failed (api/misses.h). `account`: whose, or NULL. */
void call_missed(const struct call *c, const char *account, const char *why);
/* Add one member to `errors` and answer RC_INVALID. */
enum rc call_wrong(struct call *c, const char *pointer, const char *detail);

/* By which way it came, for the audit log: an enum audit_via. */
int call_via(const struct call *c);

/* Check and do: roles, parameters, scope, body, If-Match there, the handler;
 * and, where it changes something, all in one transaction with the
 * Idempotency-Key and the audit entry. `query`, `path_args` and the headers are
 * the request's; fills what the handler leaves. */
struct call_input {
	const char *query;
	const json_t *path_args;
	const char *(*header)(void *ctx, const char *name);
	void *ctx;
	const char *body;
	size_t body_bytes;
};
/* May who asks do this at all, by role and credential? Leaves nothing in c. */
bool call_is_let(struct call *c);
enum rc call_run(struct call *c, const struct call_input *in);
void call_release(struct call *c);

/* -- scope.c: where a record is, and who may see it -- */

/* Fills c->scope by the operation's rule. RC_NOT_FOUND also for what is there
 * but not for this account. */
enum rc call_scope(struct call *c);
/* May the account see records of this kind? */
bool call_may_read(const struct call *c, const struct kind *k);
/* And this one of the kind, plain: by its agency, and where it speaks of
 * another record, as conflicts and alarms do, by that one's kind and agency. */
enum rc call_may_see(struct call *c, const struct kind *k, const char *scope,
		     const json_t *record, bool *may);
/* 404 in the one wording for what is not there and what is not theirs. */
enum rc call_gone(struct call *c, const char *id);

/* -- idempotency.c -- */

/* What came of this key before: *done when it was used with the same request,
 * with status, result, etag and location filled. RC_CONFLICT when it was used
 * for another. Inside the transaction. */
enum rc idempotency_look(struct call *c, const char *key,
			 const unsigned char request[32], bool *done);
enum rc idempotency_keep(struct call *c, const char *key,
			 const unsigned char request[32]);

#endif
