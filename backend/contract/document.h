/* contract/document.h - schema/api.json with a path for each kind of records.
 * Not for other rooms. */
#ifndef CONTRACT_DOCUMENT_H
#define CONTRACT_DOCUMENT_H

#include "contract/contract.h"

/* The document written out: *out is a new reference. */
enum rc document_make(const struct registry *kinds, json_t **out,
		      struct err *err);
/* "external-ratings", "agencies": by `x-hufu.resources`, else the kind's name
 * with an s. */
void document_plural(const json_t *document, const char *kind, char out[64]);

/* Is the field the server's to fill in, so that no request says it? */
bool document_is_read_only(const struct field *f);

#endif
