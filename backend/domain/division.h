/* domain/division.h - administrative divisions as of a day.
 *
 * A code has 12 digits: province 2, city 2, county 2, town 3, village 3, zeros
 * behind. A division holds from valid_from to valid_to, both days included;
 * absent means as far as is known. One code may have several records whose days
 * do not overlap. What was abolished keeps its record and names its successors,
 * because registrations, credit codes and old visits go on bearing its code. */
#ifndef DOMAIN_DIVISION_H
#define DOMAIN_DIVISION_H

#include "ledger/ledger.h"

#define DIVISION_DIGITS 12

/* *out, a new reference:
 * {"as_of":"2021-04-08","divisions":[{"code","name","level","parent",
 *   "valid_from","valid_to","successors","town_kind"}, ...]}
 * the division `code` (6 to 12 digits, filled up with zeros; NULL: all) and all
 * below it that held on that day (NULL: today), in the order of codes. When
 * `code` itself had been abolished by then, "abolished" is its last record and
 * "divisions" are its successors of that day, found through all steps.
 * RC_NOT_FOUND when the table has no such code, or, which it says, has it only
 * from a later day on. */
enum rc division_tree(struct op *op, const char *code, const char *as_of,
		      json_t **out);

/* "subdistrict" (街道, 001-099), "town" (镇, 100-199), "township" (乡,
 * 200-399), "zone" (development zones and the like, 400-599), or NULL for a
 * code that is no town's. A placeholder for villages that a city has directly,
 * as below 龙港市, counts by its number too. */
const char *division_town_kind(const char *code);

#endif
