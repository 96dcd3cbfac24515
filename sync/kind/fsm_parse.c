/* kind/fsm_parse.c - the table of a field with the rule `fsm`. What it says
 * must be possible: it names states that are values, fields that there are, and
 * every value can come to be. */
#include "kind/fsm.h"

#include <string.h>

#include "base/jcs.h"
#include "kind/kind_impl.h"

/* One table on its way. */
struct table {
	struct parse *p;
	struct fsm *t;
	const json_t *o;
};

static enum rc wrong(struct table *a, const char *what, const char *word)
{
	return err_set(
		a->p->err, RC_INVALID, "kind '%s': the states of '%s' %s '%s'",
		a->p->kind->name, a->t->field->name, what, word ? word : "");
}

static enum rc state_named(struct table *a, const char *word, unsigned *out)
{
	for (*out = 0; word && *out < a->t->nstates; ++*out)
		if (strcmp(a->t->field->values[*out], word) == 0)
			return RC_OK;
	return wrong(a, "have no value", word);
}

/* A list of states. */
static enum rc parse_states(struct table *a, const json_t *o,
			    const char *member, uint64_t *out)
{
	const json_t *words = json_object_get(o, member), *word;
	size_t i;

	*out = 0;
	json_array_foreach(words, i, word)
	{
		unsigned state;
		enum rc rc = state_named(a, json_string_value(word), &state);

		if (rc != RC_OK)
			return rc;
		*out |= UINT64_C(1) << state;
	}
	return *out ? RC_OK : wrong(a, "lack a list", member);
}

/* A list of fields of the kind; NULL where it is absent. */
static enum rc parse_names(struct table *a, const json_t *o, const char *member,
			   const char *const **out)
{
	enum rc rc = parse_words(a->p, o, member, out);

	for (const char *const *f = *out; rc == RC_OK && f && *f; f++)
		if (!kind_field(a->p->kind, *f))
			rc = wrong(a, "name a field that is not there:", *f);
	return rc;
}

static enum rc parse_flag(struct table *a, const json_t *o, const char **out)
{
	const struct field *flags = kind_field(a->p->kind, FSM_FLAGS);

	*out = json_text(o, "flag");
	if (*out && (!flags || flags->type != FIELD_SET))
		return wrong(a, "set a flag, and there is no set", FSM_FLAGS);
	return RC_OK;
}

static enum rc parse_start(struct table *a, const json_t *o, void *at)
{
	struct fsm_start *s = at;
	enum rc rc = parse_states(a, o, "at", &s->at);

	return rc == RC_OK ? parse_roles(a->p, o, "by", 0, &s->by) : rc;
}

/* A field, or {"field","least"} for a set. */
static enum rc parse_need(struct table *a, const json_t *o,
			  struct fsm_need *need)
{
	bool counted = json_is_object(o);
	const json_t *first = json_is_array(o) ? json_array_get(o, 0) : o;
	json_int_t least = counted ? json_int(o, "least", 0) : 1;
	const struct field *f;

	need->field =
		counted ? json_text(o, "field") : json_string_value(first);
	need->otherwise = json_string_value(json_array_get(o, 1));
	f = need->field ? kind_field(a->p->kind, need->field) : NULL;
	if (!f ||
	    (json_is_array(o) && (json_array_size(o) != 2 || !need->otherwise ||
				  !kind_field(a->p->kind, need->otherwise))))
		return wrong(a, "name a field that is not there:", need->field);
	if (least < 1 || (counted && f->type != FIELD_SET))
		return wrong(a, "need a number of what is no set, or none, of",
			     need->field);
	need->least = (size_t)least;
	return RC_OK;
}

static enum rc parse_needs(struct table *a, const json_t *o,
			   const struct fsm_need **out)
{
	const json_t *list = json_object_get(o, "needs");
	size_t n = json_array_size(list);
	struct fsm_need *needs;
	enum rc rc = RC_OK;

	*out = NULL;
	if (!list)
		return RC_OK;
	if (!n)
		return wrong(a, "lack a list", "needs");
	needs = arena_alloc(a->p->mem, (n + 1) * sizeof(*needs));
	if (!needs)
		return parse_no_memory(a->p);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = parse_need(a, json_array_get(list, i), &needs[i]);
	needs[n] = (struct fsm_need){ 0 };
	*out = needs;
	return rc;
}

static enum rc parse_move(struct table *a, const json_t *o, void *at)
{
	struct fsm_move *m = at;
	enum rc rc = parse_states(a, o, "from", &m->from);

	if (rc == RC_OK)
		rc = state_named(a, json_text(o, "to"), &m->to);
	if (rc == RC_OK)
		rc = parse_roles(a->p, o, "by", 0, &m->by);
	if (rc == RC_OK)
		rc = parse_needs(a, o, &m->needs);
	if (rc == RC_OK)
		rc = parse_names(a, o, "other_than", &m->other_than);
	m->other_than_maker =
		json_is_true(json_object_get(o, "other_than_maker"));
	if (rc == RC_OK && !m->by)
		rc = wrong(a, "have a move of nobody to",
			   a->t->field->values[m->to]);
	return rc;
}

static enum rc parse_cell(struct table *a, const json_t *o, void *at)
{
	struct fsm_cell *c = at;
	enum rc rc = parse_states(a, o, "one", &c->one);

	if (rc == RC_OK)
		rc = parse_states(a, o, "other", &c->other);
	if (rc == RC_OK)
		rc = state_named(a, json_text(o, "stands"), &c->stands);
	c->conflict = json_is_true(json_object_get(o, "conflict"));
	return rc == RC_OK ? parse_flag(a, o, &c->flag) : rc;
}

static enum rc parse_unseen(struct table *a, const json_t *o, void *at)
{
	struct fsm_unseen *u = at;
	enum rc rc = parse_names(a, o, "fields", &u->fields);

	if (rc == RC_OK)
		rc = parse_states(a, o, "at", &u->at);
	if (rc == RC_OK)
		rc = parse_flag(a, o, &u->flag);
	if (rc == RC_OK && (!u->fields || !u->flag))
		rc = wrong(a, "lack fields or flag in", "unseen");
	return rc;
}

typedef enum rc entry_fn(struct table *a, const json_t *o, void *at);

/* A list of entries; one alone may stand without its brackets. */
static enum rc parse_list(struct table *a, const char *member, entry_fn *fn,
			  size_t size, void *out, size_t *n)
{
	const json_t *list = json_object_get(a->o, member);
	bool is_one = json_is_object(list);
	size_t count = is_one ? 1 : json_array_size(list);
	char *entries = arena_alloc(a->p->mem, (count + 1) * size);

	if (!entries)
		return parse_no_memory(a->p);
	for (size_t i = 0; i < count; i++) {
		enum rc rc = fn(a, is_one ? list : json_array_get(list, i),
				entries + i * size);

		if (rc != RC_OK)
			return rc;
	}
	memcpy(out, &entries, sizeof(entries));
	*n = count;
	return RC_OK;
}

static enum rc parse_frozen(struct table *a, const json_t *o, void *at)
{
	struct fsm_frozen *f = at;
	const struct field *with;
	enum rc rc = RC_OK;

	f->with = json_text(o, "with");
	with = f->with ? kind_field(a->p->kind, f->with) : NULL;
	if (!f->with)
		rc = parse_states(a, o, "at", &f->at);
	else if (!with || with->type != FIELD_REF || json_object_get(o, "at"))
		rc = wrong(a, "freeze with what refers to no record:", f->with);
	if (rc == RC_OK)
		rc = parse_names(a, o, "open", &f->open);
	if (rc == RC_OK)
		rc = parse_names(a, o, "closed", &f->closed);
	if (rc == RC_OK && f->open && f->closed)
		rc = wrong(a, "have both open and closed in", "frozen");
	f->instead = json_text(o, "instead");
	return rc == RC_OK ? parse_roles(a->p, o, "except", 0, &f->except) : rc;
}

/* Two cells for one pair would make the order of the file a rule. */
static enum rc check_cells(struct table *a)
{
	const struct fsm *t = a->t;

	for (size_t i = 0; i < t->ncells; i++)
		for (size_t j = 0; j < i; j++) {
			const struct fsm_cell *x = &t->cells[i];
			const struct fsm_cell *y = &t->cells[j];

			if ((x->one & y->one && x->other & y->other) ||
			    (x->one & y->other && x->other & y->one))
				return wrong(a, "merge one pair twice, into",
					     t->field->values[x->stands]);
		}
	return RC_OK;
}

static enum rc check_reachable(struct table *a)
{
	const struct fsm *t = a->t;
	uint64_t there = 0, before;

	for (size_t i = 0; i < t->nstarts; i++)
		there |= t->starts[i].at;
	do {
		before = there;
		for (size_t i = 0; i < t->nmoves; i++)
			if (t->moves[i].from & there)
				there |= UINT64_C(1) << t->moves[i].to;
		for (size_t i = 0; i < t->ncells; i++)
			if (t->cells[i].one & there &&
			    t->cells[i].other & there)
				there |= UINT64_C(1) << t->cells[i].stands;
	} while (before != there);
	for (unsigned i = 0; i < t->nstates; i++)
		if (!(there >> i & 1))
			return wrong(a, "never come to", t->field->values[i]);
	return RC_OK;
}

/* What came from a file has begun long ago: one of the starts. */
static enum rc parse_import_start(struct table *a)
{
	const char *word = json_text(a->o, "import_start");
	uint64_t starts = 0;
	unsigned state;
	enum rc rc;

	if (!word)
		return RC_OK;
	rc = state_named(a, word, &state);
	for (size_t i = 0; i < a->t->nstarts; i++)
		starts |= a->t->starts[i].at;
	if (rc == RC_OK && !(starts >> state & 1))
		rc = wrong(a, "import as what is no start:", word);
	a->t->import_start = word;
	return rc;
}

static enum rc table_parse(struct table *a)
{
	struct fsm *t = a->t;
	enum rc rc = parse_list(a, "starts", parse_start, sizeof(*t->starts),
				&t->starts, &t->nstarts);

	if (rc == RC_OK)
		rc = parse_list(a, "moves", parse_move, sizeof(*t->moves),
				&t->moves, &t->nmoves);
	if (rc == RC_OK)
		rc = parse_list(a, "merge", parse_cell, sizeof(*t->cells),
				&t->cells, &t->ncells);
	if (rc == RC_OK)
		rc = parse_list(a, "unseen", parse_unseen, sizeof(*t->unseen),
				&t->unseen, &t->nunseen);
	if (rc == RC_OK)
		rc = parse_list(a, "frozen", parse_frozen, sizeof(*t->frozen),
				&t->frozen, &t->nfrozen);
	if (rc == RC_OK)
		rc = parse_import_start(a);
	if (rc == RC_OK)
		rc = check_cells(a);
	return rc == RC_OK ? check_reachable(a) : rc;
}

enum rc fsm_parse(struct parse *p, struct field *f, const json_t *o)
{
	struct table a = { .p = p, .o = json_object_get(o, "fsm") };
	struct fsm *t = arena_alloc(p->mem, sizeof(*t));
	const char *const *v = f->values;

	if (!t)
		return parse_no_memory(p);
	a.t = t;
	t->field = f;
	while (v && *v && t->nstates < FSM_STATES_MAX) {
		t->nstates++;
		v++;
	}
	if (p->kind->fsm || f->type != FIELD_TEXT || !v || *v ||
	    strcmp(f->group, f->name) != 0 || !json_is_object(a.o))
		return err_set(p->err, RC_INVALID,
			       "kind '%s': field '%s' does not suit its rule: "
			       "'fsm' is for one text of a kind, with at most "
			       "%d values, no group, and a table",
			       p->kind->name, f->name, FSM_STATES_MAX);
	p->kind->fsm = f->fsm = t;
	return table_parse(&a);
}
