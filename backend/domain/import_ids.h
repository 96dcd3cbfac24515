/* domain/import_ids.h - what an imported row is known by; import.h says how. */
#ifndef DOMAIN_IMPORT_IDS_H
#define DOMAIN_IMPORT_IDS_H

#include "domain/import_batch.h"
#include "domain/import_map.h"

/* After entry_check: the row's id; takes `id` out of `given`. */
enum rc import_find_id(const struct kind *k, const char *source, json_t *given,
		       char id[33], struct err *why);
/* Of a subject that the file does not name by its id: whoever is on file with
 * this number of this source, if there is one alone. A register that corrects a
 * credit code, gives one or takes it away speaks of the same subject. */
enum rc import_known_id(struct op *op, const char *scope, const char *source,
			const struct kind *k, const json_t *given, char id[33],
			struct err *err);
/* Can rows of these columns be known without their kind's keys? */
bool import_has_surrogate(const struct import_map *map, const struct kind *k);

#endif
