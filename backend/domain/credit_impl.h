/* domain/credit_impl.h - what the files of credit share. */
#ifndef DOMAIN_CREDIT_IMPL_H
#define DOMAIN_CREDIT_IMPL_H

#include "domain/credit.h"

/* scheme_find, recording the default scheme first where there is none. */
enum rc scheme_in_force(struct op *op, const struct rate_options *o,
			const char *day, struct scheme_in_force *out);

#endif
