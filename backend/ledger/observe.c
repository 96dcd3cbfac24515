/* ledger/observe.c - what a tablet writes into a field that is the office's
 * alone (rule `ref`) is no edit of it but an observation: the value stays, what
 * was found is kept beside it, and the office adopts or refuses it. */
#include "ledger/settle.h"

#include <string.h>

#include "base/jcs.h"
#include "merge/merge.h"

#define OBSERVATION "observation"

enum rc observe_split(struct batch *b, const struct kind *k, unsigned role,
		      struct take_record *r)
{
	json_t *rest = NULL;

	if (!r->base || r->found ||
	    !registry_kind(b->store->kinds, OBSERVATION))
		return RC_OK;
	for (size_t i = 0; i < k->nfields; i++) {
		const struct field *f = &k->fields[i];
		json_t *was = json_object_get(r->base, f->name);

		if (!kind_is_observed(k, f, role, r->base, r->terminal))
			continue;
		if (!rest) {
			rest = json_copy(r->terminal);
			r->found = json_object();
			r->seen = json_object();
		}
		if (!rest || !r->found || !r->seen ||
		    json_object_set(r->found, f->name,
				    json_object_get(rest, f->name)) != 0 ||
		    (was && json_object_set(r->seen, f->name, was) != 0) ||
		    (was ? json_object_set(rest, f->name, was)
			 : json_object_del(rest, f->name)) != 0) {
			json_decref(rest);
			return err_set(b->err, RC_NOMEM, "out of memory");
		}
	}
	if (rest) {
		json_decref(r->terminal);
		r->terminal = rest;
	}
	return RC_OK;
}

enum rc settle_observe(struct settle *s, const struct take_record *r)
{
	char id[33], packet[OID_HEX_SIZE];
	json_t *o;

	oid_hex(packet, &s->t->oid);
	conflict_id(id, r->kind, r->id, OBSERVATION, packet);
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:O, s:O, s:s, s:I, s:s}",
		      "id", id, "scope", s->bs->scope, "town",
		      json_text(r->terminal, "town"), "record_kind", r->kind,
		      "record_id", r->id, "found", r->found, "seen", r->seen,
		      "author", s->t->commit.author, "at",
		      (json_int_t)s->b->now_ms, "state", "new");
	return settle_add(s, OBSERVATION, o);
}

/* The record with these values in place of its own; absent ones are taken
 * away. */
static json_t *with_values(const json_t *record, const json_t *names,
			   const json_t *values)
{
	json_t *out = json_copy((json_t *)(uintptr_t)record), *ignored;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)names, name, ignored)
	{
		json_t *value = json_object_get(values, name);

		if (value)
			json_object_set(out, name, value);
		else
			json_object_del(out, name);
	}
	return out;
}

/* The office wrote something else there since: a question, as of a merge. */
static enum rc adoption_ask(struct settle *s, const json_t *o,
			    const json_t *record,
			    const struct merge_conflict *m)
{
	const char *author = json_text(o, "author");
	char id[33], packet[OID_HEX_SIZE];
	json_t *c, *fields = json_array(), *ignored;
	const char *name;

	json_object_foreach(m->terminal, name, ignored)
		json_array_append_new(fields, json_string(name));
	oid_hex(packet, &s->t->oid);
	conflict_id(id, json_text(o, "record_kind"), json_text(record, "id"),
		    m->group, packet);
	c = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:O, s:O, s:O, s:O,"
		      " s:[s], s:I, s:s, s:s}",
		      "id", id, "scope", s->bs->scope, "town",
		      json_text(record, "town"), "record_kind",
		      json_text(o, "record_kind"), "record_id",
		      json_text(record, "id"), "field_group", m->group,
		      "fields", fields, "base_value", m->base, "terminal_value",
		      m->terminal, "server_value", m->server, "standing_value",
		      m->standing, "packets", packet, "opened_at",
		      (json_int_t)s->b->now_ms, "state", "open", "rule",
		      m->rule);
	if (!c)
		return settle_no_memory(s);
	if (author)
		json_object_set_new(c, "author", json_string(author));
	conflict_parties(s->b->store->kinds, "conflict", c);
	return settle_add(s, "conflict", c);
}

/* Three-way against what its author saw. */
static enum rc adopt(struct settle *s, const json_t *o, const struct kind *k,
		     json_t *record)
{
	const json_t *found = json_object_get(o, "found");
	const json_t *seen = json_object_get(o, "seen");
	json_t *base =
		seen ? with_values(record, found, seen) : json_copy(record);
	json_t *terminal = with_values(base, found, found);
	struct merge_result m = { 0 };
	enum rc rc =
		merge_record(k, base, terminal, record, NULL, &m, s->b->err);

	for (size_t i = 0; rc == RC_OK && i < m.nconflicts; i++)
		rc = adoption_ask(s, o, record, &m.conflicts[i]);
	if (rc == RC_OK && !json_equal(m.record, record)) {
		json_object_clear(record);
		json_object_update(record, m.record);
		rc = settle_text(s, k->name, record, "id",
				 json_text(m.record, "id"));
	}
	merge_release(&m);
	json_decref(base);
	json_decref(terminal);
	return rc;
}

enum rc settle_adopted(struct settle *s, const struct take_record *r,
		       const json_t *o)
{
	static const char *const adopted[] = { "adopted", NULL };
	const char *kind = json_text(o, "record_kind");
	const struct kind *k =
		kind ? registry_kind(s->b->store->kinds, kind) : NULL;
	json_t *record = NULL;
	enum rc rc;

	if (!settle_state_is(o, adopted) || settle_state_is(r->base, adopted) ||
	    !k || k->is_sealed || !json_text(o, "record_id"))
		return RC_OK;
	rc = settle_look(s, kind, json_text(o, "record_id"), &record);
	return rc == RC_OK && record ? adopt(s, o, k, record) : rc;
}
