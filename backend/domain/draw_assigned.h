/* domain/draw_assigned.h - what was drawn against the assignments as they
 * stand, and the visits that name them.
 *
 * {"faults":[{"assignment","subject","why"}],
 *  "moved":[{"assignment","subject","state","reason"}],
 *  "changed":[{"assignment","subject","why"}],
 *  "visits":[{"visit","assignment","subject","flags","ratified_by"?}],
 *  "doubts":[text]}
 *
 * A fault is an assignment that was drawn and is missing, names another draw,
 * subject, item or team than was drawn (after the replacements), or claims the
 * draw without being of it. `moved` went a legal way since: cancelled,
 * reassigned, recalled, declined, void, withdrawn, gave way, or took over from
 * one that was reassigned. Both are in the order of the draw, then of ids.
 * `changed` are orders whose due day or instructions the office has said anew.
 * `visits` are those of another subject or another team (the flags
 * other_subject, other_team) than the assignment that they name, which was
 * drawn or took over from one that was; with who ratified it. `doubts` say what
 * stands against its seed; the draw holds all the same. */
#ifndef DOMAIN_DRAW_ASSIGNED_H
#define DOMAIN_DRAW_ASSIGNED_H

#include "ledger/ledger.h"

/* Of a draw whose paper holds: draw_paper. *out is a new reference, NULL after
 * an error. */
enum rc draw_assigned(struct op *op, const char *id, json_t **out);
/* How many of its visits nobody ratified? */
size_t draw_unratified(const json_t *against);

#endif
