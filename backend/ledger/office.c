/* ledger/office.c - what the office writes: packets of its own journal. */
#include "ledger/batch.h"

#include "base/jcs.h"
#include "ledger/adopt.h"
#include "ledger/entered.h"
#include "kind/acting.h"
#include "kind/fsm.h"
#include "ledger/people.h"
#include "ledger/trail.h"
#include "sql_store.gen.h"

/* One packet being filled. */
struct filling {
	struct batch *b;
	struct op *op;
	struct office_write *w;
	struct batch_scope *bs;
	struct take take;
	size_t *from; /* which of w->records each record is */
	size_t bytes;
	json_t *paths; /* of the write, for references; owned */
};

/* The record as it will be: id, scope and town with the fields. */
static json_t *record_whole(const struct office_write *w,
			    const struct office_record *o)
{
	json_t *record = json_object();

	json_object_update(record, (json_t *)(uintptr_t)o->record);
	json_object_set_new(record, "id", json_string(o->id));
	json_object_set_new(record, "scope", json_string(w->scope));
	if (!json_object_get(record, "town"))
		json_object_set_new(record, "town", json_string("000"));
	return record;
}

static void refused(struct office_record *o, const char *why)
{
	o->outcome = OFFICE_REFUSED;
	snprintf(o->why, sizeof(o->why), "%s", why);
}

/* The record in stored form now, or NULL. */
static enum rc stored_now(struct filling *f, const struct office_record *o,
			  json_t **out)
{
	char *text;
	size_t len;
	enum rc rc;

	*out = NULL;
	rc = store_record(f->op->store, f->w->scope, o->kind, o->id, &text,
			  &len, NULL, f->op->err);
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc == RC_OK) {
		rc = json_read(text, len, out, f->op->err);
		free(text);
	}
	return rc;
}

/* An adoption that may not be is refused here, and leaves no packet in
 * quarantine itself. It is for a second person. */
static enum rc adoption_allowed(struct filling *f, const json_t *before,
				const json_t *after, struct err *why)
{
	struct take t = { .role = f->op->actor->roles,
			  .enrolment = "office",
			  .commit = { .author = f->op->actor->name,
				      .scope = f->bs->scope,
				      .journal = "office" } };
	const char *code = NULL;

	if (people_in_person(f->op->actor, why) != RC_OK)
		return RC_OK;
	return adopt_judge(f->b, &t, after, before, &code, why);
}

/* What may be said before anything is written: the kind's rules, the role. That
 * memory ran out, or the disk failed, is no verdict. */
static enum rc allowed(struct filling *f, const struct kind *k,
		       struct office_record *o, const json_t *before,
		       const json_t *after)
{
	unsigned role = f->op->actor->roles;
	struct err why = { 0 };

	if (k->is_catalog != !strcmp(f->w->scope, "catalog"))
		err_set(&why, RC_INVALID, "kind '%s' belongs to %s", k->name,
			k->is_catalog ? "the scope catalog"
				      : "a county's scope");
	else if (kind_check(k, after, &why) == RC_OK &&
		 kind_may_write(k, role_with_import(role, o->is_marked), before,
				after, &why) == RC_OK)
		fsm_check(k, role_with_import(role, o->is_history && !before),
			  before, after, &why);
	if (!why.code && fsm_asks_second(k->fsm, role, before, after))
		people_in_person(f->op->actor, &why);
	if (!why.code && !strcmp(k->name, ADOPTION) &&
	    adoption_allowed(f, before, after, &why) != RC_OK)
		return f->op->err->code;
	if (!why.code)
		people_second(f->op->store, f->w->scope, k, role,
			      f->op->actor->name, before, after, &why);
	if (f->w->entered && !why.code)
		entered_check(f->op, f->w, &f->paths, k, before, after, &why);
	if (why.code == RC_NOMEM || why.code == RC_IO)
		return err_set(f->op->err, why.code, "%s", why.text);
	if (why.code)
		refused(o, why.text);
	return RC_OK;
}

/* Turn one office record into a record of the packet. */
static enum rc record_fill(struct filling *f, const struct kind *k, size_t at)
{
	struct office_record *o = &f->w->records[at];
	struct take_record *r = &f->take.records[f->take.nrecords];
	json_t *stored = NULL, *before = NULL, *after = record_whole(f->w, o);
	struct err *err = f->op->err;
	enum rc rc = stored_now(f, o, &stored);

	o->outcome = OFFICE_SAME;
	kind_normalise(k, after);
	if (rc == RC_OK)
		rc = record_plain(f->op->store, k, stored, &before, err);
	if (rc == RC_DENIED) {
		refused(o, err->text);
		err_clear(err);
		rc = RC_OK;
		goto out;
	}
	if (rc != RC_OK)
		goto out;
	if (!(f->op->actor->roles & (ROLE_SERVER | ROLE_IMPORT)))
		acting_fill(k, f->w->voice ? f->w->voice : f->op->actor->name,
			    o->base ? o->base : before, after);
	if (before && json_equal(before, after)) {
		o->outcome = OFFICE_SAME;
		goto out;
	}
	rc = allowed(f, k, o, o->base ? o->base : before, after);
	if (rc != RC_OK || o->outcome == OFFICE_REFUSED)
		goto out;
	memset(r, 0, sizeof(*r));
	r->kind = o->kind;
	r->id = o->id;
	r->is_marked = o->is_marked;
	r->is_history = o->is_history;
	rc = record_sealed(f->op->store, k, f->w->scope, after, true,
			   &r->terminal, err);
	if (rc == RC_OK && o->base)
		rc = record_sealed(f->op->store, k, f->w->scope, o->base, true,
				   &r->base, err);
	else if (rc == RC_OK)
		r->base = json_incref(stored);
	if (rc == RC_DENIED || rc == RC_INVALID) {
		refused(o, err->text);
		err_clear(err);
		json_decref(r->terminal);
		json_decref(r->base);
		rc = RC_OK;
		goto out;
	}
	f->take.nrecords++;
	f->from[f->take.nrecords - 1] = at;
	if (rc == RC_OK)
		rc = record_bytes(r->terminal, &r->body, &r->body_bytes, err);
	f->bytes += r->body_bytes;
out:
	json_decref(stored);
	json_decref(before);
	json_decref(after);
	return rc;
}

static enum rc journal_next(struct batch *b, struct packet_commit *c)
{
	struct query *q = query_begin(b->store->db, SQL_JOURNAL_GET);
	size_t n;

	query_text(q, 1, c->scope);
	query_text(q, 2, "office");
	c->sequence = 1;
	c->seconds = b->now_ms / 1000;
	if (query_row(q)) {
		c->has_parent = true;
		memcpy(c->parent.b, query_get_blob(q, 1, &n), OID_BYTES);
		c->sequence = query_get_int(q, 2) + 1;
		if (c->seconds < query_get_int(q, 3))
			c->seconds = query_get_int(q, 3);
	}
	return query_end(q, b->err);
}

enum rc office_seal(struct batch *b, struct take *t, struct buf *bytes)
{
	const struct host *host = b->store->host;
	struct packet_commit *c = &t->commit;
	enum rc rc;

	host_boot_id(host, t->boot);
	c->format = PACKET_FORMAT;
	c->terminal = "server";
	c->journal = "office";
	c->wall_ms = b->now_ms;
	c->monotonic_ms = host_monotonic_ms(host);
	c->boot = t->boot;
	c->anchor_ms = b->now_ms;
	rc = journal_next(b, c);
	if (rc == RC_OK)
		rc = take_seal(t, &c->tree, c->content, b->err);
	if (rc == RC_OK)
		rc = packet_commit_write(bytes, &t->oid, c, &b->store->key,
					 b->err);
	t->bytes = bytes->data;
	t->nbytes = bytes->len;
	t->enrolment = "office";
	return rc;
}

/* Sign what is filled and merge it. */
static enum rc packet_flush(struct filling *f)
{
	struct buf bytes;
	enum rc rc;

	if (!f->take.nrecords)
		return RC_OK;
	buf_init(&bytes, 64 * 1024);
	f->take.commit = (struct packet_commit){ .author = f->op->actor->name,
						 .message = f->w->message,
						 .scope = f->bs->scope,
						 .operation = f->w->operation,
						 .has_base = f->bs->has_head,
						 .base = f->bs->head.commit };
	rc = office_seal(f->b, &f->take, &bytes);
	f->take.role = f->op->actor->roles;
	f->take.voice = f->w->voice;
	f->take.actor = f->op->actor;
	if (rc == RC_OK)
		rc = batch_take(f->b, &f->take);
	for (size_t i = 0; i < f->take.nrecords && rc == RC_OK; i++) {
		const struct take_record *r = &f->take.records[i];
		struct office_record *o = &f->w->records[f->from[i]];

		if (r->code)
			refused(o, r->why[0] ? r->why : r->code);
		else
			o->outcome = r->is_new    ? OFFICE_NEW
				     : r->changed ? OFFICE_CHANGED
						  : OFFICE_SAME;
		o->altered = r->altered;
	}
	buf_release(&bytes);
	for (size_t i = 0; i < f->take.nrecords; i++) {
		json_decref(f->take.records[i].terminal);
		json_decref(f->take.records[i].base);
		free(f->take.records[i].body);
	}
	json_decref(f->take.receipt);
	f->take.receipt = NULL;
	f->take.nrecords = 0;
	f->bytes = 0;
	return rc;
}

/* One record within a packet, a new packet begun where it would be too much. A
 * record that stands twice in one call goes into the next packet, so that the
 * second sees the first. */
static enum rc record_next(struct filling *f, json_t *seen, size_t at)
{
	struct office_record *o = &f->w->records[at];
	const struct kind *k = registry_kind(f->op->store->kinds, o->kind);
	char path[72];
	enum rc rc = RC_OK;

	if (!k) {
		refused(o, "there is no such kind");
		return RC_OK;
	}
	snprintf(path, sizeof(path), "%s/%s", o->kind, o->id);
	if (f->take.nrecords == PACKET_RECORDS_MAX ||
	    f->bytes > PACKET_BYTES_MAX - RECORD_BYTES_MAX / 16 ||
	    json_object_get(seen, path)) {
		rc = packet_flush(f);
		json_object_clear(seen);
	}
	json_object_set_new(seen, path, json_true());
	return rc == RC_OK ? record_fill(f, k, at) : rc;
}

/* Records [*at, end) as packets in the batch. */
static enum rc records_put(struct batch *b, struct op *op,
			   struct office_write *w, size_t *at, size_t end)
{
	struct filling f = { .b = b, .op = op, .w = w };
	json_t *seen = json_object();
	enum rc rc = batch_scope(b, w->scope, &f.bs);

	f.take.records = calloc(PACKET_RECORDS_MAX, sizeof(*f.take.records));
	f.from = calloc(PACKET_RECORDS_MAX, sizeof(*f.from));
	if (rc == RC_OK && (!f.take.records || !f.from))
		rc = err_set(op->err, RC_NOMEM, "out of memory");
	for (; *at < end && rc == RC_OK; ++*at)
		rc = record_next(&f, seen, *at);
	if (rc == RC_OK)
		rc = packet_flush(&f);
	take_release(&f.take);
	free(f.from);
	json_decref(seen);
	json_decref(f.paths);
	return rc;
}

enum rc office_in_batch(struct batch *b, struct op *op, struct office_write *w)
{
	size_t at = 0;

	return records_put(b, op, w, &at, w->n);
}

/* One main commit's worth: records [*at, ...). */
static enum rc office_batch(struct op *op, struct office_write *w, size_t *at)
{
	struct batch b;
	size_t from = *at, end = from + LEDGER_BATCH_RECORDS;
	int64_t audited = op->store->audited;
	enum rc rc = batch_begin(&b, op->store, op->now_ms, op->err);

	if (rc != RC_OK)
		return rc;
	rc = records_put(&b, op, w, at, end < w->n ? end : w->n);
	if (rc == RC_OK)
		rc = trail_write(op, w, from, *at);
	if (rc == RC_OK)
		rc = batch_end(&b);
	else
		batch_abort(&b);
	if (rc != RC_OK)
		op->store->audited = audited;
	return rc;
}

enum rc ledger_office(struct op *op, struct office_write *w)
{
	enum rc rc = RC_OK;

	if (!account_may(op->actor, ~0u, w->scope))
		return err_set(op->err, RC_DENIED,
			       "account '%s' has no rights in scope %s",
			       op->actor->name, w->scope);
	for (size_t at = 0; at < w->n && rc == RC_OK;) {
		rc = office_batch(op, w, &at);
		if (rc == RC_OK && w->progress)
			w->progress(w->ctx, at, w->n);
	}
	return rc;
}

enum rc ledger_record(struct op *op, const char *scope, const char *kind,
		      const char *id, json_t **out)
{
	const struct kind *k = registry_kind(op->store->kinds, kind);
	json_t *stored;
	enum rc rc;

	*out = NULL;
	if (!k)
		return err_set(op->err, RC_NOT_FOUND, "there is no kind '%s'",
			       kind);
	rc = store_look(op->store, scope, kind, id, &stored, op->err);
	if (rc == RC_OK && !stored)
		return err_set(op->err, RC_NOT_FOUND,
			       "there is no %s '%s' in scope %s", kind, id,
			       scope);
	if (rc == RC_OK)
		rc = record_plain(op->store, k, stored, out, op->err);
	json_decref(stored);
	return rc;
}
