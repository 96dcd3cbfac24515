/* domain/lives.h - what the readers of the three LIVES files share; import.h
 * has the entrance. */
#ifndef DOMAIN_LIVES_H
#define DOMAIN_LIVES_H

#include "domain/import_batch.h"

#define LIVES_COLUMNS_MAX 9

struct lives {
	struct op *op; /* borrowed, like all until `row` */
	const struct import_job *job;
	const char *source;
	const struct csv_row *row;
	size_t columns[LIVES_COLUMNS_MAX]; /* SIZE_MAX: the file has none */
	size_t ncolumns; /* of the file */
	struct import_batch batch;
	/* Across the files: businesses, inspections of a day with their ids,
	 * and how often each key was seen. */
	struct seen known;
};

struct lives_file {
	const char *name, *kind;
	struct {
		const char *names; /* a|b; NULL ends the list */
		bool required;
	} columns[LIVES_COLUMNS_MAX + 1];
	bool is_optional;
	/* Counted even at zero, and what the file decides. */
	const struct entry_remark *remarks[IMPORT_NOTES_MAX];
	/* Take in l->row. `given` is empty; RC_INVALID with `why` refuses the
	 * row, all else stops. */
	enum rc (*take)(struct lives *l, json_t *given, struct err *why);
};

extern const struct lives_file lives_businesses, lives_inspections,
	lives_violations;

extern const struct entry_remark lives_latin1;

/* The cell of a column of the file's table, or "". */
const char *lives_cell(const struct lives *l, int column);
/* Convert a text by the field's type; empty text clears. */
enum rc lives_set(struct lives *l, json_t *given, const char *field,
		  const char *text, struct err *why);
void lives_id(const struct lives *l, const char *kind, const char *source_id,
	      char id[21]);
/* Set `subject` to the business of column 0, which must be known. */
enum rc lives_subject(struct lives *l, json_t *given, struct err *why);
/* How often these parts came up, with this time. */
enum rc lives_ordinal(struct lives *l, const char *const *parts, uint32_t *n,
		      struct err *err);

#endif
