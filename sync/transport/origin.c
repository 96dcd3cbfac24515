#include "transport/origin.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* libcurl has normalised the host: 127.1 and 0x7f000001 read 127.0.0.1 here,
 * and "localhost" it never asks a name server for. */
static bool is_loopback(const char *host)
{
	struct in_addr v4;
	struct in6_addr v6;
	char text[64];
	size_t n = strlen(host);

	if (strcmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	if (n < 3 || n >= sizeof(text) || host[0] != '[' || host[n - 1] != ']')
		return false;
	memcpy(text, host + 1, n - 2);
	text[n - 2] = '\0';
	return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static bool has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK && text[0];

	curl_free(text);
	return has;
}

static enum rc check_parts(CURLU *url, const char *scheme, const char *host,
			   const char *path, bool insecure, const char *given,
			   struct err *err)
{
	if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		return err_set(err, RC_INVALID,
			       "'%s' is neither an https nor an http address",
			       given);
	if (has_part(url, CURLUPART_USER) ||
	    has_part(url, CURLUPART_PASSWORD) ||
	    has_part(url, CURLUPART_QUERY) ||
	    has_part(url, CURLUPART_FRAGMENT) || strcmp(path, "/") != 0)
		return err_set(err, RC_INVALID,
			       "'%s' is more than a server's address, such as "
			       "https://hufu.example",
			       given);
	if (strcmp(scheme, "http") == 0 && !insecure && !is_loopback(host))
		return err_set(err, RC_INVALID,
			       "'%s' is plain http to another machine: use "
			       "https",
			       given);
	return RC_OK;
}

/* A proper C string of the caller's instead of libcurl's. */
static enum rc join(char **origin, const char *scheme, const char *host,
		    const char *port, struct err *err)
{
	size_t n = strlen(scheme) + strlen(host) + strlen(port) + 5;
	char *text = malloc(n);

	if (!text)
		return err_set(err, RC_NOMEM, "out of memory");
	snprintf(text, n, "%s://%s%s%s", scheme, host, port[0] ? ":" : "",
		 port);
	*origin = text;
	return RC_OK;
}

enum rc origin_check(char **origin, bool *is_plain, const char *url,
		     bool insecure, struct err *err)
{
	char *scheme = NULL, *host = NULL, *path = NULL, *port = NULL;
	CURLU *parts = curl_url();
	enum rc rc;

	*origin = NULL;
	if (!parts)
		return err_set(err, RC_NOMEM, "out of memory");
	if (curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK) {
		rc = err_set(err, RC_INVALID,
			     "'%s' is no address of a server, such as "
			     "https://hufu.example",
			     url);
		goto out;
	}
	curl_url_get(parts, CURLUPART_PORT, &port, 0);
	rc = check_parts(parts, scheme, host, path, insecure, url, err);
	if (rc == RC_OK)
		rc = join(origin, scheme, host, port ? port : "", err);
	*is_plain = rc == RC_OK && strcmp(scheme, "http") == 0;
out:
	curl_free(scheme);
	curl_free(host);
	curl_free(path);
	curl_free(port);
	curl_url_cleanup(parts);
	return rc;
}

/* What to do next, by the kind of failure. */
static const char *advice(int code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "is the name right, and is there a network?";
	case CURLE_COULDNT_CONNECT: return "is the server running?";
	case CURLE_OPERATION_TIMEDOUT: return "try again on a better link";
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return "is its certificate valid, and this clock right?";
	case CURLE_SSL_CONNECT_ERROR: return "does it speak https?";
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL: return "does it speak http?";
	default: return "try again";
	}
}

static const char *kind(int code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST: return "its name is not known";
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR: return "the connection was cut";
	case CURLE_OPERATION_TIMEDOUT: return "no answer in time";
	case CURLE_PEER_FAILED_VERIFICATION:
		return "its certificate is not trusted";
	default: return NULL;
	}
}

enum rc origin_explain(const char *origin, int code, int os_error,
		       const char *reason, struct err *err)
{
	const char *what = kind(code);
	char text[96];

	if (!what && code == CURLE_COULDNT_CONNECT && os_error != 0)
		what = strerror_r(os_error, text, sizeof(text)) == 0 ? text
								     : NULL;
	if (!what && reason[0])
		what = reason;
	if (!what)
		what = curl_easy_strerror((CURLcode)code);
	return err_set(err, RC_IO, "cannot reach %s: %c%s; %s", origin,
		       tolower((unsigned char)what[0]), what + 1, advice(code));
}
