/* ledger/history.c - the versions of one record, each beside the one before it
 * and beside what its packet wanted. */
#include "ledger/history.h"

#include <stdlib.h>

#include "base/jcs.h"
#include "ledger/batch.h"
#include "ledger/clock.h"
#include "sql_store.gen.h"

#define HISTORY_BYTES_MAX (8u << 20)

/* One version with the packet that it came in. */
struct version {
	struct arena mem;
	const char *packet; /* hex; NULL: the server's own */
	int64_t number; /* of the packet */
	struct packet_commit commit;
	json_t *before, *after; /* owned; `before` may be NULL */
	json_t *base, *wanted; /* what the author saw and wrote; owned */
	char code[24]; /* why it is in quarantine, or "" */
	bool merged;
	struct clock_interval clock; /* of a terminal's packet */
};

struct history {
	struct op *op;
	const char *scope, *id;
	const struct kind *kind;
	json_t *conflicts; /* array of the record's conflicts; owned */
	json_t *out;
	struct history_page *page;
	size_t seen; /* entries of this and earlier pages */
};

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

static enum rc plain_read(struct history *h, const char *text, size_t n,
			  json_t **out)
{
	json_t *stored = NULL;
	enum rc rc = json_read(text, n, &stored, h->op->err);

	if (rc == RC_OK)
		rc = record_plain(h->op->store, h->kind, stored, out,
				  h->op->err);
	json_decref(stored);
	return rc;
}

/* What the author saw: the journal's own packet that main had not taken in by
 * then, or main as it was. */
static enum rc base_load(struct history *h, struct version *v)
{
	struct store *s = h->op->store;
	const struct packet_commit *c = &v->commit;
	struct head head = { 0 };
	struct query *q;
	char *text = NULL;
	size_t len;
	bool found;
	enum rc rc = RC_OK;

	if (c->has_base)
		rc = ledger_head_at(s, h->scope, &c->base, &head, h->op->err);
	if (rc != RC_OK)
		return rc;
	q = query_begin(s->db, SQL_HISTORY_SEEN);
	query_text(q, 1, h->kind->name);
	query_text(q, 2, h->id);
	query_text(q, 3, h->scope);
	query_text(q, 4, c->journal);
	query_int(q, 5, c->sequence);
	query_int(q, 6, head.number);
	query_int(q, 7, v->number);
	found = query_row(q);
	if (found)
		rc = plain_read(h, query_get_text(q, 3), query_get_len(q, 3),
				&v->base);
	if (query_end(q, h->op->err) != RC_OK)
		return h->op->err->code;
	if (found || rc != RC_OK || !head.position)
		return rc;
	rc = store_record_at(s, h->scope, h->kind->name, h->id, head.position,
			     &text, &len, h->op->err);
	if (rc == RC_OK)
		rc = plain_read(h, text, len, &v->base);
	free(text);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc wanted_load(struct history *h, struct version *v)
{
	struct query *q = query_begin(h->op->store->db, SQL_PACKET_RECORD_GET);
	enum rc rc = RC_OK;

	query_int(q, 1, v->number);
	query_text(q, 2, h->kind->name);
	query_text(q, 3, h->id);
	query_text(q, 4, h->scope);
	if (query_row(q) && !query_is_null(q, 0))
		rc = plain_read(h, query_get_text(q, 0), query_get_len(q, 0),
				&v->wanted);
	return query_end(q, h->op->err) == RC_OK ? rc : h->op->err->code;
}

/* The conflict on a field that this packet opened or went on with. */
static const char *conflict_of(const struct history *h, const struct version *v,
			       const char *field)
{
	const json_t *conflict, *member;
	size_t i, j;

	json_array_foreach(h->conflicts, i, conflict)
	{
		bool here = false, of_field = false;

		json_array_foreach(json_object_get(conflict, "packets"), j,
				   member) here |=
			!strcmp(json_string_value(member), v->packet);
		json_array_foreach(json_object_get(conflict, "fields"), j,
				   member) of_field |=
			!strcmp(json_string_value(member), field);
		if (here && of_field)
			return json_text(conflict, "id");
	}
	return NULL;
}

/* The conflict that an office packet decided. */
static const char *decided_by(struct history *h, const struct version *v,
			      char id[33])
{
	struct query *q = query_begin(h->op->store->db, SQL_HISTORY_DECIDED);
	struct err ignored = { 0 };

	id[0] = '\0';
	query_int(q, 1, v->number);
	if (query_row(q))
		snprintf(id, 33, "%s", query_get_text(q, 0));
	query_end(q, &ignored);
	return id[0] ? id : NULL;
}

static json_t *rule_of(struct history *h, const struct version *v,
		       const char *name)
{
	const struct field *f = kind_field(h->kind, name);
	const json_t *base = json_object_get(v->base, name);
	const json_t *wanted = json_object_get(v->wanted, name);
	const json_t *before = json_object_get(v->before, name);
	const char *side, *conflict;
	char id[33];

	if (!v->packet)
		return json_string("server");
	if (v->code[0])
		return json_sprintf("quarantine %s", v->code);
	side = strcmp(v->commit.terminal, "server") != 0 ? "terminal"
							 : "office";
	conflict = v->commit.operation && !strcmp(v->commit.operation, "decide")
			   ? decided_by(h, v, id)
			   : conflict_of(h, v, name);
	if (conflict)
		return json_sprintf("conflict %s", conflict);
	if (!v->wanted || same(base, before))
		return json_string(side);
	if (same(wanted, before))
		return json_string("same");
	return json_string(rule_name(f ? f->rule : MERGE_THREEWAY));
}

static enum rc field_add(struct history *h, const struct version *v,
			 const char *name, json_t *changes, json_t *refused)
{
	json_t *before = json_object_get(v->before, name);
	json_t *after = json_object_get(v->after, name);
	json_t *wanted = json_object_get(v->wanted, name);
	int failed = 0;

	if (!strcmp(name, "id") || !strcmp(name, "scope"))
		return RC_OK;
	if (!same(before, after))
		failed |= json_array_append_new(
			changes, json_pack("{s:s, s:O?, s:O?, s:o}", "field",
					   name, "before", before, "after",
					   after, "rule", rule_of(h, v, name)));
	if (v->wanted && !same(wanted, after) &&
	    !same(wanted, json_object_get(v->base, name)))
		failed |= json_array_append_new(
			refused, json_pack("{s:s, s:O?, s:O?, s:o}", "field",
					   name, "terminal", wanted, "stands",
					   after, "rule", rule_of(h, v, name)));
	return failed ? err_set(h->op->err, RC_NOMEM, "out of memory") : RC_OK;
}

/* All fields that any side has, each once, in the kind's order. */
static json_t *names_of(const struct history *h, const struct version *v)
{
	const json_t *const sides[] = { v->before, v->after, v->wanted };
	json_t *names = json_object(), *value;
	const char *name;

	json_object_set_new(names, "town", json_true());
	for (size_t i = 0; i < h->kind->nfields; i++)
		json_object_set_new(names, h->kind->fields[i].name,
				    json_true());
	for (size_t i = 0; i < 3; i++)
		json_object_foreach((json_t *)(uintptr_t)sides[i], name, value)
			json_object_set_new(names, name, json_true());
	return names;
}

static bool is_terminals(const struct version *v)
{
	return v->packet && strcmp(v->commit.terminal, "server") != 0;
}

/* What the terminal's clock said, and between which times it was; NULL for what
 * the office wrote, whose clock is the server's. */
static json_t *clock_tell(const struct version *v)
{
	json_t *flags = json_array();

	if (!is_terminals(v)) {
		json_decref(flags);
		return NULL;
	}
	if (v->clock.is_skewed)
		json_array_append_new(flags, json_string("clock_skew"));
	if (v->clock.has_jumped)
		json_array_append_new(flags, json_string("clock_jump"));
	return json_pack("{s:I, s:I, s:I, s:o}", "wall",
			 (json_int_t)v->commit.wall_ms, "earliest",
			 (json_int_t)v->clock.earliest, "latest",
			 (json_int_t)v->clock.latest, "flags", flags);
}

/* `position` 0: the packet changed nothing of what stands. */
static enum rc version_add(struct history *h, const struct version *v,
			   int64_t position, int64_t received)
{
	const struct packet_commit *c = &v->commit;
	json_t *changes = json_array(), *refused = json_array(), *value;
	json_t *names = names_of(h, v), *entry;
	const char *name;
	enum rc rc = names && changes && refused
			     ? RC_OK
			     : err_set(h->op->err, RC_NOMEM, "out of memory");

	json_object_foreach(names, name, value) if (rc == RC_OK) rc =
		field_add(h, v, name, changes, refused);
	json_decref(names);
	entry = json_pack("{s:o, s:I, s:s, s:s, s:s, s:s?, s:s, s:b, s:o, s:o}",
			  "position",
			  position ? json_integer(position) : json_null(),
			  "received", (json_int_t)received, "author",
			  v->packet ? c->author : "server", "terminal",
			  v->packet ? c->terminal : "server", "packet",
			  v->packet ? v->packet : "", "operation",
			  v->packet ? c->operation : NULL, "message",
			  v->packet ? c->message : "", "merged", (int)v->merged,
			  "changes", changes, "refused", refused);
	if (is_terminals(v))
		json_object_set_new(entry, "clock", clock_tell(v));
	if (rc == RC_OK && json_array_append_new(h->out, entry) != 0)
		return err_set(h->op->err, RC_NOMEM, "out of memory");
	if (rc != RC_OK)
		json_decref(entry);
	return rc;
}

static enum rc packet_load(struct history *h, struct version *v,
			   struct query *q)
{
	char hex[OID_HEX_SIZE];
	struct oid oid;
	enum rc rc;

	if (query_is_null(q, 3))
		return RC_OK;
	rc = packet_commit_read(&v->commit, &oid, query_get_text(q, 5),
				query_get_len(q, 5), &v->mem, h->op->err);
	if (rc != RC_OK)
		return rc;
	oid_hex(hex, &oid);
	v->packet = arena_strdup(&v->mem, hex);
	v->number = query_get_int(q, 3);
	if (!v->packet)
		return err_set(h->op->err, RC_NOMEM, "out of memory");
	if (is_terminals(v))
		rc = clock_load(h->op->store->db, h->scope, &v->commit,
				query_get_int(q, 4), &v->clock, h->op->err);
	if (rc == RC_OK)
		rc = base_load(h, v);
	return rc == RC_OK ? wanted_load(h, v) : rc;
}

static enum rc version_take(struct history *h, struct query *q, json_t **last)
{
	struct version v = { .before = *last,
			     .merged = query_get_int(q, 2) != 0 };
	enum rc rc = RC_OK;

	arena_init(&v.mem, HISTORY_BYTES_MAX);
	if (!query_is_null(q, 6))
		snprintf(v.code, sizeof(v.code), "%s", query_get_text(q, 6));
	if (query_is_null(q, 1))
		v.after = json_incref(*last);
	else
		rc = plain_read(h, query_get_text(q, 1), query_get_len(q, 1),
				&v.after);
	/* One of an earlier page is only what the next one came from. */
	if (rc == RC_OK && h->seen >= h->page->from)
		rc = packet_load(h, &v, q);
	if (rc == RC_OK && h->seen++ >= h->page->from)
		rc = version_add(h, &v, query_get_int(q, 0),
				 query_get_int(q, 4));
	json_decref(v.base);
	json_decref(v.wanted);
	json_decref(v.before);
	*last = v.after;
	arena_release(&v.mem);
	return rc;
}

static enum rc conflicts_load(struct history *h)
{
	const struct kind *kind = registry_kind(
		h->op->store->kinds,
		h->kind->is_sealed ? "conflict_private" : "conflict");
	struct query *q =
		query_begin(h->op->store->db,
			    h->kind->is_sealed ? SQL_HISTORY_CONFLICTS_PRIVATE
					       : SQL_HISTORY_CONFLICTS);
	enum rc rc = RC_OK;

	h->conflicts = json_array();
	query_text(q, 1, h->scope);
	if (!h->kind->is_sealed) {
		query_text(q, 2, h->kind->name);
		query_text(q, 3, h->id);
	}
	while (rc == RC_OK && query_row(q)) {
		json_t *stored = NULL, *plain = NULL;

		rc = json_read(query_get_text(q, 0), query_get_len(q, 0),
			       &stored, h->op->err);
		if (rc == RC_OK && record_plain(h->op->store, kind, stored,
						&plain, h->op->err) != RC_OK)
			err_clear(h->op->err); /* of a destroyed key */
		if (plain &&
		    !strcmp(json_text(plain, "record_kind"), h->kind->name) &&
		    !strcmp(json_text(plain, "record_id"), h->id))
			json_array_append(h->conflicts, plain);
		json_decref(plain);
		json_decref(stored);
	}
	return query_end(q, h->op->err) == RC_OK ? rc : h->op->err->code;
}

static enum rc versions_walk(struct history *h)
{
	struct query *q = query_begin(h->op->store->db, SQL_HISTORY_VERSIONS);
	json_t *last = NULL;
	enum rc rc = RC_OK;

	query_text(q, 1, h->scope);
	query_text(q, 2, h->kind->name);
	query_text(q, 3, h->id);
	while (rc == RC_OK && !h->page->more && query_row(q)) {
		h->page->more = json_array_size(h->out) == h->page->most;
		if (!h->page->more)
			rc = version_take(h, q, &last);
	}
	json_decref(last);
	if (query_end(q, h->op->err) != RC_OK)
		return h->op->err->code;
	if (rc == RC_OK && !h->seen)
		return err_set(h->op->err, RC_NOT_FOUND,
			       "there is no %s '%s' in scope %s", h->kind->name,
			       h->id, h->scope);
	return rc;
}

/* What stood before a position; *out stays NULL where nothing did. */
static enum rc before_load(struct history *h, int64_t position, json_t **out)
{
	char *text;
	size_t len;
	enum rc rc =
		store_record_at(h->op->store, h->scope, h->kind->name, h->id,
				position - 1, &text, &len, h->op->err);

	if (rc == RC_OK)
		rc = plain_read(h, text, len, out);
	free(text);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

enum rc ledger_history_at(struct op *op, const char *scope, const char *kind,
			  const char *id, int64_t position, json_t **out)
{
	struct history_page all = { .most = SIZE_MAX };
	struct history h = { .op = op,
			     .page = &all,
			     .scope = scope,
			     .id = id,
			     .kind = registry_kind(op->store->kinds, kind),
			     .out = json_array() };
	json_t *last = NULL;
	struct query *q;
	enum rc rc = conflicts_load(&h);

	*out = NULL;
	if (rc == RC_OK)
		rc = before_load(&h, position, &last);
	q = query_begin(op->store->db, SQL_HISTORY_VERSION);
	query_text(q, 1, scope);
	query_int(q, 2, position);
	if (rc == RC_OK && query_row(q))
		rc = version_take(&h, q, &last);
	if (query_end(q, op->err) != RC_OK)
		rc = op->err->code;
	if (rc == RC_OK && !json_array_size(h.out))
		rc = err_set(op->err, RC_CORRUPT,
			     "the log of scope %s has no position %lld", scope,
			     (long long)position);
	if (rc == RC_OK)
		*out = json_incref(json_array_get(h.out, 0));
	json_decref(last);
	json_decref(h.conflicts);
	json_decref(h.out);
	return rc;
}

enum rc ledger_history(struct op *op, const char *scope, const char *kind,
		       const char *id, json_t **out)
{
	struct history_page all = { .most = SIZE_MAX };

	return ledger_history_page(op, scope, kind, id, &all, out);
}

enum rc ledger_history_page(struct op *op, const char *scope, const char *kind,
			    const char *id, struct history_page *page,
			    json_t **out)
{
	struct history h = { .op = op,
			     .page = page,
			     .scope = scope,
			     .id = id,
			     .kind = registry_kind(op->store->kinds, kind),
			     .out = json_array() };
	enum rc rc;

	*out = NULL;
	page->more = false;
	if (!h.out)
		return err_set(op->err, RC_NOMEM, "out of memory");
	rc = h.kind ? conflicts_load(&h)
		    : err_set(op->err, RC_NOT_FOUND, "there is no kind '%s'",
			      kind);
	if (rc == RC_OK)
		rc = versions_walk(&h);
	json_decref(h.conflicts);
	if (rc == RC_OK)
		*out = h.out;
	else
		json_decref(h.out);
	return rc;
}
