/* kind/rows.h - a kind's table: made, extended, written and read from its
 * declaration. The one place that generates SQL text, from validated names.
 *
 * Columns: id, scope, town, then the fields in order (text, date, ref: TEXT;
 * set, json: TEXT with canonical JSON; all others INTEGER; bool 0/1). No column
 * has a default except id, scope and town. The key is (scope, id) on the server
 * and id in a replica; tables are WITHOUT ROWID.
 *
 * On the server a sealed kind's columns are key, alg, nonce, box. In a replica
 * a sealed kind's table has the plain columns (rows only where the key is
 * held); its sealed form is kept elsewhere (replica). */
#ifndef KIND_ROWS_H
#define KIND_ROWS_H

#include "base/buf.h"
#include "base/cell.h"
#include "db/db.h"
#include "kind/kind.h"

enum rows_side { ROWS_SERVER, ROWS_REPLICA };

/* Create the table, or add the columns that are missing (values of new columns
 * that were carried in hufu_extra move into them). `scope` is the default of
 * the column scope in a replica. Indexes on the server only. */
enum rc rows_create(struct db *db, const struct kind *k, enum rows_side side,
		    const char *scope, struct err *err);
/* On the server: an empty temporary table with the kind's columns, which stands
 * in front of the kind's own on this connection until its end: every statement,
 * rows_put too, means the temporary one meanwhile. Its indexes are made apart,
 * once for many rows. */
enum rc rows_shadow_begin(struct db *db, const struct kind *k, struct err *err);
enum rc rows_shadow_index(struct db *db, const struct kind *k, struct err *err);
enum rc rows_shadow_end(struct db *db, const struct kind *k, struct err *err);
/* Write a whole record. In a replica what no column can hold goes to
 * hufu_extra(kind, id, body); on the server it is left to the log. */
enum rc rows_put(struct db *db, const struct kind *k, enum rows_side side,
		 const json_t *record, struct err *err);
/* A new record of a replica from cells, cells[i] for the kind's field i; *fits
 * is false, and nothing was written, where a column cannot hold its cell. */
enum rc rows_put_cells(struct db *db, const struct kind *k, const char *id,
		       const char *scope, const char *town,
		       const struct cell *cells, bool *fits, struct err *err);
/* Read a whole record (with hufu_extra in a replica); *out is a new reference.
 * RC_NOT_FOUND sets no message. RC_INVALID when a cell cannot become a field
 * (a set that is no JSON): names the cell. */
enum rc rows_get(struct db *db, const struct kind *k, enum rows_side side,
		 const char *scope, const char *id, json_t **out,
		 struct err *err);
/* The record that has the same values in all of the kind's `unique` fields, in
 * either kind of table; RC_NOT_FOUND (no message) when there is none, or when
 * this one lacks a value. */
enum rc rows_twin(struct db *db, const struct kind *k, const json_t *record,
		  char out[33], struct err *err);
/* A record that is not to hold on the same days as this one (`apart` of the
 * kind) and does; RC_NOT_FOUND (no message) when there is none. */
struct rows_other {
	char id[33];
	char from[12], to[12]; /* "ever" where there is no end */
};
enum rc rows_overlap(struct db *db, const struct kind *k, const json_t *record,
		     struct rows_other *out, struct err *err);
/* Every row of the kind's table goes, on the server. */
enum rc rows_empty(struct db *db, const struct kind *k, struct err *err);
enum rc rows_drop(struct db *db, const struct kind *k, enum rows_side side,
		  const char *scope, const char *id, struct err *err);
/* The columns of a table as SQL text: "id,scope,town,name,...". */
void rows_columns(struct buf *out, const struct kind *k, const char *prefix);
/* The record in the current row of a query whose columns from `first` on are
 * id, scope, town and the kind's fields in order. */
enum rc rows_read(struct query *q, int first, const struct kind *k,
		  json_t **out, struct err *err);
/* The SQL type with CHECK of a field's column, without constraints on null. */
const char *rows_column_type(const struct field *f);

#endif
