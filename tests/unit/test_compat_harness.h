/* unit/test_compat_harness.h - the folders of fixtures/compat, one after
 * another: their files unpacked, their exchanges read, the clock as it was. */
#ifndef UNIT_TEST_COMPAT_HARNESS_H
#define UNIT_TEST_COMPAT_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/deflate.h"
#include "base/jcs.h"
#include "ledger/check.h"
#include "lib/loop.h"
#include "replica/replica.h"

#define COMPAT_BYTES_MAX (8u << 20)

/* One captured request and its reply. */
struct captured_exchange {
	struct exchange_request request; /* borrows from request_text */
	char *request_text, *reply_text; /* heads end in a NUL each */
	int status;
	char etag[80];
	const char *body; /* of the reply */
	size_t body_bytes;
};

struct past {
	const char *name; /* fixtures/compat/<name> */
	char dir[64]; /* states.tar.xz, unpacked */
	json_t *wants;
	struct loop loop;
	struct exchange x;
	struct err err;
};

static int64_t compat_now_ms;

static inline int64_t compat_wall_ms(void *ctx)
{
	(void)ctx;
	return compat_now_ms;
}

/* The system's, but for what it believes the time to be. */
static inline const struct host *compat_host(void)
{
	static struct host host;

	host = host_system;
	host.wall_ms = compat_wall_ms;
	return &host;
}

static inline void ok(struct past *p, enum rc rc)
{
	if (rc != RC_OK)
		fail_msg("%s: %s", p->name, p->err.text);
}

static inline char *file_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(COMPAT_BYTES_MAX);

	if (!f || !text)
		fail_msg("cannot read '%s'", path);
	*n = fread(text, 1, COMPAT_BYTES_MAX - 1, f);
	text[*n] = '\0';
	fclose(f);
	return text;
}

/* The first line and the headers become text of their own; the place behind. */
static inline char *head_cut(char *text)
{
	char *end = strstr(text, "\r\n\r\n");

	assert_non_null(end);
	*end = '\0';
	return end + 4;
}

static inline void request_parse(struct captured_exchange *e, size_t n)
{
	struct exchange_request *r = &e->request;
	char *body = head_cut(e->request_text), *line, *rest;

	r->method = strtok_r(e->request_text, " ", &rest);
	r->path = strtok_r(NULL, " ", &rest);
	strtok_r(NULL, "\n", &rest);
	while ((line = strtok_r(NULL, "\r\n", &rest)) != NULL) {
		char *colon = strchr(line, ':');

		assert_non_null(colon);
		*colon = '\0';
		if (strncmp(line, "Hufu-", 5) != 0)
			continue;
		assert_true(r->nheaders < EXCHANGE_HEADERS_MAX);
		r->headers[r->nheaders].name = line;
		r->headers[r->nheaders++].value =
			colon + 1 + strspn(colon + 1, " ");
	}
	r->body_bytes = n - (size_t)(body - e->request_text);
	r->body = r->body_bytes ? body : NULL;
}

static inline void exchange_read(struct past *p, const char *name,
				 struct captured_exchange *e)
{
	char path[160], *body;
	const char *etag;
	size_t n;

	memset(e, 0, sizeof(*e));
	snprintf(path, sizeof(path), "fixtures/compat/%s/exchanges/%s.request",
		 p->name, name);
	e->request_text = file_read(path, &n);
	request_parse(e, n);
	snprintf(path, sizeof(path), "fixtures/compat/%s/exchanges/%s.reply",
		 p->name, name);
	e->reply_text = file_read(path, &n);
	body = head_cut(e->reply_text);
	e->body = body;
	e->body_bytes = n - (size_t)(body - e->reply_text);
	assert_int_equal(sscanf(e->reply_text, "HTTP/1.1 %d", &e->status), 1);
	etag = strstr(e->reply_text, "ETag: \"");
	if (etag)
		sscanf(etag, "ETag: \"%79[^\"]", e->etag);
}

static inline void exchange_free(struct captured_exchange *e)
{
	free(e->request_text);
	free(e->reply_text);
}

static inline bool exchange_is_there(const struct past *p, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "fixtures/compat/%s/exchanges/%s.reply",
		 p->name, name);
	return access(path, R_OK) == 0;
}

/* The JSON lines of an answer, as an array. */
static inline json_t *lines_of(struct past *p, const void *body, size_t n)
{
	json_t *lines = json_array(), *line;
	struct buf text;
	char *at, *end;

	buf_init(&text, COMPAT_BYTES_MAX);
	ok(p, inflate_all(&text, body, n, &p->err));
	for (at = text.data; at && (end = strchr(at, '\n')); at = end + 1) {
		ok(p, json_read(at, (size_t)(end - at), &line, &p->err));
		json_array_append_new(lines, line);
	}
	buf_release(&text);
	return lines;
}

static inline void path_of(const struct past *p, const char *name,
			   char path[128])
{
	snprintf(path, 128, "%s/%s", p->dir, name);
}

static inline void server_open(struct past *p, const char *folder)
{
	char path[128];

	path_of(p, folder, path);
	memset(&p->loop, 0, sizeof(p->loop));
	snprintf(p->loop.dir, sizeof(p->loop.dir), "%s", path);
	ok(p, loop_open(&p->loop, compat_host(), &p->err));
	p->x = loop_exchange(&p->loop);
}

static inline struct replica *tablet_open(struct past *p, const char *file)
{
	struct replica *r;
	char path[128];

	path_of(p, file, path);
	ok(p, replica_open(&r, path, compat_host(), &p->err));
	ok(p, replica_unlock(r, json_text(p->wants, "pin"), &p->err));
	return r;
}

/* The time of a captured sync: what it wrote bears this one. */
static inline int64_t time_of(struct past *p, const char *name)
{
	struct captured_exchange e;
	json_t *lines, *head, *scope;
	int64_t time_ms;
	size_t i;

	exchange_read(p, name, &e);
	lines = lines_of(p, e.body, e.body_bytes);
	head = json_array_get(lines, 0);
	time_ms = json_int(head, "time", 0);
	json_array_foreach(json_object_get(head, "scopes"), i, scope)
	{
		json_t *receipts = json_object_get(scope, "receipts");

		if (json_array_size(receipts))
			time_ms = json_int(json_array_get(receipts, 0), "time",
					   time_ms);
	}
	json_decref(lines);
	exchange_free(&e);
	return time_ms;
}

static inline void past_begin(struct past *p, const char *name)
{
	char path[160], command[320];
	size_t n;
	char *text;

	memset(p, 0, sizeof(*p));
	p->name = name;
	snprintf(path, sizeof(path), "fixtures/compat/%s/wants.json", name);
	text = file_read(path, &n);
	ok(p, json_read(text, n, &p->wants, &p->err));
	free(text);
	snprintf(p->dir, sizeof(p->dir), "/tmp/hufu-compat-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(command, sizeof(command),
		 "tar -xJf fixtures/compat/%s/states.tar.xz -C %s", name,
		 p->dir);
	assert_int_equal(system(command), 0);
	/* An hour after all that happened. */
	compat_now_ms = time_of(p, "sync-3") + 3600000;
}

static inline void past_end(struct past *p)
{
	char command[128];

	json_decref(p->wants);
	snprintf(command, sizeof(command), "rm -rf %s", p->dir);
	assert_int_equal(system(command), 0);
}

/* `fn` with each folder that there is, unpacked afresh. */
static inline void each_past(void (*fn)(struct past *p))
{
	struct past p;
	glob_t found;

	assert_int_equal(glob("fixtures/compat/*/wants.json", 0, NULL, &found),
			 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *name = found.gl_pathv[i] + strlen("fixtures/compat/");

		*strchr(name, '/') = '\0';
		past_begin(&p, name);
		fn(&p);
		past_end(&p);
	}
	globfree(&found);
}

#endif
