/* export/export_impl.h - what the files of this room share. */
#ifndef EXPORT_EXPORT_IMPL_H
#define EXPORT_EXPORT_IMPL_H

#include "base/buf.h"
#include "base/hash.h"
#include "export/export.h"

/* A file under way: written beside its name, hashed as it grows. */
struct sink {
	const char *path; /* NULL: standard output */
	char *part; /* owned */
	FILE *file;
	struct buf pending; /* rows not yet written */
	struct sha256 hash;
	int64_t bytes;
};

enum rc sink_open(struct sink *s, const char *path, struct err *err);
/* Write what is pending when it is enough, or all of it. */
enum rc sink_flush(struct sink *s, bool all, struct err *err);
/* All of it on the disk, not yet under its name; the hash as hex. */
enum rc sink_end(struct sink *s, char sha256[65], struct err *err);
/* Under its name, in place of what was there. */
enum rc sink_place(struct sink *s, struct err *err);
/* What was not placed is gone. */
void sink_close(struct sink *s);

/* -- reader.c -- */

/* May the actor have records of the kind there? */
enum rc reader_check(const struct export_job *job, const struct kind *k,
		     struct err *err);
/* May he have only some of them? */
bool reader_is_choosy(const struct export_job *job, const struct kind *k);
/* What a record says of whose it is, NULL what it does not say; borrowed. */
struct reader_row {
	const char *agency, *record_kind, *record_id;
};
enum rc reader_may(const struct export_job *job, const struct reader_row *row,
		   bool *may, struct err *err);

/* The columns of `results` as a kind that is in no registry, the statement that
 * reads them, and the kinds that it reads. */
extern const struct kind export_results;
extern const char *const export_results_kinds[];

/* The row that stands in a query of id, scope, town and the kind's fields. */
void row_csv(struct buf *out, struct query *q, const struct kind *k);
/* A record in memory. */
void record_csv(struct buf *out, const json_t *record, const struct kind *k);
/* The header row. */
void header_csv(struct buf *out, const struct kind *k);

#endif
