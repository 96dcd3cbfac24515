/* merge/merge.c - one walk over the groups of the three sides.
 *
 * The names of all fields of all sides are sorted by group, then by name, so
 * that neither the order of members nor the side that named a field first can
 * change a byte of what comes out. Values are shared with the inputs by
 * reference: nobody changes a merged record in place. */
#include "merge/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hex.h"
#include "merge/rules.h"
#include "merge/states.h"

struct member {
	const char *group, *name;
	const struct field *field; /* NULL for town and unknown fields */
};

struct walk {
	const struct kind *kind;
	const json_t *base, *terminal, *server, *by;
	/* The side that froze the record while the other could not know: what
	 * it has of closed fields stands. NULL: none did. */
	const json_t *frozen;
	struct member *members; /* owned */
	size_t n;
	struct merge_result *out;
	struct err *err;
};

static enum rc no_memory(struct walk *w)
{
	return err_set(w->err, RC_NOMEM, "no memory to merge a record");
}

static bool same(const json_t *a, const json_t *b)
{
	/* json_equal says that nothing differs from nothing. */
	return a == b || (a && b && json_equal(a, b));
}

static bool is_place(const char *name)
{
	return strcmp(name, "id") == 0 || strcmp(name, "scope") == 0;
}

static void member_add(struct walk *w, const char *name)
{
	struct member *m = &w->members[w->n++];

	m->field = w->kind ? kind_field(w->kind, name) : NULL;
	m->group = m->field ? m->field->group : name;
	m->name = name;
}

/* The fields of `side` that none of the sides before it has. */
static void members_of(struct walk *w, const json_t *side, const json_t *before,
		       const json_t *before_that)
{
	json_t *o = (json_t *)(uintptr_t)side, *value;
	const char *name;

	json_object_foreach(o, name,
			    value) if (!is_place(name) &&
				       !json_object_get(before, name) &&
				       !json_object_get(before_that, name))
		member_add(w, name);
}

static int member_compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->group, y->group);

	return order ? order : strcmp(x->name, y->name);
}

static enum rc members_collect(struct walk *w)
{
	size_t most = json_object_size(w->base) +
		      json_object_size(w->terminal) +
		      json_object_size(w->server);

	w->members = calloc(most ? most : 1, sizeof(*w->members));
	if (!w->members)
		return no_memory(w);
	members_of(w, w->base, NULL, NULL);
	members_of(w, w->terminal, w->base, NULL);
	members_of(w, w->server, w->terminal, w->base);
	qsort(w->members, w->n, sizeof(*w->members), member_compare);
	return RC_OK;
}

static bool group_same(const struct member *m, size_t n, const json_t *a,
		       const json_t *b)
{
	for (size_t i = 0; i < n; i++)
		if (!same(json_object_get(a, m[i].name),
			  json_object_get(b, m[i].name)))
			return false;
	return true;
}

/* Copy what `from` has of the group. */
static enum rc group_take(struct walk *w, const struct member *m, size_t n,
			  const json_t *from, json_t *to)
{
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(from, m[i].name);

		if (value && json_object_set(to, m[i].name, value) != 0)
			return no_memory(w);
	}
	return RC_OK;
}

static json_t *group_object(struct walk *w, const struct member *m, size_t n,
			    const json_t *from)
{
	json_t *object = json_object();

	if (object && group_take(w, m, n, from, object) == RC_OK)
		return object;
	json_decref(object);
	return NULL;
}

static enum rc conflict_add(struct walk *w, const struct member *m, size_t n,
			    const char *rule)
{
	struct merge_result *out = w->out;
	struct merge_conflict *grown, *c;

	grown = realloc(out->conflicts, (out->nconflicts + 1) * sizeof(*grown));
	if (!grown)
		return no_memory(w);
	out->conflicts = grown;
	c = &grown[out->nconflicts++];
	c->group = m->group;
	c->rule = rule;
	c->base = group_object(w, m, n, w->base);
	c->terminal = group_object(w, m, n, w->terminal);
	c->server = group_object(w, m, n, w->server);
	c->standing = group_object(w, m, n, out->record);
	if (!c->base || !c->terminal || !c->server || !c->standing)
		return no_memory(w);
	return RC_OK;
}

/* A rule speaks of one value. Where several fields are declared to move only
 * together it could part them, so a person decides. */
static bool rule_applies(const struct walk *w, const struct member *m, size_t n)
{
	size_t declared = 0;

	if (n != 1 || !m->field)
		return false;
	for (size_t i = 0; i < w->kind->nfields; i++)
		declared += strcmp(w->kind->fields[i].group, m->group) == 0;
	return declared == 1;
}

static enum rc field_decide(struct walk *w, const struct member *m,
			    enum verdict *verdict, const char **rule)
{
	const struct sides s = {
		.base = json_object_get(w->base, m->name),
		.terminal = json_object_get(w->terminal, m->name),
		.server = json_object_get(w->server, m->name),
	};
	json_t *stands = NULL;

	*verdict = merge_rules[m->field->rule](m->field, &s, &stands);
	if (*verdict == VERDICT_NOMEM)
		return no_memory(w);
	if (*verdict == VERDICT_CONFLICT)
		stands = json_incref(s.server);
	if (stands && json_object_set_new(w->out->record, m->name, stands) != 0)
		return no_memory(w);
	*rule = rule_name(m->field->rule);
	if (m->field->fsm) {
		const struct fsm_cell *c =
			fsm_cell(m->field->fsm, s.server, s.terminal);

		if (c && c->flag)
			*rule = c->flag;
	}
	return RC_OK;
}

/* A record that one side signed stays what was signed; what the other side
 * wrote meanwhile is kept beside it. */
static enum rc group_frozen(struct walk *w, const struct member *m, size_t n)
{
	const json_t *late = w->frozen == w->server ? w->terminal : w->server;
	enum rc rc = group_take(w, m, n, w->frozen, w->out->record);

	if (rc != RC_OK || group_same(m, n, late, w->base) ||
	    group_same(m, n, late, w->frozen))
		return rc;
	return conflict_add(w, m, n, "frozen");
}

static bool is_named(const struct walk *w, const json_t *owner)
{
	const json_t *name;
	size_t i;

	json_array_foreach(w->by, i, name) if (same(name, owner)) return true;
	return false;
}

/* The field is somebody's, and the terminal's author neither is who it was for
 * him nor who it is now. */
static bool is_strangers(const struct walk *w, const struct field *f)
{
	const json_t *saw = json_object_get(w->base, f->own);
	const json_t *now = json_object_get(w->server, f->own);

	return w->by && (saw || now) && !is_named(w, saw) && !is_named(w, now);
}

static enum rc group_decide(struct walk *w, const struct member *m, size_t n,
			    bool applies)
{
	enum verdict verdict = VERDICT_CONFLICT;
	const char *rule = rule_name(MERGE_THREEWAY);
	enum rc rc;

	if (applies)
		rc = field_decide(w, m, &verdict, &rule);
	else
		rc = group_take(w, m, n, w->server, w->out->record);
	if (rc != RC_OK || verdict == VERDICT_STANDS)
		return rc;
	return conflict_add(w, m, n, rule);
}

static enum rc group_merge(struct walk *w, const struct member *m, size_t n)
{
	bool applies = rule_applies(w, m, n);
	enum merge_rule rule = applies ? m->field->rule : MERGE_THREEWAY;
	bool is_same = group_same(m, n, w->terminal, w->server);
	bool server_moved = !group_same(m, n, w->server, w->base);

	if (w->frozen && m->field &&
	    fsm_is_closed(w->kind->fsm, 0, fsm_state(w->kind->fsm, w->frozen),
			  m->name))
		return group_frozen(w, m, n);
	/* Two who added the same to a counter added it twice. */
	if (group_same(m, n, w->terminal, w->base) ||
	    (is_same && !(rule == MERGE_SUM && server_moved)))
		return group_take(w, m, n, w->server, w->out->record);
	/* The server's word stands, and the owner is asked. */
	if (rule == MERGE_OWN && is_strangers(w, m->field))
		return group_decide(w, m, n, true);
	if (!server_moved)
		return group_take(w, m, n, w->terminal, w->out->record);
	return group_decide(w, m, n, applies);
}

static enum rc groups_merge(struct walk *w)
{
	enum rc rc = RC_OK;

	for (size_t from = 0, to; rc == RC_OK && from < w->n; from = to) {
		for (to = from + 1; to < w->n; to++)
			if (strcmp(w->members[to].group,
				   w->members[from].group) != 0)
				break;
		rc = group_merge(w, &w->members[from], to - from);
	}
	return rc;
}

/* The same record on every side that has one; its place goes into the result.
 */
static enum rc place_merge(struct walk *w)
{
	static const char *const names[] = { "id", "scope" };

	for (int i = 0; i < 2; i++) {
		json_t *value = json_object_get(w->terminal, names[i]);

		if (!json_is_string(value) ||
		    !same(value, json_object_get(w->server, names[i])) ||
		    !same(value, json_object_get(w->base, names[i])))
			return err_set(w->err, RC_INVALID,
				       "the sides of a merge differ in '%s'",
				       names[i]);
		if (json_object_set(w->out->record, names[i], value) != 0)
			return no_memory(w);
	}
	return RC_OK;
}

static const char *record_id(const json_t *record)
{
	const char *id = json_string_value(json_object_get(record, "id"));

	return id ? id : "";
}

/* Where there is nothing to walk over. *done says that `out` is whole. */
static enum rc merge_plain(const json_t *base, const json_t *terminal,
			   const json_t *server, struct merge_result *out,
			   bool *done, struct err *err)
{
	*done = true;
	if (!json_is_object(terminal))
		return err_set(err, RC_INVALID,
			       "a record cannot be removed by a merge");
	if (base && !server)
		return err_set(err, RC_NOT_FOUND,
			       "record '%s' is no longer here",
			       record_id(terminal));
	if (!base && server && !same(terminal, server))
		return err_set(err, RC_CONFLICT, "id '%s' is taken",
			       record_id(terminal));
	*done = !base;
	if (base)
		return RC_OK;
	out->record = json_copy((json_t *)(uintptr_t)terminal);
	if (!out->record)
		return err_set(err, RC_NOMEM, "no memory to merge a record");
	return RC_OK;
}

enum rc merge_record(const struct kind *k, const json_t *base,
		     const json_t *terminal, const json_t *server,
		     const json_t *by, struct merge_result *out,
		     struct err *err)
{
	struct walk w = { .kind = k,
			  .by = by,
			  .base = base,
			  .terminal = terminal,
			  .server = server,
			  .out = out,
			  .err = err };
	const struct records sides = { base, terminal, server };
	bool done;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	rc = merge_plain(base, terminal, server, out, &done, err);
	if (done)
		return rc;
	out->record = json_object();
	rc = out->record ? place_merge(&w) : no_memory(&w);
	if (k && k->fsm)
		w.frozen = states_frozen(k->fsm, &sides);
	if (rc == RC_OK)
		rc = members_collect(&w);
	if (rc == RC_OK)
		rc = groups_merge(&w);
	if (rc == RC_OK && k && k->fsm)
		rc = states_flag(k, &sides, out->record, err);
	free(w.members);
	if (rc != RC_OK)
		merge_release(out);
	else
		out->merged = !same(out->record, terminal) &&
			      !same(out->record, server);
	return rc;
}

void merge_release(struct merge_result *r)
{
	for (size_t i = 0; i < r->nconflicts; i++) {
		json_decref(r->conflicts[i].base);
		json_decref(r->conflicts[i].terminal);
		json_decref(r->conflicts[i].server);
		json_decref(r->conflicts[i].standing);
	}
	free(r->conflicts);
	json_decref(r->record);
	memset(r, 0, sizeof(*r));
}

void conflict_id(char out[33], const char *kind, const char *id,
		 const char *group, const char *first_packet_hex)
{
	const char *const parts[] = { kind, id, group, first_packet_hex };
	unsigned char digest[SHA256_BYTES];
	struct sha256 h;

	sha256_begin(&h);
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			sha256_add(&h, "\x1f", 1);
		sha256_add(&h, parts[i], strlen(parts[i]));
	}
	sha256_end(&h, digest);
	hex_encode(out, digest, 16);
}
