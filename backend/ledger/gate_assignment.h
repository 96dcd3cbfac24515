/* ledger/gate_assignment.h - what an assignment owes to others: its team to the
 * draw, its successor to its subject. Not for other rooms. */
#ifndef LEDGER_GATE_ASSIGNMENT_H
#define LEDGER_GATE_ASSIGNMENT_H

#include "ledger/batch.h"
#include "ledger/people.h"

/* As gate_judge, of an assignment; `base` and `server` are NULL for a new
 * one.
 *
 *   field    the officers of a drawn assignment would change otherwise than by
 *            the replacements that its draw has recorded
 *   invalid  it would be reassigned to itself, in a ring, or to an assignment
 *            of another subject
 *   state    it would be reviewed though no visit of it is signed
 *   role     it was done while it was called off, and who moves it on is one
 *            of those whose word is judged by that; or a drawn pair would be
 *            replaced by another's by who chose that one. A token that
 *            somebody else made says neither */
enum rc gate_assignment(struct batch *b, const struct kind *k,
			const struct take *t, const json_t *base,
			const json_t *terminal, const json_t *server,
			const char **code, struct err *why);

/* Whether a check counts that was done while it was called off is for a second
 * person to say: not for an officer of the assignment, nor for the author of
 * either side of the conflict. RC_DENIED says so. */
#define RULE_CONTESTED "done_contested"
#define FLAG_DONE_WITHOUT_VISIT "done_without_visit"
enum rc contest_may_judge(const struct people *who, const json_t *assignment,
			  const char *author, const char *server_author,
			  struct err *err);

#endif
