/* domain/draw_assigned.h - what was drawn against the assignments as they
 * stand.
 *
 * {"faults":[{"assignment","subject","why"}],
 *  "moved":[{"assignment","subject","state","reason"}]}
 *
 * A fault is an assignment that was drawn and is missing, names another draw,
 * subject, item or team than was drawn (after the replacements), or claims the
 * draw without being of it. `moved` went a legal way since: cancelled,
 * reassigned, recalled, declined, void, withdrawn, gave way, or took over from
 * one that was reassigned. Both are in the order of the draw, then of ids. */
#ifndef DOMAIN_DRAW_ASSIGNED_H
#define DOMAIN_DRAW_ASSIGNED_H

#include "ledger/ledger.h"

/* Of a draw whose paper holds: draw_paper. *out is a new reference, NULL after
 * an error. */
enum rc draw_assigned(struct op *op, const char *id, json_t **out);

#endif
