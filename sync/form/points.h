/* form/points.h - the points of a checklist: what they must be.
 *
 * The field `points` of a `form` is an array, in the order of the sheet:
 * {"id":"p1","text":"...","basis":"...","key":true,"type":"check",
 *  "values":["a","b"],"pass":["a"],"skip":{"point":"p0","is":["no"]},
 *  "evidence_required":true,"on_fail":"spot"}
 *
 * type      check    pass, fail
 *           choice   one of `values`; those of `pass` are in order
 *           text     anything; it never fails
 *           number   an integer; it never fails
 * key       a key point: failing it is serious (SAMR 2021, art. 13, 32)
 * skip      the point falls away where an earlier point, the gate, has one of
 *           the values of `is`, or is itself not applicable
 * on_fail   spot (correct on the spot), deadline (order with a deadline), case;
 *           without it: case for a key point, else deadline
 *
 * Any point may be answered "na" (not applicable). */
#ifndef FORM_POINTS_H
#define FORM_POINTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

#define POINTS_MAX 500 /* of one form */
#define POINT_NA "na"

/* RC_INVALID names the point and what is wrong. */
enum rc points_check(const json_t *points, struct err *err);

/* The point of that id, or NULL; borrowed. */
const json_t *points_find(const json_t *points, const char *id);
/* Does some point fall away by what this one is answered? */
bool point_is_gate(const json_t *points, const char *id);
/* Is the value one that the point can have? */
bool point_allows(const json_t *point, const char *value);
/* Is a legal value one that is not in order? */
bool point_fails(const json_t *point, const char *value);
/* "spot", "deadline" or "case". */
const char *point_on_fail(const json_t *point);

#endif
