/* ledger/settle.h - records as they are to be, while consequences are worked
 * out. Not for other rooms. */
#ifndef LEDGER_SETTLE_H
#define LEDGER_SETTLE_H

#include "ledger/batch.h"

struct settle {
	struct batch *b;
	struct batch_scope *bs;
	const struct take *t; /* the packet that it follows from */
	json_t *seen; /* "kind/id" -> record as it is to be; owned */
	json_t *changed; /* "kind/id" -> [kind, id]; owned */
	json_t *settled; /* ids of assignments; owned */
};

enum rc settle_no_memory(struct settle *s);
/* The record as it is to be, or NULL. Borrowed from `seen`. */
enum rc settle_look(struct settle *s, const char *kind, const char *id,
		    json_t **out);
/* A record that is new; takes it over. */
enum rc settle_add(struct settle *s, const char *kind, json_t *record);
enum rc settle_text(struct settle *s, const char *kind, json_t *record,
		    const char *field, const char *text);
bool settle_has_flag(const json_t *record, const char *flag);
/* *fresh says that the flag was not there before. */
enum rc settle_flag(struct settle *s, const char *kind, json_t *record,
		    const char *word, bool *fresh);
/* One alarm for a rule and a record, whatever became of it since. */
enum rc settle_alarm(struct settle *s, const char *rule, const char *level,
		     const char *kind, const json_t *about, const char *text);
/* The same, one for each packet: what it tells may happen again. */
enum rc settle_alarm_again(struct settle *s, const char *rule,
			   const char *level, const char *kind,
			   const json_t *about, const char *text);
/* The record's flag and an alarm of the same name, once; NULL: no memory. */
enum rc settle_remark(struct settle *s, const char *kind, json_t *record,
		      const char *rule, const char *level, const char *text);
/* The same of a visit, level "alarm". */
enum rc settle_visit_alarm(struct settle *s, const char *rule, json_t *visit,
			   const char *text);
/* Ids that a statement finds for (scope, key); a new array. */
enum rc settle_ids(struct settle *s, const char *sql, const char *key,
		   json_t **out);
/* `fn` with each record of the kind whose id such a statement finds. */
typedef enum rc settle_each_fn(struct settle *s, json_t *record, void *ctx);
enum rc settle_each(struct settle *s, const char *sql, const char *key,
		    const char *kind, settle_each_fn *fn, void *ctx);
/* Is the record's state one of these (NULL-ended)? */
bool settle_state_is(const json_t *record, const char *const *states);

/* Takes the flag away, where it is there. */
enum rc settle_unflag(struct settle *s, const char *kind, json_t *record,
		      const char *word);
/* Is that day of the district (YYYY-MM-DD, "" is none) yet to begin? */
bool settle_is_to_come(const struct settle *s, const char *day);
/* Both have the same text there, or neither has any. */
bool settle_same_text(const json_t *a, const json_t *b, const char *field);

/* settle_turn.c: who took a record into its state, or (state NULL) signed it,
 * in which packet, and in what state it had been. "": unknown. */
struct turn {
	struct log_author by;
	char before[32];
	bool was_returned; /* it stood as `returned`, ever */
};
enum rc settle_turn(struct settle *s, const char *kind, const char *id,
		    const char *state, struct turn *out);
/* Into these fields of a conflict; NULL: not. */
void turn_say(json_t *c, const struct turn *t, const char *author,
	      const char *packet, const char *at);

/* settle_visits.c: the rules about an assignment's visits. A visit of another
 * subject is none of its visits. */
typedef enum rc visit_fn(struct settle *s, json_t *assignment, json_t *visit,
			 void *ctx);
enum rc settle_visits(struct settle *s, json_t *assignment, visit_fn *fn,
		      void *ctx);
/* Signed or imported. */
bool settle_is_fact(const struct settle *s, const json_t *visit);
/* Its facts are outside what ordered them: "assignment" or "draw". */
enum rc settle_outside(struct settle *s, json_t *assignment, const char *what);
enum rc settle_hand_over(struct settle *s, json_t *assignment);
enum rc settle_presence(struct settle *s, json_t *assignment);
/* A visit that was just signed: by officers enough? */
enum rc settle_signed(struct settle *s, json_t *visit);

/* settle_orders.c: a signed visit of the assignment decides its state. */
enum rc settle_order(struct settle *s, json_t *a, const json_t *visit);

/* One that is done without a signed visit bears a flag until one comes. */
enum rc settle_done(struct settle *s, json_t *a);

/* settle_match.c: a visit that was just signed, against its order, its signer
 * and the day. */
enum rc settle_match(struct settle *s, json_t *visit);

/* settle_pins.c: a visit that was just signed, against the item, the form, the
 * versions and the result that it names. */
enum rc settle_pins(struct settle *s, json_t *visit);

/* settle_duplicates.c */
enum rc settle_duplicates(struct settle *s, json_t *a, json_t *b);
/* What the assignment's signed visits decide, and that there is one at most. */
enum rc settle_own_visits(struct settle *s, json_t *assignment);
/* A question that was decided: was it about a duplicate? */
enum rc settle_decided(struct settle *s, const json_t *conflict);

/* Two signed visits of one complaint, by its source and its number there. */
enum rc settle_sources(struct settle *s, json_t *visit);

/* settle_clock.c: a visit that was just signed, by a clock that was off or had
 * been set. */
enum rc settle_clock(struct settle *s, json_t *visit);

/* settle_late.c: a signed visit of a subject that had moved away before. */
enum rc settle_jurisdiction(struct settle *s, json_t *visit);
/* A new amendment of a visit that was reviewed: it is reviewed again, or, once
 * published, told. */
enum rc settle_amended(struct settle *s, const struct take_record *r,
		       const json_t *amendment);

/* observe.c: the observation of a record that was split. */
enum rc settle_observe(struct settle *s, const struct take_record *r);
/* One that was adopted goes into its record, against what its author saw. */
enum rc settle_adopted(struct settle *s, const struct take_record *r,
		       const json_t *observation);

/* settle_codes.c: a subject whose credit code changed, and all who have or had
 * the same one. */
enum rc settle_codes(struct settle *s, const struct take_record *r);

/* settle_around.c: a subject that stood otherwise while a draw was committed,
 * and stands again as before it: an alarm `put_back` names who did that. */
enum rc settle_around(struct settle *s, const struct take_record *r);
/* An exemption that holds for less than it did: the same alarm where who took
 * it back gave it before a draw that left the subject out for it. */
enum rc settle_exemption(struct settle *s, const struct take_record *r,
			 const json_t *exemption);

/* settle_terminal.c: a terminal of an officer who has one, or one whose code a
 * coordinator made: an alarm. */
enum rc settle_terminal(struct settle *s, const struct take_record *r,
			const json_t *enrolment);

/* settle_facts.c: `record` is the visit or violation of `r` as it stands. */
/* One that counted is void or withdrawn: an alarm says by whom and why. */
enum rc settle_withdrawn(struct settle *s, const struct take_record *r,
			 const json_t *record);
/* A recorded fact that an import altered by its own rules: an alarm says by
 * whom and in what, and r->altered. */
enum rc settle_altered(struct settle *s, struct take_record *r,
		       const json_t *record);
/* A tablet's finding at a visit that had been signed: flag and notice. */
enum rc settle_late(struct settle *s, const struct take_record *r,
		    json_t *violation);
/* A tablet's finding that contradicts its visit, or is of a day to come: it
 * does not count. With a visit only once that is signed. */
enum rc settle_contradiction(struct settle *s, json_t *violation);
/* The same of every finding of a visit that was just signed. */
enum rc settle_findings(struct settle *s, const json_t *visit);
/* An answer after its visit was signed: what was signed stands. */
enum rc settle_answer(struct settle *s, const struct take_record *r,
		      json_t *answer);

#endif
