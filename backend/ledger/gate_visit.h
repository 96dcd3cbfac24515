/* ledger/gate_visit.h - what a visit and a finding owe to what else is known: a
 * team that agrees, who leads it, somebody who ratifies what is irregular,
 * files that can be shown; a finding to its visit. Not for other rooms. */
#ifndef LEDGER_GATE_VISIT_H
#define LEDGER_GATE_VISIT_H

#include "ledger/batch.h"

/* As gate_judge, of a visit; `base` and `server` are NULL for a new one.
 *
 *   field     the lead would change after the first answer
 *   owner     who ratifies does not do so under the own name, or was there
 *   state     it would be published unratified, or without its files
 *   disputed  officers disagree on a point of the visit to be signed */
enum rc gate_visit(struct batch *b, const struct take *t, const json_t *base,
		   const json_t *terminal, const json_t *server,
		   const char **code, struct err *why);
/* The same of a violation.
 *
 *   state    the office finds something after the visit was signed
 *   invalid  a finding of the office says otherwise than its visit */
enum rc gate_violation(struct batch *b, const struct take *t,
		       const json_t *base, const json_t *terminal,
		       const json_t *server, const char **code,
		       struct err *why);

#endif
