/* domain/import_ids.h - what an imported row is known by; import.h says how. */
#ifndef DOMAIN_IMPORT_IDS_H
#define DOMAIN_IMPORT_IDS_H

#include "domain/import_batch.h"
#include "domain/import_map.h"

extern const struct import_remark import_wrong_check, import_wrong_inner;

/* Credit codes are put in capitals and checked wherever they stand; an empty
 * cell is no code. A wrong check character is the register's mistake and stays
 * visible, as a remark; what no credit code looks like is RC_INVALID. */
enum rc import_check_code(const struct kind *k, json_t *given,
			  struct import_fact *fact, struct err *why);
/* A reference to a subject, or an id, may be written as the credit code is: in
 * capitals. `text` has 18 characters or is left alone. */
void import_lower_code(char *text);
/* After import_check_code: the row's id; takes `id` out of `given`. */
enum rc import_find_id(const struct kind *k, const char *source, json_t *given,
		       char id[33], struct err *why);
/* Can rows of these columns be known without their kind's keys? */
bool import_has_surrogate(const struct import_map *map, const struct kind *k);

#endif
