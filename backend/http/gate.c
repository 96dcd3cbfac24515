#include "http/gate.h"

#include <string.h>
#include <strings.h>

/* A head, as bytes:
 *
 *   method SP target SP "HTTP/1." digit CR LF
 *   *( name ":" OWS value OWS CR LF )
 *   CR LF
 *
 * with one space where SP stands, printable ASCII everywhere else, OWS of
 * spaces only, and nothing folded. */

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE" };

/* Headers that steer what we do. Two of them would let a proxy in front follow
 * the one and us the other. Names that end in '-' stand for all with that
 * beginning. */
static const char *const single_headers[] = {
	"content-length", "content-digest", "content-type",  "host",
	"authorization",  "range",	    "if-range",	     "expect",
	"cookie",	  "hufu-",	    "idempotency-key"
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

long gate_find_end(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\r') {
			if (i + 1 < n && bytes[i + 1] != '\n')
				return -1;
		} else if (c == '\n') {
			if (i == 0 || bytes[i - 1] != '\r')
				return -1;
			/* An empty line before a request line would be skipped
			 * by CivetWeb, which then measures wrongly. */
			if (i == 1)
				return -1;
			if (i >= 3 && bytes[i - 2] == '\n')
				return (long)i + 1;
		} else if (c < 0x20 || c > 0x7e) {
			return -1;
		}
	}
	return 0;
}

static enum rc refuse(struct gate_head *head, struct err *err, int status,
		      const char *why)
{
	head->status = status;
	return err_set(err, RC_INVALID, "%s", why);
}

/* The line that starts at *at, ended by a NUL; *at moves to the next one. Lines
 * end in CRLF because gate_find_end saw no other CR or LF. */
static char *next_line(char **at)
{
	char *line = *at;
	char *cr = strchr(line, '\r');

	*cr = '\0';
	*at = cr + 2;
	return line;
}

static enum rc read_request_line(struct gate_head *head, char *line,
				 struct err *err)
{
	char *uri = strchr(line, ' ');
	char *version = uri ? strchr(uri + 1, ' ') : NULL;

	if (!version)
		return refuse(head, err, 400, "malformed request line");
	*uri++ = '\0';
	*version++ = '\0';
	head->method = line;
	if (!is_token(line))
		return refuse(head, err, 400, "malformed request line");
	if (strncmp(version, "HTTP/", 5) != 0)
		return refuse(head, err, 400, "malformed request line");
	if (strcmp(version, "HTTP/1.1") != 0 &&
	    strcmp(version, "HTTP/1.0") != 0)
		return refuse(head, err, 505, "only HTTP/1.1 is spoken here");
	head->minor = version[7] - '0';
	return gate_uri(head, uri, err);
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

static enum rc read_header(struct gate_head *head, char *line, struct err *err)
{
	char *colon = strchr(line, ':');
	char *value, *end;

	if (!colon)
		return refuse(head, err, 400, "malformed header line");
	*colon = '\0';
	/* Also catches a folded line and a space before the colon. */
	if (!is_token(line))
		return refuse(head, err, 400, "malformed header name");
	if (head->nheaders == GATE_HEADERS_MAX)
		return refuse(head, err, 431, "too many header lines");
	if (is_single(line) && gate_header(head, line)) {
		head->status = 400;
		return err_set(err, RC_INVALID, "header '%s' is given twice",
			       line);
	}
	value = colon + 1 + strspn(colon + 1, " ");
	end = value + strlen(value);
	while (end > value && end[-1] == ' ')
		end--;
	*end = '\0';
	head->headers[head->nheaders++] =
		(struct gate_header){ .name = line, .value = value };
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
				       "transfer-encoding are given" :
				       "send a content-length; "
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
		return head->minor == 0 ?
			       RC_OK :
			       refuse(head, err, 400, "no host header");
	while (*p && (is_token_char(*p) || strchr(":[]", *p)))
		p++;
	if (p == host || *p)
		return refuse(head, err, 400, "malformed host header");
	return RC_OK;
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

enum rc gate_check(struct gate_head *head, const char *bytes, size_t n,
		   struct err *err)
{
	enum rc rc;
	char *at = head->text;

	head->method = head->path = head->query = "";
	head->minor = 1;
	head->nheaders = 0;
	head->content_length = -1;
	head->expects_continue = false;
	head->status = 400;
	if (n > GATE_HEAD_MAX)
		return refuse(head, err, 431, "the header lines are too long");
	if (gate_find_end(bytes, n) != (long)n || n == 0)
		return refuse(head, err, 400, "malformed header lines");
	memmove(head->text, bytes, n);
	head->text[n] = '\0';

	rc = read_request_line(head, next_line(&at), err);
	while (rc == RC_OK && *at != '\r')
		rc = read_header(head, next_line(&at), err);
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
