/* merge/states.c - frozen records, and the flags of cells and unseen changes.
 */
#include "merge/states.h"

static const json_t *state_of(const struct fsm *t, const json_t *record)
{
	return json_object_get(record, t->field->name);
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

const json_t *states_frozen(const struct fsm *t, const struct records *r)
{
	if (fsm_is_frozen(t, fsm_state(t, r->base)))
		return NULL;
	if (fsm_is_frozen(t, fsm_state(t, r->server)))
		return r->server;
	return fsm_is_frozen(t, fsm_state(t, r->terminal)) ? r->terminal : NULL;
}

/* Did one side move into `at` while the other changed what it had not seen? */
static bool is_unseen(const struct fsm *t, const struct fsm_unseen *u,
		      const json_t *base, const json_t *mover,
		      const json_t *other)
{
	bool changed = false;

	for (const char *const *f = u->fields; *f; f++) {
		const json_t *now = json_object_get(other, *f);

		changed |= !same(now, json_object_get(base, *f)) &&
			   !same(now, json_object_get(mover, *f));
	}
	return changed && fsm_in(u->at, fsm_state(t, mover)) &&
	       fsm_state(t, mover) != fsm_state(t, base);
}

/* The flag of the cell, where both sides moved the state apart. */
static const char *cell_flag(const struct fsm *t, const struct records *r)
{
	const json_t *base = state_of(t, r->base);
	const json_t *terminal = state_of(t, r->terminal);
	const json_t *server = state_of(t, r->server);
	const struct fsm_cell *c;

	if (same(terminal, base) || same(server, base) ||
	    same(terminal, server))
		return NULL;
	c = fsm_cell(t, server, terminal);
	return c ? c->flag : NULL;
}

/* A set without its order; false when memory ran out. */
static bool add(json_t *set, const char *word)
{
	return !word || json_array_append_new(set, json_string(word)) == 0;
}

enum rc states_flag(const struct kind *k, const struct records *r,
		    json_t *merged, struct err *err)
{
	const struct fsm *t = k->fsm;
	const json_t *before = json_object_get(merged, FSM_FLAGS);
	/* Apart: the record's other sets are shared with the sides. */
	json_t *flags =
		before ? json_copy((json_t *)(uintptr_t)before) : json_array();
	json_t *apart = json_pack("{s:o}", FSM_FLAGS, flags);
	size_t had = json_array_size(before);
	bool ok =
		apart && (!json_is_array(flags) || add(flags, cell_flag(t, r)));

	for (size_t i = 0; ok && json_is_array(flags) && i < t->nunseen; i++) {
		const struct fsm_unseen *u = &t->unseen[i];

		if (fsm_in(u->at, fsm_state(t, merged)) &&
		    (is_unseen(t, u, r->base, r->terminal, r->server) ||
		     is_unseen(t, u, r->base, r->server, r->terminal)))
			ok = add(flags, u->flag);
	}
	if (ok && json_array_size(flags) > had) {
		kind_normalise(k, apart);
		ok = json_object_update(merged, apart) == 0;
	}
	json_decref(apart);
	return ok ? RC_OK
		  : err_set(err, RC_NOMEM, "no memory to merge a record");
}
