#include "http/gate.h"

#include <string.h>
#include <strings.h>

static const char *const methods[] = { "GET", "HEAD",  "POST",
				       "PUT", "PATCH", "DELETE" };

/* Headers that steer what we do. Two of them would let a proxy in front follow
 * the one and us the other. Names that end in '-' stand for all with that
 * beginning. */
static const char *const single_headers[] = {
	"content-length", "content-digest", "content-type",   "host",
	"authorization",  "range",          "if-range",       "expect",
	"cookie",         "hufu-",          "idempotency-key"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(const char *s)
{
	const char *p = s;

	while (is_token_char(*p))
		p++;
	return p > s && *p == '\0';
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if (*s < 0x20 || *s > 0x7e)
			return false;
	return true;
}

static enum rc refuse(struct gate_head *head, struct err *err, int status,
		      const char *why)
{
	head->status = status;
	return err_set(err, RC_INVALID, "%s", why);
}

static bool is_single(const char *name)
{
	for (size_t i = 0; i < COUNT(single_headers); i++) {
		const char *single = single_headers[i];
		size_t n = strlen(single);

		if (single[n - 1] == '-' ? strncasecmp(name, single, n) == 0
					 : strcasecmp(name, single) == 0)
			return true;
	}
	return false;
}

static bool is_repeated(const struct gate_head *head, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcasecmp(head->headers[j].name, head->headers[i].name) ==
		    0)
			return true;
	return false;
}

static enum rc check_headers(struct gate_head *head, struct err *err)
{
	for (size_t i = 0; i < head->nheaders; i++) {
		const struct gate_header *h = &head->headers[i];

		if (!is_token(h->name))
			return refuse(head, err, 400, "malformed header name");
		if (!is_printable(h->value))
			return refuse(head, err, 400, "malformed header value");
		if (is_single(h->name) && is_repeated(head, i))
			return err_set(err, RC_INVALID,
				       "header '%s' is given twice", h->name);
	}
	return RC_OK;
}

/* 1 to 18 digits, so that it fits 63 bits; no sign, no list, no white space. */
static bool read_length(const char *text, int64_t *length)
{
	size_t n = strspn(text, "0123456789");
	int64_t value = 0;

	if (n < 1 || n > 18 || text[n])
		return false;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (text[i] - '0');
	*length = value;
	return true;
}

static enum rc check_framing(struct gate_head *head, struct err *err)
{
	const char *length = gate_header(head, "content-length");
	const char *expect = gate_header(head, "expect");

	if (gate_header(head, "transfer-encoding"))
		return refuse(head, err, 400,
			      length ? "both content-length and "
				       "transfer-encoding are given"
				     : "send a content-length; "
				       "transfer-encoding is not accepted");
	if (length && !read_length(length, &head->content_length))
		return refuse(head, err, 400, "malformed content-length");
	if (expect && strcasecmp(expect, "100-continue") != 0)
		return refuse(head, err, 417, "unknown expectation");
	head->expects_continue = expect && head->minor == 1;
	return RC_OK;
}

static enum rc check_host(struct gate_head *head, struct err *err)
{
	const char *host = gate_header(head, "host");
	const char *p = host;

	if (!host)
		return head->minor == 0
			       ? RC_OK
			       : refuse(head, err, 400, "no host header");
	while (*p && (is_token_char(*p) || strchr(":[]", *p)))
		p++;
	if (p == host || *p)
		return refuse(head, err, 400, "malformed host header");
	return RC_OK;
}

static enum rc check_request_line(struct gate_head *head,
				  const struct gate_input *in, struct err *err)
{
	if (!is_token(head->method))
		return refuse(head, err, 400, "malformed method");
	if (strcmp(in->version, "1.1") != 0 && strcmp(in->version, "1.0") != 0)
		return refuse(head, err, 505, "only HTTP/1.1 is spoken here");
	head->minor = in->version[2] - '0';
	return gate_uri(head, in, err);
}

static enum rc check_method(struct gate_head *head, struct err *err)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		if (strcmp(head->method, methods[i]) == 0)
			return RC_OK;
	head->status = 405;
	return err_set(err, RC_DENIED, "method '%.20s' is not served here",
		       head->method);
}

enum rc gate_check(struct gate_head *head, const struct gate_input *in,
		   struct err *err)
{
	enum rc rc;

	head->method = in->method;
	head->path = head->query = "";
	head->minor = 1;
	head->headers = in->headers;
	head->nheaders = in->nheaders;
	head->content_length = -1;
	head->expects_continue = false;
	head->status = 400;
	if (in->nheaders > GATE_HEADERS_MAX)
		return refuse(head, err, 431, "too many header lines");
	rc = check_request_line(head, in, err);
	if (rc == RC_OK)
		rc = check_headers(head, err);
	if (rc == RC_OK)
		rc = check_framing(head, err);
	if (rc == RC_OK)
		rc = check_host(head, err);
	if (rc == RC_OK)
		rc = check_method(head, err);
	return rc;
}

const char *gate_header(const struct gate_head *head, const char *name)
{
	for (size_t i = 0; i < head->nheaders; i++)
		if (strcasecmp(head->headers[i].name, name) == 0)
			return head->headers[i].value;
	return NULL;
}
