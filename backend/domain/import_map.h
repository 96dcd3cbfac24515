/* domain/import_map.h - which columns of a file become which fields.
 *
 * A header of field names maps onto itself. Other headers are declared in
 * schema/import/<name>.json and recognised by their names, in any order:
 *
 * {"kind":"item","header":["department","item",...],
 *  "fields":{"name":{"column":"item"},
 *            "level":{"column":"level","values":{"township":"town"}},
 *            "code":{"columns":["department","item"],"as":"code16"},
 *            "ratio_min":{"column":"ratio","as":"ratio_min"}}}
 *
 * Beside fields stand `id` and `town`. `as` is one of
 *   code16                first 16 hex digits of SHA-256 over the columns as
 *                         they stand, joined by the byte 0x1F
 *   ratio_min, ratio_max  bounds in basis points: "10%" both, "不少于2‰" the
 *                         lower, "不超过10%/年" the upper
 *   times_min, times_max  bounds of checks a year: "1次/年" both, "1—2次/年",
 *                         "每年不少于1次"
 *   uscc_id               the id of the subject with this credit code
 * A wording that says more or less than that gives nothing, and a remark. */
#ifndef DOMAIN_IMPORT_MAP_H
#define DOMAIN_IMPORT_MAP_H

#include "domain/csv.h"
#include "domain/import_batch.h"
#include "kind/kind.h"

#define IMPORT_COLUMNS_MAX 4 /* of one field */

enum import_place {
	IMPORT_FIELD,
	IMPORT_ID,
	IMPORT_SCOPE, /* must be the job's */
	IMPORT_TOWN,
};

/* *out is a new reference, or NULL for "no value". RC_NOMEM only. */
typedef enum rc import_as_fn(const struct csv_cell *cells, size_t n,
			     json_t **out, struct err *err);

struct import_target {
	enum import_place place;
	size_t field; /* its place in the kind, which outlives a reload */
	size_t columns[IMPORT_COLUMNS_MAX];
	size_t ncolumns;
	import_as_fn *as; /* NULL: by the field's type */
	const json_t *values; /* text to text, or NULL; of the definition */
};

struct import_map {
	struct import_target targets[CSV_COLUMNS_MAX];
	size_t n;
	size_t columns; /* of the file */
	json_t *definition; /* of a declared mapping; owned */
};

/* Find the mapping of a header; `folder` may be NULL. RC_INVALID lists what is
 * known. */
enum rc import_map_open(struct import_map *m, const struct kind *k,
			const struct csv_row *header, const char *folder,
			struct err *err);
bool import_map_has(const struct import_map *m, const struct kind *k,
		    const char *field);
void import_map_close(struct import_map *m);

/* By the word of `as`, or NULL. */
import_as_fn *import_as_find(const char *word);
/* Is what it reads a credit code, whose subject is to be looked up? */
bool import_as_asks(import_as_fn *as);
/* The remark on a text that this `as` is there to read and cannot, or NULL for
 * one that has none; *earned tells whether `text` is such a text. */
const struct entry_remark *import_as_remark(import_as_fn *as, const char *text,
					    bool *earned);

#endif
