/* ledger/take.c - one packet into the main line: each record judged, merged and
 * logged, in the order that adoptions ask for, and its receipt. */
#include "ledger/take_impl.h"

#include "base/jcs.h"
#include "ledger/adopt.h"
#include "ledger/gate.h"
#include "ledger/people.h"
#include "sql_store.gen.h"

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
		take_refuse(r, "no_key",
			    "the key of what stands was destroyed");
		return RC_OK;
	}
	if (rc == RC_OK && around)
		rc = gate_judge(b, k, t, s->base, s->terminal, s->server, &code,
				&why);
	if (rc == RC_OK && code) {
		take_refuse(r, code, why.text);
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = author_names(b, bs, k, t, &by);
	if (rc == RC_OK)
		rc = merge_record(k, s->base, s->terminal, s->server, by, m,
				  &why);
	if (rc == RC_CONFLICT || rc == RC_NOT_FOUND) {
		take_refuse(r, rc == RC_CONFLICT ? "id_taken" : "missing",
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
	enum rc rc = take_judge_record(b, bs, t, r);

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
		rc = take_note_quarantine(b, bs, t, r, out->quarantined);
	if (rc == RC_OK && o.merged) {
		char path[72];

		snprintf(path, sizeof(path), "%s/%s", r->kind, r->id);
		json_array_append_new(out->merged, json_string(path));
	}
	out->taken[at] = true;
	return rc == RC_OK ? take_put_record(b, out->number, r, &o) : rc;
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
	rc = take_judge(b, bs, t);
	if (rc == RC_OK)
		rc = take_put(b, bs, t, number);
	/* Before the packets of the office that its records may bring. */
	if (rc == RC_OK)
		rc = take_note_tip(b, bs, t);
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
