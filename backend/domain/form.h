/* domain/form.h - checklists as records of the catalog.
 *
 * A form file is JSON: {"form_code","version","title","valid_from",
 * "grace_days","state","points":[...]}; what a point is says form/points.h.
 * One file is one version. Its points never change: another text is another
 * version, so that a visit can pin what it began with. */
#ifndef DOMAIN_FORM_H
#define DOMAIN_FORM_H

#include "ledger/ledger.h"

/* Record a version; `state` is draft where the file has none. `id` is its
 * record's, *outcome whether it was there. RC_CONFLICT: the version is there
 * with other points. */
enum rc form_load(struct op *op, const char *file, char id[21],
		  enum office_outcome *outcome);
/* The same of what such a file holds; `form` gets its state. */
enum rc form_put(struct op *op, json_t *form, char id[21],
		 enum office_outcome *outcome);
/* All versions, by code and version: [{"id","form_code","version","title",
 * "state","valid_from","points":n}]. */
enum rc form_list(struct op *op, json_t **out);

#endif
