/* domain/import_edition.h - a later edition of a list does not rename the past.
 *
 * Where a row changes one of the fields that its kind's file names as
 * `editions`, the record as it stood is kept beside the other, under its id and
 * v1, v2 and so on, and ended on the day before; the record begins to hold on
 * the day. A file with a column for the first day says so itself, and what
 * begins on that very day, or has ended, is corrected where it stands. */
#ifndef DOMAIN_IMPORT_EDITION_H
#define DOMAIN_IMPORT_EDITION_H

#include "domain/import_batch.h"

/* *past: what stood, to be written as record `id`, a new reference, or NULL
 * where no edition ends. `record` gets its first day then. */
enum rc edition_end(struct import_batch *b, struct entry_fact *fact,
		    const json_t *standing, json_t *record, json_t **past,
		    char id[33]);

#endif
