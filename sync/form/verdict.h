/* form/verdict.h - what the answers of all officers to one checklist amount to.
 *
 * Every officer answers in records of their own; here they are joined by point
 * (domain.md 4.6, cases 3 to 6):
 *
 *   different points     each stands
 *   same value by two    one value with two authors
 *   different values     `disputed`: not passed, nobody may sign
 *   "na" and a value     the value stands; where the point is a gate, or
 *                        points behind it were answered, the gate is disputed
 *   by one who was not   no part: the visit's `officers` name who was there
 *   there
 *   the lead's answer    with `settles` true ends the dispute; all are kept
 *
 * States of a point: passed, failed, disputed, na, skipped, open, excluded.
 *
 * Words of the verdict: no_form, withdrawn (the form is), disputed, incomplete
 * (a point is open), serious (a key point failed), case, deadline, spot, clean:
 * the first that applies. Pure: the same records give the same bytes. */
#ifndef FORM_VERDICT_H
#define FORM_VERDICT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct verdict_of {
	const json_t *visit;
	const json_t *form; /* that the visit pins, or NULL */
	/* A later version in force when the visit began, or NULL. */
	const json_t *newer;
	const json_t *answers; /* array of records, in any order */
	/* Versions of answers that came after signing, or NULL: they are shown
	 * beside the table. */
	const json_t *late;
};

/* {"visit","state","form","form_code","form_version","item","item_version",
 *  "subject_version","verdict","can_be_signed","flags":[...],
 *  "disputed":[point],"open":[point],"failed":[point],"supplement":[point],
 *  "points":[{"point","text","key","state","on_fail","value","authors":[...],
 *   "answers":[{"id","author","value","reason","severity","counts"}]}],
 *  "unused":[{"id","point","author","value","why"}]} */
enum rc verdict_make(const struct verdict_of *v, json_t **out, struct err *err);

/* The root of a visit: SHA-256 in hex over each answer of `answers` by an
 * officer who was there, but for those that are void, drafts or left out, in
 * byte order of their ids, as protocol.md section 6 chains records. Who has the
 * same answers has the same root. */
#define ROOT_TEXT_SIZE 65
enum rc verdict_root(char out[ROOT_TEXT_SIZE], const json_t *answers,
		     const json_t *verdict, struct err *err);

/* Why "nothing found" is not true of a visit with this verdict and so many
 * violations, as a predicate of it, or NULL. Static. `is_whole` says that no
 * answer is still to come. */
const char *verdict_denies_clean(const json_t *verdict, size_t violations,
				 bool is_whole);

/* Does it say how the check ended: clean, or what failed? */
bool verdict_is_result(const json_t *verdict);

/* Is it in a state in which its answers are under a signature? */
bool visit_is_signed(const json_t *visit);

/* The day, Beijing's, of a moment from 1970 on. */
void date_of_moment(char out[11], int64_t ms);

/* The day on which the visit began as YYYY-MM-DD (Beijing's), or "". */
void visit_day(char out[11], const json_t *visit);

#endif
