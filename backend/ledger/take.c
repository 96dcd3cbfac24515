/* ledger/take.c - one packet into the main line: quarantine, merge, log,
 * receipt. */
#include "ledger/batch.h"

#include "base/hex.h"
#include "base/jcs.h"
#include "kind/fsm.h"
#include "ledger/adopt.h"
#include "ledger/gate.h"
#include "ledger/people.h"
#include "sql_store.gen.h"

static void refuse(struct take_record *r, const char *code, const char *why)
{
	if (r->code)
		return;
	r->code = code;
	snprintf(r->why, sizeof(r->why), "%s", why);
}

/* Q may have come with the same request: only now is it known what became of
 * it. */
static enum rc q_judge(struct batch *b, struct take_record *r)
{
	struct query *q;

	if (!r->has_q || r->q_code[0])
		return RC_OK;
	q = query_begin(b->store->db, SQL_PACKET_CODE);
	query_blob(q, 1, r->q.b, OID_BYTES);
	query_text(q, 2, r->kind);
	query_text(q, 3, r->id);
	if (query_row(q) && !query_is_null(q, 0))
		snprintf(r->q_code, sizeof(r->q_code), "%s",
			 query_get_text(q, 0));
	return query_end(q, b->err);
}

/* A failure that says nothing of the record: the server's disk or memory. What
 * goes to quarantine stays there, so this never does. */
static bool is_servers_own(enum rc rc)
{
	return rc == RC_IO || rc == RC_NOMEM || rc == RC_BUSY;
}

/* `field` where the role may write some of such a record, but not this; `role`
 * where it may write none. New ones are for the kind's own writers. */
static const char *denied_code(const struct kind *k, unsigned role, bool is_new)
{
	return (is_new ? k->writers : kind_writers(k)) & role ? "field"
							      : "role";
}

/* May the role write what the record, which its kind allows, changes? */
static enum rc plain_judge(struct batch *b, const struct kind *k,
			   const struct take *t, struct take_record *r,
			   const json_t *before, const json_t *plain,
			   struct err *why)
{
	enum rc rc = kind_check(k, plain, why);

	if (is_servers_own(rc))
		return rc;
	if (rc != RC_OK)
		refuse(r, "invalid", why->text);
	err_clear(why);
	rc = kind_may_write(k, role_with_import(t->role, r->is_marked), before,
			    plain, why);
	if (is_servers_own(rc))
		return rc;
	if (rc != RC_OK)
		refuse(r, denied_code(k, t->role, !before), why->text);
	err_clear(why);
	if (!r->code &&
	    fsm_check(k, role_with_import(t->role, r->is_history && !before),
		      before, plain, why) != RC_OK)
		refuse(r, "state", why->text);
	if (!r->code)
		rc = people_second(b->store, json_text(plain, "scope"), k,
				   t->role, t->commit.author, before, plain,
				   why);
	if (!r->code && rc == RC_OK && t->voice)
		rc = people_second(b->store, json_text(plain, "scope"), k,
				   t->role, t->voice, before, plain, why);
	if (!r->code && is_servers_own(rc))
		return rc;
	if (!r->code && rc != RC_OK)
		refuse(r, "role", why->text);
	return RC_OK;
}

/* Everything that one record alone can be refused for. */
static enum rc record_judge(struct batch *b, const struct batch_scope *bs,
			    const struct take *t, struct take_record *r)
{
	const struct kind *k = registry_kind(b->store->kinds, r->kind);
	const char *scope = json_text(r->terminal, "scope");
	json_t *plain = NULL, *before = NULL;
	struct err why = { 0 };
	enum rc rc;

	if (t->code) {
		refuse(r, t->code, "the packet's author may not write here");
		return RC_OK;
	}
	if (r->code)
		return RC_OK;
	if (!k) {
		refuse(r, "unknown_kind", "the server does not know this kind");
		return RC_OK;
	}
	if (!scope || strcmp(scope, bs->scope) != 0 ||
	    k->is_catalog != !strcmp(bs->scope, "catalog"))
		refuse(r, "scope", "the record belongs to another scope");
	rc = q_judge(b, r);
	if (rc != RC_OK)
		return rc;
	rc = observe_split(b, k, t->role, r);
	if (rc != RC_OK)
		return rc;
	if (r->has_q && r->q_code[0])
		refuse(r, "after_quarantine",
		       "an earlier change of this record is in quarantine");
	rc = record_plain(b->store, k, r->terminal, &plain, &why);
	if (rc == RC_OK)
		rc = record_plain(b->store, k, r->base, &before, &why);
	if (rc == RC_OK)
		rc = plain_judge(b, k, t, r, before, plain, &why);
	else if (!is_servers_own(rc))
		refuse(r, "no_key", why.text);
	json_decref(plain);
	json_decref(before);
	return is_servers_own(rc) ? err_set(b->err, rc, "%s", why.text) : RC_OK;
}

/* Does the record refer to a record that is new, refused, and nowhere else? */
static enum rc refers_to_refused(struct batch *b, const struct batch_scope *bs,
				 const struct take *t, struct take_record *r,
				 bool *refers)
{
	const struct kind *k = registry_kind(b->store->kinds, r->kind);

	*refers = false;
	if (!k || k->is_sealed || r->code)
		return RC_OK;
	for (size_t i = 0; i < k->nfields && !*refers; i++) {
		const struct field *f = &k->fields[i];
		const char *id =
			f->refers ? json_text(r->terminal, f->name) : NULL;
		struct query *q;

		if (!id)
			continue;
		for (size_t n = 0; n < t->nrecords; n++)
			if (t->records[n].code && !t->records[n].base &&
			    !strcmp(t->records[n].kind, f->refers) &&
			    !strcmp(t->records[n].id, id))
				*refers = true;
		q = query_begin(b->store->db, SQL_PACKET_REFUSED);
		query_text(q, 1, f->refers);
		query_text(q, 2, id);
		query_text(q, 3, bs->scope);
		query_text(q, 4, t->commit.journal);
		if (query_row(q))
			*refers = true;
		if (query_end(q, b->err) != RC_OK)
			return b->err->code;
		if (*refers) {
			struct head head;
			char *text = NULL;
			size_t len;
			enum rc rc = store_record(b->store, bs->scope,
						  f->refers, id, &text, &len,
						  &head.position, b->err);

			free(text);
			if (rc == RC_OK)
				*refers = false;
			else if (rc != RC_NOT_FOUND)
				return rc;
		}
	}
	return RC_OK;
}

static enum rc packet_judge(struct batch *b, const struct batch_scope *bs,
			    struct take *t)
{
	bool again = true;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < t->nrecords && rc == RC_OK; i++)
		rc = record_judge(b, bs, t, &t->records[i]);
	while (again && rc == RC_OK) {
		again = false;
		for (size_t i = 0; i < t->nrecords && rc == RC_OK; i++) {
			bool refers;

			rc = refers_to_refused(b, bs, t, &t->records[i],
					       &refers);
			if (refers) {
				refuse(&t->records[i], "refers",
				       "it refers to a record in quarantine");
				again = true;
			}
		}
	}
	return rc;
}

/* The three sides in plain form, and the server's stored text. */
struct sides_of {
	json_t *base, *terminal, *server;
	char *stored;
	size_t stored_bytes;
	int64_t stored_position;
};

static void sides_release(struct sides_of *s)
{
	json_decref(s->base);
	json_decref(s->terminal);
	json_decref(s->server);
	free(s->stored);
}

static enum rc sides_load(struct batch *b, const struct batch_scope *bs,
			  const struct kind *k, const struct take_record *r,
			  struct sides_of *s)
{
	json_t *stored = NULL;
	enum rc rc;

	memset(s, 0, sizeof(*s));
	rc = store_record(b->store, bs->scope, r->kind, r->id, &s->stored,
			  &s->stored_bytes, &s->stored_position, b->err);
	if (rc == RC_OK)
		rc = json_read(s->stored, s->stored_bytes, &stored, b->err);
	if (rc == RC_OK || rc == RC_NOT_FOUND)
		rc = record_plain(b->store, k, stored, &s->server, b->err);
	if (rc == RC_OK)
		rc = record_plain(b->store, k, r->base, &s->base, b->err);
	if (rc == RC_OK)
		rc = record_plain(b->store, k, r->terminal, &s->terminal,
				  b->err);
	json_decref(stored);
	return rc;
}

/* What of one record goes where. */
struct outcome {
	int64_t position; /* log entry with the packet's own bytes, or 0 */
	bool merged;
};

/* Write the merged record unless it is what stands already. */
static enum rc result_write(struct batch *b, struct batch_scope *bs,
			    const struct kind *k, struct take_record *r,
			    const struct sides_of *s,
			    const struct merge_result *m, int64_t packet,
			    struct outcome *o)
{
	bool as_sent = !r->found && json_equal(m->record, s->terminal);
	json_t *stored = NULL;
	char *body = NULL;
	size_t len = 0;
	enum rc rc = RC_OK;

	if (s->server && json_equal(m->record, s->server)) {
		if (s->stored_bytes == r->body_bytes &&
		    !memcmp(s->stored, r->body, r->body_bytes))
			o->position = s->stored_position;
		return RC_OK;
	}
	r->changed = true;
	r->is_new = !s->server;
	if (as_sent)
		return batch_write(b, bs, r->kind, r->id, r->terminal, r->body,
				   r->body_bytes, packet, m->merged,
				   &o->position);
	rc = record_sealed(b->store, k, bs->scope, m->record, true, &stored,
			   b->err);
	if (rc == RC_OK)
		rc = record_bytes(stored, &body, &len, b->err);
	if (rc == RC_OK) {
		int64_t position;

		rc = batch_write(b, bs, r->kind, r->id, stored, body, len,
				 packet, m->merged, &position);
	}
	free(body);
	json_decref(stored);
	return rc;
}

static bool has_owned(const struct kind *k)
{
	for (size_t i = 0; i < k->nfields; i++)
		if (k->fields[i].rule == MERGE_OWN)
			return true;
	return false;
}

/* The names by which the packet's author goes, where a field of the kind has an
 * owner; NULL for the server itself. */
static enum rc author_names(struct batch *b, const struct batch_scope *bs,
			    const struct kind *k, const struct take *t,
			    json_t **out)
{
	struct people p;
	enum rc rc;

	*out = NULL;
	if (t->role & ROLE_SERVER || !has_owned(k))
		return RC_OK;
	rc = people_of(b->store, bs->scope, take_name(t), &p, b->err);
	*out = json_array();
	for (size_t i = 0; rc == RC_OK && i < p.n; i++)
		json_array_append_new(*out, json_string(p.names[i]));
	return rc;
}

/* The three sides laid together; where r->code says why not, there is no
 * result. `around`: the gate looks at what stands beside it. */
static enum rc record_merge(struct batch *b, const struct batch_scope *bs,
			    const struct kind *k, const struct take *t,
			    struct take_record *r, bool around,
			    struct sides_of *s, struct merge_result *m)
{
	const char *code = NULL;
	struct err why = { 0 };
	json_t *by = NULL;
	enum rc rc = sides_load(b, bs, k, r, s);

	if (rc == RC_DENIED) {
		err_clear(b->err);
		refuse(r, "no_key", "the key of what stands was destroyed");
		return RC_OK;
	}
	if (rc == RC_OK && around)
		rc = gate_judge(b, k, t, s->base, s->terminal, s->server, &code,
				&why);
	if (rc == RC_OK && code) {
		refuse(r, code, why.text);
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = author_names(b, bs, k, t, &by);
	if (rc == RC_OK)
		rc = merge_record(k, s->base, s->terminal, s->server, by, m,
				  &why);
	if (rc == RC_CONFLICT || rc == RC_NOT_FOUND) {
		refuse(r, rc == RC_CONFLICT ? "id_taken" : "missing",
		       why.text[0] ? why.text : "the record is not here");
		rc = RC_OK;
	} else if (rc != RC_OK && why.code) {
		err_set(b->err, rc, "%s", why.text);
	}
	json_decref(by);
	return rc;
}

enum rc take_would(struct batch *b, const struct batch_scope *bs,
		   const struct take *t, struct take_record *r, bool around)
{
	struct merge_result m = { 0 };
	struct sides_of s = { 0 };
	enum rc rc = record_judge(b, bs, t, r);

	if (rc == RC_OK && !r->code)
		rc = record_merge(b, bs,
				  registry_kind(b->store->kinds, r->kind), t, r,
				  around, &s, &m);
	merge_release(&m);
	sides_release(&s);
	return rc;
}

static enum rc record_take(struct batch *b, struct batch_scope *bs,
			   const struct take *t, struct take_record *r,
			   int64_t packet, json_t *conflicts, struct outcome *o)
{
	const struct kind *k = registry_kind(b->store->kinds, r->kind);
	struct merge_result m = { 0 };
	struct sides_of s;
	enum rc rc = record_merge(b, bs, k, t, r, true, &s, &m);

	if (rc == RC_OK && !r->code) {
		o->merged = m.merged;
		rc = result_write(b, bs, k, r, &s, &m, packet, o);
	}
	if (rc == RC_OK && !r->code && m.nconflicts)
		rc = conflict_write(b, bs, k, t, r, &m, conflicts);
	merge_release(&m);
	sides_release(&s);
	return rc;
}

static enum rc packet_record_put(struct batch *b, int64_t packet,
				 const struct take_record *r,
				 const struct outcome *o)
{
	struct query *q = query_begin(b->store->db, SQL_PACKET_RECORD_PUT);

	query_int(q, 1, packet);
	query_text(q, 2, r->kind);
	query_text(q, 3, r->id);
	if (o->position)
		query_int(q, 4, o->position);
	else
		query_textn(q, 5, r->body, r->body_bytes);
	query_text(q, 6, r->code);
	return query_end(q, b->err);
}

static enum rc packet_put(struct batch *b, struct batch_scope *bs,
			  const struct take *t, int64_t number)
{
	const struct packet_commit *c = &t->commit;
	struct query *q = query_begin(b->store->db, SQL_PACKET_PUT);
	enum rc rc;

	query_int(q, 1, number);
	query_blob(q, 2, t->oid.b, OID_BYTES);
	query_text(q, 3, bs->scope);
	query_text(q, 4, c->journal);
	query_int(q, 5, c->sequence);
	query_text(q, 6, c->author);
	query_text(q, 7, c->terminal);
	query_int(q, 8, bs->head.number + 1);
	query_int(q, 9, b->now_ms);
	query_text(q, 10, "");
	query_textn(q, 11, t->bytes, t->nbytes);
	rc = query_end(q, b->err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(b->store->db, SQL_JOURNAL_PUT);
	query_text(q, 1, bs->scope);
	query_text(q, 2, c->journal);
	query_text(q, 3, t->enrolment);
	query_blob(q, 4, t->oid.b, OID_BYTES);
	query_int(q, 5, c->sequence);
	query_int(q, 6, c->seconds);
	return query_end(q, b->err);
}

/* Make room for one more element. */
static enum rc list_grow(struct batch *b, void **list, size_t n, size_t *room,
			 size_t size)
{
	void *grown;

	if (n < *room)
		return RC_OK;
	grown = realloc(*list, (*room ? *room * 2 : 16) * size);
	if (!grown)
		return err_set(b->err, RC_NOMEM, "out of memory");
	*list = grown;
	*room = *room ? *room * 2 : 16;
	return RC_OK;
}

static enum rc tip_note(struct batch *b, struct batch_scope *bs,
			const struct take *t)
{
	enum rc rc;

	rc = list_grow(b, (void **)&bs->merged, bs->nmerged, &bs->room_merged,
		       sizeof(*bs->merged));
	if (rc != RC_OK)
		return rc;
	bs->merged[bs->nmerged++] = t->oid;
	for (size_t i = 0; i < bs->ntips; i++)
		if (!strcmp(bs->tips[i].journal, t->commit.journal)) {
			bs->tips[i].oid = t->oid;
			return RC_OK;
		}
	rc = list_grow(b, (void **)&bs->tips, bs->ntips, &bs->room_tips,
		       sizeof(*bs->tips));
	if (rc != RC_OK)
		return rc;
	snprintf(bs->tips[bs->ntips].journal, sizeof(bs->tips->journal), "%s",
		 t->commit.journal);
	bs->tips[bs->ntips++].oid = t->oid;
	return RC_OK;
}

static enum rc quarantine_note(struct batch *b, struct batch_scope *bs,
			       const struct take *t,
			       const struct take_record *r, json_t *list)
{
	char *path = arena_printf(&b->mem, "%s/%s", r->kind, r->id);
	struct main_quarantined *mq;
	enum rc rc = list_grow(b, (void **)&bs->quarantined, bs->nquarantined,
			       &bs->room_quarantined, sizeof(*mq));

	if (rc != RC_OK || !path)
		return err_set(b->err, RC_NOMEM, "out of memory");
	mq = &bs->quarantined[bs->nquarantined++];
	mq->packet = t->oid;
	mq->path = path;
	mq->code = r->code;
	json_array_append_new(list, json_pack("[s, s]", path, r->code));
	return RC_OK;
}

static void list_set(json_t *receipt, const char *name, json_t *list)
{
	if (json_array_size(list))
		json_object_set(receipt, name, list);
	json_decref(list);
}

/* What becomes of the records of one packet. */
struct outcomes {
	int64_t number;
	json_t *merged, *conflicts, *quarantined; /* of the receipt; owned */
	bool *taken; /* of each record; owned */
};

static enum rc record_next(struct batch *b, struct batch_scope *bs,
			   struct take *t, size_t at, struct outcomes *out)
{
	struct take_record *r = &t->records[at];
	struct outcome o = { 0 };
	enum rc rc = RC_OK;

	if (!r->code)
		rc = record_take(b, bs, t, r, out->number, out->conflicts, &o);
	if (rc == RC_OK && r->code)
		rc = quarantine_note(b, bs, t, r, out->quarantined);
	if (rc == RC_OK && o.merged) {
		char path[72];

		snprintf(path, sizeof(path), "%s/%s", r->kind, r->id);
		json_array_append_new(out->merged, json_string(path));
	}
	out->taken[at] = true;
	return rc == RC_OK ? packet_record_put(b, out->number, r, &o) : rc;
}

/* One adoption, and what it adopts: that is in before the next is judged. */
static enum rc adoption_take(struct batch *b, struct batch_scope *bs,
			     struct take *t, size_t at, struct outcomes *out)
{
	enum rc rc = record_next(b, bs, t, at, out);

	return rc == RC_OK && !t->records[at].code
		       ? adopt_write(b, bs, t, &t->records[at])
		       : rc;
}

/* Adoptions come last: those first that no other of them waits for, again and
 * again, and then those that wait for each other. */
static enum rc adoptions_take(struct batch *b, struct batch_scope *bs,
			      struct take *t, struct outcomes *out)
{
	bool goes_on, waits;
	enum rc rc = RC_OK;

	do {
		goes_on = false;
		for (size_t i = 0; rc == RC_OK && i < t->nrecords; i++) {
			if (out->taken[i])
				continue;
			rc = adopt_waits(b, t, out->taken, &t->records[i],
					 &waits);
			if (rc != RC_OK || waits)
				continue;
			rc = adoption_take(b, bs, t, i, out);
			goes_on = true;
		}
	} while (rc == RC_OK && goes_on);
	for (size_t i = 0; rc == RC_OK && i < t->nrecords; i++)
		if (!out->taken[i])
			rc = adoption_take(b, bs, t, i, out);
	return rc;
}

static enum rc records_take(struct batch *b, struct batch_scope *bs,
			    struct take *t, int64_t number)
{
	struct outcomes out = { .number = number,
				.merged = json_array(),
				.conflicts = json_array(),
				.quarantined = json_array(),
				.taken = calloc(t->nrecords + 1, 1) };
	enum rc rc =
		out.taken ? RC_OK : err_set(b->err, RC_NOMEM, "out of memory");

	for (size_t i = 0; i < t->nrecords && rc == RC_OK; i++)
		if (strcmp(t->records[i].kind, ADOPTION) != 0)
			rc = record_next(b, bs, t, i, &out);
	if (rc == RC_OK)
		rc = adoptions_take(b, bs, t, &out);
	list_set(t->receipt, "merged", out.merged);
	list_set(t->receipt, "conflicts", out.conflicts);
	list_set(t->receipt, "quarantined", out.quarantined);
	free(out.taken);
	return rc;
}

enum rc batch_take(struct batch *b, struct take *t)
{
	char hex[OID_HEX_SIZE];
	struct batch_scope *bs;
	int64_t number;
	enum rc rc = batch_scope(b, t->commit.scope, &bs);

	if (rc == RC_OK)
		rc = db_int(b->store->db, SQL_PACKET_NEXT, 1, &number, b->err);
	if (rc != RC_OK)
		return rc;
	oid_hex(hex, &t->oid);
	t->receipt = json_pack("{s:s, s:s, s:I}", "packet", hex, "state",
			       "merged", "time", (json_int_t)b->now_ms);
	if (!t->receipt)
		return err_set(b->err, RC_NOMEM, "out of memory");
	rc = packet_judge(b, bs, t);
	if (rc == RC_OK)
		rc = packet_put(b, bs, t, number);
	/* Before the packets of the office that its records may bring. */
	if (rc == RC_OK)
		rc = tip_note(b, bs, t);
	if (rc == RC_OK)
		rc = records_take(b, bs, t, number);
	if (rc == RC_OK)
		json_array_append_new(b->receipts,
				      json_pack("{s:I, s:s, s:O}", "number",
						(json_int_t)number, "scope",
						bs->scope, "receipt",
						t->receipt));
	if (rc == RC_OK)
		rc = consequence_follow(b, bs, t);
	return rc;
}
