#include "object/commit.h"

#include <inttypes.h>
#include <string.h>

#include "base/hex.h"
#include "object/commit_check.h"
#include "object/commit_text.h"
#include "object/sshsig.h"

static void put_oid(struct buf *out, const char *name, const struct oid *oid)
{
	char hex[OID_HEX_SIZE];

	oid_hex(hex, oid);
	buf_printf(out, "%s %s\n", name, hex);
}

static void put_identity(struct buf *out, const char *role, const char *who,
			 const char *where, int64_t seconds)
{
	buf_printf(out, "%s %s <%s@%s> %" PRId64 " +0000\n", role, who, who,
		   where, seconds);
}

/* gpgsig: a header of many lines; every line after the first begins with a
 * space. */
static void put_signature(struct buf *out, const char *armour, size_t n)
{
	const char *line = armour;
	const char *end = armour + n;

	if (n == 0)
		return;
	buf_puts(out, "gpgsig");
	while (line < end) {
		const char *lf = memchr(line, '\n', (size_t)(end - line));
		const char *next = lf ? lf + 1 : end;

		buf_byte(out, ' ');
		buf_put(out, line, (size_t)(next - line));
		line = next;
	}
}

/* The last two trailers of either kind of commit. */
static void put_seal(struct buf *out, const unsigned char content[32])
{
	char hex[65];

	hex_encode(hex, content, 32);
	buf_printf(out, "Content-SHA256: %s\nAlg: ed25519\n", hex);
}

bool packet_is_marked(const struct packet_commit *c)
{
	return c->format >= 2 && c->sequence % 2 == 0;
}

enum rc packet_commit_text(struct buf *out, const struct packet_commit *c,
			   const char *armour, size_t armour_bytes,
			   struct err *err)
{
	enum rc rc = packet_commit_check(c, err);

	if (rc != RC_OK)
		return rc;
	put_oid(out, "tree", &c->tree);
	if (c->has_parent)
		put_oid(out, "parent", &c->parent);
	put_identity(out, "author", c->author, c->terminal, c->seconds);
	put_identity(out, "committer", c->author, c->terminal, c->seconds);
	put_signature(out, armour, armour_bytes);
	buf_printf(out, "\n%s\n\nFormat: %d\nScope: %s\nJournal: %s\n",
		   c->message, c->format, c->scope, c->journal);
	buf_printf(out, "Sequence: %" PRId64 "\n", c->sequence);
	if (c->has_base)
		put_oid(out, "Base:", &c->base);
	if (c->has_supersedes)
		put_oid(out, "Supersedes:", &c->supersedes);
	buf_printf(out, "Terminal: %s\n", c->terminal);
	if (c->operation)
		buf_printf(out, "Operation: %s\n", c->operation);
	buf_printf(out, "Wall: %" PRId64 "\nMonotonic: %" PRId64 "\n",
		   c->wall_ms, c->monotonic_ms);
	buf_printf(out, "Boot: %s\nAnchor: %" PRId64 "\n", c->boot,
		   c->anchor_ms);
	put_seal(out, c->content);
	return buf_status(out, err);
}

enum rc main_commit_text(struct buf *out, const struct main_commit *c,
			 const char *armour, size_t armour_bytes,
			 struct err *err)
{
	enum rc rc = main_commit_check(c, err);
	char hex[OID_HEX_SIZE];

	if (rc != RC_OK)
		return rc;
	put_oid(out, "tree", &c->tree);
	for (size_t i = 0; i < c->nparents; i++)
		put_oid(out, "parent", &c->parents[i]);
	put_identity(out, "author", "hufu", "server", c->seconds);
	put_identity(out, "committer", "hufu", "server", c->seconds);
	put_signature(out, armour, armour_bytes);
	buf_printf(out, "\n%s to position %" PRId64 "\n\nFormat: %d\n",
		   c->scope, c->position, COMMIT_FORMAT);
	buf_printf(out, "Scope: %s\nEpoch: %s\n", c->scope, c->epoch);
	buf_printf(out, "Position: %" PRId64 "\nTime: %" PRId64 "\n",
		   c->position, c->time_ms);
	for (size_t i = 0; i < c->nmerged; i++)
		put_oid(out, "Merged:", &c->merged[i]);
	for (size_t i = 0; i < c->nquarantined; i++) {
		oid_hex(hex, &c->quarantined[i].packet);
		buf_printf(out, "Quarantined: %s %s %s\n", hex,
			   c->quarantined[i].path, c->quarantined[i].code);
	}
	put_seal(out, c->content);
	return buf_status(out, err);
}

enum rc packet_commit_write(struct buf *out, struct oid *oid,
			    const struct packet_commit *c,
			    const struct sign_key *key, struct err *err)
{
	size_t start = out->len;
	struct buf text, armour;
	enum rc rc;

	buf_init(&text, out->limit_bytes);
	buf_init(&armour, 1024);
	rc = packet_commit_text(&text, c, NULL, 0, err);
	if (rc == RC_OK)
		rc = sshsig_sign(&armour, key, text.data, text.len, err);
	if (rc == RC_OK)
		rc = packet_commit_text(out, c, armour.data, armour.len, err);
	if (rc == RC_OK)
		rc = oid_of(oid, OBJECT_COMMIT, out->data + start,
			    out->len - start, err);
	buf_release(&armour);
	buf_release(&text);
	return rc;
}

enum rc main_commit_write(struct buf *out, struct oid *oid,
			  const struct main_commit *c,
			  const struct sign_key *key, struct err *err)
{
	size_t start = out->len;
	struct buf text, armour;
	enum rc rc;

	buf_init(&text, out->limit_bytes);
	buf_init(&armour, 1024);
	rc = main_commit_text(&text, c, NULL, 0, err);
	if (rc == RC_OK)
		rc = sshsig_sign(&armour, key, text.data, text.len, err);
	if (rc == RC_OK)
		rc = main_commit_text(out, c, armour.data, armour.len, err);
	if (rc == RC_OK)
		rc = oid_of(oid, OBJECT_COMMIT, out->data + start,
			    out->len - start, err);
	buf_release(&armour);
	buf_release(&text);
	return rc;
}
