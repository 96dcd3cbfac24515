/* cli/cmd_serve.c - `hufud serve`: the service, in the foreground. */
#include "cli/cli.h"

#include <signal.h>
#include <pthread.h>
#include <unistd.h>

#include "api/service.h"
#include "base/log.h"

static const char usage[] =
	"usage: hufud serve --data DIR [--listen 127.0.0.1:8080] "
	"[--insecure-bind]\n"
	"       [--behind-proxy]\n"
	"\n"
	"Serves terminals until SIGTERM or SIGINT, one log line an event on "
	"stderr. Plain\n"
	"HTTP on loopback only: TLS ends in HAProxy in front of it "
	"(docs/operations.md);\n"
	"--insecure-bind allows other addresses. Port 0 picks a free one; the "
	"first line on\n"
	"stdout names it.\n"
	"\n"
	"--behind-proxy says that HAProxy is there: for requests from "
	"loopback, the last\n"
	"address in X-Forwarded-For is the client's, in the log and for "
	"limits.\n";

int cmd_serve(struct cli *c)
{
	const char *listen = "127.0.0.1:8080", *words[1] = { NULL };
	bool insecure = false, proxied = false;
	const struct cli_option own[] = {
		{ "--listen", &listen, NULL },
		{ "--insecure-bind", NULL, &insecure },
		{ "--behind-proxy", NULL, &proxied },
		{ NULL, NULL, NULL },
	};
	struct http_options options = { 0 };
	struct http_server *server = NULL;
	struct service *service = NULL;
	sigset_t ends;
	int code = cli_options(c, own, usage, words, 0), which, lock;
	enum rc rc;

	if (code != EXIT_DONE)
		return code;
	rc = http_check_address(listen, insecure, &c->err);
	if (rc != RC_OK)
		return rc == RC_INVALID ? cli_misuse(c, "%s", c->err.text)
					: cli_fail(c, &c->err);
	code = cli_open(c);
	if (code != EXIT_DONE)
		return code;
	if (store_serve_lock(c->data, &lock, &c->err) != RC_OK)
		return cli_fail(c, &c->err);
	/* Before any thread: all of them inherit the mask, and only this one
	 * waits for the end. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);

	rc = service_start(&service, c->data, &host_system, &c->err);
	options.listen = listen;
	options.insecure_bind = insecure;
	options.proxied = proxied;
	options.ctx = service;
	if (rc == RC_OK)
		options.routes = service_routes(service);
	if (rc == RC_OK)
		rc = http_start(&server, &options, &c->err);
	if (rc != RC_OK) {
		service_stop(service);
		close(lock);
		return cli_fail(c, &c->err);
	}
	printf("hufud %s serves %s on port %d\n", VERSION, c->data,
	       http_port(server));
	fflush(stdout);
	log_info("start port=%d data=%s", http_port(server), c->data);
	sigwait(&ends, &which);
	log_info("stop signal=%d", which);
	http_stop(server);
	service_stop(service);
	close(lock);
	return EXIT_DONE;
}
