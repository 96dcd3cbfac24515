/* cli/cmd_serve.c - `hufud serve`: the service, in the foreground. */
#include "cli/cli.h"

#include <signal.h>
#include <stdlib.h>
#include <pthread.h>
#include <unistd.h>

#include "api/exchange_log.h"
#include "api/service.h"
#include "base/log.h"
#include "cli/schema_dir.h"
#include "evidence/evidence.h"

#define STREAMS_MAX 128
#define THREADS 32 /* or two for each stream */
#define FACTOR_MAX 800 /* of the largest bucket there is: http/bucket.h */

static const char usage[] =
	"usage: hufud serve --data DIR [--listen 127.0.0.1:8080] "
	"[--insecure-bind]\n"
	"       [--behind-proxy] [--limit-factor N] [--streams N] "
	"[--log-exchanges FILE]\n"
	"       [--evidence-file SIZE] [--evidence-total SIZE]\n"
	"       [--clone-records N] [--clone-mb N]\n"
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
	"limits.\n"
	"\n"
	"--limit-factor N lets N times as many requests through as the API "
	"says, for bulk\n"
	"loads and tests; 0 takes all limits of requests away.\n"
	"\n"
	"--streams N serves so many streams of events at a time, each on a "
	"thread of its own: 1\n"
	"to 128, 8 unless said. Another one is told to try again later.\n"
	"\n"
	"--evidence-file is the most that a file of evidence may have, 512M "
	"unless said,\n"
	"--evidence-total what all of them together may, all that the disk "
	"has unless said:\n"
	"bytes, or with K, M or G at the end.\n"
	"\n"
	"--clone-records N and --clone-mb N: the clone of one terminal, all "
	"its scopes together,\n"
	"has at most so many records and megabytes to load (2000000 and 512 "
	"unless said). What\n"
	"is larger is refused with the reason; from a quarter of it on the "
	"officer is warned.\n"
	"\n"
	"--log-exchanges (or HUFU_EXCHANGES) is for tests: every request and "
	"its reply is\n"
	"added to FILE as a line of JSON, personal data included, passwords "
	"and tokens not.\n";

static bool number_read(const char *text, long most, int *out)
{
	char *end;
	long value = strtol(text, &end, 10);

	*out = (int)value;
	return *text >= '0' && *text <= '9' && !*end && value <= most;
}

/* 0 or less: it is none. */
static int64_t size_read(const char *text)
{
	char *end;
	long long value = strtoll(text, &end, 10);
	int shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;

	if (*text < '0' || *text > '9' || end[shift != 0] ||
	    value > INT64_MAX >> (shift + 1))
		return -1;
	return (int64_t)value << shift;
}

/* EXIT_DONE, or bad use. */
static int limits_read(struct cli *c, const char *file, const char *total,
		       struct evidence_limits *out)
{
	*out = evidence_limits_usual;
	if (file)
		out->file_bytes = size_read(file);
	if (total)
		out->total_bytes = size_read(total);
	if (out->file_bytes < 1 || (total && out->total_bytes < 1))
		return cli_misuse(c,
				  "--evidence-file and --evidence-total are "
				  "sizes such as 512M, not '%s'",
				  out->file_bytes < 1 ? file : total);
	return EXIT_DONE;
}

#define CLONE_RECORDS_MAX 100000000
#define CLONE_MB_MAX 100000

/* NULL says nothing: as it is. The code of bad use, or EXIT_DONE. */
static int clone_limits_read(struct cli *c, const char *records, const char *mb,
			     struct clone_limits *limits)
{
	int n;

	if (records && !number_read(records, CLONE_RECORDS_MAX, &n))
		return cli_misuse(c,
				  "--clone-records is a number up to %d, not "
				  "'%s'",
				  CLONE_RECORDS_MAX, records);
	if (records)
		limits->records = (struct clone_limit){ n / 4, n };
	if (mb && !number_read(mb, CLONE_MB_MAX, &n))
		return cli_misuse(c,
				  "--clone-mb is a number up to %d, not '%s'",
				  CLONE_MB_MAX, mb);
	if (mb)
		limits->bytes = (struct clone_limit){ INT64_C(1000000) * n / 4,
						      INT64_C(1000000) * n };
	return EXIT_DONE;
}

/* Every exchange goes to the file, where one is named. */
static enum rc watch(struct http_options *options, struct exchange_log **log,
		     const char *file, struct service *service, struct err *err)
{
	enum rc rc;

	*log = NULL;
	if (!file || !*file)
		return RC_OK;
	rc = exchange_log_open(log, file, service, err);
	options->observe = exchange_log_put;
	options->observe_ctx = *log;
	return rc;
}

/* The declarations are needed only where no scheme is recorded yet. */
static enum rc serve_start(struct service **out, const char *data, int factor,
			   const struct evidence_limits *limits,
			   struct err *err)
{
	struct err ignored = { 0 };
	char *schema = schema_dir(NULL, &ignored);
	enum rc rc = service_start(out, data, &host_system, err);

	if (rc == RC_OK)
		rc = service_limits(*out, factor, err);
	if (rc == RC_OK)
		rc = service_evidence(*out, limits, err);
	if (rc == RC_OK && schema)
		rc = service_schema(*out, schema, err);
	free(schema);
	return rc;
}

int cmd_serve(struct cli *c)
{
	const char *listen = "127.0.0.1:8080", *words[1] = { NULL };
	const char *exchanges = getenv("HUFU_EXCHANGES");
	const char *factor_text = "1", *streams_text = "8";
	const char *evidence_file = NULL, *evidence_total = NULL;
	const char *clone_records = NULL, *clone_mb = NULL;
	struct clone_limits clone = clone_limits;
	bool insecure = false, proxied = false;
	const struct cli_option own[] = {
		{ "--listen", &listen, NULL },
		{ "--insecure-bind", NULL, &insecure },
		{ "--behind-proxy", NULL, &proxied },
		{ "--limit-factor", &factor_text, NULL },
		{ "--streams", &streams_text, NULL },
		{ "--evidence-file", &evidence_file, NULL },
		{ "--evidence-total", &evidence_total, NULL },
		{ "--clone-records", &clone_records, NULL },
		{ "--clone-mb", &clone_mb, NULL },
		{ "--log-exchanges", &exchanges, NULL },
		{ NULL, NULL, NULL },
	};
	struct evidence_limits limits;
	struct http_options options = { 0 };
	struct http_server *server = NULL;
	struct service *service = NULL;
	struct exchange_log *log = NULL;
	sigset_t ends;
	int code = cli_options(c, own, usage, words, 0), which, lock, factor,
	    streams;
	enum rc rc;

	if (code != EXIT_DONE)
		return code;
	if (!number_read(streams_text, STREAMS_MAX, &streams) || !streams)
		return cli_misuse(c,
				  "--streams is a number from 1 to %d, not "
				  "'%s'",
				  STREAMS_MAX, streams_text);
	if (!number_read(factor_text, FACTOR_MAX, &factor))
		return cli_misuse(c,
				  "--limit-factor is a number from 0 to %d, "
				  "not '%s'",
				  FACTOR_MAX, factor_text);
	code = limits_read(c, evidence_file, evidence_total, &limits);
	if (code == EXIT_DONE)
		code = clone_limits_read(c, clone_records, clone_mb, &clone);
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

	rc = serve_start(&service, c->data, factor, &limits, &c->err);
	options.listen = listen;
	options.insecure_bind = insecure;
	options.proxied = proxied;
	options.streams_max = streams;
	options.threads = 2 * streams > THREADS ? 2 * streams : THREADS;
	options.ctx = service;
	options.admit = service_admit;
	options.allowed = service_allowed;
	if (rc == RC_OK)
		service_clone_limits(service, &clone);
	if (rc == RC_OK)
		options.routes = service_routes(service);
	if (rc == RC_OK)
		rc = watch(&options, &log, exchanges, service, &c->err);
	if (rc == RC_OK)
		rc = http_start(&server, &options, &c->err);
	if (rc != RC_OK) {
		exchange_log_close(log);
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
	exchange_log_close(log);
	service_stop(service);
	close(lock);
	return EXIT_DONE;
}
