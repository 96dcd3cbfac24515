/* api/service.c - stores for workers, and the three things terminals ask. */
#include "api/service_impl.h"

#include "api/finder.h"
#include "api/job.h"
#include "api/login.h"
#include "api/misses.h"
#include "api/overseer.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "base/log.h"
#include "ledger/enrol.h"
#include "ledger/rescue.h"
#include "ledger/writer.h"
#include "store/audit.h"

static enum rc service_new(struct service **out, const struct host *host,
			   struct err *err)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return err_set(err, RC_NOMEM, "out of memory");
	(*out)->host = host;
	(*out)->clone = clone_limits;
	pthread_mutex_init(&(*out)->lock, NULL);
	pthread_mutex_init(&(*out)->mirrors, NULL);
	if (misses_new(&(*out)->misses, host, err) != RC_OK)
		return err->code;
	return login_new(&(*out)->login, host, err);
}

/* The routes need a contract, which needs the kinds of a store. */
static enum rc service_routes_make(struct service *s, struct err *err)
{
	struct store *store = NULL;
	enum rc rc = reader_take(s, &store, err);

	if (rc == RC_OK)
		rc = contract_take(s, store, &s->routes_of, err);
	if (rc == RC_OK)
		rc = routes_make(s, err);
	if (rc == RC_OK)
		rc = service_limits(s, 1, err);
	reader_give(s, store);
	return rc;
}

enum rc service_limits(struct service *s, int factor, struct err *err)
{
	const struct contract *c = s->held->contract;
	const struct contract_limit *limits;
	struct bucket_class classes[16];
	size_t n = contract_limits(c, &limits);

	s->limit_login = contract_limit(c, "login");
	s->limit_public = contract_limit(c, "public");
	s->limit_terminal = contract_limit(c, "terminal");
	bucket_table_free(s->buckets);
	s->buckets = NULL;
	if (!factor)
		return RC_OK;
	for (size_t i = 0; i < n; i++)
		classes[i] = (struct bucket_class){
			.burst = limits[i].burst * factor,
			.tokens = limits[i].tokens * factor,
			.seconds = limits[i].seconds,
		};
	return bucket_table_new(&s->buckets, classes, n, err);
}

enum rc service_evidence(struct service *s,
			 const struct evidence_limits *limits, struct err *err)
{
	evidence_free(s->evidence);
	return evidence_new(&s->evidence, s->dir, limits, err);
}

enum rc service_schema(struct service *s, const char *folder, struct err *err)
{
	free(s->schema);
	s->schema = strdup(folder);
	return s->schema ? RC_OK : err_set(err, RC_NOMEM, "out of memory");
}

bool limit_take(struct service *s, int limit, const char *key, int *wait_s)
{
	*wait_s = 0;
	return !s->buckets || limit < 0 ||
	       bucket_take(s->buckets, (size_t)limit, key,
			   host_monotonic_ms(s->host), wait_s);
}

void limit_give(struct service *s, int limit, const char *key)
{
	if (s->buckets && limit >= 0)
		bucket_give(s->buckets, (size_t)limit, key);
}

int limit_wait_s(struct service *s, int limit, const char *key)
{
	int wait_s = 0;

	if (s->buckets && limit >= 0)
		(void)bucket_has(s->buckets, (size_t)limit, key,
				 host_monotonic_ms(s->host), &wait_s);
	return wait_s;
}

bool service_admit(void *service, const char *network, const char *path,
		   int *wait_s)
{
	static const char objects[] = "/mirror.git/objects/";
	struct service *s = service;

	*wait_s = 0;
	return !strncmp(path, objects, strlen(objects)) ||
	       limit_take(s, s->limit_public, network, wait_s);
}

void service_allowed(void *service, const char *path, char out[ALLOWED_SIZE])
{
	struct service *s = service;
	struct contract_held *held;

	pthread_mutex_lock(&s->lock);
	held = s->held;
	held->users++;
	pthread_mutex_unlock(&s->lock);
	contract_allowed(held->contract, path, out);
	contract_give(s, held);
}

const struct http_route *service_routes(const struct service *s)
{
	return s->routes;
}

/* Where the audit log stands goes to the service's own log, which is kept
 * elsewhere. */
static void audit_say(struct service *s)
{
	struct err ignored = { 0 };
	struct store *store = NULL;
	struct audit_head head;
	char hash[2 * SHA256_BYTES + 1];

	if (reader_take(s, &store, &ignored) == RC_OK &&
	    audit_head(store, &head, &ignored) == RC_OK) {
		hex_encode(hash, head.hash, SHA256_BYTES);
		log_info("audit entries=%lld hash=%s", (long long)head.seq,
			 hash);
	}
	reader_give(s, store);
}

enum rc service_start(struct service **out, const char *dir,
		      const struct host *host, struct err *err)
{
	enum rc rc = service_new(out, host, err);

	if (rc == RC_OK && !((*out)->dir = strdup(dir)))
		rc = err_set(err, RC_NOMEM, "out of memory");
	if (rc == RC_OK)
		rc = service_evidence(*out, &evidence_limits_usual, err);
	if (rc == RC_OK)
		rc = writer_start(&(*out)->writer, dir, host, err);
	if (rc == RC_OK)
		rc = service_routes_make(*out, err);
	if (rc == RC_OK)
		rc = watch_start(&(*out)->watch, dir, host, err);
	if (rc == RC_OK)
		rc = finder_start(&(*out)->finder, dir, (*out)->watch, host,
				  err);
	if (rc == RC_OK)
		rc = overseer_start(&(*out)->overseer, dir, (*out)->misses,
				    host, err);
	if (rc == RC_OK)
		rc = preparer_start(&(*out)->preparer, dir, host, err);
	if (rc == RC_OK)
		rc = job_service_start(*out, err);
	if (rc == RC_OK)
		audit_say(*out);
	if (rc != RC_OK) {
		service_stop(*out);
		*out = NULL;
	}
	return rc;
}

enum rc service_inline(struct service **out, struct store *store,
		       struct err *err)
{
	enum rc rc = service_new(out, store->host, err);

	if (rc != RC_OK)
		return rc;
	(*out)->only = store;
	rc = evidence_new(&(*out)->evidence, store->dir, &evidence_limits_usual,
			  err);
	if (rc != RC_OK) {
		service_stop(*out);
		*out = NULL;
	}
	return rc;
}

void service_stop(struct service *s)
{
	if (!s)
		return;
	jobs_stop(s->jobs);
	overseer_stop(s->overseer); /* tells of the misses */
	preparer_stop(s->preparer);
	finder_stop(s->finder);
	watch_stop(s->watch);
	if (s->writer)
		audit_say(s);
	writer_stop(s->writer);
	for (size_t i = 0; i < s->nidle; i++)
		store_close(s->idle[i]);
	contract_give(s, s->routes_of);
	contract_give(s, s->held);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->mirrors);
	login_free(s->login);
	misses_free(s->misses);
	evidence_free(s->evidence);
	bucket_table_free(s->buckets);
	free(s->routes);
	free(s->schema);
	free(s->dir);
	free(s);
}

enum rc reader_take(struct service *s, struct store **out, struct err *err)
{
	*out = s->only;
	if (s->only)
		return RC_OK;
	pthread_mutex_lock(&s->lock);
	if (s->nidle)
		*out = s->idle[--s->nidle];
	pthread_mutex_unlock(&s->lock);
	return *out ? store_refresh_kinds(*out, err)
		    : store_open(out, s->dir, s->host, false, err);
}

void reader_give(struct service *s, struct store *store)
{
	if (!store || store == s->only)
		return;
	pthread_mutex_lock(&s->lock);
	if (s->nidle < READERS_MAX) {
		s->idle[s->nidle++] = store;
		store = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	store_close(store);
}

static enum rc sync_write(struct service *s, struct sync *sync, struct err *err)
{
	struct err outcome = { 0 };
	enum rc rc;

	if (s->writer)
		return writer_take(s->writer, sync, err);
	rc = sync_take_all(s->only, &sync, 1, host_wall_ms(s->host), &outcome,
			   err);
	return rc == RC_OK && outcome.code
		       ? err_set(err, outcome.code, "%s", outcome.text)
		       : rc;
}

enum rc sync_receive(struct service *s, struct store *reader,
		     const struct sync_input *in, struct sync **out,
		     struct err *err)
{
	enum rc rc;

	if (s->writer)
		writer_expect(s->writer);
	rc = sync_prepare(out, reader, in, err);
	if (rc == RC_OK && sync_has_news(*out))
		return sync_write(s, *out, err);
	if (s->writer)
		writer_forget(s->writer);
	return rc;
}

enum rc service_signed(struct service *s, const struct sync_input *in,
		       struct err *err)
{
	struct store *reader = NULL;
	enum rc rc = reader_take(s, &reader, err);

	if (rc == RC_OK)
		rc = terminal_signed(reader, in, err);
	reader_give(s, reader);
	return rc;
}

enum rc service_sync(struct service *s, const struct sync_input *in,
		     struct buf *body, bool *revoked, struct err *err)
{
	int64_t start = host_monotonic_ms(s->host);
	struct store *reader = NULL;
	struct sync *sync = NULL;
	const char *terminal;
	size_t packets, rows;
	enum rc rc = reader_take(s, &reader, err);

	*revoked = false;
	if (rc == RC_OK)
		rc = sync_receive(s, reader, in, &sync, err);
	if (rc == RC_OK)
		rc = sync_answer(sync, reader, host_wall_ms(s->host), body,
				 revoked, err);
	if (rc == RC_OK && s->writer) {
		sync_figures(sync, &terminal, &packets, &rows);
		log_info("sync terminal=%s packets=%zu rows=%zu up=%zu "
			 "down=%zu ms=%lld",
			 terminal, packets, rows, in->body_bytes, body->len,
			 (long long)(host_monotonic_ms(s->host) - start));
	}
	sync_free(sync);
	reader_give(s, reader);
	return rc;
}

enum rc service_rescue(struct service *s, const void *file, size_t n,
		       struct buf *reply, struct err *err)
{
	struct account nobody = { .name = "server" };
	struct store *store = NULL;
	json_t *receipt = NULL;
	enum rc rc = reader_take(s, &store, err);

	if (rc == RC_OK) {
		struct op op = { .store = store,
				 .actor = &nobody,
				 .now_ms = host_wall_ms(s->host),
				 .via = VIA_SYNC,
				 .err = err };

		rc = rescue_take(&op, file, n, &receipt);
	}
	if (rc == RC_OK)
		rc = json_write(reply, receipt, err);
	if (rc == RC_OK && s->writer)
		log_info("rescue order=%s bytes=%zu",
			 json_text(receipt, "order"), n);
	json_decref(receipt);
	reader_give(s, store);
	return rc;
}

enum rc service_enroll(struct service *s, const char *body, size_t n,
		       struct buf *reply, struct err *err)
{
	struct store *store = NULL;
	json_t *request = NULL, *answer = NULL;
	enum rc rc = reader_take(s, &store, err);

	if (rc == RC_OK)
		rc = json_read(body, n, &request, err);
	if (rc == RC_OK) {
		struct account nobody = { .name = "server" };
		struct op op = { .store = store,
				 .actor = &nobody,
				 .now_ms = host_wall_ms(s->host),
				 .err = err };

		rc = enrol_take(&op, request, &answer);
	}
	if (rc == RC_OK)
		rc = json_write(reply, answer, err);
	if (rc == RC_OK && s->writer)
		log_info("enrol terminal=%s officer=%s",
			 json_text(request, "terminal"),
			 json_text(answer, "officer"));
	json_decref(request);
	json_decref(answer);
	reader_give(s, store);
	return rc;
}
