/* fuzz_gate.c - the head of an HTTP request: a request line and header lines,
 * each ended by LF. What passes has one meaning. */
#include "fuzz.h"

#include "http/accept.h"
#include "http/forwarded.h"
#include "http/gate.h"
#include "http/http.h"
#include "http/range.h"

#define LINES_MAX 80

/* Cut at the byte; answers what is behind it, or "" at the end. */
static char *cut(char *text, char at)
{
	char *end = strchr(text, at);

	if (!end)
		return text + strlen(text);
	*end = '\0';
	return end + 1;
}

static void path_check(const char *path)
{
	FUZZ_HOLDS(path[0] == '/');
	FUZZ_HOLDS(!strstr(path, "/../") && !strstr(path, "//"));
	FUZZ_HOLDS(!strstr(path, "/./"));
	for (const char *p = path; *p; p++)
		FUZZ_HOLDS((unsigned char)*p >= 0x20 && *p != 0x7f);
}

static void head_check(const struct gate_head *head)
{
	const char *length = gate_header(head, "content-length");

	path_check(head->path);
	FUZZ_HOLDS(head->query && head->content_length >= -1);
	FUZZ_HOLDS(head->minor == 0 || head->minor == 1);
	FUZZ_HOLDS((head->content_length >= 0) == (length != NULL));
	FUZZ_HOLDS(!gate_header(head, "transfer-encoding"));
	FUZZ_HOLDS(head->nheaders <= GATE_HEADERS_MAX);
}

static void range_feed(const struct gate_head *head)
{
	int64_t from, count;
	enum range_kind kind = range_pick(gate_header(head, "range"),
					  gate_header(head, "if-range"), "e",
					  1000, &from, &count);

	FUZZ_HOLDS(from >= 0 && count >= 0 && from + count <= 1000);
	FUZZ_HOLDS(kind != RANGE_PART || count > 0);
	http_etag_matches(gate_header(head, "if-none-match"), "e", true);
	http_etag_matches(gate_header(head, "if-match"), "e", false);
}

static void choices_feed(const struct gate_head *head)
{
	struct forwarded again, forwarded = { "" };
	struct gate_header header = { "x-forwarded-for", forwarded.text };
	const struct gate_head said = { .headers = &header, .nheaders = 1 };
	struct err err = { 0 };

	accept_gzip(gate_header(head, "accept-encoding"));
	if (forwarded_read(&forwarded, head, &err) != RC_OK)
		FUZZ_HOLDS(err.text[0] && !forwarded.text[0]);
	if (!forwarded.text[0])
		return;
	/* An address has one form. */
	FUZZ_HOLDS(forwarded_read(&again, &said, &err) == RC_OK);
	FUZZ_HOLDS(strcmp(again.text, forwarded.text) == 0);
}

static void head_feed(char *text)
{
	struct gate_header headers[LINES_MAX];
	struct gate_input in = { .headers = headers };
	struct gate_head head = { 0 };
	struct err err = { 0 };
	char *path, *next = cut(text, '\n');

	in.method = text;
	path = cut(text, ' ');
	in.version = cut(path, ' ');
	in.path = path;
	if (strchr(path, '?'))
		in.query = cut(path, '?');
	while (*next && in.nheaders < LINES_MAX) {
		char *line = next;

		next = cut(line, '\n');
		headers[in.nheaders].name = line;
		headers[in.nheaders++].value = cut(line, ':');
	}
	if (gate_check(&head, &in, &err) == RC_OK)
		head_check(&head);
	else
		FUZZ_HOLDS(head.status >= 400 && head.status < 600 &&
			   err.text[0]);
	range_feed(&head);
	choices_feed(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	head_feed(text);
	free(text);
	return 0;
}
