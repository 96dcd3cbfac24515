/* fuzz_lines.c - a deflated stream of lines, as answers and snapshots are. The
 * first byte says how large the pieces are. */
#include "fuzz.h"

#include "base/deflate.h"

#define LINE_MAX_BYTES 4096
#define TEXT_MAX ((size_t)1 << 22)

static enum rc gather(void *ctx, char *line, size_t n, struct err *err)
{
	struct buf *out = ctx;

	FUZZ_HOLDS(line[n] == '\0' && n <= LINE_MAX_BYTES);
	buf_put(out, line, n);
	buf_byte(out, '\n');
	return buf_status(out, err);
}

static enum rc feed(const uint8_t *data, size_t n, size_t piece,
		    struct buf *lines, struct err *err)
{
	struct line_inflater *d =
		line_inflater_new(LINE_MAX_BYTES, gather, lines);
	enum rc rc = RC_OK;

	FUZZ_HOLDS(d);
	for (size_t at = 0; at < n && rc == RC_OK; at += piece)
		rc = line_inflater_feed(d, data + at,
					n - at < piece ? n - at : piece, err);
	if (rc == RC_OK)
		rc = line_inflater_end(d, err);
	line_inflater_free(d);
	return rc;
}

/* How the stream is cut into pieces changes nothing. */
static void pieces_compare(const uint8_t *data, size_t n, size_t piece)
{
	struct err e1 = { 0 }, e2 = { 0 };
	struct buf a, b;
	enum rc rc;

	buf_init(&a, TEXT_MAX);
	buf_init(&b, TEXT_MAX);
	rc = feed(data, n, n ? n : 1, &a, &e1);
	/* The ratio is held against what was fed so far. */
	if (feed(data, n, piece, &b, &e2) == RC_OK || rc == RC_OK)
		FUZZ_HOLDS(rc == RC_NOMEM || e2.code == RC_NOMEM ||
			   (rc == e2.code && a.len == b.len &&
			    (!a.len || !memcmp(a.data, b.data, a.len))));
	buf_release(&a);
	buf_release(&b);
}

/* What was deflated comes back, if it is lines. */
static void round_trip(const uint8_t *data, size_t n, size_t piece)
{
	struct err err = { 0 };
	struct buf body, lines;

	buf_init(&body, TEXT_MAX);
	buf_init(&lines, TEXT_MAX);
	FUZZ_HOLDS(deflate_all(&body, data, n, 6, &err) == RC_OK);
	if (feed((const uint8_t *)body.data, body.len, piece, &lines, &err) ==
	    RC_OK) {
		FUZZ_HOLDS(lines.len == n);
		FUZZ_HOLDS(n == 0 || !memcmp(lines.data, data, n));
	} else {
		FUZZ_HOLDS(err.code != RC_OK && err.text[0]);
		FUZZ_HOLDS(err.code == RC_NOMEM || data[n - 1] != '\n');
	}
	buf_release(&body);
	buf_release(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece;

	if (size == 0)
		return 0;
	piece = data[0] ? data[0] : 1;
	pieces_compare(data + 1, size - 1, piece);
	round_trip(data + 1, size - 1, piece);
	return 0;
}
