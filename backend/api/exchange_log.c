#include "api/exchange_log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "api/service_impl.h"
#include "base/hash.h"
#include "base/log.h"

#define DOCUMENT_BYTES_MAX (32u << 20)
#define HASH_DIGITS 16
#define HIDDEN "***"

struct exchange_log {
	struct service *service;
	char *file;
	int fd;
	pthread_mutex_t lock; /* of what follows */
	int64_t catalog_seen;
	bool has_document;
	char hash[65];
};

/* -- what a line may hold -- */

/* `name` up to n holds a secret. */
static bool is_secret(const char *name, size_t n)
{
	static const char *const words[] = { "password", "token",  "secret",
					     "pin",      "cookie", "session" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = strlen(words[i]);

		/* The whole name, or its last word: new_password. */
		if (n == len && !strncasecmp(name, words[i], len))
			return true;
		if (n > len && name[n - len - 1] == '_' &&
		    !strncasecmp(name + n - len, words[i], len))
			return true;
	}
	return false;
}

static void hide(json_t *value)
{
	const char *name;
	json_t *one;
	size_t i;
	void *next;

	json_array_foreach(value, i, one) hide(one);
	json_object_foreach_safe(value, next, name, one)
	{
		if (json_is_string(one) && is_secret(name, strlen(name)))
			json_object_set_new(value, name, json_string(HIDDEN));
		else
			hide(one);
	}
}

/* Text of any bytes: what is no UTF-8 is shown as question marks. */
static json_t *text_of(const char *text, size_t n)
{
	json_t *made = json_stringn(text, n);
	char *copy = made ? NULL : malloc(n + 1);

	if (!copy)
		return made;
	for (size_t i = 0; i < n; i++)
		copy[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	made = json_stringn(copy, n);
	free(copy);
	return made;
}

static json_t *query_of(const char *query)
{
	struct buf out;
	json_t *made;

	buf_init(&out, 8192);
	while (*query) {
		size_t n = strcspn(query, "&"), named = strcspn(query, "=&");

		if (named < n && is_secret(query, named)) {
			buf_put(&out, query, named);
			buf_puts(&out, "=" HIDDEN);
		} else {
			buf_put(&out, query, n);
		}
		query += n;
		if (*query)
			buf_byte(&out, *query++);
	}
	made = text_of(out.data ? out.data : "", out.len);
	buf_release(&out);
	return made;
}

static bool is_json(const char *type)
{
	size_t n = type ? strcspn(type, "; ") : 0;

	return (n == 16 && !strncasecmp(type, "application/json", n)) ||
	       (n > 5 && !strncasecmp(type + n - 5, "+json", 5));
}

/* {"type", "bytes", "body"} or without the body. */
static void body_put(json_t *line, const char *type, const char *body, size_t n)
{
	struct err ignored = { 0 };
	json_t *value = NULL;

	if (type)
		json_object_set_new(line, "type", text_of(type, strlen(type)));
	json_object_set_new(line, "bytes", json_integer((json_int_t)n));
	if (!n || n > EXCHANGE_BODY_MAX || !is_json(type))
		return;
	if (json_read(body, n, &value, &ignored) == RC_OK) {
		hide(value);
		json_object_set_new(line, "body", value);
	} else {
		json_object_set_new(line, "is_no_json", json_true());
	}
}

/* -- both sides of it -- */

/* How the asker proved himself, or said to: never with what. */
static const char *proof_of(const struct request *req)
{
	const char *said = request_header(req, "Authorization");

	if (said && !strncasecmp(said, "Basic ", 6))
		return "password";
	if (said && !strncasecmp(said, "Bearer ", 7))
		return "token";
	if (said)
		return "unknown";
	if (request_header(req, "Hufu-Signature"))
		return "terminal";
	return request_header(req, "Cookie") ? "session" : NULL;
}

static json_t *request_of(const struct request *req)
{
	static const char *const shown[] = {
		"Accept",        "Accept-Encoding", "Content-Type",
		"If-Match",      "If-None-Match",   "Idempotency-Key",
		"Last-Event-ID", "Origin",          "Range",
	};
	json_t *out = json_object(), *headers = json_object();
	const char *by = proof_of(req);

	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		const char *value = request_header(req, shown[i]);

		if (value)
			json_object_set_new(headers, shown[i],
					    text_of(value, strlen(value)));
	}
	if (by)
		json_object_set_new(out, "by", json_string(by));
	json_object_set_new(out, "headers", headers);
	/* Its body is a code that makes a terminal known. */
	if (strcmp(req->path, "/v1/enroll") != 0)
		body_put(out, request_header(req, "Content-Type"), req->body,
			 req->body_bytes);
	return out;
}

/* The lines of the head but the first; a cookie's value is left out. */
static json_t *headers_of(const char *head)
{
	json_t *out = json_object();
	const char *line = strstr(head, "\r\n");

	while (line && line[2] && line[2] != '\r') {
		const char *name = line + 2, *end = strstr(name, "\r\n");
		const char *colon = strchr(name, ':');
		char key[64];
		size_t n;

		if (!end || !colon || colon > end)
			break;
		n = (size_t)(colon - name);
		snprintf(key, sizeof(key), "%.*s", (int)n, name);
		colon += 1 + (colon[1] == ' ');
		json_object_set_new(
			out, key,
			strcasecmp(key, "set-cookie")
				? text_of(colon, (size_t)(end - colon))
				: json_string(HIDDEN));
		line = end;
	}
	return out;
}

static json_t *reply_of(const struct exchange *e)
{
	json_t *out = json_object(), *headers = headers_of(e->head);
	const char *name;
	json_t *value;
	const char *type = NULL;

	json_object_foreach(headers, name,
			    value) if (!strcasecmp(name, "content-type")) type =
		json_string_value(value);
	json_object_set_new(out, "status", json_integer(e->status));
	if (e->is_file)
		json_object_set_new(out, "is_file", json_true());
	if (e->is_stream)
		json_object_set_new(out, "is_stream", json_true());
	body_put(out, type, e->body, e->body_bytes);
	json_object_set_new(out, "headers", headers);
	return out;
}

/* -- the document -- */

/* Under its own name, whole or not at all. */
static enum rc document_keep(const struct exchange_log *log,
			     const struct buf *text, struct err *err)
{
	char path[512], part[560];
	ssize_t written;
	int fd;

	snprintf(path, sizeof(path), "%s.%s.json", log->file, log->hash);
	if (access(path, R_OK) == 0)
		return RC_OK;
	snprintf(part, sizeof(part), "%s.%ld", path, (long)getpid());
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, RC_IO, "'%s': %s", part, strerror(errno));
	written = write(fd, text->data, text->len);
	close(fd);
	if (written != (ssize_t)text->len || rename(part, path) != 0)
		return err_set(err, RC_IO, "cannot write '%s'", path);
	return RC_OK;
}

static enum rc document_renew(struct exchange_log *log,
			      const struct contract *c, struct err *err)
{
	struct buf text;
	enum rc rc;

	buf_init(&text, DOCUMENT_BYTES_MAX);
	rc = json_write(&text, contract_document(c), err);
	if (rc == RC_OK) {
		sha256_hex(log->hash, text.data, text.len);
		log->hash[HASH_DIGITS] = '\0';
		rc = document_keep(log, &text, err);
	}
	buf_release(&text);
	return rc;
}

/* The hash of the document that is served now. */
static enum rc document_name(struct exchange_log *log, char hash[65],
			     struct err *err)
{
	struct service *s = log->service;
	struct contract_held *held;
	enum rc rc = RC_OK;

	pthread_mutex_lock(&s->lock);
	held = s->held;
	held->users++;
	pthread_mutex_unlock(&s->lock);
	pthread_mutex_lock(&log->lock);
	if (!log->has_document || log->catalog_seen != held->catalog_seen) {
		rc = document_renew(log, held->contract, err);
		log->has_document = rc == RC_OK;
		log->catalog_seen = held->catalog_seen;
	}
	memcpy(hash, log->hash, sizeof(log->hash));
	pthread_mutex_unlock(&log->lock);
	contract_give(s, held);
	return rc;
}

/* -- the log -- */

void exchange_log_put(void *log_, const struct exchange *e)
{
	struct exchange_log *log = log_;
	const struct request *req = e->request;
	struct err err = { 0 };
	char hash[65];
	json_t *line = NULL;
	struct buf text;
	enum rc rc = document_name(log, hash, &err);

	buf_init(&text, 4 * EXCHANGE_BODY_MAX);
	if (rc == RC_OK) {
		line = json_pack("{s:I, s:s, s:s, s:s, s:o, s:o, s:o, s:o}",
				 "at", (json_int_t)host_wall_ms(&host_system),
				 "document", hash, "id", req->id, "method",
				 req->method, "path",
				 text_of(req->path, strlen(req->path)), "query",
				 query_of(req->query), "request",
				 request_of(req), "reply", reply_of(e));
		rc = line ? json_write(&text, line, &err)
			  : err_set(&err, RC_NOMEM, "out of memory");
	}
	if (rc == RC_OK) {
		buf_byte(&text, '\n');
		rc = buf_status(&text, &err);
	}
	/* In one call, which no other server's can cut in two. */
	if (rc == RC_OK &&
	    write(log->fd, text.data, text.len) != (ssize_t)text.len)
		rc = err_set(&err, RC_IO, "cannot write '%s'", log->file);
	if (rc != RC_OK)
		log_warn("exchanges id=%s lost=\"%s\"", req->id, err.text);
	json_decref(line);
	buf_release(&text);
}

enum rc exchange_log_open(struct exchange_log **out, const char *file,
			  struct service *service, struct err *err)
{
	struct exchange_log *log = calloc(1, sizeof(*log));

	*out = log;
	if (!log || !(log->file = strdup(file))) {
		free(log);
		*out = NULL;
		return err_set(err, RC_NOMEM, "out of memory");
	}
	log->service = service;
	pthread_mutex_init(&log->lock, NULL);
	log->fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log->fd >= 0)
		return RC_OK;
	err_set(err, RC_IO, "'%s': %s", file, strerror(errno));
	exchange_log_close(log);
	*out = NULL;
	return RC_IO;
}

void exchange_log_close(struct exchange_log *log)
{
	if (!log)
		return;
	if (log->fd >= 0)
		close(log->fd);
	pthread_mutex_destroy(&log->lock);
	free(log->file);
	free(log);
}
