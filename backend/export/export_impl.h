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
/* On the disk and under its name; the hash as hex. */
enum rc sink_end(struct sink *s, char sha256[65], struct err *err);
void sink_close(struct sink *s);

/* The row that stands in a query of id, scope, town and the kind's fields. */
void row_csv(struct buf *out, struct query *q, const struct kind *k);
/* A record in memory. */
void record_csv(struct buf *out, const json_t *record, const struct kind *k);
/* The header row. */
void header_csv(struct buf *out, const struct kind *k);

#endif
