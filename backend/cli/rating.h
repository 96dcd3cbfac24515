/* cli/rating.h - what two commands say of one subject's credit. */
#ifndef CLI_RATING_H
#define CLI_RATING_H

#include "cli/cli.h"
#include "domain/credit.h"

/* Print what is on record, and with `explain` how the score comes about, both
 * as the log knew it at *known (NULL: now). Answers an exit code. */
int rating_print(struct cli *c, const char *subject,
		 const struct rate_options *options, const int64_t *known,
		 bool explain);

#endif
