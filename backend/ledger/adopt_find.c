/* ledger/adopt_find.c - what lies in quarantine, and what its author saw. */
#include "ledger/adopt.h"
#include "ledger/rescue_impl.h"

#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "base/jcs.h"
#include "merge/merge.h"
#include "object/commit.h"
#include "sql_store.gen.h"

#define ORIGIN_BYTES_MAX (64u << 10) /* of a packet's own lines */

void adoption_id(char out[33], const char *packet, const char *kind,
		 const char *id)
{
	conflict_id(out, kind, id, ADOPTION, packet);
}

void adopt_release(struct adoptable *a)
{
	json_decref(a->record);
	json_decref(a->base);
	memset(a, 0, sizeof(*a));
}

/* -- what lies in quarantine -- */

/* The packet that brought it. */
struct origin {
	struct store *s;
	int64_t number, sequence;
	char journal[33];
	char enrolment[33]; /* whose unsigned work it has, or "" */
	struct head base; /* number 0: the author saw none */
};

static enum rc no_such(const char *packet, const char *kind, const char *id,
		       struct err *err)
{
	return err_set(err, RC_NOT_FOUND,
		       "%s '%s' of packet '%.40s' is not in quarantine: "
		       "'hufud quarantine list' has what is",
		       kind, id, packet);
}

/* Which main commit its author saw. */
static enum rc base_read(struct origin *o, struct adoptable *out,
			 const char *bytes, size_t n, struct err *err)
{
	struct packet_commit commit;
	struct arena mem;
	struct oid oid;
	enum rc rc;

	arena_init(&mem, ORIGIN_BYTES_MAX);
	rc = packet_commit_read(&commit, &oid, bytes, n, &mem, err);
	if (rc == RC_OK)
		rescue_enrolment(o->enrolment, &commit);
	if (rc == RC_OK && commit.has_base) {
		rc = ledger_head_at(o->s, out->scope, &commit.base, &o->base,
				    err);
		out->base_is_lost = rc == RC_NOT_FOUND;
		if (out->base_is_lost)
			rc = RC_OK;
	}
	arena_release(&mem);
	return rc;
}

static void text_copy(char *to, size_t room, struct query *q, int col)
{
	const char *text = query_get_text(q, col);

	snprintf(to, room, "%s", text ? text : "");
}

static enum rc origin_find(struct origin *o, const char *packet,
			   struct adoptable *out, struct err *err)
{
	struct query *q;
	struct oid oid;
	enum rc rc = RC_NOT_FOUND;

	if (!oid_parse(&oid, packet, strlen(packet)))
		return RC_NOT_FOUND;
	q = query_begin(o->s->db, SQL_ADOPT_PACKET);
	query_blob(q, 1, oid.b, OID_BYTES);
	if (query_row(q)) {
		o->number = query_get_int(q, 0);
		text_copy(out->scope, sizeof(out->scope), q, 1);
		text_copy(o->journal, sizeof(o->journal), q, 2);
		o->sequence = query_get_int(q, 3);
		text_copy(out->author, sizeof(out->author), q, 4);
		text_copy(out->terminal, sizeof(out->terminal), q, 5);
		out->received_ms = query_get_int(q, 6);
		rc = base_read(o, out, query_get_text(q, 7),
			       query_get_len(q, 7), err);
	}
	return query_end(q, err) == RC_OK ? rc : err->code;
}

static enum rc record_find(struct origin *o, const char *kind, const char *id,
			   struct adoptable *out, struct err *err)
{
	struct query *q = query_begin(o->s->db, SQL_PACKET_RECORD_GET);
	enum rc rc = RC_NOT_FOUND;

	query_int(q, 1, o->number);
	query_text(q, 2, kind);
	query_text(q, 3, id);
	query_text(q, 4, out->scope);
	if (query_row(q) && !query_is_null(q, 0) && !query_is_null(q, 1)) {
		text_copy(out->code, sizeof(out->code), q, 1);
		sha256_hex(out->sha256, query_get_text(q, 0),
			   query_get_len(q, 0));
		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &out->record, err);
	}
	return query_end(q, err) == RC_OK ? rc : err->code;
}

/* A change that this one builds on and that was adopted stands; another in
 * quarantine does not. */
static enum rc is_adopted(struct store *s, const char *scope,
			  const char *packet, const char *kind, const char *id,
			  bool *adopted, struct err *err)
{
	char adoption[33];
	json_t *record = NULL;
	const char *state;
	enum rc rc;

	adoption_id(adoption, packet, kind, id);
	rc = registry_kind(s->kinds, ADOPTION)
		     ? store_look(s, scope, ADOPTION, adoption, &record, err)
		     : RC_OK;
	state = json_text(record, "state");
	*adopted = state && !strcmp(state, "adopted");
	json_decref(record);
	return rc;
}

/* protocol.md 8: what the author saw, as when the packet came. */
static enum rc base_find(struct origin *o, const char *kind, const char *id,
			 struct adoptable *out, struct err *err)
{
	bool signs = !o->enrolment[0];
	struct query *q = query_begin(o->s->db, signs ? SQL_PACKET_SEEN_BY
						      : SQL_RESCUE_SEEN_BY);
	struct oid oid = { 0 };
	char *text = NULL;
	size_t n;
	bool found, refused = false, adopted = false;
	enum rc rc = RC_OK;

	query_text(q, 1, kind);
	query_text(q, 2, id);
	query_text(q, 3, out->scope);
	query_text(q, 4, signs ? o->journal : o->enrolment);
	if (signs)
		query_int(q, 5, o->sequence);
	query_int(q, signs ? 6 : 5, o->base.number);
	found = query_row(q);
	if (found) {
		memcpy(oid.b, query_get_blob(q, 1, &n), OID_BYTES);
		refused = !query_is_null(q, 2);
		rc = json_read(query_get_text(q, 3), query_get_len(q, 3),
			       &out->base, err);
	}
	if (query_end(q, err) != RC_OK)
		return err->code;
	if (rc == RC_OK && refused) {
		oid_hex(out->after, &oid);
		rc = is_adopted(o->s, out->scope, out->after, kind, id,
				&adopted, err);
		if (adopted)
			out->after[0] = '\0';
	}
	if (found || rc != RC_OK)
		return rc;
	rc = store_record_at(o->s, out->scope, kind, id, o->base.position,
			     &text, &n, err);
	if (rc == RC_OK)
		rc = json_read(text, n, &out->base, err);
	free(text);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc adopt_find(struct store *s, const char *packet, const char *kind,
		   const char *id, struct adoptable *out, struct err *err)
{
	struct origin o = { .s = s };
	enum rc rc;

	memset(out, 0, sizeof(*out));
	rc = origin_find(&o, packet, out, err);
	if (rc == RC_OK)
		rc = record_find(&o, kind, id, out, err);
	if (rc == RC_OK && !out->base_is_lost)
		rc = base_find(&o, kind, id, out, err);
	if (rc != RC_OK)
		adopt_release(out);
	return rc == RC_NOT_FOUND && !err->code ? no_such(packet, kind, id, err)
						: rc;
}
