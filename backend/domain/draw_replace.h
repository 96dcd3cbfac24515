/* domain/draw_replace.h - replacements of a drawn paper, appended one by one.
 *
 *   {"at":ms,"in":id,"officers":[...],"out":id,"reason"}: a subject gave way to
 *     the next of its stratum's reserve, which is matched anew; the load of the
 *     first one's officers falls before.
 *   {"at":ms,"in":officer,"out":officer,"reason","subject":id}: an officer gave
 *     way to the next by load and lot, a lead where that was one. Who gave way
 *     does not come back to this subject.
 *
 * All follow from the paper but `at`, `out`, `reason` and whether it was done
 * at all; of a public paper, which subject is next in a reserve is taken as it
 * is, if it is of the frame and new. */
#ifndef DOMAIN_DRAW_REPLACE_H
#define DOMAIN_DRAW_REPLACE_H

#include <jansson.h>

#include "base/err.h"

/* Of a checked paper that was drawn; RC_CORRUPT names the first that is not as
 * it must be. */
enum rc draw_replacements_check(const json_t *paper, struct err *err);
/* What replaces `out` now: of a subject, or an officer of `subject` (else
 * NULL). *event is a new reference. */
enum rc draw_replacement(const json_t *paper, const char *out,
			 const char *subject, json_t **event, struct err *err);
/* [[subject, officer, ...], ...] after all replacements, a new reference, NULL
 * after an error. */
json_t *draw_pairs_now(const json_t *paper, struct err *err);

#endif
