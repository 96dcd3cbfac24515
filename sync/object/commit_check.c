#include "object/commit_check.h"

#include <string.h>

#include "base/hex.h"

/* The largest integer that every JSON reader keeps exact: times and counts are
 * shown by other programs, too. */
#define NUMBER_MAX INT64_C(9007199254740991)

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define WORD_MAX 64

static bool is_hex(const char *s, size_t least, size_t most)
{
	size_t n = strspn(s, DIGITS "abcdef");

	return s[n] == '\0' && n >= least && n <= most;
}

static bool is_word(const char *s)
{
	size_t n = strspn(s, LOWER DIGITS "_");

	return s[n] == '\0' && n >= 1 && n <= WORD_MAX && strchr(LOWER, s[0]);
}

/* kind/id */
static bool is_path(const char *s)
{
	const char *slash = strchr(s, '/');
	char kind[32];

	if (!slash || (size_t)(slash - s) >= sizeof kind)
		return false;
	memcpy(kind, s, (size_t)(slash - s));
	kind[slash - s] = '\0';
	return name_is_field(kind) && name_is_id(slash + 1);
}

static bool is_number(int64_t v)
{
	return v >= 0 && v <= NUMBER_MAX;
}

/* No C0 and C1 controls, no DEL. */
static bool is_one_line(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			return false;
		/* U+0080 to U+009F are C2 80 to C2 9F */
		if (c == 0xc2 && (unsigned char)s[1] < 0xa0)
			return false;
	}
	return true;
}

enum rc commit_message_check(const char *s, struct err *err)
{
	size_t n = s ? strlen(s) : 0;

	if (!n)
		return err_set(err, RC_INVALID, "the message is empty");
	if (!utf8_is_valid(s, n))
		return err_set(err, RC_INVALID, "the message is not UTF-8");
	if (n > COMMIT_MESSAGE_MAX)
		return err_set(err, RC_INVALID,
			       "the message is %zu bytes long, at most %d are "
			       "allowed (a Chinese character has 3)",
			       n, COMMIT_MESSAGE_MAX);
	if (!is_one_line(s))
		return err_set(err, RC_INVALID,
			       "the message is more than one line, or has a "
			       "control character");
	return RC_OK;
}

static enum rc bad(struct err *err, const char *part, const char *value)
{
	return err_set(err, RC_INVALID, "commit has a bad %s '%.80s'", part,
		       value ? value : "");
}

/* A text that must be there and keep a rule. */
struct part {
	const char *name;
	const char *value;
	bool (*is_good)(const char *s);
};

static enum rc parts_check(const struct part *parts, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!parts[i].value || !parts[i].is_good(parts[i].value))
			return bad(err, parts[i].name, parts[i].value);
	return RC_OK;
}

static bool is_journal(const char *s)
{
	return is_hex(s, 20, 20) || strcmp(s, "office") == 0;
}

static bool is_boot(const char *s)
{
	return is_hex(s, 1, 32);
}

static bool is_epoch(const char *s)
{
	return is_hex(s, 16, 16);
}

/* Which parts stand together. */
static enum rc packet_shape_check(const struct packet_commit *c,
				  struct err *err)
{
	bool is_office = strcmp(c->journal, "office") == 0;

	if (c->format < 1 || c->format > PACKET_FORMAT)
		return bad(err, "format", "");
	if (c->sequence < 1 || c->sequence > NUMBER_MAX)
		return bad(err, "sequence", "");
	if (c->has_parent != (c->sequence > 1))
		return err_set(
			err, RC_INVALID,
			c->has_parent
				? "the first packet of a journal has a parent"
				: "a later packet of a journal has no parent");
	if (c->has_supersedes && c->sequence != 1)
		return err_set(err, RC_INVALID,
			       "only the first packet of a journal supersedes");
	if (is_office != (strcmp(c->terminal, "server") == 0))
		return err_set(
			err, RC_INVALID,
			"journal 'office' and terminal 'server' go together");
	if (c->operation && !is_office)
		return err_set(err, RC_INVALID,
			       "only journal 'office' has operations");
	if (c->operation && !is_word(c->operation))
		return bad(err, "operation", c->operation);
	return RC_OK;
}

enum rc packet_commit_check(const struct packet_commit *c, struct err *err)
{
	const struct part parts[] = {
		{ "author", c->author, name_is_id },
		{ "terminal", c->terminal, name_is_id },
		{ "scope", c->scope, name_is_scope },
		{ "journal", c->journal, is_journal },
		{ "boot id", c->boot, is_boot },
	};
	enum rc rc = parts_check(parts, sizeof parts / sizeof *parts, err);

	if (rc == RC_OK)
		rc = commit_message_check(c->message, err);
	if (rc != RC_OK)
		return rc;
	if (!is_number(c->seconds) || !is_number(c->wall_ms) ||
	    !is_number(c->monotonic_ms) || !is_number(c->anchor_ms))
		return err_set(err, RC_INVALID,
			       "commit has a time out of range");
	return packet_shape_check(c, err);
}

enum rc main_commit_check(const struct main_commit *c, struct err *err)
{
	const struct part parts[] = {
		{ "scope", c->scope, name_is_scope },
		{ "epoch", c->epoch, is_epoch },
	};
	enum rc rc = parts_check(parts, sizeof parts / sizeof *parts, err);

	if (rc != RC_OK)
		return rc;
	if (!is_number(c->seconds) || !is_number(c->time_ms))
		return err_set(err, RC_INVALID,
			       "commit has a time out of range");
	if (!is_number(c->position))
		return bad(err, "position", "");
	for (size_t i = 0; i < c->nquarantined; i++) {
		const struct part line[] = {
			{ "path", c->quarantined[i].path, is_path },
			{ "code", c->quarantined[i].code, is_word },
		};

		rc = parts_check(line, 2, err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}
