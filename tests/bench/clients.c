/* clients.c - many tablets at once, without the tablets' own work: their
 * packets were made and signed before, a request takes over the head of the
 * answer before it, and nothing is applied. What is left is the server's. */
#include "bench.h"

#include <pthread.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "replica/replica_impl.h"
#include "wire/message.h"

struct client {
	struct world *world;
	struct tablet tablet;
	json_t *packets; /* array of {commit, rows} */
	char *enrolment, *terminal;
	struct sign_key key;
	char head[OID_HEX_SIZE];
	pthread_barrier_t *start;
	struct err err;
};

static const char local_packets[] =
	"SELECT number, body FROM hufu_packet WHERE state='local' "
	"ORDER BY number";

static void packets_gather(struct client *c)
{
	struct replica *r = c->tablet.replica;
	struct query *q;
	enum rc rc = RC_OK;

	c->packets = json_array();
	must(replica_begin_read(r, &c->err), &c->err, "read");
	q = query_begin(r->db, local_packets);
	while (rc == RC_OK && query_row(q)) {
		json_t *packet = NULL;
		size_t bytes;

		rc = packet_json(r, BENCH_SCOPE, query_get_int(q, 0),
				 query_get_text(q, 1), false, &packet, &bytes,
				 &c->err);
		json_array_append_new(c->packets, packet);
	}
	if (rc == RC_OK)
		rc = query_end(q, &c->err);
	must(replica_end(r, rc, &c->err), &c->err, "packets");
}

static void client_begin(struct client *c, struct world *w, int tablet,
			 int first_row, int each, int rows)
{
	char text[200], id[33];
	struct scope scope;
	int packets, records;

	memset(c, 0, sizeof(*c));
	c->world = w;
	tablet_begin(&c->tablet, w, tablet);
	tablet_clone(&c->tablet, w);
	for (int i = 0; i < each; i++) {
		for (int j = 0; j < rows; j++) {
			row_id((size_t)(first_row + i * rows + j) % w->rows,
			       id);
			snprintf(text, sizeof(text),
				 "UPDATE %s SET phone='%d-%d' WHERE id='%s'",
				 BENCH_KIND, tablet, i, id);
			must(replica_exec(c->tablet.replica, text, &c->err),
			     &c->err, text);
		}
		must(replica_commit(c->tablet.replica, "prepared", &packets,
				    &records, &c->err),
		     &c->err, "commit");
	}
	packets_gather(c);
	must(meta_need(c->tablet.replica, "enrolment", &c->enrolment, &c->err),
	     &c->err, "enrolment");
	must(meta_need(c->tablet.replica, "terminal", &c->terminal, &c->err),
	     &c->err, "terminal");
	must(meta_terminal_key(c->tablet.replica, &c->key, &c->err), &c->err,
	     "key");
	must(scope_get(c->tablet.replica, BENCH_SCOPE, &scope, &c->err),
	     &c->err, "scope");
	oid_hex(c->head, &scope.head);
}

static void client_end(struct client *c)
{
	json_decref(c->packets);
	free(c->enrolment);
	free(c->terminal);
	sign_key_release(&c->key);
	tablet_end(&c->tablet);
}

/* The answer's first line: is the packet in, and what is the head now? */
static enum rc line_see(void *ctx, char *line, size_t n, struct err *err)
{
	struct client *c = ctx;
	json_t *head = NULL, *scope, *receipt;
	enum rc rc;

	if (strncmp(line, "{\"format\"", 9) != 0)
		return RC_OK;
	rc = json_read(line, n, &head, err);
	scope = json_array_get(json_object_get(head, "scopes"), 0);
	receipt = json_array_get(json_object_get(scope, "receipts"), 0);
	if (rc == RC_OK && (!json_text(receipt, "state") ||
			    strcmp(json_text(receipt, "state"), "merged") != 0))
		rc = err_set(err, RC_INVALID, "not merged: %s", line);
	if (rc == RC_OK && json_text(scope, "head"))
		snprintf(c->head, sizeof(c->head), "%s",
			 json_text(scope, "head"));
	json_decref(head);
	return rc;
}

static json_t *request_of(struct client *c, json_t *packet)
{
	unsigned char nonce[16];
	char text[BASE64_SIZE(16)];

	host_random(&host_system, nonce, sizeof(nonce));
	base64_encode(text, nonce, sizeof(nonce));
	return json_pack(
		"{s:i, s:s, s:s, s:I, s:[{s:s, s:s, s:[O]}]}", "format",
		WIRE_FORMAT, "nonce", text, "enrolment", c->enrolment, "time",
		(json_int_t)host_wall_ms(&host_system), "scopes", "scope",
		BENCH_SCOPE, "head", c->head, "packets", packet);
}

static void request_send(struct client *c, json_t *packet)
{
	char signature[SIGNATURE_TEXT_SIZE], digest[CONTENT_DIGEST_SIZE];
	struct exchange x = http_client_exchange(c->tablet.client);
	struct exchange_request q = { .method = "POST", .path = "/v1/sync" };
	struct line_inflater *lines = line_inflater_new(16u << 20, line_see, c);
	struct exchange_reply reply = { 0 };
	unsigned char hash[SHA256_BYTES];
	json_t *request = request_of(c, packet);
	struct buf body;

	buf_init(&body, 4u << 20);
	buf_init(&reply.body, 16u << 20);
	must(wire_request_write(&body, hash, request, &c->err), &c->err,
	     "request");
	must(request_sign(signature, &c->key, q.method, q.path, body.data,
			  body.len, &c->err),
	     &c->err, "sign");
	content_digest(digest, body.data, body.len);
	q.headers[0] = (struct exchange_header){ "Content-Digest", digest };
	q.headers[1] = (struct exchange_header){ "Hufu-Terminal", c->terminal };
	q.headers[2] = (struct exchange_header){ "Hufu-Signature", signature };
	q.nheaders = 3;
	q.body = body.data;
	q.body_bytes = body.len;
	must(x.perform(x.ctx, &q, &reply, &c->err), &c->err, "send");
	must(line_inflater_feed(lines, reply.body.data, reply.body.len,
				&c->err),
	     &c->err, "answer");
	line_inflater_free(lines);
	json_decref(request);
	buf_release(&body);
	buf_release(&reply.body);
}

static void *client_run(void *ctx)
{
	struct client *c = ctx;
	json_t *packet;
	size_t i;

	/* The first opens the server's connections to its database. */
	request_send(c, json_array_get(c->packets, 0));
	json_array_remove(c->packets, 0);
	pthread_barrier_wait(c->start);
	json_array_foreach(c->packets, i, packet) request_send(c, packet);
	return NULL;
}

struct clients_figures clients_run(struct world *w, int first_tablet,
				   int clients, int each, int rows)
{
	struct client *all = calloc((size_t)clients, sizeof(*all));
	pthread_t threads[BENCH_CLIENTS];
	struct clients_figures f;
	pthread_barrier_t start;
	double from;
	long flushes;

	pthread_barrier_init(&start, NULL, (unsigned)clients + 1);
	for (int i = 0; i < clients; i++) {
		client_begin(&all[i], w, first_tablet + i,
			     2000 + i * (each + 1) * rows, each + 1, rows);
		all[i].start = &start;
	}
	for (int i = 0; i < clients; i++)
		if (pthread_create(&threads[i], NULL, client_run, &all[i]) != 0)
			exit(1);
	pthread_barrier_wait(&start);
	flushes = flushes_so_far();
	from = now_s();
	for (int i = 0; i < clients; i++)
		pthread_join(threads[i], NULL);
	f.per_s = clients * each / (now_s() - from);
	f.flushes = (double)(flushes_so_far() - flushes) / (clients * each);
	for (int i = 0; i < clients; i++)
		client_end(&all[i]);
	pthread_barrier_destroy(&start);
	free(all);
	return f;
}
