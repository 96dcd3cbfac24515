/* domain/draw_report.h - the draws of a scope, taken together: draw_fairness.h
 * over those whose papers hold. */
#ifndef DOMAIN_DRAW_REPORT_H
#define DOMAIN_DRAW_REPORT_H

#include "ledger/ledger.h"

/* The figures of draw_fairness.h with {"scope","from","to"} and
 * {"doubts":[{"name", "doubt"}]} and {"not_held":
 * [{"name","why"}]}, the draws that do not hold and count in no figure. `from`
 * and `to`: days (UTC) of the commitment, both included, or NULL. *out is a new
 * reference, NULL after an error. RC_INVALID: no such day. */
enum rc draw_report(struct op *op, const char *scope, const char *from,
		    const char *to, json_t **out);

#endif
