#include <assert.h>
#include <civetweb.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/wait.h"
#include "http/listen.h"
#include "http/turn.h"

#define THREADS_DEFAULT 32
#define STREAMS_DEFAULT 8
#define BODIES_DEFAULT 8
#define HEAD_MS_MAX 5000 /* as HAProxy's `timeout http-request` in front */
#define REPLY_WINDOW_MS_MAX 30000
#define STOP_MS_MAX 10000
#define POKE_MS 20

struct http_server {
	struct mg_context *mg;
	struct listen_address address;
	int port;
	struct turn_server turns;
};

/* What CivetWeb first complained of while mg_start ran in this thread. */
static _Thread_local char complaint[160];

/* A connection's user data once its request was answered. */
static char answered;

/* -1 keeps CivetWeb from reading on through a body that we have refused, for as
 * long as its sender likes. */
static int on_request(struct mg_connection *mg)
{
	struct http_server *server = mg_get_user_data(mg_get_context(mg));

	mg_set_user_connection_data(mg, &answered);
	turn_serve(&server->turns, mg);
	return -1;
}

/* Comes only for heads that CivetWeb could not read, because every other
 * request is ours; 0 says that it was answered. Its own answers would be plain
 * text without a length. */
static int on_error(struct mg_connection *mg, int status, const char *text)
{
	struct http_server *server = mg_get_user_data(mg_get_context(mg));

	(void)text;
	mg_set_user_connection_data(mg, &answered);
	if (status == 505)
		turn_refuse(&server->turns, mg, 505,
			    "only HTTP/1.1 is spoken here");
	else
		turn_refuse(&server->turns, mg, 400,
			    "malformed, unfinished or over-long header lines");
	return 0;
}

/* A request for another server (an absolute target) CivetWeb drops without a
 * word to anyone. */
static void on_close(const struct mg_connection *mg)
{
	struct http_server *server = mg_get_user_data(mg_get_context(mg));
	const struct mg_request_info *info = mg_get_request_info(mg);

	if (info && info->request_method &&
	    mg_get_user_connection_data(mg) != &answered)
		turn_refuse(&server->turns, mg, 400,
			    "the address does not begin with a slash");
}

static int on_message(const struct mg_connection *mg, const char *text)
{
	(void)mg;
	if (complaint[0] == '\0')
		snprintf(complaint, sizeof(complaint), "%s", text);
	return 1;
}

static void set_limits(struct http_server *server,
		       const struct http_options *options)
{
	struct conn_limits *limits = &server->turns.limits;
	int64_t body_ms = options->body_deadline_ms;
	int64_t after_ms = options->body_rate_after_ms;

	limits->body_ms = body_ms > 0 ? body_ms : 60000;
	limits->body_rate_after_ms = after_ms > 0 ? after_ms : 10000;
	limits->head_ms =
		limits->body_ms < HEAD_MS_MAX ? limits->body_ms : HEAD_MS_MAX;
	limits->reply_window_ms = limits->body_ms < REPLY_WINDOW_MS_MAX
					  ? limits->body_ms
					  : REPLY_WINDOW_MS_MAX;
}

static int streams_max(const struct http_options *options, int threads)
{
	int max = options->streams_max > 0 ? options->streams_max
					   : STREAMS_DEFAULT;

	if (max > threads / 2)
		max = threads / 2;
	return max > 0 ? max : 1;
}

static int bodies_max(const struct http_options *options, int threads)
{
	int max =
		options->bodies_max > 0 ? options->bodies_max : BODIES_DEFAULT;

	return max < (threads + 3) / 4 ? max : (threads + 3) / 4;
}

static enum rc start_civetweb(struct http_server *server, int threads,
			      struct err *err)
{
	static const struct mg_callbacks callbacks = {
		.begin_request = on_request,
		.http_error = on_error,
		.connection_close = on_close,
		.log_message = on_message,
	};
	char nthreads[12], head_ms[24], buffer[12];
	/* No document root, so that no file of the machine is in reach. The
	 * target stays undecoded, because decoding cuts it at %00. */
	const char *options[] = { "listening_ports",
				  server->address.text,
				  "num_threads",
				  nthreads,
				  "request_timeout_ms",
				  head_ms,
				  "max_request_size",
				  buffer,
				  "connection_queue",
				  "256",
				  "listen_backlog",
				  "256",
				  "enable_keep_alive",
				  "no",
				  "decode_url",
				  "no",
				  "enable_auth_domain_check",
				  "no",
				  "tcp_nodelay",
				  "1",
				  NULL };

	snprintf(nthreads, sizeof(nthreads), "%d", threads);
	snprintf(head_ms, sizeof(head_ms), "%lld",
		 (long long)server->turns.limits.head_ms);
	snprintf(buffer, sizeof(buffer), "%d", TURN_BUFFER_BYTES);
	complaint[0] = '\0';
	server->mg = mg_start(&callbacks, server, options);
	if (!server->mg)
		return err_set(err, RC_IO, "cannot listen on '%s': %s",
			       server->address.text,
			       complaint[0] ? complaint : "no reason is known");
	return RC_OK;
}

static void library_init(void)
{
	mg_init_library(0); /* no feature: TLS would load OpenSSL */
}

enum rc http_start(struct http_server **out, const struct http_options *options,
		   struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct mg_server_port port;
	int threads = options->threads > 0 ? options->threads : THREADS_DEFAULT;
	struct http_server *server;
	enum rc rc;

	assert(options->routes);
	*out = NULL;
	server = calloc(1, sizeof(*server));
	if (!server)
		return err_set(err, RC_NOMEM, "out of memory");
	deep_init(&server->turns.deep);
	rc = listen_parse(&server->address, options->listen,
			  options->insecure_bind, err);
	if (rc != RC_OK)
		goto fail;
	server->turns.routes = options->routes;
	server->turns.ctx = options->ctx;
	server->turns.admit = options->admit;
	server->turns.allowed = options->allowed;
	server->turns.quiet = options->quiet;
	server->turns.proxied = options->proxied;
	server->turns.observe = options->observe;
	server->turns.observe_ctx = options->observe_ctx;
	server->turns.streams_max = streams_max(options, threads);
	server->turns.bodies_max = bodies_max(options, threads);
	atomic_init(&server->turns.bodies, 0);
	/* Whoever sends slowly has proved nothing yet: most workers are for
	 * those who do not. */
	server->turns.slow_max = threads >= 8 ? threads / 4 : 2;
	atomic_init(&server->turns.slow[0], 0);
	atomic_init(&server->turns.slow[1], 0);
	server->turns.waiting_max = threads >= 4 ? threads / 2 : 2;
	atomic_init(&server->turns.waiting, 0);
	atomic_init(&server->turns.large, 0);
	pthread_mutex_init(&server->turns.streams_lock, NULL);
	atomic_init(&server->turns.is_stopping, false);
	set_limits(server, options);
	pthread_once(&once, library_init);
	if (server->address.socket.ss_family == AF_INET6 &&
	    !mg_check_feature(MG_FEATURES_IPV6)) {
		rc = err_set(err, RC_INVALID,
			     "'%s' is IPv6, which this CivetWeb is built "
			     "without: listen on 127.0.0.1",
			     options->listen);
		goto fail;
	}
	rc = start_civetweb(server, threads, err);
	if (rc != RC_OK)
		goto fail;
	if (mg_get_server_ports(server->mg, 1, &port) == 1)
		server->port = port.port;
	listen_set_port(&server->address, server->port);
	*out = server;
	return RC_OK;

fail:
	deep_end(&server->turns.deep);
	free(server);
	return rc;
}

int http_port(const struct http_server *server)
{
	return server->port;
}

/* Runs beside mg_stop, which has no time limit of its own. */
struct watchdog {
	pthread_mutex_t mutex;
	pthread_cond_t over;
	bool is_over;
	const struct listen_address *address;
};

/* CivetWeb looks at its stop flag every two seconds, or when somebody calls. */
static void poke(const struct listen_address *address)
{
	struct timespec pause = { .tv_nsec = POKE_MS * 1000000L };
	int fd = socket(address->socket.ss_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	nanosleep(&pause, NULL);
	if (fd < 0)
		return;
	(void)!connect(fd, (const struct sockaddr *)&address->socket,
		       address->socket_bytes);
	close(fd);
}

static void *watch(void *arg)
{
	struct watchdog *dog = arg;
	struct timespec until;
	int waited = 0;

	poke(dog->address);
	until = wait_until(STOP_MS_MAX);
	pthread_mutex_lock(&dog->mutex);
	while (!dog->is_over && waited == 0)
		waited =
			pthread_cond_timedwait(&dog->over, &dog->mutex, &until);
	if (!dog->is_over) {
		log_warn("http stop=failed after_ms=%d exit=3", STOP_MS_MAX);
		_exit(3);
	}
	pthread_mutex_unlock(&dog->mutex);
	return NULL;
}

void http_stop(struct http_server *server)
{
	struct watchdog dog = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	pthread_t thread;
	bool has_thread;

	if (!server)
		return;
	atomic_store(&server->turns.is_stopping, true);
	dog.address = &server->address;
	wait_init(&dog.over);
	has_thread = pthread_create(&thread, NULL, watch, &dog) == 0;

	mg_stop(server->mg);

	if (has_thread) {
		pthread_mutex_lock(&dog.mutex);
		dog.is_over = true;
		pthread_cond_signal(&dog.over);
		pthread_mutex_unlock(&dog.mutex);
		pthread_join(thread, NULL);
	}
	pthread_cond_destroy(&dog.over);
	pthread_mutex_destroy(&dog.mutex);
	deep_end(&server->turns.deep);
	free(server);
}
