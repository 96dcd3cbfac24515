/* export/export.h - the records of a kind as a file, the same bytes whenever
 * the same records are exported.
 *
 * Rows stand in the order of ids, all from one state of the store. Beside FILE,
 * FILE.manifest.json says what it holds: {"kind","scope","format","filter",
 * "columns","rows","bytes","sha256","position","commit","shredded"}, position
 * and commit of the main line at that state.
 *
 * csv:   RFC 4180 with a header: id, scope, town and the fields in the kind's
 *        order. Values as an import reads them: money in yuan (12.50),
 *        coordinates in degrees, times as RFC 3339, sets as a;b;c (as JSON
 *        where a member has a semicolon).
 * jsonl: one canonical object a line, values as records store them.
 *
 * Sealed kinds are personal data: they are exported only on demand, for a role
 * that may read them, and the caller should log it. A record whose key was
 * destroyed is counted as shredded and comes out with its id alone. */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include "store/store.h"

enum export_format { EXPORT_CSV, EXPORT_JSONL };

struct export_job {
	struct store *store;
	const struct account *actor;
	const char *kind; /* its name or plural */
	const char *scope;
	enum export_format format;
	const char *town; /* NULL: all */
	bool private; /* sealed kinds, on demand */
	const char *out; /* NULL: standard output, without a manifest */
};

struct export_done {
	char kind[32];
	int64_t rows, bytes, shredded;
	char sha256[65];
};

/* A kind by its name or a plural of it ("agencies"); NULL when unknown. */
const struct kind *export_kind(const struct registry *kinds, const char *word);
enum rc export_write(const struct export_job *job, struct export_done *done,
		     struct err *err);

#endif
