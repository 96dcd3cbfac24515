#include "transport/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "transport/origin.h"

#define CONNECT_TIMEOUT_MS 10000L
/* No total limit, because a snapshot over a bad link takes as long as it takes;
 * but a link that carries nothing is let go. The time is also what a server has
 * to think before its first byte. */
#define SLOW_BYTES_PER_S 64L
#define SLOW_SECONDS 60L
#define HEADER_BYTES_MAX 1024
/* What a peer may send before this side has read it. All of it comes again when
 * the process dies: docs/protocol.md 11 allows 256 KiB. Linux doubles it. */
#define UNREAD_BYTES_MAX (96 << 10)

struct http_client {
	CURL *easy;
	char *origin; /* "https://hufu.example", no slash at its end */
	bool is_plain;
};

/* What one perform gathers. */
struct transfer {
	CURL *easy;
	struct exchange_reply *reply;
	struct err *err; /* the caller's: the first failure is recorded there */
	bool is_chunked;
};

static void library_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum rc http_client_new(struct http_client **out, const char *url,
			bool insecure, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http_client *client;
	enum rc rc;

	*out = NULL;
	pthread_once(&once, library_init);
	client = calloc(1, sizeof(*client));
	if (!client)
		return err_set(err, RC_NOMEM, "out of memory");
	rc = origin_check(&client->origin, &client->is_plain, url, insecure,
			  err);
	if (rc == RC_OK) {
		client->easy = curl_easy_init();
		if (!client->easy)
			rc = err_set(err, RC_NOMEM, "out of memory");
	}
	if (rc != RC_OK) {
		http_client_free(client);
		return rc;
	}
	*out = client;
	return RC_OK;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->easy);
	free(client->origin);
	free(client);
}

/* A strong tag without its quotes, or "": a weak one cannot carry a range. */
static void read_etag(struct exchange_reply *reply, const char *value, size_t n)
{
	if (n < 2 || value[0] != '"' || value[n - 1] != '"' ||
	    n - 2 >= sizeof(reply->etag))
		return;
	memcpy(reply->etag, value + 1, n - 2);
	reply->etag[n - 2] = '\0';
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t all = size * n;
	const char *colon = memchr(line, ':', all);
	const char *value, *end = line + all;
	long status;

	/* The status is known before the sink sees a byte. */
	if (all >= 5 && strncmp(line, "HTTP/", 5) == 0) {
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
		t->reply->status = (int)status;
		t->reply->etag[0] = '\0';
		t->is_chunked = false;
		return all;
	}
	if (!colon)
		return all;
	for (value = colon + 1; value < end && *value == ' '; value++)
		;
	while (end > value &&
	       (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' '))
		end--;
	if (colon - line == 4 && strncasecmp(line, "etag", 4) == 0)
		read_etag(t->reply, value, (size_t)(end - value));
	if (colon - line == 17 &&
	    strncasecmp(line, "transfer-encoding", 17) == 0)
		t->is_chunked = true;
	return all;
}

/* Answering another number than was given ends the transfer. */
static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct exchange_reply *reply = t->reply;
	size_t all = size * n;

	if (reply->sink)
		return reply->sink(reply->sink_ctx, p, all, t->err) == RC_OK
			       ? all
			       : 0;
	buf_put(&reply->body, p, all);
	return buf_status(&reply->body, t->err) == RC_OK ? all : 0;
}

static bool add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		return false;
	*list = longer;
	return true;
}

/* A value that brought its own line end would be a header more. */
static bool is_one_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static enum rc put_header(struct curl_slist **list, const char *name,
			  const char *value, struct err *err)
{
	char line[HEADER_BYTES_MAX];
	int n = snprintf(line, sizeof(line), "%s: %s", name, value);

	if (n < 0 || (size_t)n >= sizeof(line) || !is_one_line(line))
		return err_set(err, RC_INVALID, "header '%s' cannot be sent",
			       name);
	if (!add_header(list, line))
		return err_set(err, RC_NOMEM, "out of memory");
	return RC_OK;
}

static enum rc put_range(struct curl_slist **list,
			 const struct exchange_request *request,
			 struct err *err)
{
	char text[96];
	enum rc rc;

	if (request->range_from <= 0)
		return RC_OK;
	snprintf(text, sizeof(text), "bytes=%lld-",
		 (long long)request->range_from);
	rc = put_header(list, "Range", text, err);
	if (rc != RC_OK || !request->if_range)
		return rc;
	snprintf(text, sizeof(text), "\"%.80s\"", request->if_range);
	return put_header(list, "If-Range", text, err);
}

static enum rc build_headers(struct curl_slist **list,
			     const struct exchange_request *request,
			     struct err *err)
{
	bool has_type = request->body == NULL;
	enum rc rc = RC_OK;

	/* Without a value: not to be sent. Waiting for "100 Continue" costs a
	 * round trip, and our bodies are small. */
	if (!add_header(list, "Expect:"))
		return err_set(err, RC_NOMEM, "out of memory");
	for (size_t i = 0; rc == RC_OK && i < request->nheaders; i++) {
		const struct exchange_header *h = &request->headers[i];

		if (strcasecmp(h->name, "content-type") == 0)
			has_type = true;
		rc = put_header(list, h->name, h->value, err);
	}
	if (rc == RC_OK && !has_type)
		rc = put_header(list, "Content-Type",
				"application/octet-stream", err);
	if (rc == RC_OK)
		rc = put_range(list, request, err);
	return rc;
}

static int on_socket(void *ctx, curl_socket_t socket, curlsocktype purpose)
{
	int bytes = UNREAD_BYTES_MAX;

	(void)ctx;
	(void)purpose;
	/* Where this fails more may come twice, and all else is as it was. */
	setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return CURL_SOCKOPT_OK;
}

static void set_policy(const struct http_client *client)
{
	CURL *easy = client->easy;

	/* Keeps the connection, forgets the last request. */
	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION,
			 (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES_PER_S);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, SLOW_SECONDS);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "hufu/" VERSION);
	/* A proxy of the environment would see a plain request whole, and
	 * could not reach this machine's loopback anyway. */
	if (client->is_plain)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

static enum rc set_request(const struct http_client *client,
			   const struct exchange_request *request,
			   struct transfer *t, char *url, size_t url_bytes,
			   struct err *err)
{
	CURL *easy = client->easy;
	bool is_patch = strcmp(request->method, "PATCH") == 0;
	bool is_post = is_patch || strcmp(request->method, "POST") == 0;
	int n = snprintf(url, url_bytes, "%s%s", client->origin, request->path);

	if (!is_post && strcmp(request->method, "GET") != 0)
		return err_set(err, RC_INVALID, "method '%s' is not supported",
			       request->method);
	if (request->path[0] != '/' || !is_one_line(request->path) ||
	    strpbrk(request->path, " #") || n < 0 || (size_t)n >= url_bytes)
		return err_set(err, RC_INVALID, "'%.80s' is no path",
			       request->path);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	if (request->bytes_per_s > 0)
		curl_easy_setopt(easy, CURLOPT_MAX_SEND_SPEED_LARGE,
				 (curl_off_t)request->bytes_per_s);
	if (is_post) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)request->body_bytes);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
				 request->body ? request->body : "");
		if (is_patch)
			curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PATCH");
	}
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	return RC_OK;
}

/* A reply that simply ends with its connection may have been cut anywhere. */
static bool has_known_end(const struct transfer *t)
{
	curl_off_t length = -1;
	int status = t->reply->status;

	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return length >= 0 || t->is_chunked || status == 204 || status == 304;
}

static enum rc run(struct http_client *client, struct transfer *t)
{
	char reason[CURL_ERROR_SIZE] = "";
	CURLcode code;

	curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, reason);
	code = curl_easy_perform(client->easy);
	curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, NULL);
	if (t->err->code != RC_OK)
		return t->err->code; /* the sink's or the buffer's */
	if (code != CURLE_OK) {
		long os_error = 0;

		curl_easy_getinfo(client->easy, CURLINFO_OS_ERRNO, &os_error);
		return origin_explain(client->origin, (int)code, (int)os_error,
				      reason, t->err);
	}
	if (!has_known_end(t))
		return err_set(t->err, RC_IO,
			       "cannot reach %s: its answer has no length",
			       client->origin);
	return RC_OK;
}

static enum rc perform(void *ctx, const struct exchange_request *request,
		       struct exchange_reply *reply, struct err *err)
{
	struct http_client *client = ctx;
	struct transfer t = { .easy = client->easy,
			      .reply = reply,
			      .err = err };
	struct curl_slist *headers = NULL;
	char url[4096];
	enum rc rc;

	reply->status = 0;
	if (fault_hit(FAULT_NET))
		return err_set(err, RC_IO, "cannot reach %s: a test said so",
			       client->origin);
	set_policy(client);
	rc = set_request(client, request, &t, url, sizeof(url), err);
	if (rc == RC_OK)
		rc = build_headers(&headers, request, err);
	/* Only now: if_range may be the tag of the reply before. */
	reply->etag[0] = '\0';
	if (rc == RC_OK) {
		curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, headers);
		rc = run(client, &t);
		curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, NULL);
	}
	curl_slist_free_all(headers);
	return rc;
}

struct exchange http_client_exchange(struct http_client *client)
{
	return (struct exchange){ .perform = perform, .ctx = client };
}
