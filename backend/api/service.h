/* api/service.h - what the server does for terminals, without HTTP: the routes
 * call it, and so do the simulator and the tests that need no socket.
 *
 * With a writer thread (service_start) any number of threads may call; without
 * one (service_inline) a single thread does everything on one store. */
#ifndef API_SERVICE_H
#define API_SERVICE_H

#include "http/http.h"
#include "ledger/sync.h"

struct service;

enum rc service_start(struct service **out, const char *dir,
		      const struct host *host, struct err *err);
/* `store` is borrowed and outlives the service. */
enum rc service_inline(struct service **out, struct store *store,
		       struct err *err);
void service_stop(struct service *s);

/* Does the head of a sync or a bundle prove its terminal? Asked before the body
 * is read. */
enum rc service_signed(struct service *s, const struct sync_input *in,
		       struct err *err);
/* POST /v1/sync. */
enum rc service_sync(struct service *s, const struct sync_input *in,
		     struct buf *body, bool *revoked, struct err *err);
/* What became of one request of a bundle. */
struct bundled {
	char terminal[33];
	bool is_revoked, is_refused; /* refused: nothing was taken in; why */
	size_t packets, rows;
	struct err why;
};
typedef void bundled_fn(void *ctx, const struct bundled *b);
/* Take in the requests of a bundle, a file of sync/wire/bundle.h, and append
 * the bundle of their answers: nothing where all were refused. `fn` (or NULL)
 * is told of each. RC_CORRUPT, RC_INVALID: the file is no good. */
enum rc service_bundle(struct service *s, const void *file, size_t n,
		       bundled_fn *fn, void *ctx, struct buf *answer,
		       struct err *err);
/* POST /v1/bundle: the same of one request, brought by another terminal, whose
 * signature `in` has. What was refused fails. */
enum rc service_bundle_brought(struct service *s, const struct sync_input *in,
			       struct buf *answer, struct err *err);
/* POST /v1/rescue: a file of sync/wire/bundle.h that proves itself; the signed
 * receipt is appended, as JSON. */
enum rc service_rescue(struct service *s, const void *file, size_t n,
		       struct buf *reply, struct err *err);
/* POST /v1/enroll: JSON in, JSON appended. */
enum rc service_enroll(struct service *s, const char *body, size_t n,
		       struct buf *reply, struct err *err);
/* GET /v1/snapshot/<scope>: the file to send (malloc'd) and its ETag. RC_BUSY:
 * it is being prepared, ask again. `format_text` is Hufu-Format, the newest
 * that the terminal reads; `if_range` the ETag that it has a part of. Both may
 * be NULL. Leaves an entry in the audit log: a clone has every rating. */
struct snapshot_input {
	const char *terminal, *time_text, *signature, *path, *scope;
	const char *format_text, *if_range;
	const char *remote, *request_id; /* for the audit log, or NULL */
};
enum rc service_snapshot(struct service *s, const struct snapshot_input *in,
			 char **file, char etag[80], struct err *err);
/* GET /v1/snapshot: what a clone of all that the terminal covers comes to, and
 * how large it may be, as JSON. The same codes. */
enum rc service_clone_size(struct service *s, const struct snapshot_input *in,
			   struct buf *reply, struct err *err);
/* How large the clone of one terminal may be, all its scopes together: records,
 * and bytes to send. Beyond `most` it is refused; from `warn` on the terminal
 * is told. */
struct clone_limits {
	struct clone_limit {
		int64_t warn, most;
	} records, bytes;
};
extern const struct clone_limits clone_limits; /* where nothing is said */
/* Before requests come. */
void service_clone_limits(struct service *s, const struct clone_limits *limits);

/* GET /mirror.git/<path>: a file of the mirror, for accounts whose role is
 * auditor or administrator and whose scope is all of it. Asking for info/refs,
 * with which every clone and fetch begins, first brings the mirror up to date,
 * and leaves an entry in the audit log.
 * `authorization` may be NULL; *is_known is false when the account did not
 * prove itself (RC_DENIED). *wait_s: RC_BUSY for so long. */
struct mirror_input {
	const char *authorization;
	const char *path; /* "info/refs": one that the routes let through */
	const char *remote; /* for the audit log */
	const char *network; /* who waits for wrong passwords; NULL: nobody */
	const char *request_id; /* for the audit log */
};
enum rc service_mirror(struct service *s, const struct mirror_input *in,
		       char **file, bool *is_known, int *wait_s,
		       struct err *err);

/* Let through `factor` times what schema/api.json says (0: anything). Before
 * requests come. */
enum rc service_limits(struct service *s, int factor, struct err *err);

/* The folder of declarations, copied: the scheme that ships is recorded from it
 * when a scope is first rated. Without it there has to be one. Before requests
 * come. */
enum rc service_schema(struct service *s, const char *folder, struct err *err);

/* Other limits than evidence_limits_usual. Of a service with a writer, before
 * requests come. */
struct evidence_limits;
enum rc service_evidence(struct service *s,
			 const struct evidence_limits *limits, struct err *err);

/* Routes for http_start, ended by a NULL method; their ctx is the service, and
 * they live as long. Of a service with a writer. */
const struct http_route *service_routes(const struct service *s);
/* http_options.admit: what has no route takes from the bucket `public`, but for
 * the objects of the mirror: stock git asks for each of them alone before it
 * takes a pack. */
bool service_admit(void *service, const char *network, const char *path,
		   int *wait_s);
/* http_options.allowed: by the operations that there are for each kind. */
void service_allowed(void *service, const char *path, char out[48]);

#endif
