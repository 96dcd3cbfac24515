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
/* Ids that a statement finds for (scope, key); a new array. */
enum rc settle_ids(struct settle *s, const char *sql, const char *key,
		   json_t **out);
/* Is the record's state one of these (NULL-ended)? */
bool settle_state_is(const json_t *record, const char *const *states);

/* settle_visits.c: the rules about an assignment's visits. */
/* Its facts are outside what ordered them: "assignment" or "draw". */
enum rc settle_outside(struct settle *s, json_t *assignment, const char *what);
enum rc settle_hand_over(struct settle *s, json_t *assignment);
enum rc settle_presence(struct settle *s, json_t *assignment);
enum rc settle_duplicates(struct settle *s, json_t *a, json_t *b);
/* More than one signed visit of this assignment; and where it has one at all
 * and had not begun, it is done. */
enum rc settle_own_visits(struct settle *s, json_t *assignment, bool not_begun);
/* A visit that was just signed: by officers enough? */
enum rc settle_signed(struct settle *s, json_t *visit);

/* settle_codes.c: a subject whose credit code changed, and all who have or had
 * the same one. */
enum rc settle_codes(struct settle *s, const struct take_record *r);

/* settle_facts.c: `record` is the visit or violation of `r` as it stands. */
/* One that counted is void or withdrawn: an alarm says by whom and why. */
enum rc settle_withdrawn(struct settle *s, const struct take_record *r,
			 const json_t *record);
/* A tablet's finding at a visit that had been signed: flag and notice. */
enum rc settle_late(struct settle *s, const struct take_record *r,
		    json_t *violation);

#endif
