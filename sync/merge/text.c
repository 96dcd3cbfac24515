/* merge/text.c - three texts are cut into lines, each side is matched with the
 * base, and what lies between two lines that all three share is one piece:
 *
 *   base       a b c d e        a | b | c d | e
 *   terminal   a B c d e        a | B | c d | e       a B c d E
 *   server     a b c d E        a | b | c d | E
 *
 * A piece that one side left alone is the other's. Where both changed it apart
 * nobody can say in which order their words belong: a person decides about the
 * whole text. */
#include "merge/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/jcs.h"

/* Of a side and the base, without what both begin and end with: the table of
 * matches has the square of it. */
#define LINES_MAX 1000
#define NO_LINE SIZE_MAX

struct line {
	const char *at;
	size_t n;
};

/* An absent text has no line, an empty one has one that is empty. */
struct lines {
	struct line *line; /* owned */
	size_t n;
};

static bool cut(struct lines *out, const json_t *text)
{
	const char *at = json_string_value(text);

	out->n = 0;
	out->line = NULL;
	if (!at)
		return true;
	for (const char *c = at; *c; c++)
		out->n += *c == '\n';
	out->line = calloc(++out->n, sizeof(*out->line));
	if (!out->line)
		return false;
	for (size_t i = 0; i < out->n; i++) {
		const char *end = strchr(at, '\n');

		out->line[i].at = at;
		out->line[i].n = end ? (size_t)(end - at) : strlen(at);
		at = end ? end + 1 : at;
	}
	return true;
}

static bool same(const struct lines *a, size_t i, const struct lines *b,
		 size_t j)
{
	return a->line[i].n == b->line[j].n &&
	       memcmp(a->line[i].at, b->line[j].at, a->line[i].n) == 0;
}

/* The longest common subsequence of base[head, head + n) and side[head, head +
 * m): most[i][j] of their ends from i and j on. Where both ways are as long,
 * the base's line is the one that is gone. */
static bool match_middle(const struct lines *base, const struct lines *side,
			 size_t head, size_t n, size_t m, size_t *to)
{
	uint16_t *most = calloc((n + 1) * (m + 1), sizeof(*most));
	size_t i, j, w = m + 1;

	if (!most)
		return false;
	for (i = n; i-- > 0;)
		for (j = m; j-- > 0;) {
			uint16_t *here = &most[i * w + j];

			if (same(base, head + i, side, head + j))
				*here = (uint16_t)(here[w + 1] + 1);
			else
				*here = here[w] >= here[1] ? here[w] : here[1];
		}
	for (i = 0, j = 0; i < n && j < m;) {
		if (same(base, head + i, side, head + j)) {
			to[head + i++] = head + j;
			j++;
		} else if (most[(i + 1) * w + j] >= most[i * w + j + 1]) {
			i++;
		} else {
			j++;
		}
	}
	free(most);
	return true;
}

/* The side's line for each of the base's, or NO_LINE. */
static enum verdict match(const struct lines *base, const struct lines *side,
			  size_t *to)
{
	size_t head = 0, tail = 0, n = base->n, m = side->n;

	for (size_t i = 0; i < n; i++)
		to[i] = NO_LINE;
	while (head < n && head < m && same(base, head, side, head)) {
		to[head] = head;
		head++;
	}
	while (tail < n - head && tail < m - head &&
	       same(base, n - 1 - tail, side, m - 1 - tail)) {
		to[n - 1 - tail] = m - 1 - tail;
		tail++;
	}
	n -= head + tail;
	m -= head + tail;
	if (n > LINES_MAX || m > LINES_MAX)
		return VERDICT_CONFLICT;
	return match_middle(base, side, head, n, m, to) ? VERDICT_STANDS
							: VERDICT_NOMEM;
}

/* Lines [from, to) of a text. */
struct piece {
	const struct lines *of;
	size_t from, to;
};

static bool piece_same(const struct piece *a, const struct piece *b)
{
	if (a->to - a->from != b->to - b->from)
		return false;
	for (size_t i = 0; i < a->to - a->from; i++)
		if (!same(a->of, a->from + i, b->of, b->from + i))
			return false;
	return true;
}

static void piece_put(struct buf *out, bool *begun, const struct piece *p)
{
	for (size_t i = p->from; i < p->to; i++) {
		if (*begun)
			buf_put(out, "\n", 1);
		*begun = true;
		buf_put(out, p->of->line[i].at, p->of->line[i].n);
	}
}

struct join {
	struct lines base, terminal, server;
	size_t *to_terminal, *to_server; /* by line of the base; owned */
};

/* Piece by piece; false where both sides changed one apart. */
static bool join_write(const struct join *j, struct buf *out)
{
	struct piece b = { &j->base, 0, 0 }, t = { &j->terminal, 0, 0 };
	struct piece s = { &j->server, 0, 0 };
	bool begun = false;

	for (;;) {
		const struct piece *one = &t;

		while (b.to < j->base.n && (j->to_terminal[b.to] == NO_LINE ||
					    j->to_server[b.to] == NO_LINE))
			b.to++;
		t.to = b.to < j->base.n ? j->to_terminal[b.to] : j->terminal.n;
		s.to = b.to < j->base.n ? j->to_server[b.to] : j->server.n;
		if (piece_same(&t, &b))
			one = &s;
		else if (!piece_same(&s, &b) && !piece_same(&s, &t))
			return false;
		piece_put(out, &begun, one);
		if (b.to == j->base.n)
			return true;
		/* The line that all three share. */
		b.from = b.to++;
		piece_put(out, &begun, &b);
		b.from = b.to;
		t.from = ++t.to;
		s.from = ++s.to;
	}
}

static enum verdict join_all(struct join *j, struct buf *out)
{
	size_t room = j->base.n + 1;
	enum verdict v;

	j->to_terminal = calloc(room, sizeof(*j->to_terminal));
	j->to_server = calloc(room, sizeof(*j->to_server));
	if (!j->to_terminal || !j->to_server)
		return VERDICT_NOMEM;
	v = match(&j->base, &j->terminal, j->to_terminal);
	if (v == VERDICT_STANDS)
		v = match(&j->base, &j->server, j->to_server);
	if (v == VERDICT_STANDS && !join_write(j, out))
		v = VERDICT_CONFLICT;
	return v;
}

/* The three joined, as a new reference. */
static enum verdict join_texts(const json_t *base, const json_t *terminal,
			       const json_t *server, json_t **out)
{
	enum verdict v = VERDICT_NOMEM;
	struct err ignored = { 0 };
	struct join j = { 0 };
	struct buf text;

	*out = NULL;
	buf_init(&text, RECORD_BYTES_MAX);
	if (cut(&j.base, base) && cut(&j.terminal, terminal) &&
	    cut(&j.server, server))
		v = join_all(&j, &text);
	if (v == VERDICT_STANDS && buf_status(&text, &ignored) == RC_OK)
		*out = json_string(text.data ? text.data : "");
	if (v == VERDICT_STANDS && !*out)
		v = VERDICT_NOMEM;
	buf_release(&text);
	free(j.to_terminal);
	free(j.to_server);
	free(j.base.line);
	free(j.terminal.line);
	free(j.server.line);
	return v;
}

/* Lines that repeat may be matched in another way the next time: what is laid
 * against a side once more has to stay what it is. */
static enum verdict join_again(const json_t *base, const json_t *side,
			       const json_t *joined)
{
	json_t *again;
	enum verdict v = join_texts(base, side, joined, &again);

	if (v == VERDICT_STANDS && !json_equal(again, joined))
		v = VERDICT_CONFLICT;
	json_decref(again);
	return v;
}

static bool is_text(const json_t *value)
{
	return !value || json_is_string(value);
}

enum verdict text_merge(const struct field *f, const struct sides *s,
			json_t **stands)
{
	json_t *joined;
	enum verdict v;

	if (!is_text(s->base) || !is_text(s->terminal) || !is_text(s->server))
		return VERDICT_CONFLICT;
	v = join_texts(s->base, s->terminal, s->server, &joined);
	if (v == VERDICT_STANDS)
		v = join_again(s->base, s->terminal, joined);
	if (v == VERDICT_STANDS)
		v = join_again(s->base, s->server, joined);
	/* Together they may be longer than a text of this field may be. */
	if (v == VERDICT_STANDS && !field_takes(f, joined))
		v = VERDICT_CONFLICT;
	if (v == VERDICT_STANDS)
		*stands = json_incref(joined);
	json_decref(joined);
	return v;
}
