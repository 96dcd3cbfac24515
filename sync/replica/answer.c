/* replica/answer.c - reading an answer line by line.
 *
 *   line 1      heads, roots, receipts: used only after line 2 vouched for it
 *   line 2      the server's signature over the request and line 1
 *   more lines  kept until all pages are here
 *
 * A cut answer keeps its receipts: what they say stays true. */
#include "replica/replica_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/jcs.h"
#include "sql_sync.gen.h"
#include "wire/message.h"

struct take {
	struct sync *s;
	bool pages;
	const unsigned char *digest;
	unsigned char server[SIGN_PUBLIC_BYTES];
	char *first; /* owned: line 1 until it is verified */
	size_t first_bytes;
	bool is_verified, is_ended;
	bool is_fatal; /* a failure that must not keep anything */
};

static enum rc fatal(struct take *t, enum rc rc)
{
	t->is_fatal |= rc != RC_OK;
	return rc;
}

static enum rc malformed(struct err *err, const char *what)
{
	return err_set(err, RC_CORRUPT, "the answer is malformed: %s", what);
}

static bool oid_member(const json_t *o, const char *key, struct oid *out)
{
	const char *hex = json_text(o, key);

	return hex && oid_parse(out, hex, strlen(hex));
}

static enum rc scope_take(struct take *t, const json_t *o, struct err *err)
{
	struct sync_scope *scope = sync_scope_of(t->s, json_text(o, "scope"));
	const char *error = json_text(o, "error");
	const json_t *receipt;
	size_t i;
	enum rc rc = RC_OK;

	if (!scope)
		return RC_OK;
	scope->is_answered = true;
	if (error)
		snprintf(scope->error, sizeof(scope->error), "%s", error);
	if (t->pages)
		return RC_OK;
	if (json_object_get(o, "head")) {
		scope->is_new = oid_member(o, "head", &scope->new_head) &&
				oid_member(o, "root", &scope->new_root);
		scope->new_position = json_int(o, "position", -1);
		if (!scope->is_new || scope->new_position < 0)
			return malformed(err, "a head without root");
	}
	json_array_foreach(json_object_get(o, "receipts"), i, receipt)
	{
		if (rc == RC_OK)
			rc = receipt_take(t->s, scope, receipt, err);
	}
	return rc;
}

/* A file took its time: what is known since is not taken back. */
static enum rc time_take(struct take *t, int64_t time_ms, struct err *err)
{
	int64_t anchor_ms, earliest_ms = 0;
	enum rc rc = t->s->is_carried ? anchor_get(t->s->r, &anchor_ms,
						   &earliest_ms, err)
				      : RC_OK;

	return rc == RC_OK && time_ms >= earliest_ms
		       ? anchor_put(t->s->r, time_ms, err)
		       : rc;
}

static enum rc head_take(struct take *t, struct err *err)
{
	const char *epoch;
	json_t *head = NULL;
	const json_t *o;
	size_t i;
	enum rc rc = json_read(t->first, t->first_bytes, &head, err);

	if (rc != RC_OK)
		return rc;
	epoch = json_text(head, "epoch");
	if (json_int(head, "format", 0) != WIRE_FORMAT)
		rc = err_set(err, RC_INVALID,
			     "the server is of a later version, and answers in "
			     "a format that is not known here: update this "
			     "program");
	else if (!epoch || strlen(epoch) >= sizeof(t->s->epoch))
		rc = malformed(err, "no epoch");
	else
		rc = time_take(t, json_int(head, "time", 0), err);
	if (rc == RC_OK)
		snprintf(t->s->epoch, sizeof(t->s->epoch), "%s", epoch);
	json_array_foreach(json_object_get(head, "scopes"), i, o)
	{
		if (rc == RC_OK)
			rc = scope_take(t, o, err);
	}
	if (rc == RC_OK)
		rc = wipe_order_take(t->s, json_object_get(head, "wipe"), err);
	json_decref(head);
	return rc;
}

enum rc answer_vouch(const char *line, size_t n,
		     const unsigned char server[SIGN_PUBLIC_BYTES],
		     const unsigned char digest[32], const char *first,
		     size_t first_bytes, struct err *err)
{
	json_t *o = NULL;
	enum rc rc = json_read(line, n, &o, err);

	if (rc == RC_OK && !answer_is_signed(json_text(o, "signature"), server,
					     digest, first, first_bytes))
		rc = err_set(err, RC_CORRUPT,
			     "the answer is not signed by this replica's "
			     "server");
	json_decref(o);
	return rc;
}

static enum rc signature_take(struct take *t, const char *line, size_t n,
			      struct err *err)
{
	enum rc rc = answer_vouch(line, n, t->server, t->digest, t->first,
				  t->first_bytes, err);

	if (rc == RC_OK)
		rc = head_take(t, err);
	t->is_verified = rc == RC_OK;
	return rc;
}

static enum rc stage_write(struct replica *r, const char *scope,
			   const char *line, size_t n, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_STAGE_PUT);

	query_text(q, 1, scope);
	query_textn(q, 2, line, n);
	return query_end(q, err);
}

static enum rc stage_hold(struct sync *s, const char *scope, const char *line,
			  size_t n, struct err *err)
{
	struct staged *it;

	if (s->nstaged == s->staged_room) {
		size_t room = s->staged_room ? 2 * s->staged_room : 16;
		struct staged *grown = realloc(s->staged, room * sizeof(*it));

		if (!grown)
			return out_of_memory(err);
		s->staged = grown;
		s->staged_room = room;
	}
	it = &s->staged[s->nstaged];
	snprintf(it->scope, sizeof(it->scope), "%s", scope);
	it->line = malloc(n + 1);
	if (!it->line)
		return out_of_memory(err);
	memcpy(it->line, line, n);
	it->line[n] = '\0';
	it->bytes = n;
	s->nstaged++;
	return RC_OK;
}

void staged_forget(struct sync *s)
{
	for (size_t i = 0; i < s->nstaged; i++) {
		wipe(s->staged[i].line, s->staged[i].bytes);
		free(s->staged[i].line);
	}
	free(s->staged);
	s->staged = NULL;
	s->nstaged = s->staged_room = 0;
}

bool sync_has_more(const struct sync *s)
{
	for (size_t i = 0; i < s->nscopes; i++)
		if (s->scopes[i].has_more)
			return true;
	return false;
}

/* More pages follow: what is held so far goes to the table, too. */
static enum rc stage_spill(struct sync *s, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < s->nstaged && rc == RC_OK; i++)
		rc = stage_write(s->r, s->staged[i].scope, s->staged[i].line,
				 s->staged[i].bytes, err);
	staged_forget(s);
	return rc;
}

static enum rc stage_put(struct take *t, const char *scope, const char *line,
			 size_t n, struct err *err)
{
	return fatal(t, t->pages ? stage_write(t->s->r, scope, line, n, err)
				 : stage_hold(t->s, scope, line, n, err));
}

static enum rc more_take(struct sync_scope *scope, const json_t *more,
			 struct err *err)
{
	const char *kind = json_string_value(json_array_get(more, 0));
	const char *id = json_string_value(json_array_get(more, 1));

	if (!kind || !id || strlen(kind) > 32 || strlen(id) > 32)
		return malformed(err, "no place to go on from");
	scope->has_more = true;
	snprintf(scope->more_kind, sizeof(scope->more_kind), "%s", kind);
	snprintf(scope->more_id, sizeof(scope->more_id), "%s", id);
	return RC_OK;
}

static enum rc line_take(struct take *t, const char *line, size_t n,
			 struct err *err)
{
	struct sync_scope *scope;
	const json_t *more;
	json_t *o = NULL;
	enum rc rc = json_read(line, n, &o, err);

	if (rc != RC_OK)
		return rc;
	scope = sync_scope_of(t->s, json_text(o, "scope"));
	more = json_object_get(o, "more");
	if (json_object_get(o, "end"))
		t->is_ended = true;
	else if (json_object_get(o, "keys"))
		rc = stage_put(t, "", line, n, err);
	else if (scope && json_object_get(o, "rows"))
		rc = stage_put(t, scope->scope, line, n, err);
	else if (scope && more)
		rc = more_take(scope, more, err);
	json_decref(o);
	return rc;
}

static enum rc take_line(void *ctx, char *line, size_t n, struct err *err)
{
	struct take *t = ctx;

	if (!t->first) {
		t->first = malloc(n + 1);
		if (!t->first)
			return fatal(t, out_of_memory(err));
		memcpy(t->first, line, n);
		t->first[n] = '\0';
		t->first_bytes = n;
		return RC_OK;
	}
	if (!t->is_verified)
		return fatal(t, signature_take(t, line, n, err));
	return line_take(t, line, n, err);
}

/* Reads what there is. A stream that breaks off behind the signature is not a
 * failure here. */
static enum rc stream_take(struct take *t, const struct buf *body, bool *whole,
			   struct err *err)
{
	struct line_inflater *lines =
		line_inflater_new(LINE_BYTES_MAX, take_line, t);
	struct err why = { 0 };
	enum rc rc;

	*whole = false;
	if (!lines)
		return out_of_memory(err);
	rc = line_inflater_feed(lines, body->data, body->len, &why);
	if (rc == RC_OK)
		rc = line_inflater_end(lines, &why);
	line_inflater_free(lines);
	*whole = rc == RC_OK && t->is_ended;
	if (rc == RC_OK || (t->is_verified && !t->is_fatal))
		return RC_OK;
	if (t->is_fatal)
		return err_set(err, rc, "%s", why.text);
	return err_set(err, RC_IO, "the answer broke off: %s", why.text);
}

static enum rc stage_clear(struct replica *r, struct err *err)
{
	struct query *q = query_begin(r->db, SQL_R_STAGE_CLEAR);

	return query_end(q, err);
}

enum rc answer_take(struct sync *s, bool pages, const struct buf *body,
		    const unsigned char digest[32], bool *whole,
		    struct err *err)
{
	struct take t = { .s = s, .pages = pages, .digest = digest };
	enum rc rc;

	*whole = false;
	for (size_t i = 0; i < s->nscopes; i++)
		s->scopes[i].has_more = false;
	if (!pages)
		staged_forget(s);
	rc = meta_server_key(s->r, t.server, err);
	if (rc == RC_OK && !pages)
		rc = stage_clear(s->r, err);
	if (rc == RC_OK)
		rc = stream_take(&t, body, whole, err);
	if (rc == RC_OK && !t.is_verified)
		rc = err_set(err, RC_IO, "the answer broke off");
	if (rc == RC_OK && *whole && sync_has_more(s))
		rc = stage_spill(s, err);
	free(t.first);
	return rc;
}
