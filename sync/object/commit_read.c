#include "object/commit.h"

#include <inttypes.h>
#include <string.h>

#include "base/hex.h"
#include "object/commit_text.h"
#include "object/sshsig.h"

/* A reader takes the commit apart from front to back and trusts nothing that it
 * found: what decides is that the same bytes come out when the parts are
 * written again. So it may be lenient (a number may have zeros in front, a name
 * may be any text), and no deviation can hide in a place that it forgot. */

struct scan {
	const char *at;
	const char *end;
	struct arena *mem;
	bool failed; /* something expected was not there */
	bool is_full; /* the arena's limit was reached */
};

/* Steps over `text` if it is next. */
static bool scan_if(struct scan *s, const char *text)
{
	size_t n = strlen(text);

	if (s->failed || (size_t)(s->end - s->at) < n ||
	    memcmp(s->at, text, n) != 0)
		return false;
	s->at += n;
	return true;
}

static void scan_past(struct scan *s, const char *text)
{
	if (!scan_if(s, text))
		s->failed = true;
}

/* What stands before the next `stop`, which is stepped over. */
static const char *scan_until(struct scan *s, char stop, size_t *n)
{
	const char *from = s->at;
	const char *to = NULL;

	if (!s->failed)
		to = memchr(from, stop, (size_t)(s->end - from));
	if (!to) {
		s->failed = true;
		*n = 0;
		return "";
	}
	s->at = to + 1;
	*n = (size_t)(to - from);
	return from;
}

static void *scan_alloc(struct scan *s, size_t n)
{
	void *p = s->failed ? NULL : arena_alloc(s->mem, n);

	if (!p && !s->failed)
		s->failed = s->is_full = true;
	return p;
}

static const char *scan_text(struct scan *s, char stop)
{
	size_t n;
	const char *from = scan_until(s, stop, &n);
	char *copy = scan_alloc(s, n + 1);

	if (copy)
		memcpy(copy, from, n);
	return copy;
}

static int64_t scan_int(struct scan *s, char stop)
{
	size_t n;
	const char *p = scan_until(s, stop, &n);
	int64_t v = 0;

	if (n < 1 || n > 18)
		s->failed = true;
	for (size_t i = 0; i < n && !s->failed; i++) {
		if (p[i] < '0' || p[i] > '9')
			s->failed = true;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

static void scan_oid(struct scan *s, struct oid *oid, char stop)
{
	size_t n;
	const char *p = scan_until(s, stop, &n);

	if (!oid_parse(oid, p, n))
		s->failed = true;
}

static bool scan_oid_if(struct scan *s, const char *name, struct oid *oid)
{
	if (!scan_if(s, name))
		return false;
	scan_oid(s, oid, '\n');
	return true;
}

/* How many of the next lines begin with `name`. */
static size_t scan_count(const struct scan *s, const char *name)
{
	struct scan ahead = *s;
	size_t count = 0, n;

	while (scan_if(&ahead, name)) {
		scan_until(&ahead, '\n', &n);
		count++;
	}
	return count;
}

static struct oid *scan_oids(struct scan *s, const char *name, size_t *count)
{
	struct oid *list;

	*count = scan_count(s, name);
	list = scan_alloc(s, *count * sizeof *list + 1);
	for (size_t i = 0; list && i < *count; i++)
		scan_oid_if(s, name, &list[i]);
	return list;
}

/* The gpgsig header, if it is next, as the armour that it holds. */
static void scan_signature(struct scan *s, struct buf *armour)
{
	const char *line;
	size_t n;

	scan_past(s, "gpgsig");
	while (scan_if(s, " ")) {
		line = scan_until(s, '\n', &n);
		buf_put(armour, line, n);
		buf_byte(armour, '\n');
	}
	if (armour->rc != RC_OK)
		s->failed = s->is_full = true;
}

/* The author, once; the committer must be the same, which writing shows. */
static void scan_identity(struct scan *s, const char **who, const char **where,
			  int64_t *seconds)
{
	size_t n;

	scan_past(s, "author ");
	*who = scan_text(s, ' ');
	scan_until(s, '@', &n);
	*where = scan_text(s, '>');
	scan_past(s, " ");
	*seconds = scan_int(s, ' ');
	scan_past(s, "+0000\ncommitter ");
	scan_until(s, '\n', &n);
}

static void scan_seal(struct scan *s, unsigned char content[32])
{
	size_t n;
	const char *hex;

	scan_past(s, "Content-SHA256: ");
	hex = scan_until(s, '\n', &n);
	if (n != 64 || !hex_decode(content, 32, hex, n))
		s->failed = true;
	scan_past(s, "Alg: ed25519\n");
	if (s->at != s->end)
		s->failed = true;
}

static void packet_scan(struct scan *s, struct packet_commit *c,
			struct buf *armour)
{
	const char *where;

	scan_past(s, "tree ");
	scan_oid(s, &c->tree, '\n');
	c->has_parent = scan_oid_if(s, "parent ", &c->parent);
	scan_identity(s, &c->author, &where, &c->seconds);
	scan_signature(s, armour);
	scan_past(s, "\n");
	c->message = scan_text(s, '\n');
	scan_past(s, "\nFormat: ");
	c->format = (int)scan_int(s, '\n');
	scan_past(s, "Scope: ");
	c->scope = scan_text(s, '\n');
	scan_past(s, "Journal: ");
	c->journal = scan_text(s, '\n');
	scan_past(s, "Sequence: ");
	c->sequence = scan_int(s, '\n');
	c->has_base = scan_oid_if(s, "Base: ", &c->base);
	c->has_supersedes = scan_oid_if(s, "Supersedes: ", &c->supersedes);
	scan_past(s, "Terminal: ");
	c->terminal = scan_text(s, '\n');
	if (scan_if(s, "Operation: "))
		c->operation = scan_text(s, '\n');
	scan_past(s, "Wall: ");
	c->wall_ms = scan_int(s, '\n');
	scan_past(s, "Monotonic: ");
	c->monotonic_ms = scan_int(s, '\n');
	scan_past(s, "Boot: ");
	c->boot = scan_text(s, '\n');
	scan_past(s, "Anchor: ");
	c->anchor_ms = scan_int(s, '\n');
	scan_seal(s, c->content);
}

static void main_scan(struct scan *s, struct main_commit *c, struct buf *armour)
{
	const char *who, *where;
	size_t n;

	scan_past(s, "tree ");
	scan_oid(s, &c->tree, '\n');
	c->parents = scan_oids(s, "parent ", &c->nparents);
	scan_identity(s, &who, &where, &c->seconds);
	scan_signature(s, armour);
	scan_past(s, "\n");
	scan_until(s, '\n', &n);
	scan_past(s, "\nFormat: 1\nScope: ");
	c->scope = scan_text(s, '\n');
	scan_past(s, "Epoch: ");
	c->epoch = scan_text(s, '\n');
	scan_past(s, "Position: ");
	c->position = scan_int(s, '\n');
	scan_past(s, "Time: ");
	c->time_ms = scan_int(s, '\n');
	c->merged = scan_oids(s, "Merged: ", &c->nmerged);
	c->nquarantined = scan_count(s, "Quarantined: ");
	c->quarantined =
		scan_alloc(s, c->nquarantined * sizeof *c->quarantined + 1);
	for (size_t i = 0; c->quarantined && i < c->nquarantined; i++) {
		scan_past(s, "Quarantined: ");
		scan_oid(s, &c->quarantined[i].packet, ' ');
		c->quarantined[i].path = scan_text(s, ' ');
		c->quarantined[i].code = scan_text(s, '\n');
	}
	scan_seal(s, c->content);
}

/* A later format may move anything but this: its number is the first trailer,
 * the first line of that name behind the headers. */
static enum rc format_check(const char *bytes, size_t n, int known,
			    struct err *err)
{
	struct scan s = { .at = bytes, .end = bytes + n };
	size_t line_bytes;
	int64_t format;

	do {
		scan_until(&s, '\n', &line_bytes);
	} while (!s.failed && line_bytes > 0);
	while (!s.failed && !scan_if(&s, "Format: "))
		scan_until(&s, '\n', &line_bytes);
	format = scan_int(&s, '\n');
	if (!s.failed && format > known)
		return err_set(err, RC_INVALID,
			       "format %" PRId64 " is newer than this program, "
			       "which knows format %d",
			       format, known);
	return RC_OK;
}

/* What both readers do with what they found: `again` is the commit as its parts
 * give it, or the reason why they give none. */
static enum rc finish(const struct scan *s, enum rc again_rc,
		      const struct buf *again, const struct err *why,
		      const char *bytes, size_t n, struct err *err)
{
	if (s->is_full || again_rc == RC_NOMEM)
		return err_set(err, RC_NOMEM, "no room to read a commit");
	if (s->failed)
		return err_set(err, RC_CORRUPT,
			       "not a commit in its one form, from byte %zu on",
			       n - (size_t)(s->end - s->at));
	if (again_rc != RC_OK)
		return err_set(err, RC_CORRUPT, "%s", why->text);
	if (again->len != n || memcmp(again->data, bytes, n) != 0)
		return err_set(err, RC_CORRUPT, "not a commit in its one form");
	return RC_OK;
}

enum rc packet_commit_read(struct packet_commit *c, struct oid *oid,
			   const char *bytes, size_t n, struct arena *mem,
			   struct err *err)
{
	struct scan s = { .at = bytes, .end = bytes + n, .mem = mem };
	unsigned char signer[SIGN_PUBLIC_BYTES];
	struct err why = { RC_OK, "" };
	struct buf armour, again;
	enum rc rc = format_check(bytes, n, PACKET_FORMAT, err);

	if (rc != RC_OK)
		return rc;
	memset(c, 0, sizeof *c);
	buf_init(&armour, n);
	buf_init(&again, n + 1);
	packet_scan(&s, c, &armour);
	if (!s.failed)
		rc = sshsig_key(signer, armour.data, armour.len, &why);
	if (!s.failed && rc == RC_OK)
		rc = packet_commit_text(&again, c, armour.data, armour.len,
					&why);
	rc = finish(&s, rc, &again, &why, bytes, n, err);
	if (rc == RC_OK)
		rc = oid_of(oid, OBJECT_COMMIT, bytes, n, err);
	buf_release(&again);
	buf_release(&armour);
	return rc;
}

enum rc main_commit_read(struct main_commit *c, struct oid *oid,
			 const char *bytes, size_t n, struct arena *mem,
			 struct err *err)
{
	struct scan s = { .at = bytes, .end = bytes + n, .mem = mem };
	unsigned char signer[SIGN_PUBLIC_BYTES];
	struct err why = { RC_OK, "" };
	struct buf armour, again;
	enum rc rc = format_check(bytes, n, COMMIT_FORMAT, err);

	if (rc != RC_OK)
		return rc;
	memset(c, 0, sizeof *c);
	buf_init(&armour, n);
	buf_init(&again, n + 1);
	main_scan(&s, c, &armour);
	if (!s.failed)
		rc = sshsig_key(signer, armour.data, armour.len, &why);
	if (!s.failed && rc == RC_OK)
		rc = main_commit_text(&again, c, armour.data, armour.len, &why);
	rc = finish(&s, rc, &again, &why, bytes, n, err);
	if (rc == RC_OK)
		rc = oid_of(oid, OBJECT_COMMIT, bytes, n, err);
	buf_release(&again);
	buf_release(&armour);
	return rc;
}
