/* domain/lives.h - what the readers of the three LIVES files share; import.h
 * has the entrance. */
#ifndef DOMAIN_LIVES_H
#define DOMAIN_LIVES_H

#include "domain/import_batch.h"
#include "domain/lives_order.h"

#define LIVES_COLUMNS_MAX 9
#define LIVES_REMARKS_MAX 6

struct lives {
	struct op *op; /* borrowed, like all until `row` */
	const struct import_job *job;
	const struct lives_file *file;
	const char *source;
	const struct csv_row *row;
	size_t columns[LIVES_COLUMNS_MAX]; /* SIZE_MAX: the file has none */
	size_t ncolumns; /* of the file */
	bool alone; /* refused rows of one file, without the others */
	struct entry_remark converted; /* rows of another encoding */
	struct import_batch batch;
	struct lives_order order; /* of the file that is being read */
	struct seen known; /* businesses, and inspections of a day */
};

struct lives_file {
	const char *name, *kind;
	struct {
		const char *names; /* a|b; NULL ends the list */
		bool required;
	} columns[LIVES_COLUMNS_MAX + 1];
	bool is_optional;
	/* The files' own facts: what stands says so already. */
	bool are_facts;
	/* What the file decides; the first `always` are counted at zero too. */
	const struct entry_remark *remarks[LIVES_REMARKS_MAX];
	size_t always;
	/* What l->row is known by, and what else it says, as hashes. False: the
	 * row has no key. */
	bool (*key)(const struct lives *l, uint64_t *key, uint64_t *content);
	/* Take in l->row. `given` is empty; RC_INVALID with `why` refuses the
	 * row, all else stops. */
	enum rc (*take)(struct lives *l, json_t *given, struct err *why);
};

extern const struct lives_file lives_businesses, lives_inspections,
	lives_violations;

/* The cell of a column of the file's table, or "". */
const char *lives_cell(const struct lives *l, int column);
/* Convert a text by the field's type; empty text clears. */
enum rc lives_set(struct lives *l, json_t *given, const char *field,
		  const char *text, struct err *why);
void lives_id(const struct lives *l, const char *kind, const char *source_id,
	      char id[21]);
/* Set `subject` to the business of column 0, which must be known. */
enum rc lives_subject(struct lives *l, json_t *given, struct err *why);
/* The number of l->row among those of its key, and of its content, from 1. */
uint32_t lives_number(struct lives *l, uint32_t *copy);

#endif
