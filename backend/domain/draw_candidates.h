/* domain/draw_candidates.h - who of a pool may be drawn. Pure.
 *
 * Format 4: an officer who may check on the day of the commitment and until the
 * assignments are due by the rule of ledger/officer.h, the one that a visit
 * goes by, and whose certificate number no other officer of the pool has.
 * Formats 1 to 3: who is active (or has no state) with a certificate that is
 * valid on the day (or has no state); one with neither number nor last day has
 * none. In all of them: who is not excluded. */
#ifndef DOMAIN_DRAW_CANDIDATES_H
#define DOMAIN_DRAW_CANDIDATES_H

#include <jansson.h>

/* {certificate number: how many of the pool have it}, a new reference; NULL: no
 * memory. */
json_t *draw_numbers(const json_t *pool);
/* Why not by the rule of format 4, as static text or the officer's own, or
 * NULL. `due`: the last day, NULL where there is none. */
const char *draw_officer_refused(const json_t *officer, const char *day,
				 const char *due, const json_t *numbers);
/* The candidates of a paper by the rule of its format, in the order of the
 * pool: a new array, whose officers are the paper's. NULL: no memory. */
json_t *draw_candidates(const json_t *paper);

#endif
