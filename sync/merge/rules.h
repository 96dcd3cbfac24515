/* merge/rules.h - the rules that decide when both sides moved apart; private to
 * this room. docs/protocol.md section 8 is the table. */
#ifndef MERGE_RULES_H
#define MERGE_RULES_H

#include "kind/kind.h"

/* One field of the three records; NULL where a side lacks it. */
struct sides {
	json_t *base, *terminal, *server;
};

enum verdict {
	VERDICT_CONFLICT, /* a person decides; the server's value stands */
	VERDICT_INTERIM, /* a person decides; *stands stands meanwhile */
	VERDICT_STANDS, /* *stands is the value */
	VERDICT_NOMEM,
};

/* Called only when both sides moved, and moved apart. *stands is a new
 * reference, NULL for "absent". */
typedef enum verdict rule_fn(const struct field *f, const struct sides *s,
			     json_t **stands);

/* By enum merge_rule; MERGE_UNKNOWN is the default rule. */
extern rule_fn *const merge_rules[MERGE__MAX];

#endif
