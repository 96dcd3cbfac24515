/* ledger/gate_assignment.h - what an assignment owes to others: its team to the
 * draw, its successor to its subject. Not for other rooms. */
#ifndef LEDGER_GATE_ASSIGNMENT_H
#define LEDGER_GATE_ASSIGNMENT_H

#include "ledger/batch.h"

/* As gate_judge, of an assignment; `base` and `server` are NULL for a new
 * one.
 *
 *   field    the officers of a drawn assignment would change otherwise than by
 *            the replacements that its draw has recorded
 *   invalid  it would be reassigned to itself, in a ring, or to an assignment
 *            of another subject */
enum rc gate_assignment(struct batch *b, const struct kind *k,
			const json_t *base, const json_t *terminal,
			const json_t *server, const char **code,
			struct err *why);

#endif
