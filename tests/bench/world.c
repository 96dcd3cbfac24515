/* world.c - a server on loopback HTTP with fsyncs on, and its tablets. */
#include "bench.h"

#include <sys/stat.h>
#include <time.h>

#include "base/seal.h"
#include "ledger/enrol.h"
#include "object/oid.h"

void must(enum rc rc, const struct err *err, const char *doing)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "bench: %s: %s (%s)\n", doing, err->text, rc_name(rc));
	exit(1);
}

double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int64_t file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* A reply whose body goes through the meter to where it was to go. */
struct through {
	struct meter *meter;
	struct exchange_reply *reply;
};

static enum rc through_sink(void *ctx, const void *p, size_t n, struct err *err)
{
	struct through *t = ctx;

	t->meter->down += (int64_t)n;
	if (t->reply->sink)
		return t->reply->sink(t->reply->sink_ctx, p, n, err);
	buf_put(&t->reply->body, p, n);
	return buf_status(&t->reply->body, err);
}

/* The sink sees status and etag as the replica would: they are copied to it
 * before its first byte. */
struct relay {
	struct through through;
	struct exchange_reply inner;
};

static enum rc relay_sink(void *ctx, const void *p, size_t n, struct err *err)
{
	struct relay *r = ctx;

	r->through.reply->status = r->inner.status;
	memcpy(r->through.reply->etag, r->inner.etag, sizeof(r->inner.etag));
	return through_sink(&r->through, p, n, err);
}

static enum rc meter_perform(void *ctx, const struct exchange_request *request,
			     struct exchange_reply *reply, struct err *err)
{
	struct meter *m = ctx;
	struct relay relay = { .through = { m, reply } };
	double from = now_s();
	enum rc rc;

	relay.inner.sink = relay_sink;
	relay.inner.sink_ctx = &relay;
	rc = m->inner.perform(m->inner.ctx, request, &relay.inner, err);
	reply->status = relay.inner.status;
	memcpy(reply->etag, relay.inner.etag, sizeof(reply->etag));
	m->seconds += now_s() - from;
	m->up += (int64_t)request->body_bytes;
	m->requests++;
	return rc;
}

struct exchange meter_exchange(struct meter *m)
{
	return (struct exchange){ .perform = meter_perform, .ctx = m };
}

static struct op op_of(struct world *w, struct account *account)
{
	must(account_get(w->store, "admin", account, &w->err), &w->err,
	     "account");
	return (struct op){ .store = w->store,
			    .actor = account,
			    .now_ms = host_wall_ms(&host_system),
			    .err = &w->err };
}

static void office(struct world *w, struct office_record *records, size_t n)
{
	struct office_write write = { .scope = BENCH_SCOPE,
				      .operation = "import",
				      .message = "rows of the benchmark",
				      .records = records,
				      .n = n };
	struct account account;
	struct op op = op_of(w, &account);

	must(ledger_office(&op, &write), &w->err, "office");
	for (size_t i = 0; i < n; i++)
		if (records[i].outcome == OFFICE_REFUSED) {
			fprintf(stderr, "bench: %s\n", records[i].why);
			exit(1);
		}
}

#define LOAD_ROWS 10000 /* handed over at once */

static void rows_load(struct world *w)
{
	struct office_record *records = calloc(LOAD_ROWS, sizeof(*records));
	char(*ids)[33] = calloc(LOAD_ROWS, sizeof(*ids));
	double from = now_s();

	for (size_t at = 0; at < w->rows; at += LOAD_ROWS) {
		size_t n = w->rows - at < LOAD_ROWS ? w->rows - at : LOAD_ROWS;

		memset(records, 0, n * sizeof(*records));
		for (size_t i = 0; i < n; i++) {
			records[i].kind = BENCH_KIND;
			records[i].record = row_make(at + i, ids[i]);
			records[i].id = ids[i];
		}
		office(w, records, n);
		for (size_t i = 0; i < n; i++)
			json_decref((json_t *)(uintptr_t)records[i].record);
	}
	w->load_s = now_s() - from;
	free(records);
	free(ids);
}

void world_edit(struct world *w, const struct edit_set *e)
{
	struct office_record *records =
		calloc(BENCH_EDITS_SERVER, sizeof(*records));
	char(*ids)[33] = calloc(BENCH_EDITS_SERVER, sizeof(*ids));

	for (size_t i = 0; i < BENCH_EDITS_SERVER; i++) {
		json_t *record = row_make(edit_server_row(e, i), ids[i]);

		edit_server_json(record, i);
		records[i].kind = BENCH_KIND;
		records[i].id = ids[i];
		records[i].record = record;
	}
	office(w, records, BENCH_EDITS_SERVER);
	for (size_t i = 0; i < BENCH_EDITS_SERVER; i++)
		json_decref((json_t *)(uintptr_t)records[i].record);
	free(records);
	free(ids);
}

static void officer_make(struct world *w, int number)
{
	json_t *fields =
		json_pack("{s:s, s:s}", "name", "officer", "state", "active");
	char id[16];
	struct office_record record = { .kind = "officer",
					.id = id,
					.record = fields };
	struct office_write write = { .scope = BENCH_SCOPE,
				      .operation = "set",
				      .message = "an officer",
				      .records = &record,
				      .n = 1 };
	struct account account;
	struct op op = op_of(w, &account);

	snprintf(id, sizeof(id), "o%d", number);
	must(ledger_office(&op, &write), &w->err, "officer");
	json_decref(fields);
}

static void server_begin(struct world *w)
{
	struct http_options options = { .listen = "127.0.0.1:0",
					.quiet = true };

	must(service_start(&w->service, w->data, &host_system, &w->err),
	     &w->err, "service");
	/* One address has all the tablets here, and no one waits. */
	must(service_limits(w->service, 0, &w->err), &w->err, "limits");
	options.ctx = w->service;
	options.routes = service_routes(w->service);
	must(http_start(&w->http, &options, &w->err), &w->err, "http");
	snprintf(w->url, sizeof(w->url), "http://127.0.0.1:%d",
		 http_port(w->http));
}

void world_begin(struct world *w, const char *parent, size_t rows)
{
	struct account account;
	struct op op;
	bool changed;

	memset(w, 0, sizeof(*w));
	w->rows = rows;
	snprintf(w->dir, sizeof(w->dir), "%.120s/bench-XXXXXX", parent);
	if (!mkdtemp(w->dir)) {
		perror(w->dir);
		exit(1);
	}
	snprintf(w->data, sizeof(w->data), "%s/data", w->dir);
	must(store_init(w->data, &host_system, false, &w->err), &w->err,
	     "init");
	must(store_open(&w->store, w->data, &host_system, false, &w->err),
	     &w->err, "open");
	must(account_add(w->store, "admin",
			 ROLE_ADMINISTRATOR | ROLE_COORDINATOR, "*", NULL,
			 &w->err),
	     &w->err, "account");
	op = op_of(w, &account);
	must(ledger_found(&op, "schema"), &w->err, "found");
	must(ledger_kind_load(&op, "fixtures/bench/" BENCH_KIND ".json",
			      &changed),
	     &w->err, "kind");
	rows_load(w);
	for (int i = 0; i <= 3 * BENCH_CLIENTS; i++)
		officer_make(w, i);
	server_begin(w);
}

void world_end(struct world *w)
{
	char command[200];

	http_stop(w->http);
	service_stop(w->service);
	store_close(w->store);
	snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	if (system(command) != 0)
		fprintf(stderr, "bench: '%s' is left\n", w->dir);
}

void tablet_begin(struct tablet *t, struct world *w, int number)
{
	char officer[16], code[ENROL_CODE_SIZE];
	struct account account;
	struct exchange x;
	struct op op = op_of(w, &account);

	memset(t, 0, sizeof(*t));
	snprintf(officer, sizeof(officer), "o%d", number);
	snprintf(t->file, sizeof(t->file), "%s/t%d.db", w->dir, number);
	must(enrol_code_new(&op, officer, BENCH_SCOPE, code), &w->err, "code");
	must(http_client_new(&t->client, w->url, false, &w->err), &w->err,
	     "client");
	t->meter.inner = http_client_exchange(t->client);
	x = meter_exchange(&t->meter);
	must(replica_create(&t->replica, t->file, &host_system, &w->err),
	     &w->err, "create");
	must(replica_enroll(t->replica, &x, w->url, code, BENCH_PIN, &w->err),
	     &w->err, "enroll");
	must(replica_unlock(t->replica, BENCH_PIN, &w->err), &w->err, "unlock");
}

void tablet_clone(struct tablet *t, struct world *w)
{
	struct exchange x = meter_exchange(&t->meter);

	t->meter = (struct meter){ .inner = t->meter.inner };
	must(replica_clone(t->replica, &x, NULL, NULL, &w->err), &w->err,
	     "clone");
}

void tablet_end(struct tablet *t)
{
	replica_close(t->replica);
	http_client_free(t->client);
}
