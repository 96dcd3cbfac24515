#include "api/job.h"

#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/service_impl.h"
#include "base/date.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "base/log.h"
#include "sql_store.gen.h"

#define WAIT_MS 5000
#define AGAIN_S 5 /* between two looks at a job */
#define KEPT_MS (INT64_C(7) * 86400000)

/* What a job keeps of the request that asked for it. */
struct work {
	struct call call; /* args and body owned; its store is the job's */
	char id[33], operation[64], request_id[40], remote[64];
};

/* -- on the job's thread -- */

static enum rc end_put(struct store *store, const struct work *w,
		       const char *state, enum rc came, struct err *err)
{
	const struct call *c = &w->call;
	struct query *q;
	struct buf result;
	enum rc rc = RC_OK;

	buf_init(&result, JSON_BYTES_MAX);
	if (came == RC_OK && c->result)
		rc = json_write(&result, c->result, err);
	q = query_begin(store->db, SQL_JOB_END);
	query_text(q, 1, w->id);
	query_text(q, 2, state);
	query_int(q, 3, host_wall_ms(store->host));
	if (result.len)
		query_textn(q, 4, result.data, result.len);
	query_int(q, 5, came);
	query_int(q, 6, c->problem_status);
	query_text(q, 7, c->problem_type);
	query_text(q, 8, came == RC_OK ? NULL : c->err.text);
	if (query_end(q, err) != RC_OK)
		rc = err->code;
	buf_release(&result);
	return rc;
}

static enum rc work_do(struct call *c, const struct work *w)
{
	struct contract_held *held = NULL;
	enum rc rc = contract_take(c->service, c->store, &held, &c->err);

	if (rc == RC_OK) {
		c->contract = held->contract;
		c->operation = contract_operation(c->contract, w->operation);
		rc = c->operation ? call_work(c)
				  : err_set(&c->err, RC_NOT_FOUND,
					    "there is no operation '%s'",
					    w->operation);
	}
	c->contract = NULL;
	c->operation = NULL;
	contract_give(c->service, held);
	return rc;
}

static void run(void *ctx, void *w_)
{
	struct service *s = ctx;
	struct work *w = w_;
	struct call *c = &w->call;
	struct err err = { 0 };
	enum rc rc = work_do(c, w);
	const char *state = rc == RC_OK                 ? "done"
			    : jobs_is_stopping(s->jobs) ? "interrupted"
							: "failed";

	log_info("job id=%s operation=%s scope=%s state=%s ms=%lld", w->id,
		 w->operation, c->scope, state,
		 (long long)(host_wall_ms(s->host) - c->op.now_ms));
	if (end_put(c->store, w, state, rc, &err) != RC_OK)
		log_warn("job id=%s failed: %s", w->id, err.text);
}

static void halt(void *ctx, void *w_)
{
	struct work *w = w_;

	(void)ctx;
	db_interrupt(w->call.store->db);
}

static void drop(void *ctx, void *w_)
{
	struct work *w = w_;

	reader_give(ctx, w->call.store);
	call_release(&w->call);
	free(w);
}

enum rc job_service_start(struct service *s, struct err *err)
{
	const struct jobs_do how = { run, halt, drop, s };
	struct store *store = NULL;
	struct query *q;
	enum rc rc = reader_take(s, &store, err);

	if (rc == RC_OK) {
		q = query_begin(store->db, SQL_JOB_INTERRUPTED);
		query_int(q, 1, host_wall_ms(s->host));
		rc = query_end(q, err);
	}
	reader_give(s, store);
	return rc == RC_OK ? jobs_start(&s->jobs, &how, err) : rc;
}

/* -- what is told of one -- */

static void time_put(json_t *o, const char *name, struct query *q, int column)
{
	char text[25];

	if (query_is_null(q, column))
		return;
	time_format(text, query_get_int(q, column));
	json_object_set_new(o, name, json_string(text));
}

static void problem_put(json_t *o, struct query *q)
{
	const enum rc code = (enum rc)query_get_int(q, 8);
	const int status = (int)query_get_int(q, 9);

	if (query_is_null(q, 11))
		return;
	json_object_set_new(
		o, "problem",
		json_pack("{s:o, s:i, s:s}", "type",
			  json_sprintf("/problems/%s",
				       query_is_null(q, 10)
					       ? rc_name(code)
					       : query_get_text(q, 10)),
			  "status", status ? status : rc_status(code), "detail",
			  query_get_text(q, 11)));
}

/* NULL where there is none of that name. */
static enum rc job_read(struct call *c, const char *id, json_t **out)
{
	struct query *q = query_begin(c->store->db, SQL_JOB_GET);
	json_t *result = NULL;
	enum rc rc = RC_OK;

	*out = NULL;
	query_text(q, 1, id);
	if (query_row(q)) {
		*out = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", id,
				 "account", query_get_text(q, 1), "operation",
				 query_get_text(q, 2), "scope",
				 query_get_text(q, 3), "state",
				 query_get_text(q, 4));
		time_put(*out, "begun_at", q, 5);
		time_put(*out, "ended_at", q, 6);
		if (!query_is_null(q, 7))
			rc = json_read(query_get_text(q, 7),
				       query_get_len(q, 7), &result, &c->err);
		if (result)
			json_object_set_new(*out, "result", result);
		problem_put(*out, q);
	}
	if (query_end(q, &c->err) != RC_OK)
		rc = c->err.code;
	/* Its end could not be written down, as on a full disk. */
	if (rc == RC_OK && *out && c->service->jobs &&
	    !strcmp(json_text(*out, "state"), "running") &&
	    !jobs_has(c->service->jobs, id))
		json_object_set_new(*out, "state", json_string("interrupted"));
	return rc;
}

/* GET /v1/jobs/{id}: of who asked for it, and may still look there. */
enum rc job_get(struct call *c)
{
	const char *id = json_text(c->args, "id");
	const struct operation *op;
	json_t *job = NULL;
	enum rc rc = job_read(c, id, &job);

	if (rc == RC_OK && job) {
		op = contract_operation(c->contract,
					json_text(job, "operation"));
		if (strcmp(json_text(job, "account"), c->actor.name) != 0 ||
		    !op ||
		    !account_may(&c->actor, op->roles, json_text(job, "scope")))
			job = (json_decref(job), NULL);
	}
	if (rc == RC_OK && !job)
		return call_refuse(c, RC_NOT_FOUND, 404, "not_found",
				   "there is no job '%s'", id);
	c->result = job;
	return rc;
}

/* -- asking for one -- */

static bool is_open(const json_t *job)
{
	return job && !strcmp(json_text(job, "state"), "running");
}

/* That the key was used for, unless nothing came of it: then *id is "". */
static enum rc of_key(struct call *c, const unsigned char request[SHA256_BYTES],
		      char id[33])
{
	const char *key = json_text(c->args, "Idempotency-Key"), *at;
	json_t *job = NULL;
	bool is_there = false;
	enum rc rc = RC_OK;

	id[0] = '\0';
	if (key)
		rc = idempotency_look(c, key, request, &is_there);
	if (rc != RC_OK || !is_there)
		return rc;
	at = strrchr(c->location, '/');
	rc = job_read(c, at ? at + 1 : "", &job);
	if (rc == RC_OK && job &&
	    (is_open(job) || !strcmp(json_text(job, "state"), "done")))
		snprintf(id, 33, "%s", json_text(job, "id"));
	json_decref(job);
	return rc;
}

/* One of this operation that is under way in this scope: that of the same
 * request is joined, another is waited for. */
static enum rc of_scope(struct call *c,
			const unsigned char request[SHA256_BYTES], char id[33])
{
	struct query *q = query_begin(c->store->db, SQL_JOB_RUNNING);
	bool is_other = false;

	query_text(q, 1, c->scope);
	query_text(q, 2, c->operation->id);
	while (query_row(q)) {
		size_t n;
		const void *before = query_get_blob(q, 2, &n);

		if (!jobs_has(c->service->jobs, query_get_text(q, 0)))
			continue;
		if (!strcmp(query_get_text(q, 1), c->actor.name) &&
		    n == SHA256_BYTES && !memcmp(before, request, n))
			snprintf(id, 33, "%s", query_get_text(q, 0));
		else
			is_other = true;
	}
	if (query_end(q, &c->err) != RC_OK || id[0] || !is_other)
		return c->err.code;
	c->retry_after_s = AGAIN_S;
	return call_refuse(c, RC_BUSY, 503, "busy",
			   "the same is being done in scope '%s', asked for "
			   "otherwise: try again when it is over",
			   c->scope);
}

static enum rc job_put(struct call *c,
		       const unsigned char request[SHA256_BYTES],
		       const char *id)
{
	const char *key = json_text(c->args, "Idempotency-Key");
	struct query *q = query_begin(c->store->db, SQL_JOB_PRUNE);
	enum rc rc;

	query_int(q, 1, c->op.now_ms - KEPT_MS);
	rc = query_end(q, &c->err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(c->store->db, SQL_JOB_PUT);
	query_text(q, 1, id);
	query_text(q, 2, c->actor.name);
	query_text(q, 3, c->operation->id);
	query_text(q, 4, c->scope);
	query_blob(q, 5, request, SHA256_BYTES);
	query_int(q, 6, c->op.now_ms);
	rc = query_end(q, &c->err);
	c->status = 202;
	snprintf(c->location, sizeof(c->location), "/v1/jobs/%s", id);
	return rc == RC_OK && key ? idempotency_keep(c, key, request) : rc;
}

/* What outlives the request. */
static enum rc work_new(struct call *c, const char *id, struct work **out)
{
	struct work *w = calloc(1, sizeof(*w));
	struct store *store = NULL;

	*out = NULL;
	if (!w || reader_take(c->service, &store, &c->err) != RC_OK) {
		free(w);
		return err_set(&c->err, RC_NOMEM, "out of memory");
	}
	snprintf(w->id, sizeof(w->id), "%s", id);
	snprintf(w->operation, sizeof(w->operation), "%s", c->operation->id);
	snprintf(w->request_id, sizeof(w->request_id), "%s", c->request_id);
	snprintf(w->remote, sizeof(w->remote), "%s", c->remote);
	w->call = (struct call){ .service = c->service,
				 .store = store,
				 .actor = c->actor,
				 .by = c->by,
				 .args = json_deep_copy(c->args),
				 .body = json_deep_copy(c->body),
				 .request_id = w->request_id,
				 .remote = w->remote };
	memcpy(w->call.scope, c->scope, sizeof(w->call.scope));
	*out = w;
	return RC_OK;
}

/* Which job it is: one that there is, or a new one, whose work is *out. */
static enum rc job_choose(struct call *c,
			  const unsigned char request[SHA256_BYTES],
			  char id[33], struct work **out)
{
	unsigned char random[16];
	enum rc rc = of_key(c, request, id);

	if (rc == RC_OK && !id[0])
		rc = of_scope(c, request, id);
	if (rc != RC_OK || id[0])
		return rc;
	host_random(c->store->host, random, sizeof(random));
	hex_encode(id, random, sizeof(random));
	rc = jobs_reserve(c->service->jobs, id, &c->err);
	if (rc != RC_OK)
		c->retry_after_s = 60;
	if (rc == RC_OK)
		rc = work_new(c, id, out);
	if (rc == RC_OK)
		rc = job_put(c, request, id);
	return rc;
}

/* As if it had been done here: the problem's words live in c->result. */
static enum rc failed(struct call *c, const json_t *problem)
{
	const char *type = json_text(problem, "type");

	return call_refuse(c, RC_INVALID, (int)json_int(problem, "status", 500),
			   strrchr(type, '/') + 1, "%s",
			   json_text(problem, "detail"));
}

static enum rc job_answer(struct call *c, const char *id)
{
	const json_t *result, *problem;
	enum rc rc;

	c->location[0] = '\0';
	c->status = 200;
	json_decref(c->result);
	rc = job_read(c, id, &c->result);
	if (rc != RC_OK)
		return rc;
	problem = json_object_get(c->result, "problem");
	result = json_object_get(c->result, "result");
	if (problem)
		return failed(c, problem);
	if (result) {
		json_t *job = c->result;

		c->result = json_incref((json_t *)(uintptr_t)result);
		json_decref(job);
		return RC_OK;
	}
	if (!c->result || !is_open(c->result))
		return call_refuse(c, RC_BUSY, 503, "busy",
				   "the job was interrupted: try again");
	c->status = 202;
	c->retry_after_s = AGAIN_S;
	snprintf(c->location, sizeof(c->location), "/v1/jobs/%s", id);
	return RC_OK;
}

enum rc job_ask(struct call *c, const unsigned char request[SHA256_BYTES])
{
	const char *prefers = json_text(c->args, "Prefer");
	struct jobs *jobs = c->service->jobs;
	struct work *work = NULL;
	char id[33] = "";
	enum rc rc = db_outer_begin(c->store->db, &c->err);

	if (rc != RC_OK)
		return rc;
	rc = job_choose(c, request, id, &work);
	if (rc == RC_OK)
		rc = db_outer_commit(c->store->db, &c->err);
	if (rc != RC_OK) {
		db_outer_rollback(c->store->db);
		jobs_leave(jobs, id);
		if (work)
			drop(c->service, work);
		return rc;
	}
	if (work)
		jobs_go(jobs, id, work);
	jobs_wait(jobs, id,
		  prefers && strstr(prefers, "respond-async") ? 0 : WAIT_MS);
	return job_answer(c, id);
}
