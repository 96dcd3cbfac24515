/* domain/import_batch.h - the writing half of an import: facts of rows are laid
 * over what stands, collected, and written by the office in batches; refusals
 * are counted, kept and written out. Shared by the readers of this room. */
#ifndef DOMAIN_IMPORT_BATCH_H
#define DOMAIN_IMPORT_BATCH_H

#include <stdio.h>

#include "domain/csv.h"
#include "domain/entry.h"
#include "domain/import.h"
#include "domain/import_seen.h"

struct import_pending;

struct import_batch {
	struct op *op; /* borrowed, as all until `kind` */
	const struct import_job *job;
	struct import_report *report;
	const struct kind *kind; /* looked up again after each commit */
	const char *file; /* its name without folders; borrowed */
	char kind_name[32];
	struct office_record *records; /* owned, nrecords in use */
	size_t nrecords;
	/* Rows in the order of the file, those that are refused with them, so
	 * that they are told in it; owned, n in use. */
	struct import_pending *pending;
	size_t n;
	struct buf text; /* the rows of the batch as CSV, for refusals */
	struct buf header;
	struct seen ids;
	struct entry_towns towns;
	size_t skip; /* columns of a file of refused rows, not of its rows */
	char *path, *part; /* FILE.rejects.csv, and while it is written */
	const char *rules_of; /* the source whose rules are ours, or NULL: its
			       * facts are what it says, and no person's word.
			       * Borrowed */
	FILE *rejects; /* NULL until the first refusal */
	bool adds_only; /* a fact that stands says what it says */
	size_t done;
};

/* `header` is the file's first row, `file` its path. RC_INVALID when there is
 * no such kind or it does not live in the job's scope. */
enum rc batch_open(struct import_batch *b, struct op *op,
		   const struct import_job *job, const char *kind,
		   const char *file, const struct csv_row *header,
		   struct import_report *report);
/* Take in what a row says, or refuse the row where that breaks the kind's rules
 * or repeats an id of this file; an error is only what stops the import. */
enum rc batch_put(struct import_batch *b, const struct csv_row *row,
		  struct entry_fact *fact);
enum rc batch_refuse(struct import_batch *b, const struct csv_row *row,
		     const char *why);
/* Count a refusal and write out its row, n bytes of CSV. */
void batch_refused(struct import_batch *b, int64_t line, const char *why,
		   const char *text, size_t n);
/* Count a remark about what went in, and write it out. */
void batch_remarked(struct import_batch *b, int64_t line, const char *id,
		    const struct entry_remark *remark);
/* Put FILE.rejects.csv in its place. */
void batch_publish(struct import_batch *b);
/* Write what is collected. */
enum rc batch_flush(struct import_batch *b);
/* The import stops: count what was read and is not dealt with. */
void batch_failed(struct import_batch *b);
/* Add up; call it after the last flush of a file. Accepts a zeroed batch. */
void batch_close(struct import_batch *b);

/* Count under a name; the first call makes the note. */
void report_note(struct import_report *report, const char *what, int64_t n);
/* White space around a name, and its capitals, mean nothing. */
bool header_is(const struct csv_cell *cell, const char *name);
/* What parts the columns of a header that has one alone, where that is no
 * comma; or NUL. */
char header_separator(const struct csv_row *header);

#endif
