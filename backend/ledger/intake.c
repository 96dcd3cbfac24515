/* ledger/intake.c - verify a packet and rebuild its records from their bases.
 */
#include "ledger/intake.h"

#include <stdarg.h>

#include "base/hex.h"
#include "base/jcs.h"
#include "object/sshsig.h"
#include "sql_store.gen.h"
#include "wire/group.h"

struct rebuild {
	struct store *s;
	struct intake *all;
	size_t at;
	const struct wire_scope *scope;
	const struct head *base;
	json_t *given; /* path -> the base as the terminal says; NULL: the main
			* line knows */
	size_t room;
	bool has_changes;
	bool failed; /* the rows cannot be rebuilt: in->text says why */
};

static void unverifiable(struct intake *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void unverifiable(struct intake *in, const char *fmt, ...)
{
	va_list ap;

	in->state = INTAKE_UNVERIFIABLE;
	va_start(ap, fmt);
	vsnprintf(in->text, sizeof(in->text), fmt, ap);
	va_end(ap);
}

/* Q among the earlier packets of the same request. */
static const struct take_record *seen_in_request(const struct rebuild *rb,
						 const char *kind,
						 const char *id, struct oid *q)
{
	const struct take *mine = &rb->all[rb->at].take;

	for (size_t i = rb->at; i-- > 0;) {
		const struct take *t = &rb->all[i].take;

		if (rb->all[i].state != INTAKE_READY ||
		    strcmp(t->commit.journal, mine->commit.journal) != 0)
			continue;
		for (size_t n = 0; n < t->nrecords; n++)
			if (!strcmp(t->records[n].kind, kind) &&
			    !strcmp(t->records[n].id, id)) {
				*q = t->oid;
				return &t->records[n];
			}
	}
	return NULL;
}

/* Q in the store: RC_NOT_FOUND without a message when there is none. */
static enum rc seen_in_store(struct rebuild *rb, struct take_record *r,
			     struct err *err)
{
	const struct packet_commit *c = &rb->all[rb->at].take.commit;
	struct query *q = query_begin(rb->s->db, SQL_PACKET_SEEN_BY);
	enum rc rc = RC_NOT_FOUND;
	size_t n;

	query_text(q, 1, r->kind);
	query_text(q, 2, r->id);
	query_text(q, 3, rb->scope->scope);
	query_text(q, 4, c->journal);
	query_int(q, 5, c->sequence);
	query_int(q, 6, rb->base->number);
	if (query_row(q)) {
		r->has_q = true;
		memcpy(r->q.b, query_get_blob(q, 1, &n), OID_BYTES);
		if (!query_is_null(q, 2))
			snprintf(r->q_code, sizeof(r->q_code), "%s",
				 query_get_text(q, 2));
		rc = json_read(query_get_text(q, 3), query_get_len(q, 3),
			       &r->base, err);
	}
	return query_end(q, err) == RC_OK ? rc : err->code;
}

static json_t *given_get(const struct rebuild *rb, const struct take_record *r)
{
	char path[72];

	snprintf(path, sizeof(path), "%s/%s", r->kind, r->id);
	return json_object_get(rb->given, path);
}

/* The main commit that the author saw was lost with the server's data: what he
 * saw is what his terminal kept of it. An earlier packet of his own stands
 * behind it where it says the same. */
static enum rc given_find(struct rebuild *rb, struct take_record *r,
			  struct err *err)
{
	const struct take_record *q =
		seen_in_request(rb, r->kind, r->id, &r->q);
	json_t *given = given_get(rb, r);
	enum rc rc = RC_NOT_FOUND;

	if (q) {
		r->has_q = json_equal(q->terminal, given);
	} else {
		rc = seen_in_store(rb, r, err);
		if (rc == RC_OK && !json_equal(r->base, given)) {
			r->has_q = false;
			r->q_code[0] = '\0';
		}
		json_decref(r->base);
	}
	r->base = json_incref(given);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* protocol.md 8: what the author saw. */
static enum rc base_find(struct rebuild *rb, struct take_record *r,
			 struct err *err)
{
	const struct take_record *q;
	char *text;
	size_t len;
	enum rc rc;

	if (rb->given)
		return given_find(rb, r, err);
	q = seen_in_request(rb, r->kind, r->id, &r->q);
	if (q) {
		r->has_q = true;
		r->base = json_incref(q->terminal);
		return RC_OK;
	}
	rc = seen_in_store(rb, r, err);
	if (rc != RC_NOT_FOUND)
		return rc;
	rc = store_record_at(rb->s, rb->scope->scope, r->kind, r->id,
			     rb->base->position, &text, &len, err);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK) {
		rc = json_read(text, len, &r->base, err);
		free(text);
	}
	return rc;
}

static struct take_record *record_add(struct rebuild *rb, struct err *err)
{
	struct take *t = &rb->all[rb->at].take;

	if (t->nrecords == rb->room) {
		size_t room = rb->room ? rb->room * 2 : 32;
		struct take_record *grown =
			realloc(t->records, room * sizeof(*grown));

		if (!grown || room > 4 * PACKET_RECORDS_MAX) {
			if (grown)
				t->records = grown;
			err_set(err, RC_NOMEM, "too many records in a packet");
			return NULL;
		}
		t->records = grown;
		rb->room = room;
	}
	memset(&t->records[t->nrecords], 0, sizeof(*t->records));
	return &t->records[t->nrecords++];
}

static enum rc fail_softly(struct rebuild *rb, const char *why)
{
	struct intake *in = &rb->all[rb->at];

	rb->failed = true;
	snprintf(in->text, sizeof(in->text), "%.159s", why);
	return RC_OK;
}

/* Strings of a request live as long as it does; an id found by its key does
 * not. */
struct row_ctx {
	struct rebuild *rb;
	struct arena *mem;
};

static enum rc row_rebuild(void *ctx, const char *kind, enum group_form form,
			   const char *name, const json_t *fields,
			   struct err *err)
{
	struct row_ctx *rc_ctx = ctx;
	struct rebuild *rb = rc_ctx->rb;
	struct take_record *r;
	struct err why = { 0 };
	char id[33];
	enum rc rc = RC_OK;

	if (rb->failed)
		return RC_OK;
	if (form == GROUP_GONE)
		return fail_softly(rb, "a packet cannot remove records");
	if (form == GROUP_WHOLE) {
		snprintf(id, sizeof(id), "%s", name);
	} else {
		rb->has_changes = true;
		rc = tree_find(rb->s->db, rb->scope->scope, kind, name, id,
			       err);
		if (rc == RC_NOT_FOUND || rc == RC_CONFLICT)
			return fail_softly(rb, "a record's key is ambiguous");
	}
	r = rc == RC_OK ? record_add(rb, err) : NULL;
	if (!r)
		return err->code;
	r->kind = kind;
	r->id = arena_strdup(rc_ctx->mem, id);
	if (!r->id)
		return err_set(err, RC_NOMEM, "out of memory");
	rc = base_find(rb, r, err);
	if (rc == RC_OK && form == GROUP_CHANGE && !r->base)
		return fail_softly(rb, "a change has no base");
	if (rc == RC_OK)
		rc = record_rebuild(&r->terminal, rb->scope->scope, r->id,
				    form == GROUP_CHANGE ? r->base : NULL,
				    fields, err);
	if (rc == RC_OK &&
	    record_bytes(r->terminal, &r->body, &r->body_bytes, &why) != RC_OK)
		return fail_softly(rb, why.text);
	return rc;
}

/* Does the commit say what the rebuilt records say? */
static enum rc tree_matches(struct take *t, bool *matches, struct err *err)
{
	unsigned char content[SHA256_BYTES];
	struct err why = { 0 };
	struct oid tree;
	enum rc rc = take_seal(t, &tree, content, &why);

	*matches = rc == RC_OK && oid_equal(&tree, &t->commit.tree) &&
		   !memcmp(content, t->commit.content, SHA256_BYTES);
	return rc == RC_NOMEM ? err_set(err, rc, "%s", why.text) : RC_OK;
}

static enum rc given_take(void *ctx, const char *kind, enum group_form form,
			  const char *name, const json_t *fields,
			  struct err *err)
{
	struct rebuild *rb = ctx;
	json_t *record = NULL;
	char path[72];
	enum rc rc;

	if (form != GROUP_WHOLE)
		return err_set(err, RC_CORRUPT, "a base is not whole");
	rc = record_rebuild(&record, rb->scope->scope, name, NULL, fields, err);
	snprintf(path, sizeof(path), "%s/%s", kind, name);
	if (rc == RC_OK && json_object_set_new(rb->given, path, record) != 0)
		rc = err_set(err, RC_NOMEM, "out of memory");
	return rc;
}

static enum rc given_read(struct rebuild *rb, const json_t *bases,
			  struct err *err)
{
	const json_t *group;
	size_t i;
	enum rc rc = RC_OK;

	rb->given = json_object();
	if (!rb->given)
		return err_set(err, RC_NOMEM, "out of memory");
	json_array_foreach(bases, i, group)
	{
		if (rc == RC_OK)
			rc = group_each(group, given_take, rb, err);
	}
	return rc;
}

static enum rc rows_rebuild(struct rebuild *rb, struct arena *mem,
			    struct err *err)
{
	const struct intake *in = &rb->all[rb->at];
	struct row_ctx ctx = { .rb = rb, .mem = mem };
	const json_t *group;
	size_t i;
	enum rc rc = RC_OK;

	if (in->take.commit.has_base && !rb->base->number)
		rc = given_read(rb, in->wire->bases, err);
	json_array_foreach(in->wire->rows, i, group)
	{
		if (rc == RC_OK)
			rc = group_each(group, row_rebuild, &ctx, err);
	}
	json_decref(rb->given);
	rb->given = NULL;
	return rc;
}

static enum rc records_rebuild(struct store *s, const struct wire_scope *scope,
			       struct intake *all, size_t at,
			       const struct head *base, struct arena *mem,
			       struct err *err)
{
	struct rebuild rb = {
		.s = s, .all = all, .at = at, .scope = scope, .base = base
	};
	struct intake *in = &all[at];
	struct err why = { 0 };
	bool matches = false;
	enum rc rc = rows_rebuild(&rb, mem, &why);

	if (rc == RC_CORRUPT) {
		unverifiable(in, "%s", why.text);
		return RC_OK;
	}
	if (rc != RC_OK)
		return err_set(err, rc, "%s", why.text);
	if (!rb.failed)
		rc = tree_matches(&in->take, &matches, err);
	if (rc != RC_OK || matches)
		return rc;
	if (rb.has_changes)
		in->state = INTAKE_NEED_WHOLE;
	else
		unverifiable(in, "%s",
			     in->text[0] ? "its records cannot be read"
					 : "its records do not give its tree");
	return RC_OK;
}

/* Known already, taken in or held? Then its receipt stands for ever: the
 * terminal may have signed its records again since. */
static enum rc packet_known(struct store *s, const struct oid *oid, bool *known,
			    struct err *err)
{
	struct query *q = query_begin(s->db, SQL_PACKET_IS_KNOWN);

	query_blob(q, 1, oid->b, OID_BYTES);
	*known = query_row(q);
	return query_end(q, err);
}

/* What the commit says of itself, held against who sent it. */
static enum rc commit_judge(struct store *s, const struct enrolled *who,
			    const struct wire_scope *scope, struct intake *in,
			    struct head *base, struct err *err)
{
	struct packet_commit *c = &in->take.commit;
	struct err why = { 0 };
	struct head head;
	enum rc rc;

	memset(base, 0, sizeof(*base));
	if (strcmp(c->scope, scope->scope) != 0) {
		unverifiable(in, "it is for scope %s", c->scope);
		return RC_OK;
	}
	rc = commit_verify(in->take.bytes, in->take.nbytes, who->officer_key,
			   &why);
	/* What this server lacks is no fault of the packet. */
	if (rc == RC_NOMEM)
		return err_set(err, rc, "%s", why.text);
	if (rc != RC_OK) {
		unverifiable(in, "%s", why.text);
		return RC_OK;
	}
	if (!strcmp(c->journal, "office") || c->operation) {
		unverifiable(in, "only the server writes the office's journal");
		return RC_OK;
	}
	if (strcmp(c->author, who->officer) != 0 ||
	    strcmp(c->terminal, who->terminal) != 0)
		in->take.code = "author";
	else if (strcmp(who->state, "active") != 0)
		in->take.code = "revoked";
	else if (!enrolled_covers(who, c->scope))
		in->take.code = "scope";
	rc = ledger_head(s, c->scope, &head, err);
	if (rc == RC_NOT_FOUND && in->take.code) {
		unverifiable(in, "there is no scope %s here", c->scope);
		return RC_OK;
	}
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	if (!c->has_base)
		return RC_OK;
	rc = ledger_head_at(s, c->scope, &c->base, base, err);
	if (rc == RC_NOT_FOUND && !in->wire->bases) {
		unverifiable(in, "its base is not on the main line");
		return RC_OK;
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc intake_packet(struct store *s, const struct enrolled *who,
		      const struct wire_scope *scope, struct intake *all,
		      size_t at, struct arena *mem, struct err *err)
{
	struct intake *in = &all[at];
	struct err why = { 0 };
	struct head base;
	bool known;
	enum rc rc;

	memset(in, 0, sizeof(*in));
	in->wire = &scope->packets[at];
	in->take.bytes = in->wire->commit;
	in->take.nbytes = in->wire->commit_bytes;
	in->take.enrolment = who->id;
	in->take.role = who->role;
	rc = packet_commit_read(&in->take.commit, &in->take.oid, in->take.bytes,
				in->take.nbytes, mem, &why);
	if (rc == RC_NOMEM)
		return err_set(err, rc, "%s", why.text);
	if (rc != RC_OK) {
		unverifiable(in, "%s", why.text);
		return oid_of(&in->take.oid, OBJECT_COMMIT, in->take.bytes,
			      in->take.nbytes, err);
	}
	rc = packet_known(s, &in->take.oid, &known, err);
	if (rc == RC_OK && known) {
		in->state = INTAKE_KNOWN;
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = commit_judge(s, who, scope, in, &base, err);
	if (rc == RC_OK && in->state == INTAKE_READY)
		rc = records_rebuild(s, scope, all, at, &base, mem, err);
	return rc;
}

void intake_release(struct intake *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		take_release(&all[i].take);
}

enum rc enrolled_load(struct store *s, const char *enrolment,
		      struct enrolled *out, struct err *err)
{
	struct query *q = query_begin(s->db, SQL_ENROLMENT_FIND);
	size_t n = SIGN_PUBLIC_BYTES;
	const char *key;
	enum rc rc = RC_NOT_FOUND;

	memset(out, 0, sizeof(*out));
	query_text(q, 1, enrolment);
	if (query_row(q))
		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &out->record, err);
	if (query_end(q, err) != RC_OK)
		return err->code;
	if (rc == RC_NOT_FOUND)
		return err_set(err, RC_DENIED,
			       "this terminal is not enrolled here");
	if (rc != RC_OK)
		return rc;
	out->id = json_text(out->record, "id");
	out->officer = json_text(out->record, "officer");
	out->terminal = json_text(out->record, "terminal");
	out->state = json_text(out->record, "state");
	key = json_text(out->record, "terminal_key");
	out->role = role_parse(json_text(out->record, "role")
				       ? json_text(out->record, "role")
				       : "");
	rc = ssh_public_parse(out->officer_key,
			      json_text(out->record, "officer_key")
				      ? json_text(out->record, "officer_key")
				      : "",
			      err);
	if (rc == RC_OK &&
	    (!key || !out->officer || !out->terminal || !out->state ||
	     !base64_decode(out->terminal_key, &n, key, strlen(key)) ||
	     n != SIGN_PUBLIC_BYTES))
		rc = err_set(err, RC_CORRUPT, "enrolment '%s' is damaged",
			     enrolment);
	if (rc != RC_OK)
		enrolled_release(out);
	return rc;
}

void enrolled_release(struct enrolled *e)
{
	json_decref(e->record);
	memset(e, 0, sizeof(*e));
}

bool enrolled_covers(const struct enrolled *e, const char *scope)
{
	const json_t *scopes = json_object_get(e->record, "scopes"), *v;
	size_t i;

	if (!strcmp(scope, "catalog"))
		return true;
	json_array_foreach(scopes, i, v) if (json_is_string(v) &&
					     !strcmp(json_string_value(v),
						     scope)) return true;
	return false;
}
