/* contract/contract.h - the operations of the API as schema/api.json declares
 * them: an OpenAPI 3.1 document with one extension, `x-hufu`, in each operation
 *
 *   {"handler": the function of backend/api that does it,
 *    "with":    what it is told beside the request, and how it is done: the
 *               words are explained where api/call.c and api/job.h ask them,
 *    "roles":   who may, or "readers" or "writers" of the kind,
 *    "scope":   "none" | "asked" (the parameter or the body says it) |
 *               "record" (the record's) | "all" (an account of every scope),
 *    "limit":   the token bucket that it takes from,
 *    "command": the command of hufud that does the same, for its --help,
 *    "body":    the most bytes of a request's body}
 *
 * A path with {resource} stands for one path for each kind of records: the
 * document that is served has them written out, with the schemas that the
 * kinds' declarations give. Router, rights, limits, validation, --help and the
 * pages for people all come from here.
 *
 * A contract is immutable and may be shared by threads. */
#ifndef CONTRACT_CONTRACT_H
#define CONTRACT_CONTRACT_H

#include "base/buf.h"
#include "kind/kind.h"

/* Anybody, without an account: a role beside those of kind/kind.h. */
#define ROLE_PUBLIC (1u << 30)

/* Where the account has to be somebody: nowhere in particular; in the scope
 * that is asked for; in that of the record; in all scopes, for all agencies; or
 * for all agencies, and the handler shows what lies within its scopes. */
enum op_scope {
	SCOPE_NONE,
	SCOPE_ASKED,
	SCOPE_RECORD,
	SCOPE_ALL,
	SCOPE_WITHIN
};

struct operation {
	const char *id; /* operationId */
	const char *method; /* "GET" */
	const char *path; /* "/v1/assignments/{id}/cancel" */
	const char *summary, *description; /* description may be NULL */
	const char *handler;
	int limit; /* place among the limits; -1: none */
	const json_t *with; /* or NULL */
	unsigned roles; /* enum role bits, ROLE_PUBLIC */
	enum op_scope scope;
	size_t body_bytes_max;
	char kind[32]; /* of a resource, or "" */
	const json_t *parameters; /* without $ref; in: path, query or header */
	const json_t *body; /* schema of the JSON body, or NULL */
	const char *body_type; /* media type, or NULL */
	bool body_required;
	bool needs_key; /* has the parameter Idempotency-Key */
	bool needs_match; /* has the parameter If-Match */
	bool is_raw; /* "with": {"raw": true}: speaks for itself */
	/* "with": {"stream": true}: the handler reads the body itself */
	bool is_streamed;
	/* "with": {"terminal": true}: a tablet's officer may, too, proved by
	 * the terminal's key */
	bool is_for_terminals;
};

struct contract;

/* From the document that is built into the program and the kinds as they are
 * now. RC_INVALID names what is wrong with the document. */
enum rc contract_new(struct contract **out, const struct registry *kinds,
		     struct err *err);
void contract_free(struct contract *c);
/* Could such a kind be loaded? Asked before it is: a kind never goes away, and
 * with one whose words are taken there would be no contract any more.
 * RC_INVALID says what stands in its way. */
enum rc contract_admits(const struct registry *kinds, const json_t *definition,
			struct err *err);

size_t contract_count(const struct contract *c);
const struct operation *contract_at(const struct contract *c, size_t i);
/* By operationId, or NULL. */
const struct operation *contract_operation(const struct contract *c,
					   const char *id);
/* What the HTTP server is to let through: the paths as schema/api.json has
 * them, literal ones before those with {resource}. The list ends with a NULL
 * method.
 */
struct contract_route {
	const char *method, *path, *handler; /* handler of one that is raw */
	size_t body_bytes_max;
	int limit;
	bool is_raw, needs_digest, is_streamed;
	/* "with": {"signed": true}: the head proves who sends the body */
	bool is_signed;
};
const struct contract_route *contract_routes(const struct contract *c);

/* The token buckets that requests take from, as `x-hufu.limits` has them. */
struct contract_limit {
	const char *name;
	int burst, tokens, seconds; /* http/bucket.h */
	enum limit_by { LIMIT_ADDRESS, LIMIT_ACCOUNT, LIMIT_TERMINAL } by;
};
size_t contract_limits(const struct contract *c,
		       const struct contract_limit **out);
/* The place of a limit, or -1. */
int contract_limit(const struct contract *c, const char *name);

/* The operation of a method ("GET" for HEAD) and a path; the values of the
 * path's parameters come as an object of texts (new reference, *args). NULL:
 * there is none. */
const struct operation *contract_match(const struct contract *c,
				       const char *method, const char *path,
				       json_t **args);

/* The methods of a path, "GET, HEAD, PATCH", as a reply 405 tells them; "" for
 * a path that there is not. */
#define ALLOWED_SIZE 48
void contract_allowed(const struct contract *c, const char *path,
		      char out[ALLOWED_SIZE]);

/* The document that is served. Borrowed. */
const json_t *contract_document(const struct contract *c);
/* Another for each document that is another: hex. Borrowed. */
const char *contract_tag(const struct contract *c);
/* The schema of a successful reply's JSON body, or NULL. Borrowed. */
const json_t *contract_reply(const struct contract *c,
			     const struct operation *op, int status);

/* The title of a type of problems ("denied"), as `x-hufu.problems` has it, or
 * NULL. */
const char *contract_problem(const struct contract *c, const char *type);

/* Who may read records of a kind: by its class, and its `readers` where it has
 * them. With ROLE_PUBLIC for class L1. */
unsigned contract_readers(const struct contract *c, const struct kind *k);
/* A kind's word in paths ("agencies"), or NULL where it has none. */
const char *contract_plural(const struct contract *c, const char *kind);
/* "inspector, coordinator" */
void contract_roles_say(unsigned roles, char *out, size_t size);

/* The lines "METHOD PATH (operation)" of operations that do what a command does
 * ("conflicts decide"), as `x-hufu.command` says. Appends; nothing where there
 * is none. */
void contract_command_say(const char *command, struct buf *out);

/* Turn the raw query and what headers and path gave into typed values by the
 * operation's parameters: integers, booleans, lists (commas), with defaults.
 * *out is a new object; *errors a new array as schema_errors makes, empty where
 * all is well. Parameters that are not declared are errors, too. `header` looks
 * a header up. */
enum rc contract_parameters(const struct contract *c,
			    const struct operation *op, const char *query,
			    const json_t *path,
			    const char *(*header)(void *ctx, const char *name),
			    void *ctx, json_t **out, json_t **errors,
			    struct err *err);

#endif
