/* kind/fsm.h - states and their table: which moves are legal for whom, what
 * stands when both sides of a merge moved, and what no longer changes.
 *
 * A text field with the rule `fsm` has in its kind file, beside `values`, a
 * member `fsm` (docs/data-model.md):
 * {"starts":[{"at":["draft"],"by":["coordinator"]}],
 *  "moves":[{"from":["draft"],"to":"issued","by":["coordinator"],
 *            "needs":["due",{"field":"officers","least":2},["due","term"]],
 *            "other_than":["asked_by"]}],
 *  "merge":[{"one":["cancelled"],"other":["done"],"stands":"done_contested",
 *            "conflict":true,"flag":"cancelled_done"}],
 *  "unseen":[{"fields":["due"],"at":["done"],"flag":"not_seen"}],
 *  "frozen":[{"at":["signed"],"open":["state","flags"],"except":["import"],
 *             "instead":"write an amendment"},
 *            {"at":["draft"],"closed":["subject"]}],
 *  "import_start":"recorded"}
 *
 * `frozen` may also be one such object. Where several entries hold for a
 * state, a field is closed that any of them closes.
 *
 * `other_than`: a move for a second person. Its author is none of those whom
 * these fields name, as they were. Where one move leads there, that one says
 * for whom; where only several do, the last one. `other_than_maker`: nor is it
 * who wrote the first version of the record, whatever its fields say.
 *
 * A state is the place of its value in `values`; a set of states is a bit set.
 * A record without the field has not begun yet: any start is legal. */
#ifndef KIND_FSM_H
#define KIND_FSM_H

#include "kind/kind.h"

#define FSM_STATES_MAX 64
#define FSM_FLAGS "flags" /* the set field that takes the flags of a table */

struct fsm_start {
	uint64_t at;
	unsigned by; /* enum role bits */
};

/* A field with a value, or a set with at least so many elements; or another
 * field in its place. */
struct fsm_need {
	const char *field; /* NULL ends a list */
	const char *otherwise; /* or NULL */
	size_t least;
};

struct fsm_move {
	uint64_t from;
	unsigned to, by;
	const struct fsm_need *needs; /* or NULL */
	bool other_than_maker; /* of the record: the log knows */
	const char *const *other_than; /* fields that name who may not: the same
					*/
};

/* When one side moved into `one` and the other into `other`, either way. */
struct fsm_cell {
	uint64_t one, other;
	unsigned stands;
	bool conflict; /* a person decides; `stands` stands meanwhile */
	const char *flag; /* added to the record's flags, or NULL */
};

/* One side moved into `at` and had not seen the other's change of `fields`. */
struct fsm_unseen {
	const char *const *fields; /* NULL-ended */
	uint64_t at;
	const char *flag;
};

/* In the states `at`, for every role but those of `except`, either only the
 * fields of `open` change or only those of `closed` do not. With `with` instead
 * of states: while the record that this field refers to is frozen, or while it
 * refers to none. */
struct fsm_frozen {
	uint64_t at;
	const char *with; /* a field with `refers`, or NULL */
	const char *const *open, *const *closed; /* NULL-ended, or NULL */
	const char *instead; /* what to do, for who wants to change it */
	unsigned except; /* enum role bits */
};

struct fsm {
	const struct field *field;
	unsigned nstates;
	size_t nstarts, nmoves, ncells, nunseen, nfrozen;
	const struct fsm_start *starts;
	const struct fsm_move *moves;
	const struct fsm_cell *cells;
	const struct fsm_unseen *unseen;
	const struct fsm_frozen *frozen;
	const char *import_start; /* of a row that says no state, or NULL */
};

/* The record's state, or -1: it has none, or one that the table lacks. */
int fsm_state(const struct fsm *t, const json_t *record);
static inline bool fsm_in(uint64_t states, int state)
{
	return state >= 0 && (states >> state & 1);
}
/* May a new record, of whoever, begin in its state? */
bool fsm_is_start(const struct fsm *t, const json_t *record);
/* The cell for two sides that moved apart, or NULL: a person decides. */
const struct fsm_cell *fsm_cell(const struct fsm *t, const json_t *one,
				const json_t *other);
/* Does anything stay as it is in that state, for whatever role? */
bool fsm_is_frozen(const struct fsm *t, int state);
/* Does the field stay as it is while this entry holds? */
bool fsm_entry_closes(const struct fsm_frozen *f, const char *field);
/* Does the field stay as it is in that state, for the role? 0: for everybody
 * that no exception is made for. */
bool fsm_is_closed(const struct fsm *t, unsigned role, int state,
		   const char *field);

/* May the role take the record from `before` (what its author saw; NULL: new)
 * to `after`, in one legal move or in several? RC_INVALID says which moves are
 * legal from there. ROLE_SERVER may make any move. Nobody changes what is
 * closed in a frozen state, unless the table excepts the role; what hangs on
 * another record is asked of fsm_closes. */
enum rc fsm_check(const struct kind *k, unsigned role, const json_t *before,
		  const json_t *after, struct err *err);
/* May this author make the move, where it is for a second person? RC_DENIED
 * says who else was in it. Beside fsm_check, which asks for the role. */
enum rc fsm_second(const struct kind *k, unsigned role, const char *author,
		   const json_t *before, const json_t *after, struct err *err);
/* Is the move for a second person, whoever the first was? */
bool fsm_asks_second(const struct fsm *t, unsigned role, const json_t *before,
		     const json_t *after);
/* Is the move for another than who made the record? */
bool fsm_asks_maker(const struct fsm *t, unsigned role, const json_t *before,
		    const json_t *after);
/* Is anything changed that `f` closes for the role? RC_INVALID says what, with
 * `since`, a clause, and what to do instead. */
enum rc fsm_closes(const struct kind *k, const struct fsm_frozen *f,
		   unsigned role, const json_t *before, const json_t *after,
		   const char *since, struct err *err);

#endif
