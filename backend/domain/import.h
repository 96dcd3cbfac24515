/* domain/import.h - rows of CSV files become records of the office.
 *
 * A bad row is refused with its line and the reason, and the rest goes in:
 *
 *     read = new + changed + same + refused
 *
 * What is odd but no reason to refuse a row goes in, is counted, and where it
 * matters later stands in the record's field `flags`: a credit code whose check
 * character is wrong (uscc_check) or whose organisation code fails its own
 * check (uscc_inner), an item's ratio or frequency that no rule reads
 * (ratio_unread, frequency_unread), and those of import_lives. A flag is taken
 * off when the same record comes without its cause.
 *
 * What refers to a record that is neither there nor in the same 2,000 rows, is
 * beyond its kind's limits, is in a town that the divisions of the scope do not
 * have, or in a state that the state table does not lead to, is refused.
 *
 * The same file twice changes nothing the second time: a state that the record
 * began with and left is no move back. A column that the file
 * has overwrites the field (an empty cell clears it); a field that the file has
 * no column for stays as it stands. Refused rows are written to
 * FILE.rejects.csv in their order, with the two columns refused_line and
 * refused_why in front, in a form that can be corrected and imported again; the
 * file appears whole when the import ends. One that is there already, and says
 * something else, is left alone: then it is FILE.rejects.2.csv, and so on.
 * A failing import adds up too: what it read last was not written, and does not
 * count as read. Memory is bounded by the longest batch, plus 24 bytes a row
 * for what repeats itself. */
#ifndef DOMAIN_IMPORT_H
#define DOMAIN_IMPORT_H

#include <stdio.h>

#include "domain/csv_encoding.h"
#include "ledger/ledger.h"

#define IMPORT_SHOWN_MAX 20
#define IMPORT_NOTES_MAX 8
#define IMPORT_ROWS_MAX (4u << 20) /* of one file */

struct import_job {
	const char *kind; /* not used by import_lives */
	const char *scope;
	const char *file; /* import_lives: a folder */
	/* import_csv: what the file would hold, in memory, and `file` is a word
	 * for it alone; or NULL. Borrowed. */
	const char *bytes;
	size_t nbytes;
	FILE *rejects; /* instead of FILE.rejects.csv, or NULL; borrowed */
	/* The same as a path that must not be there yet; of import_lives a
	 * folder for its three. Or NULL; borrowed. */
	const char *rejects_path;
	/* The day from which on a later edition of a dated list holds
	 * (import_edition.h); NULL: today. Borrowed. */
	const char *valid_from;
	/* Names the source in ids and in the field `source`. NULL: the kind's
	 * name, "lives" for import_lives. Never the file's name, so that the
	 * same rows in another file are the same records. */
	const char *source;
	/* Folder of declared column mappings (schema/import), or NULL. */
	const char *mappings;
	enum csv_encoding encoding;
	/* Gets one row of CSV for each refusal and each remark, or NULL:
	 * file,line,what,reason,id, where `what` is refused, or flagged for a
	 * remark, or noted for one that leaves no flag. Without a header. */
	FILE *lines;
	/* Rows written so far; the total is not known: 0. May be NULL. */
	void (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
};

struct import_report {
	char name[64]; /* the kind, or the file of a folder */
	int64_t read, added, changed, same, refused;
	/* What else is worth counting; a zero is reported too. */
	struct {
		const char *what;
		int64_t n;
	} notes[IMPORT_NOTES_MAX];
	size_t nnotes;
	/* The first refusals, by line. */
	struct {
		int64_t line;
		char why[200];
	} shown[IMPORT_SHOWN_MAX];
	size_t nshown;
	char *rejects; /* path of the refused rows, or NULL; owned */
	/* Why they could not be written, and where; or empty. */
	char rejects_lost[200];
	int64_t unwritten; /* rows that were read when the import failed */
	bool absent; /* a file that a folder may lack, and lacks */
	bool left_out; /* the import was of another file of the three alone */
	bool lines_lost; /* nor those of job->lines */
};

/* Any kind: the header names fields of the kind, `id`, `scope` and `town`, or
 * is that of a mapping. The id is the column `id`; or a subject's valid credit
 * code in lower case; or import_id over the kind's key fields; or, for a
 * subject without these, over its registration number, over a credit code with
 * a wrong check character, or over name and address. */
enum rc import_csv(struct op *op, const struct import_job *job,
		   struct import_report *report);

/* A folder, or one file of refused rows of it (NAME.csv.rejects.csv,
 * corrected), in the open LIVES format: businesses.csv, inspections.csv and
 * violations.csv become subjects, visits and violations; one report each. A
 * city may leave violations.csv out. Columns may differ by case and order;
 * columns beyond the format are left out.
 *
 * The order of rows means nothing: what shares a key is numbered by what it
 * says. A violation is joined to the inspection of its day that is on record.
 *
 * Flags: `repeat` (a key that another row has), `no_inspection` (a violation of
 * a day without one), `position_unread` and `score_unread` (a cell that is no
 * place, or no number from 0 to 100, was dropped), `not_counted` (a visit that
 * is no check, such as one to a site under construction or to a new owner: caps
 * and credit pass over it). */
#define LIVES_FILES 3
enum rc import_lives(struct op *op, const struct import_job *job,
		     struct import_report reports[LIVES_FILES]);

/* {"name","read","new","changed","same","refused","notes":{what: n},
 * "refusals":[{"line","reason"}],"rejects"}, a new reference. */
json_t *import_report_json(const struct import_report *report);
void import_report_release(struct import_report *report);

#endif
