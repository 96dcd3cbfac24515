/* merge/text.h - two edits of one text, joined line by line; private to this
 * room. docs/protocol.md section 8 states the steps. */
#ifndef MERGE_TEXT_H
#define MERGE_TEXT_H

#include "merge/rules.h"

/* As a rule: VERDICT_CONFLICT where both sides changed the same place. */
enum verdict text_merge(const struct field *f, const struct sides *s,
			json_t **stands);

#endif
