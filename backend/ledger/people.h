/* ledger/people.h - by which names one person acts: an account at the office,
 * and as an officer on a tablet. `account` of an officer's record says that the
 * two are one. */
#ifndef LEDGER_PEOPLE_H
#define LEDGER_PEOPLE_H

#include "kind/kind.h"
#include "ledger/ledger.h"
#include "store/store.h"

#define PEOPLE_NAMES_MAX 200

struct people {
	char names[PEOPLE_NAMES_MAX][33]; /* the one that was asked for first */
	size_t n;
};

/* All names of who is `name` in the scope. */
enum rc people_of(struct store *s, const char *scope, const char *name,
		  struct people *out, struct err *err);
/* The same, and the accounts that he has made tokens for: by such a one their
 * deeds may be his. For what is for a second person to say, never for what
 * somebody may. */
enum rc people_behind(struct store *s, const char *scope, const char *name,
		      struct people *out, struct err *err);
/* The name of the person that a text is, or one of a list; NULL: none. */
const char *people_among(const struct people *p, const json_t *value);
bool people_has(const struct people *p, const char *name);
/* fsm_second() for a person: RC_DENIED in `why`. */
enum rc people_second(struct store *s, const char *scope, const struct kind *k,
		      unsigned role, const char *author, const json_t *before,
		      const json_t *after, struct err *why);
/* What is for a second person is not for a token that somebody else made: who
 * makes two for others would be both. RC_DENIED in `why`. */
enum rc people_in_person(const struct account *actor, struct err *why);

#endif
