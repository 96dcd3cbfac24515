#include "cli/verbs.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jcs.h"

#define LINE_BYTES_MAX (64u << 20)

int verb_fail(struct verb *v)
{
	verb_progress_end();
	fprintf(stderr, "hufu %s: %s\n", v->name, v->err.text);
	return EXIT_FAILED;
}

int verb_misuse(struct verb *v, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "hufu %s: ", v->name);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, " ('hufu %s --help' says how)\n", v->name);
	va_end(args);
	return EXIT_USE;
}

int verb_open(struct verb *v)
{
	if (replica_open(&v->r, v->replica, &host_system, &v->err) != RC_OK)
		return verb_fail(v);
	return EXIT_DONE;
}

int verb_mend(struct verb *v)
{
	if (replica_mend(v->r, &v->err) != RC_OK)
		return verb_fail(v);
	if (replica_mended(v->r)->what[0])
		fprintf(stderr, "hufu %s: %s\n", v->name,
			replica_mended(v->r)->what);
	return EXIT_DONE;
}

int verb_client(struct verb *v, const char *url)
{
	if (http_client_new(&v->client, url, v->insecure, &v->err) != RC_OK)
		return verb_fail(v);
	v->exchange = http_client_exchange(v->client);
	return EXIT_DONE;
}

int verb_connect(struct verb *v)
{
	int code = verb_open(v);
	const char *url;

	if (code != EXIT_DONE)
		return code;
	url = replica_url(v->r);
	if (url)
		return verb_client(v, url);
	err_set(&v->err, RC_INVALID,
		"this replica is not enrolled yet: run 'hufu enroll'");
	return verb_fail(v);
}

void verb_json(const json_t *value)
{
	struct err err = { 0 };
	struct buf line;

	buf_init(&line, LINE_BYTES_MAX);
	if (json_write(&line, value, &err) == RC_OK)
		puts(line.data);
	else
		fprintf(stderr, "hufu: %s\n", err.text);
	buf_release(&line);
}

static bool progress_shown;

void verb_progress(void *ctx, const char *what, int64_t done, int64_t total)
{
	(void)ctx;
	if (!isatty(STDERR_FILENO))
		return;
	progress_shown = true;
	if (total > 0)
		fprintf(stderr, "\r\033[K%s: %" PRId64 " of %" PRId64, what,
			done, total);
	else
		fprintf(stderr, "\r\033[K%s: %" PRId64, what, done);
	fflush(stderr);
}

void verb_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

int verb_print_scopes(struct verb *v, const char *word)
{
	const json_t *scope;
	json_t *info;
	size_t i;

	if (replica_info(v->r, &info, &v->err) != RC_OK)
		return verb_fail(v);
	json_array_foreach(json_object_get(info, "scopes"), i, scope) printf(
		"%-8s %s at position %" PRId64 "  root %.10s…  %" PRId64
		" records\n",
		json_text(scope, "scope"), word, json_int(scope, "position", 0),
		json_text(scope, "root"), json_int(scope, "records", 0));
	json_decref(info);
	return EXIT_DONE;
}
