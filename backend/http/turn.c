#include "http/turn.h"

#include <civetweb.h>
#include <pthread.h>
#include <string.h>

#include "base/host.h"
#include "base/log.h"
#include "http/body.h"
#include "http/exchange.h"
#include "http/forwarded.h"
#include "http/layout.h"
#include "http/reply.h"
#include "http/router.h"

#define STREAM_RETRY_S 5
#define TAP_HEAD_BYTES (64u << 10)

/* What a request gathers on its way through gate, router and body reader. */
struct turn {
	struct turn_server *server;
	struct mg_connection *mg; /* to read the body from */
	const struct mg_request_info *info;
	struct conn conn;
	struct gate_header headers[MG_MAX_HEADERS];
	struct forwarded forwarded;
	char network[NETWORK_SIZE];
	struct route_match match;
	struct buf body;
	struct body stream; /* of a route that streams */
	bool has_stream; /* it was begun, and counts among the server's bodies
			  */
	bool is_large; /* counts among server->large */
	struct request request;
	struct reply reply;
	int status; /* that went out */
	struct turn *next_stream; /* of server->streams */
	struct err err;
};

const char *request_header(const struct request *req, const char *name)
{
	const struct turn *turn = req->impl;

	return gate_header(&turn->conn.head, name);
}

static bool turn_init(struct turn *turn, struct turn_server *server,
		      const struct mg_connection *mg)
{
	struct conn *conn = &turn->conn;

	turn->server = server;
	turn->info = mg_get_request_info(mg);
	turn->has_stream = false;
	turn->is_large = false;
	turn->network[0] = '\0';
	turn->err = (struct err){ 0 };
	buf_init(&turn->body, 0);
	reply_init(&turn->reply);
	conn->limits = &server->limits;
	conn->is_stopping = &server->is_stopping;
	conn->slow = &server->slow[0];
	conn->slow_max = server->slow_max;
	conn->waiting = &server->waiting;
	conn->waiting_max = server->waiting_max;
	conn->began_ms = host_monotonic_ms(&host_system);
	conn->body_bytes = 0;
	conn->head_bytes = 0;
	conn->has_rest = true;
	conn->stop_grace_ms = CONN_STOP_GRACE_MS;
	conn->head.method = conn->head.path = "-";
	conn->head.query = "";
	conn->head.nheaders = 0;
	conn->tap = NULL;
	host_new_id(&host_system, conn->id);
	if (!turn->info)
		return false;
	conn->remote = turn->info->remote_addr;
	conn->fd = conn_find_fd(conn->remote, turn->info->remote_port,
				turn->info->server_port);
	if (conn->fd < 0)
		log_warn("http id=%s remote=%s socket=not-found", conn->id,
			 conn->remote);
	return conn->fd >= 0;
}

static int refuse(struct turn *turn, int status)
{
	problem_of_status(&turn->reply, status, turn->err.text, turn->conn.id);
	return status;
}

/* CivetWeb leaves white space behind a value, in a buffer of its thread. */
static void trim_end(const char *value)
{
	char *end = strchr(value, '\0');

	while (end > value && end[-1] == ' ')
		*--end = '\0';
}

/* From here on the peer is the one for whom the proxy asks. */
static int name_peer(struct turn *turn)
{
	struct conn *conn = &turn->conn;

	forwarded_network(conn->remote, turn->network);
	if (!turn->server->proxied || !forwarded_is_loopback(conn->remote))
		return 0;
	if (forwarded_read(&turn->forwarded, &conn->head, &turn->err) != RC_OK)
		return refuse(turn, 400);
	if (turn->forwarded.text[0])
		conn->remote = turn->forwarded.text;
	forwarded_network(conn->remote, turn->network);
	return 0;
}

static void turn_allow(struct turn *turn, const char *methods)
{
	snprintf(turn->reply.allow, sizeof(turn->reply.allow), "%s", methods);
}

/* 0, or the status it was refused with. */
static int pass_gate(struct turn *turn)
{
	const struct mg_request_info *info = turn->info;
	struct gate_head *head = &turn->conn.head;
	struct gate_input in = {
		.method = info->request_method,
		.path = info->request_uri,
		.query = info->query_string,
		.version = info->http_version,
		.headers = turn->headers,
		.nheaders = (size_t)info->num_headers,
	};
	/* First, because trimming leaves traces too. */
	bool is_strict = layout_is_strict(info, TURN_BUFFER_BYTES,
					  &turn->conn.head_bytes);

	for (int i = 0; i < info->num_headers; i++) {
		const struct mg_header *h = &info->http_headers[i];

		trim_end(h->value);
		turn->headers[i] = (struct gate_header){ h->name, h->value };
	}
	if (gate_check(head, &in, &turn->err) != RC_OK) {
		if (head->status == 405)
			turn_allow(turn, "GET, HEAD, POST, PUT, PATCH, DELETE");
		return refuse(turn, head->status);
	}
	/* The body is read by CivetWeb's idea of its length. */
	if (!is_strict || head->content_length != info->content_length) {
		err_set(&turn->err, RC_INVALID, "malformed header lines");
		return refuse(turn, 400);
	}
	turn->conn.has_rest = head->content_length > 0;
	return name_peer(turn);
}

static int find_route(struct turn *turn)
{
	const struct turn_server *server = turn->server;
	const struct gate_head *head = &turn->conn.head;
	struct route_match *match = &turn->match;
	int wait_s;

	router_match(match, server->routes, head->method, head->path);
	if (match->route)
		return 0;
	if (server->admit &&
	    !server->admit(server->ctx, turn->network, head->path, &wait_s)) {
		err_set(&turn->err, RC_BUSY,
			"too many requests: try again in %d seconds", wait_s);
		refuse(turn, 429);
		reply_header(&turn->reply, "Retry-After", "%d", wait_s);
		return 429;
	}
	if (server->allowed && match->allow[0])
		server->allowed(server->ctx, head->path, match->allow);
	if (match->allow[0] == '\0') {
		err_set(&turn->err, RC_NOT_FOUND, "there is no '%s' here",
			head->path);
		return refuse(turn, 404);
	}
	turn_allow(turn, match->allow);
	err_set(&turn->err, RC_DENIED, "'%s' is served with %s", head->path,
		match->allow);
	return refuse(turn, 405);
}

static bool takes_body(const struct gate_head *head)
{
	return strcmp(head->method, "POST") == 0 ||
	       strcmp(head->method, "PUT") == 0 ||
	       strcmp(head->method, "PATCH") == 0;
}

static bool needs_digest(const struct turn *turn)
{
	enum http_body how = turn->match.route->body;

	return (how == HTTP_BODY_DIGEST || how == HTTP_BODY_SIGNED) &&
	       takes_body(&turn->conn.head);
}

static bool is_asked(const struct turn *turn)
{
	enum http_body how = turn->match.route->body;

	return how == HTTP_BODY_ASKED || how == HTTP_BODY_SIGNED;
}

static int check_digest(struct turn *turn)
{
	const struct gate_head *head = &turn->conn.head;
	const char *digest = gate_header(head, "content-digest");

	if (!digest && !needs_digest(turn))
		return 0;
	if (body_check_digest(digest, turn->body.data, turn->body.len,
			      &turn->err) != RC_OK)
		return refuse(turn, 400);
	return 0;
}

/* 0, or the status it was refused with. */
static int body_take(struct turn *turn)
{
	const struct gate_head *head = &turn->conn.head;
	size_t max = turn->match.route->body_bytes_max;
	int status;

	if (head->content_length > 0) {
		turn->body.limit_bytes = max;
		if (body_read(&turn->conn, turn->mg, &turn->body, &status,
			      &turn->err) != RC_OK)
			return refuse(turn, status);
		turn->conn.has_rest = false;
	}
	return check_digest(turn);
}

/* 0, or the status where there are as many large ones already. */
static int large_begin(struct turn *turn)
{
	atomic_int *large = &turn->server->large;

	if (turn->conn.head.content_length <= (int64_t)HTTP_NOBODYS_BYTES)
		return 0;
	turn->is_large = atomic_fetch_add(large, 1) < HTTP_LARGE_MAX;
	if (turn->is_large)
		return 0;
	atomic_fetch_sub(large, 1);
	err_set(&turn->err, RC_BUSY,
		"%d large bodies come already: try again in a moment",
		HTTP_LARGE_MAX);
	refuse(turn, 503);
	reply_header(&turn->reply, "Retry-After", "1");
	return 503;
}

static int read_body(struct turn *turn)
{
	const struct gate_head *head = &turn->conn.head;
	size_t max = turn->match.route->body_bytes_max;

	/* Without a length there is none, transfer-encoding is refused: who
	 * asks for it knows whether there has to be one. */
	if (head->content_length < 0 && takes_body(head) &&
	    turn->match.route->body != HTTP_BODY_ASKED) {
		err_set(&turn->err, RC_INVALID, "no content-length header");
		return refuse(turn, 411);
	}
	if (head->content_length > 0 && (uint64_t)head->content_length > max) {
		err_set(&turn->err, RC_NOMEM,
			"the body has %lld bytes, more than %zu: send less, or "
			"in parts",
			(long long)head->content_length, max);
		return refuse(turn, 413);
	}
	if (turn->match.route->body == HTTP_BODY_SIGNED && takes_body(head) &&
	    body_read_digest(gate_header(head, "content-digest"),
			     (unsigned char[32]){ 0 }, &turn->err) != RC_OK)
		return refuse(turn, 400);
	if (turn->match.route->body == HTTP_BODY_STREAM || is_asked(turn))
		return 0;
	return large_begin(turn) ? 503 : body_take(turn);
}

bool request_digest(const struct request *req, unsigned char out[32])
{
	struct err ignored = { 0 };

	return body_read_digest(request_header(req, "Content-Digest"), out,
				&ignored) == RC_OK;
}

enum rc request_body(struct request *req, bool is_proved, int *status,
		     struct err *err)
{
	struct turn *turn = req->impl;

	if (!is_asked(turn))
		return RC_OK;
	if (is_proved) {
		turn->conn.slow = &turn->server->slow[1];
		turn->conn.waiting = NULL;
	}
	*status = body_take(turn);
	if (*status)
		return err_set(err, RC_INVALID, "%s", turn->err.text);
	req->body = turn->body.data ? turn->body.data : "";
	req->body_bytes = turn->body.len;
	return RC_OK;
}

static enum rc stream_begin_read(struct turn *turn, struct err *err)
{
	struct turn_server *server = turn->server;

	if (atomic_fetch_add(&server->bodies, 1) >= server->bodies_max) {
		atomic_fetch_sub(&server->bodies, 1);
		return err_set(
			err, RC_BUSY,
			"%d uploads are under way: try again in a moment",
			server->bodies_max);
	}
	body_begin(&turn->stream, &turn->conn, turn->mg);
	turn->stream.is_paced = true;
	turn->has_stream = true;
	return RC_OK;
}

enum rc request_read(struct request *req, void *p, size_t n, size_t *got,
		     struct err *err)
{
	struct turn *turn = req->impl;
	struct err why = { 0 };
	enum rc rc = RC_OK;
	int status;

	*got = 0;
	if (!turn->has_stream && req->length > 0)
		rc = stream_begin_read(turn, err);
	if (rc != RC_OK || !turn->has_stream)
		return rc;
	if (body_next(&turn->stream, p, n, got, &status, &why) != RC_OK)
		return err_set(err, RC_IO, "%s", why.text);
	if (!*got)
		turn->conn.has_rest = false;
	return RC_OK;
}

static void handle(void *turn_)
{
	struct turn *turn = turn_;

	turn->match.route->handler(turn->server->ctx, &turn->request,
				   &turn->reply);
}

/* False, with a problem in the reply, when there is no thread. */
static bool run_deep(struct turn *turn, void (*fn)(void *))
{
	if (deep_run(&turn->server->deep, fn, turn) == 0)
		return true;
	err_set(&turn->err, RC_BUSY, "no thread for the request");
	refuse(turn, 503);
	return false;
}

static void fill_request(struct turn *turn)
{
	const struct gate_head *head = &turn->conn.head;
	struct request *request = &turn->request;

	*request = (struct request){
		.method = head->method,
		.path = head->path,
		.query = head->query,
		.body = turn->body.data ? turn->body.data : "",
		.body_bytes = turn->body.len,
		.length = head->content_length,
		.remote = turn->conn.remote,
		.network = turn->network,
		.impl = turn,
	};
	memcpy(request->id, turn->conn.id, sizeof(request->id));
}

static void call_handler(struct turn *turn)
{
	fill_request(turn);
	memcpy(turn->request.args, turn->match.args,
	       sizeof(turn->request.args));
	run_deep(turn, handle);
	if (turn->has_stream)
		atomic_fetch_sub(&turn->server->bodies, 1);
}

/* A path as one word, so that it cannot pose as further fields. */
static void log_turn(const struct turn *turn, int status)
{
	const struct conn *conn = &turn->conn;
	char path[160];
	size_t n = 0;

	if (turn->server->quiet)
		return;
	for (const char *p = conn->head.path; *p && n + 1 < sizeof(path); p++)
		path[n++] = *p == ' ' || *p == '=' ? '?' : *p;
	path[n] = '\0';
	log_info("http id=%s remote=%s method=%.10s path=%s status=%d "
		 "body=%zu ms=%lld",
		 conn->id, conn->remote, conn->head.method, path, status,
		 conn->body_bytes,
		 (long long)(host_monotonic_ms(&host_system) - conn->began_ms));
}

static void send_reply(void *turn_)
{
	struct turn *turn = turn_;

	turn->status = reply_send(&turn->conn, &turn->reply);
}

/* 0, or the status that a stream more is refused with. */
static int stream_room(struct turn *turn)
{
	const struct turn_server *server = turn->server;
	const char *owner = turn->reply.stream_owner;
	int n = 0, own = 0, own_max = (server->streams_max + 1) / 2;

	for (const struct turn *t = server->streams; t; t = t->next_stream) {
		n++;
		own += *owner && !strcmp(t->reply.stream_owner, owner);
	}
	if (own >= own_max) {
		err_set(&turn->err, RC_BUSY,
			"account '%s' has %d of the streams, as many as one "
			"may: end one of them first",
			owner, own);
		return 429;
	}
	if (n < server->streams_max)
		return 0;
	err_set(&turn->err, RC_BUSY, "all %d streams are taken", n);
	return 503;
}

/* A stream keeps its worker, so that only some may run, and nobody may have all
 * of these. False, with a problem in the reply, when there are as many. */
static bool stream_begin(struct turn *turn)
{
	struct turn_server *server = turn->server;
	int status;

	pthread_mutex_lock(&server->streams_lock);
	status = stream_room(turn);
	if (!status) {
		turn->next_stream = server->streams;
		server->streams = turn;
	}
	pthread_mutex_unlock(&server->streams_lock);
	if (!status)
		return true;
	refuse(turn, status);
	reply_header(&turn->reply, "Retry-After", "%d", STREAM_RETRY_S);
	return false;
}

static void stream_end(struct turn *turn)
{
	struct turn **at = &turn->server->streams;

	pthread_mutex_lock(&turn->server->streams_lock);
	while (*at != turn)
		at = &(*at)->next_stream;
	*at = turn->next_stream;
	pthread_mutex_unlock(&turn->server->streams_lock);
}

static void turn_send(struct turn *turn)
{
	bool is_stream = turn->reply.stream &&
			 strcmp(turn->conn.head.method, "HEAD") != 0 &&
			 stream_begin(turn);

	if (!is_stream || !run_deep(turn, send_reply))
		send_reply(turn);
	if (is_stream)
		stream_end(turn);
}

static void observe(void *turn_)
{
	struct turn *turn = turn_;
	const struct conn_tap *tap = turn->conn.tap;
	const struct exchange e = {
		.request = &turn->request,
		.status = turn->status,
		.head = tap->head.data ? tap->head.data : "",
		.body = tap->body.data ? tap->body.data : "",
		.body_bytes = tap->body.len,
		.is_file = tap->is_file,
		.is_stream = tap->is_stream,
	};

	turn->server->observe(turn->server->observe_ctx, &e);
}

static void turn_send_observed(struct turn *turn)
{
	struct conn_tap tap = { .is_file = false };

	buf_init(&tap.head, TAP_HEAD_BYTES);
	buf_init(&tap.body, HTTP_REPLY_MAX);
	turn->conn.tap = &tap;
	turn_send(turn);
	fill_request(turn);
	run_deep(turn, observe);
	turn->conn.tap = NULL;
	buf_release(&tap.head);
	buf_release(&tap.body);
}

static void turn_end(struct turn *turn)
{
	if (turn->server->observe)
		turn_send_observed(turn);
	else
		turn_send(turn);
	log_turn(turn, turn->status);
	if (turn->conn.has_rest)
		conn_linger(&turn->conn);
	reply_release(&turn->reply);
	buf_release(&turn->body);
	if (turn->is_large)
		atomic_fetch_sub(&turn->server->large, 1);
}

void turn_serve(struct turn_server *server, struct mg_connection *mg)
{
	struct turn turn;

	if (!turn_init(&turn, server, mg))
		return;
	turn.mg = mg;
	if (pass_gate(&turn) == 0 && find_route(&turn) == 0 &&
	    read_body(&turn) == 0)
		call_handler(&turn);
	turn_end(&turn);
}

void turn_refuse(struct turn_server *server, const struct mg_connection *mg,
		 int status, const char *why)
{
	struct turn turn;

	if (!turn_init(&turn, server, mg))
		return;
	err_set(&turn.err, RC_INVALID, "%s", why);
	refuse(&turn, status);
	turn_end(&turn);
}
