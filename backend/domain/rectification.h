/* domain/rectification.h - orders to correct (责令改正) and their deadlines.
 *
 * The deadline is the later of `due` (or `term_days` working days after
 * `served_on`) and `extended_to`; a last day on a holiday becomes the next
 * working day. Overdue is never stored: an order is overdue as of a day after
 * its deadline while it is `issued` or `served`, that is while no proof of the
 * correction is in. */
#ifndef DOMAIN_RECTIFICATION_H
#define DOMAIN_RECTIFICATION_H

#include "ledger/ledger.h"

struct rectification_options {
	const char *as_of; /* YYYY-MM-DD; NULL: today */
	bool overdue; /* only those */
};

/* [{"id","subject","visit","state","served_on","deadline","extended",
 * "overdue","working_days_over"}] by deadline and id; `deadline` is absent
 * where nothing says one. */
enum rc rectification_list(struct op *op, const char *scope,
			   const struct rectification_options *o, json_t **out);

#endif
