/* kind/fsm.c - legal moves, and the sentence about one that is not. */
#include "kind/fsm.h"

#include <stdio.h>
#include <string.h>

#include "base/jcs.h"
#include "base/words.h"
#include "kind/kind_impl.h"

static int state_of_text(const struct fsm *t, const char *text)
{
	for (unsigned i = 0; text && i < t->nstates; i++)
		if (strcmp(t->field->values[i], text) == 0)
			return (int)i;
	return -1;
}

int fsm_state(const struct fsm *t, const json_t *record)
{
	return state_of_text(t, json_text(record, t->field->name));
}

const struct fsm_cell *fsm_cell(const struct fsm *t, const json_t *one,
				const json_t *other)
{
	int a = state_of_text(t, json_string_value(one));
	int b = state_of_text(t, json_string_value(other));

	for (size_t i = 0; i < t->ncells; i++) {
		const struct fsm_cell *c = &t->cells[i];

		if ((fsm_in(c->one, a) && fsm_in(c->other, b)) ||
		    (fsm_in(c->one, b) && fsm_in(c->other, a)))
			return c;
	}
	return NULL;
}

bool fsm_is_frozen(const struct fsm *t, int state)
{
	for (size_t i = 0; i < t->nfrozen; i++)
		if (fsm_in(t->frozen[i].at, state))
			return true;
	return false;
}

bool fsm_entry_closes(const struct fsm_frozen *f, const char *field)
{
	return f->closed ? words_have(f->closed, field)
			 : !words_have(f->open, field);
}

bool fsm_is_closed(const struct fsm *t, unsigned role, int state,
		   const char *field)
{
	for (size_t i = 0; i < t->nfrozen; i++) {
		const struct fsm_frozen *f = &t->frozen[i];

		if (fsm_in(f->at, state) && !(f->except & role) &&
		    fsm_entry_closes(f, field))
			return true;
	}
	return false;
}

static bool has_value(const json_t *record, const char *field, size_t least)
{
	const json_t *value = json_object_get(record, field);

	if (json_is_string(value))
		return json_string_length(value) > 0;
	return value &&
	       (!json_is_array(value) || json_array_size(value) >= least);
}

static bool is_met(const struct fsm_need *need, const json_t *record)
{
	return has_value(record, need->field, need->least) ||
	       (need->otherwise && has_value(record, need->otherwise, 1));
}

static const struct fsm_need *needed(const struct fsm_move *m,
				     const json_t *after)
{
	for (const struct fsm_need *n = m->needs; n && n->field; n++)
		if (!is_met(n, after))
			return n;
	return NULL;
}

static void need_say(struct buf *b, const struct fsm_need *need,
		     const char *quote)
{
	if (need->least > 1)
		buf_printf(b, "at least %zu ", need->least);
	buf_printf(b, "%s%s%s", quote, need->field, quote);
	if (need->otherwise)
		buf_printf(b, " or %s%s%s", quote, need->otherwise, quote);
}

/* Every state that the role's moves lead to; `after` NULL: whatever they need.
 */
static uint64_t reach(const struct fsm *t, unsigned role, uint64_t from,
		      const json_t *after)
{
	for (uint64_t before = 0; before != from;) {
		before = from;
		for (size_t i = 0; i < t->nmoves; i++) {
			const struct fsm_move *m = &t->moves[i];

			if (m->by & role && m->from & from &&
			    (!after || !needed(m, after)))
				from |= UINT64_C(1) << m->to;
		}
	}
	return from;
}

static uint64_t starts_of(const struct fsm *t, unsigned role)
{
	uint64_t at = 0;

	for (size_t i = 0; i < t->nstarts; i++)
		if (t->starts[i].by & role)
			at |= t->starts[i].at;
	return at;
}

bool fsm_is_start(const struct fsm *t, const json_t *record)
{
	return fsm_in(starts_of(t, ~0u), fsm_state(t, record));
}

/* What others may make of it, and whether that is anything. */
static bool others_say(struct buf *b, const struct fsm *t, uint64_t from)
{
	const char *between = ", only to ";
	size_t before = b->len;

	for (size_t i = 0; i < t->nmoves; i++) {
		const struct fsm_move *m = &t->moves[i];
		const char *by = " by ";

		if (!(m->from & from) || !(m->by & ~ROLES_OF_NOBODY))
			continue;
		buf_printf(b, "%s%s", between, t->field->values[m->to]);
		between = ", ";
		for (unsigned role = 1; role <= m->by; role <<= 1)
			if (m->by & role & ~ROLES_OF_NOBODY) {
				buf_printf(b, "%s%s", by, role_name(role));
				by = " or ";
			}
	}
	return b->len > before;
}

/* There is no move for the role: what is left to do. */
static void end_say(struct buf *b, const struct fsm *t, uint64_t from,
		    const char *was)
{
	const char *instead = NULL;

	if (!others_say(b, t, from)) {
		buf_printf(b, ": it is '%s' for good", was);
		return;
	}
	for (size_t i = 0; i < t->nfrozen && !instead; i++)
		if (t->frozen[i].at & from)
			instead = t->frozen[i].instead;
	if (instead)
		buf_printf(b, ": %s", instead);
}

static bool has_moves(const struct fsm *t, unsigned role, uint64_t from)
{
	for (size_t i = 0; i < t->nmoves; i++)
		if (t->moves[i].by & role && t->moves[i].from & from)
			return true;
	return false;
}

/* The moves that the role may make from `from`, as words. */
static void moves_say(struct buf *b, const struct fsm *t, unsigned role,
		      uint64_t from)
{
	const char *between = ", only to ";

	for (size_t i = 0; i < t->nmoves; i++) {
		const struct fsm_move *m = &t->moves[i];

		if (!(m->by & role) || !(m->from & from))
			continue;
		buf_printf(b, "%s%s", between, t->field->values[m->to]);
		between = ", ";
		for (const struct fsm_need *n = m->needs; n && n->field; n++) {
			buf_puts(b, n == m->needs ? " with " : " and ");
			need_say(b, n, "");
		}
	}
}

static void states_say(struct buf *b, const struct fsm *t, uint64_t states)
{
	size_t before = b->len;

	for (unsigned i = 0; i < t->nstates; i++)
		if (states >> i & 1) {
			buf_puts(b, b->len > before ? ", " : "");
			buf_puts(b, t->field->values[i]);
		}
	if (b->len == before)
		buf_puts(b, "nothing");
}

/* The move on the path to `to` that lacks something, or NULL when no filled
 * field would open it. */
static const struct fsm_move *lacking(const struct fsm *t, unsigned role,
				      uint64_t from, int to,
				      const json_t *after)
{
	uint64_t now = reach(t, role, from, after);

	if (!fsm_in(reach(t, role, from, NULL), to))
		return NULL;
	for (size_t i = 0; i < t->nmoves; i++) {
		const struct fsm_move *m = &t->moves[i];

		if (m->by & role && m->from & now && needed(m, after) &&
		    fsm_in(reach(t, role, UINT64_C(1) << m->to, NULL), to))
			return m;
	}
	return NULL;
}

/* All that a move lacks, at once. */
static void lacks_say(struct buf *b, const struct fsm_move *m,
		      const json_t *after)
{
	const char *between = "";

	for (const struct fsm_need *n = m->needs; n->field; n++)
		if (!is_met(n, after)) {
			buf_puts(b, between);
			need_say(b, n, "'");
			between = " and ";
		}
}

static enum rc refuse_move(const struct kind *k, unsigned role,
			   const json_t *before, const json_t *after,
			   uint64_t from, int to, struct err *err)
{
	const struct fsm *t = k->fsm;
	const char *field = t->field->name, *id = json_text(after, "id");
	const char *was = json_text(before, field);
	const char *wants = json_text(after, field);
	const struct fsm_move *lacks = lacking(t, role, from, to, after);
	struct buf b;

	buf_init(&b, ERR_TEXT_MAX);
	buf_printf(&b, "%s '%s': ", k->name, id ? id : "");
	if (!wants) {
		buf_printf(&b, "'%s' cannot be taken away", field);
	} else if (lacks) {
		buf_printf(&b, "'%s' goes to '%s' only with ", field, wants);
		lacks_say(&b, lacks, after);
	} else if (!was) {
		buf_printf(&b, "'%s' cannot begin as '%s', only as ", field,
			   wants);
		states_say(&b, t, from);
	} else {
		buf_printf(&b, "'%s' cannot go from '%s' to '%s'", field, was,
			   wants);
		if (has_moves(t, role, from))
			moves_say(&b, t, role, from);
		else
			end_say(&b, t, from, was);
	}
	err_set(err, RC_INVALID, "%s", b.data ? b.data : "an illegal move");
	buf_release(&b);
	return RC_INVALID;
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

enum rc fsm_closes(const struct kind *k, const struct fsm_frozen *f,
		   unsigned role, const json_t *before, const json_t *after,
		   const char *since, struct err *err)
{
	const char *id = json_text(after, "id");

	for (size_t i = 0; i < k->nfields && !(f->except & role); i++) {
		const char *name = k->fields[i].name;

		if (fsm_entry_closes(f, name) &&
		    !same(json_object_get(before, name),
			  json_object_get(after, name)))
			return err_set(err, RC_INVALID,
				       "%s '%s': field '%s' no longer changes "
				       "%s%s%s",
				       k->name, id ? id : "", name, since,
				       f->instead ? ": " : "",
				       f->instead ? f->instead : "");
	}
	return RC_OK;
}

static enum rc frozen_check(const struct kind *k, unsigned role,
			    const json_t *before, const json_t *after,
			    struct err *err)
{
	const struct fsm *t = k->fsm;
	int state = fsm_state(t, before);
	char since[80];
	enum rc rc = RC_OK;

	for (size_t i = 0; i < t->nfrozen && rc == RC_OK; i++) {
		if (!fsm_in(t->frozen[i].at, state))
			continue;
		snprintf(since, sizeof(since), "once it is '%s'",
			 t->field->values[state]);
		rc = fsm_closes(k, &t->frozen[i], role, before, after, since,
				err);
	}
	return rc;
}

enum rc fsm_check(const struct kind *k, unsigned role, const json_t *before,
		  const json_t *after, struct err *err)
{
	const struct fsm *t = k->fsm;
	const json_t *was, *now;
	int state, to;
	uint64_t from;

	if (!t)
		return RC_OK;
	state = fsm_state(t, before);
	if (frozen_check(k, role, before, after, err) != RC_OK)
		return err->code;
	was = json_object_get(before, t->field->name);
	now = json_object_get(after, t->field->name);
	/* A state of another version of the table is nobody's mistake. */
	if (role & ROLE_SERVER || same(was, now) || (was && state < 0))
		return RC_OK;
	to = fsm_state(t, after);
	from = was ? UINT64_C(1) << state : starts_of(t, role);
	if (fsm_in(reach(t, role, from, after), to))
		return RC_OK;
	return refuse_move(k, role, before, after, from, to, err);
}

/* The field among the move's that names the author, or NULL. */
static const char *named_in(const struct fsm_move *m, const char *author,
			    const json_t *before)
{
	for (const char *const *f = m->other_than; f && *f; f++) {
		const json_t *value = json_object_get(before, *f), *one;
		size_t i;

		if (json_is_string(value) &&
		    !strcmp(json_string_value(value), author))
			return *f;
		json_array_foreach(value, i,
				   one) if (!strcmp(json_string_value(one),
						    author)) return *f;
	}
	return NULL;
}

static bool leads(const struct fsm_move *m, unsigned role, int from, int to)
{
	return m->to == (unsigned)to && m->by & role &&
	       (from < 0 || fsm_in(m->from, from));
}

bool fsm_asks_maker(const struct fsm *t, unsigned role, const json_t *before,
		    const json_t *after)
{
	int from = fsm_state(t, before), to = fsm_state(t, after);

	if (role & ROLE_SERVER || to < 0 || from == to)
		return false;
	for (size_t i = 0; i < t->nmoves; i++)
		if (t->moves[i].other_than_maker &&
		    leads(&t->moves[i], role, -1, to))
			return true;
	return false;
}

bool fsm_asks_second(const struct fsm *t, unsigned role, const json_t *before,
		     const json_t *after)
{
	int from, to;

	if (!t || role & ROLE_SERVER)
		return false;
	from = fsm_state(t, before);
	to = fsm_state(t, after);
	if (to < 0 || from == to)
		return false;
	for (size_t i = 0; i < t->nmoves; i++)
		if ((t->moves[i].other_than_maker || t->moves[i].other_than) &&
		    leads(&t->moves[i], role, -1, to))
			return true;
	return false;
}

enum rc fsm_second(const struct kind *k, unsigned role, const char *author,
		   const json_t *before, const json_t *after, struct err *err)
{
	const struct fsm *t = k->fsm;
	const char *field = NULL;
	bool is_direct = false;
	int from, to;

	if (!t || role & ROLE_SERVER)
		return RC_OK;
	from = fsm_state(t, before);
	to = fsm_state(t, after);
	if (to < 0 || from == to)
		return RC_OK;
	for (size_t i = 0; i < t->nmoves && !is_direct; i++)
		is_direct = from >= 0 && leads(&t->moves[i], role, from, to);
	/* Who comes there by several moves at once makes the last one, too. */
	for (size_t i = 0; i < t->nmoves && !field; i++)
		if (leads(&t->moves[i], role, is_direct ? from : -1, to))
			field = named_in(&t->moves[i], author,
					 before ? before : after);
	return field ? err_set(err, RC_DENIED,
			       "%s '%s': '%s' is for a second person to say, "
			       "and '%s' names '%s'",
			       k->name, json_text(after, "id"),
			       t->field->values[to], field, author)
		     : RC_OK;
}
