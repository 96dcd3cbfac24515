/* clients.c - many tablets at once, without the tablets' own work: their
 * packets were made, signed and written into requests before the clock starts.
 * Each request takes over the head of the answer before it, and so is deflated
 * and signed when it is sent; of an answer is read whether the packet is in. */
#include "bench.h"

#include <pthread.h>
#include <time.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "load.h"
#include "replica/replica_impl.h"
#include "wire/message.h"

#define HEAD_CHARS (OID_HEX_SIZE - 1)

struct client {
	struct world *world;
	struct tablet tablet;
	json_t *packets; /* array of {commit, rows} */
	char **requests; /* each one's JSON with `unset` for its head */
	size_t n, next;
	char *enrolment, *terminal;
	struct sign_key key;
	char head[OID_HEX_SIZE];
	pthread_barrier_t *start;
	size_t todo; /* requests of this run */
	double seconds; /* inside requests */
	double cpu_s; /* of this thread */
	struct err err;
};

struct clients {
	struct world *world;
	size_t n;
	struct client *all;
};

static const char unset[] = "0000000000000000000000000000000000000000";

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

static char *request_text(struct client *c, json_t *packet)
{
	unsigned char nonce[16];
	char text[BASE64_SIZE(16)];
	json_t *request;
	struct buf out;

	host_random(&host_system, nonce, sizeof(nonce));
	base64_encode(text, nonce, sizeof(nonce));
	request = json_pack(
		"{s:i, s:s, s:s, s:I, s:[{s:s, s:s, s:[O]}]}", "format",
		WIRE_FORMAT, "nonce", text, "enrolment", c->enrolment, "time",
		(json_int_t)host_wall_ms(&host_system), "scopes", "scope",
		BENCH_SCOPE, "head", unset, "packets", packet);
	buf_init(&out, JSON_BYTES_MAX);
	must(json_write(&out, request, &c->err), &c->err, "request");
	json_decref(request);
	return out.data;
}

static void requests_prepare(struct client *c)
{
	json_t *packet;
	size_t i;

	packets_gather(c);
	c->n = json_array_size(c->packets);
	c->requests = calloc(c->n, sizeof(*c->requests));
	json_array_foreach(c->packets, i, packet) c->requests[i] =
		request_text(c, packet);
	json_decref(c->packets);
}

/* `packets` of `rows` rows each, from this row on. */
static void edits_prepare(struct client *c, int tablet, int first_row,
			  int packets, int rows)
{
	char text[200], id[33];
	int npackets, nrecords;

	for (int i = 0; i < packets; i++) {
		for (int j = 0; j < rows; j++) {
			row_id((size_t)(first_row + i * rows + j) %
				       c->world->rows,
			       id);
			snprintf(text, sizeof(text),
				 "UPDATE %s SET phone='%d-%d' WHERE id='%s'",
				 BENCH_KIND, tablet, i, id);
			must(replica_exec(c->tablet.replica, text, &c->err),
			     &c->err, text);
		}
		must(replica_commit(c->tablet.replica, "prepared", &npackets,
				    &nrecords, &c->err),
		     &c->err, "commit");
	}
}

static void client_begin(struct client *c, struct world *w, int tablet,
			 int first_row, int packets, int rows)
{
	struct scope scope;

	c->world = w;
	tablet_begin(&c->tablet, w, tablet);
	tablet_clone(&c->tablet, w);
	edits_prepare(c, tablet, first_row, packets, rows);
	must(meta_need(c->tablet.replica, "enrolment", &c->enrolment, &c->err),
	     &c->err, "enrolment");
	must(meta_need(c->tablet.replica, "terminal", &c->terminal, &c->err),
	     &c->err, "terminal");
	must(meta_terminal_key(c->tablet.replica, &c->key, &c->err), &c->err,
	     "key");
	must(scope_get(c->tablet.replica, BENCH_SCOPE, &scope, &c->err),
	     &c->err, "scope");
	oid_hex(c->head, &scope.head);
	requests_prepare(c);
}

static void client_end(struct client *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->requests[i]);
	free(c->requests);
	free(c->enrolment);
	free(c->terminal);
	sign_key_release(&c->key);
	tablet_end(&c->tablet);
}

/* The answer's first line: is the packet in, and what is the head now? */
static void answer_see(struct client *c, const struct buf *body)
{
	static const char head_of[] = "\"head\":\"";
	struct buf text;
	const char *at;
	bool whole;

	buf_init(&text, 16u << 20);
	must(inflate_some(&text, body->data, body->len, &whole, &c->err),
	     &c->err, "answer");
	at = strstr(text.data, head_of);
	if (!whole || !at || !strstr(text.data, "\"state\":\"merged\"")) {
		fprintf(stderr, "bench: not merged: %.300s\n", text.data);
		exit(1);
	}
	memcpy(c->head, at + sizeof(head_of) - 1, HEAD_CHARS);
	buf_release(&text);
}

static void request_send(struct client *c, char *text)
{
	char signature[SIGNATURE_TEXT_SIZE], digest[CONTENT_DIGEST_SIZE];
	struct load_request q = { .path = "/v1/sync" };
	struct buf body, answer;
	char headers[512];
	double from;

	buf_init(&body, 4u << 20);
	buf_init(&answer, 16u << 20);
	memcpy(strstr(text, unset), c->head, HEAD_CHARS);
	must(deflate_all(&body, text, strlen(text), DEFLATE_LEVEL, &c->err),
	     &c->err, "deflate");
	must(request_sign(signature, &c->key, "POST", q.path, body.data,
			  body.len, &c->err),
	     &c->err, "sign");
	content_digest(digest, body.data, body.len);
	snprintf(headers, sizeof(headers),
		 "Content-Digest: %s\r\nHufu-Terminal: %s\r\n"
		 "Hufu-Signature: %s\r\n",
		 digest, c->terminal, signature);
	q.headers = headers;
	q.body = body.data;
	q.body_bytes = body.len;
	from = now_s();
	must(load_post(http_port(c->world->http), &q, &answer, &c->err),
	     &c->err, "send");
	c->seconds += now_s() - from;
	answer_see(c, &answer);
	buf_release(&body);
	buf_release(&answer);
}

static double clock_s(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *client_run(void *ctx)
{
	struct client *c = ctx;

	pthread_barrier_wait(c->start);
	c->seconds = 0;
	c->cpu_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
	for (size_t i = 0; i < c->todo; i++)
		request_send(c, c->requests[c->next++]);
	c->cpu_s = clock_s(CLOCK_THREAD_CPUTIME_ID) - c->cpu_s;
	return NULL;
}

struct clients *clients_begin(struct world *w, int first_tablet, int clients,
			      int packets, int rows)
{
	struct clients *s = calloc(1, sizeof(*s));

	s->world = w;
	s->n = (size_t)clients;
	s->all = calloc(s->n, sizeof(*s->all));
	for (int i = 0; i < clients; i++)
		client_begin(&s->all[i], w, first_tablet + i,
			     2000 + i * packets * rows, packets, rows);
	return s;
}

/* Starts all at the same moment, and waits for all. */
static double all_run(struct clients *s)
{
	pthread_t threads[BENCH_CLIENTS];
	pthread_barrier_t start;
	double from;

	pthread_barrier_init(&start, NULL, (unsigned)s->n + 1);
	for (size_t i = 0; i < s->n; i++) {
		s->all[i].start = &start;
		if (pthread_create(&threads[i], NULL, client_run, &s->all[i]))
			exit(1);
	}
	from = now_s();
	pthread_barrier_wait(&start);
	for (size_t i = 0; i < s->n; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	return now_s() - from;
}

struct clients_figures clients_run(struct clients *s, int each)
{
	struct clients_figures f = { 0 };
	double n = (double)s->n * each, all_s, cpu_s;
	long flushes;

	/* The first opens the server's connections to its database. */
	for (size_t i = 0; i < s->n; i++)
		s->all[i].todo = 1;
	all_run(s);
	for (size_t i = 0; i < s->n; i++)
		s->all[i].todo = (size_t)each;
	flushes = flushes_so_far();
	cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	all_s = all_run(s);
	cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
	for (size_t i = 0; i < s->n; i++)
		f.client_ms += s->all[i].cpu_s / n * 1000;
	f.server_ms = cpu_s / n * 1000 - f.client_ms;
	f.flushes = (double)(flushes_so_far() - flushes) / n;
	/* What one alone does between two requests is not the server's. */
	f.per_s = n / (s->n == 1 ? s->all[0].seconds : all_s);
	return f;
}

void clients_end(struct clients *s)
{
	for (size_t i = 0; i < s->n; i++)
		client_end(&s->all[i]);
	free(s->all);
	free(s);
}
