/* export/export.h - the records of a kind as a file, the same bytes whenever
 * the same records are exported.
 *
 * Rows stand in the order of ids, all from one state of the store: as it is, or
 * as the log held it at the end of a day or at a position. Beside FILE,
 * FILE.manifest.json says what it holds: {"kind","class","readers","private",
 * "schema","scope","format","filter","as_of","columns","rows","bytes","sha256",
 * "position","commit","shredded","final"}: position and commit of the main line
 * at that state, which gives the same bytes when it is asked for as a position;
 * "final" false where it is not over, so that the same words give other bytes;
 * "readers" where not everybody is one; "as_of" where a day was asked for;
 * "schema" {kind: SHA-256 of its definition's canonical bytes}. Both files
 * appear whole or not at all.
 *
 * csv:   RFC 4180 with a header: id, scope, town and the fields in the kind's
 *        order. Values as an import reads them: money in yuan (12.50),
 *        coordinates in degrees, times as RFC 3339, sets as a;b;c (as JSON
 *        where a member has a semicolon). A text that a spreadsheet would run
 *        gets an apostrophe in front (domain/csv.h), which an import takes off.
 * jsonl: one canonical object a line, values as records store them.
 *
 * `results` is no kind: visits joined with what they came to, a row for each
 * result code, answer and violation, and one for a visit that has none. `id` is
 * the visit's; export_results.c has the columns.
 *
 * An account that acts for some agencies gets records of these, and nobody's,
 * as in the lists of the API: conflicts and alarms go by the record that they
 * are about. "filter" then says which agencies.
 *
 * Sealed kinds are personal data: they are exported only on demand, for a role
 * that may read them. A record whose key was destroyed is counted as shredded
 * and comes out with its id alone. The caller logs what is of class L3 or L4.
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <stdio.h>

#include "store/store.h"

enum export_format { EXPORT_CSV, EXPORT_JSONL };

struct export_job {
	struct store *store;
	const struct account *actor;
	const char *kind; /* its name or plural */
	const char *scope;
	enum export_format format;
	const char *town; /* NULL: all */
	const char *as_of; /* date: as of its end; NULL: now */
	const int64_t *position; /* as of it; NULL: now */
	/* The state that is asked for moves no more: it is that of a day that
	 * is over, or of a position. The caller has the clock. */
	bool is_final;
	bool private; /* sealed kinds, on demand */
	const char *out; /* NULL: standard output, without a manifest */
	/* Instead of `out`, or NULL: gets the rows, and stays the caller's. The
	 * manifest is then *manifest, a new reference. */
	FILE *file;
	json_t **manifest;
};

struct export_done {
	char kind[32];
	int privacy; /* class, 1 to 4 */
	int64_t rows, bytes, shredded;
	int64_t position; /* of the main line, that the state is of */
	char sha256[65];
};

/* A kind by its name or a plural of it ("agencies"), or that of `results`; NULL
 * when unknown. */
const struct kind *export_kind(const struct registry *kinds, const char *word);
enum rc export_write(const struct export_job *job, struct export_done *done,
		     struct err *err);

#endif
