/* unit/test_http_harness.h - a server on loopback and a raw socket to it. */
#ifndef UNIT_TEST_HTTP_HARNESS_H
#define UNIT_TEST_HTTP_HARNESS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/host.h"
#include "http/http.h"

/* Far above what anything takes, far below what a hung test run costs. */
#define RIG_PATIENCE_MS 20000
#define RIG_CAP 65536

struct rig {
	struct http_server *server;
	struct sockaddr_in address;
	char url[48];
	char file[64]; /* served at /file */
	atomic_int calls; /* how often any handler ran */
	atomic_int streamed; /* bytes that /stream read, over all requests */
	atomic_int cut; /* bodies of /stream that ended too early */
	char *text; /* of the last answer, owned */
	size_t text_bytes;
	bool was_reset; /* instead of closed in order */
};

static inline void rig_echo(void *ctx, struct request *req, struct reply *reply)
{
	struct rig *rig = ctx;

	atomic_fetch_add(&rig->calls, 1);
	reply->content_type = "application/octet-stream";
	buf_put(&reply->body, req->body, req->body_bytes);
}

/* Answers what the request looked like, so that a test sees it. */
static inline void rig_show(void *ctx, struct request *req, struct reply *reply)
{
	struct rig *rig = ctx;
	const char *x = request_header(req, "x-test");

	atomic_fetch_add(&rig->calls, 1);
	reply->content_type = "text/plain";
	snprintf(reply->etag, sizeof(reply->etag), "e1");
	buf_printf(&reply->body, "%s %s ?%s arg=%s x=%s", req->method,
		   req->path, req->query, req->args[0] ? req->args[0] : "-",
		   x ? x : "-");
}

static inline void rig_file(void *ctx, struct request *req, struct reply *reply)
{
	struct rig *rig = ctx;

	(void)req;
	atomic_fetch_add(&rig->calls, 1);
	reply->content_type = "application/octet-stream";
	snprintf(reply->etag, sizeof(reply->etag), "v7");
	reply->file = strdup(rig->file);
}

/* /fail/3 fails with enum rc 3. */
static inline void rig_fail(void *ctx, struct request *req, struct reply *reply)
{
	struct rig *rig = ctx;
	struct err err = { 0 };

	atomic_fetch_add(&rig->calls, 1);
	buf_puts(&reply->body, "half an answer");
	err_set(&err, (enum rc)(req->args[0][0] - '0'), "item '\"%s\"' failed",
		req->args[0]);
	reply_problem(reply, req, &err);
}

/* Takes a megabyte of stack. */
static void rig_deep(void *ctx, struct request *req, struct reply *reply)
{
	volatile char room[1 << 20];

	(void)ctx;
	(void)req;
	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 'd';
	buf_byte(&reply->body, room[1024]);
}

static void rig_locked(void *ctx, struct request *req, struct reply *reply)
{
	(void)ctx;
	reply_unauthorized(reply, req, "rig", "name yourself");
}

/* Headers as the argument says. */
static inline void rig_headers(void *ctx, struct request *req,
			       struct reply *reply)
{
	const char *what = req->args[0];
	bool many = strcmp(what, "many") == 0;
	char big[3000];

	(void)ctx;
	memset(big, 'v', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	buf_puts(&reply->body, "a body");
	if (strcmp(what, "good") == 0) {
		reply->status = 201;
		reply_header(reply, "Location", "/v1/items/%d", 7);
		reply_header(reply, "Set-Cookie", "a=1; Secure");
		reply_header(reply, "Set-Cookie", "b=2");
	} else if (strcmp(what, "later") == 0) {
		reply->status = 503;
		reply_header(reply, "Retry-After", "%d", 17);
	} else if (strcmp(what, "own") == 0) {
		reply_header(reply, "content-LENGTH", "3");
	} else if (strcmp(what, "name") == 0) {
		reply_header(reply, "X-A: b\r\nX-B", "c");
	} else if (strcmp(what, "split") == 0) {
		reply_header(reply, "Location", "/a%s", "\r\nX-Evil: 1");
	} else if (strcmp(what, "big") == 0) {
		reply_header(reply, "X-Big", "%s", big);
	} else if (strcmp(what, "many") == 0 || strcmp(what, "most") == 0) {
		for (int i = 0; i < REPLY_HEADERS_MAX + many; i++)
			reply_header(reply, "X-Many", "%d", i);
	} else if (strcmp(what, "dropped") == 0) {
		const struct err err = { .code = RC_CONFLICT, .text = "no" };

		reply_header(reply, "Location", "/old");
		reply_header(reply, "Content-Length", "3");
		reply_problem(reply, req, &err);
		reply_header(reply, "X-New", "n");
	}
}

/* A PUT that changes the tag only when the client has the current one. */
static inline void rig_change(void *ctx, struct request *req,
			      struct reply *reply)
{
	const char *match = request_header(req, "if-match");

	(void)ctx;
	snprintf(reply->etag, sizeof(reply->etag), "e2");
	if (match && !http_etag_matches(match, "e1", false))
		reply_problem_with(reply, req, 412, NULL, NULL,
				   "the record moved on", NULL);
}

/* /text/1024 is so many bytes; /text/s1024 holds a secret, /text/b1024 is no
 * text, /text/r1024 is a problem. */
static inline void rig_text(void *ctx, struct request *req, struct reply *reply)
{
	const char *what = req->args[0];
	size_t skip = strspn(what, "sbr"), n = strtoul(what + skip, NULL, 10);

	(void)ctx;
	reply->content_type =
		*what == 'b' ? "application/octet-stream" : "text/csv";
	reply->is_never_compressed = *what == 's';
	snprintf(reply->etag, sizeof(reply->etag), "t1");
	for (size_t i = 0; i < n; i++)
		buf_byte(&reply->body, (char)('a' + i % 26));
	if (*what == 'r') {
		char *text = strdup(reply->body.data);

		reply_problem_with(reply, req, 422, NULL, NULL, text, NULL);
		free(text);
	}
}

static inline void rig_who(void *ctx, struct request *req, struct reply *reply)
{
	(void)ctx;
	buf_puts(&reply->body, req->remote);
}

/* Lists two errors of a form. */
static inline void rig_errors(void *ctx, struct request *req,
			      struct reply *reply)
{
	json_t *extras = json_pack("{s:[{s:s, s:s}], s:i, s:s}", "errors",
				   "pointer", "/name", "detail", "is \"empty\"",
				   "status", 200, "bad", "x");

	(void)ctx;
	/* What cannot be written must not break the rest. */
	json_object_set_new(extras, "bad", json_stringn_nocheck("\xff", 1));
	reply_problem_with(reply, req, 422, "validation",
			   "The body does not fit its schema", "1 error",
			   extras);
	json_decref(extras);
}

/* Counts what it reads; /stream/none reads nothing. */
static inline void rig_stream(void *ctx, struct request *req,
			      struct reply *reply)
{
	struct rig *rig = ctx;
	struct err err = { 0 };
	char piece[1000];
	size_t got = 1, sum = 0;

	atomic_fetch_add(&rig->calls, 1);
	if (strcmp(req->args[0], "none") == 0)
		err_set(&err, RC_DENIED, "not you");
	while (err.code == RC_OK && got > 0) {
		request_read(req, piece, sizeof(piece), &got, &err);
		atomic_fetch_add(&rig->streamed, (int)got);
		sum += got;
	}
	atomic_fetch_add(&rig->cut, err.code == RC_IO);
	if (err.code != RC_OK)
		reply_problem(reply, req, &err);
	else
		buf_printf(&reply->body, "%zu of %lld", sum,
			   (long long)req->length);
}

static const struct http_route rig_routes[] = {
	{ "GET", "/headers/{what}", 0, false, rig_headers },
	{ "GET", "/errors", 0, false, rig_errors },
	{ "GET", "/who", 0, false, rig_who },
	{ "GET", "/text/{bytes}", 0, false, rig_text },
	{ "GET", "/show", 0, false, rig_show },
	{ "PUT", "/show", RIG_CAP, false, rig_change },
	{ "GET", "/items/{id}", 0, false, rig_show },
	{ "DELETE", "/items/{id}", 0, false, rig_show },
	{ "PUT", "/items/{id}", RIG_CAP, false, rig_echo },
	{ "PATCH", "/items/{id}", RIG_CAP, false, rig_echo },
	{ "POST", "/echo", RIG_CAP, false, rig_echo },
	{ "POST", "/form", RIG_CAP, false, rig_echo },
	{ "POST", "/sync", 8u << 20, true, rig_echo },
	{ "GET", "/file", 0, false, rig_file },
	{ "GET", "/deep", 0, false, rig_deep },
	{ "GET", "/locked", 0, false, rig_locked },
	{ "GET", "/fail/{rc}", 0, false, rig_fail },
	{ "PATCH", "/stream/{what}", 1u << 20, HTTP_BODY_STREAM, rig_stream },
	{ NULL, NULL, 0, false, NULL }
};

/* `options` may set threads and the two deadlines. */
static inline void rig_start(struct rig *rig,
			     const struct http_options *options)
{
	struct http_options mine = { 0 };
	struct err err = { 0 };

	if (options)
		mine = *options;
	*rig = (struct rig){ .address = { .sin_family = AF_INET } };
	mine.listen = "127.0.0.1:0";
	mine.routes = rig_routes;
	mine.ctx = rig;
	mine.quiet = true;
	if (mine.threads == 0)
		mine.threads = 4;
	if (http_start(&rig->server, &mine, &err) != RC_OK)
		fail_msg("%s", err.text);
	rig->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	rig->address.sin_port = htons((uint16_t)http_port(rig->server));
	snprintf(rig->url, sizeof(rig->url), "http://127.0.0.1:%d",
		 http_port(rig->server));
}

static inline void rig_stop(struct rig *rig)
{
	http_stop(rig->server);
	free(rig->text);
	if (rig->file[0])
		unlink(rig->file);
}

static inline int rig_connect(const struct rig *rig)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (connect(fd, (const struct sockaddr *)&rig->address,
		    sizeof(rig->address)) != 0)
		fail_msg("connect: %s", strerror(errno));
	return fd;
}

/* Stops quietly when the server has closed: that it does is for the test. */
static inline void rig_send(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		at += sent;
		n -= (size_t)sent;
	}
}

/* After an orderly end this end still waits to be closed: TCP_CLOSE_WAIT. */
static inline int rig_state(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t n = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n);
	return info.tcpi_state;
}

/* Everything up to the server's closing into rig->text, with a NUL. Fails when
 * it does not close. */
static inline void rig_receive(struct rig *rig, int fd)
{
	int64_t until = host_monotonic_ms(&host_system) + RIG_PATIENCE_MS;
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	size_t cap = 4096, len = 0;
	ssize_t n;

	free(rig->text);
	rig->text = malloc(cap);
	assert_non_null(rig->text);
	for (;;) {
		if (cap - len < 2) {
			cap *= 2;
			rig->text = realloc(rig->text, cap);
			assert_non_null(rig->text);
		}
		if (poll(&poller, 1, 1000) == 0 &&
		    host_monotonic_ms(&host_system) > until)
			fail_msg("the server does not close: %.*s", (int)len,
				 rig->text);
		n = recv(fd, rig->text + len, cap - len - 1, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			break;
		if (n > 0)
			len += (size_t)n;
	}
	rig->text[len] = '\0';
	rig->text_bytes = len;
	rig->was_reset = n < 0 || rig_state(fd) == TCP_CLOSE;
	close(fd);
}

/* One connection, these bytes, all of the answer. */
static inline void rig_talk_n(struct rig *rig, const void *p, size_t n)
{
	int fd = rig_connect(rig);

	rig_send(fd, p, n);
	rig_receive(rig, fd);
}

static inline void rig_talk(struct rig *rig, const char *request)
{
	rig_talk_n(rig, request, strlen(request));
}

/* The status of the answer, 0 without one. */
static inline int rig_status(const struct rig *rig)
{
	if (rig->text_bytes < 12 || strncmp(rig->text, "HTTP/1.1 ", 9) != 0)
		return 0;
	return (int)strtol(rig->text + 9, NULL, 10);
}

/* How many answers are in the text: two mean that a request was smuggled. */
static inline int rig_answers(const struct rig *rig)
{
	int n = 0;

	for (const char *p = rig->text; (p = strstr(p, "HTTP/1.1 ")); p++)
		n++;
	return n;
}

static inline const char *rig_body(const struct rig *rig)
{
	const char *end = strstr(rig->text, "\r\n\r\n");

	return end ? end + 4 : "";
}

static inline size_t rig_body_bytes(const struct rig *rig)
{
	return rig->text_bytes - (size_t)(rig_body(rig) - rig->text);
}

/* Is this header line in the answer? */
static inline bool rig_has(const struct rig *rig, const char *line)
{
	char whole[256];

	snprintf(whole, sizeof(whole), "\r\n%s\r\n", line);
	return strstr(rig->text, whole) != NULL;
}

/* A file whose byte i is a function of i. */
static inline void rig_make_file(struct rig *rig, size_t n)
{
	FILE *f;
	int fd;

	snprintf(rig->file, sizeof(rig->file), "/tmp/hufu-test-XXXXXX");
	fd = mkstemp(rig->file);
	assert_true(fd >= 0);
	f = fdopen(fd, "wb");
	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		fputc((int)(i * 31 % 251), f);
	assert_int_equal(fclose(f), 0);
}

static inline void digest_header(char out[96], const void *p, size_t n)
{
	unsigned char hash[SHA256_BYTES];
	char text[BASE64_SIZE(SHA256_BYTES)];

	sha256(hash, p, n);
	base64_encode(text, hash, sizeof(hash));
	snprintf(out, 96, "Content-Digest: sha-256=:%s:\r\n", text);
}

#endif
