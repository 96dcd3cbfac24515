/* domain/uscc.h - the unified social credit code (统一社会信用代码) of
 * GB 32100-2015.
 *
 * 18 characters of an alphabet of 31 (no I O S V Z): [1] registration
 * authority, [2] class, [3-8] division when it was registered, [9-17]
 * organisation code of GB 11714 with its own check character, [18] check
 * character. Only [18] is the legal test. Positions 3 to 8 are the code that
 * was valid at registration: never look them up among today's divisions. */
#ifndef DOMAIN_USCC_H
#define DOMAIN_USCC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define USCC_CHARS 18

/* Upper-case letters only. RC_INVALID says which rule is broken. */
enum rc uscc_check(const char *code, struct err *err);
bool uscc_is_valid(const char *code);
/* The 18th character for the first 17; 0 when one is outside the alphabet. */
char uscc_check_character(const char *first17);
/* Does the organisation code within (9-17) bear its own check? A warning only:
 * codes that fail it were issued. `code` is valid by uscc_check. */
bool uscc_inner_is_valid(const char *code);

/* Without white space around it and in capitals, as it is stored; false when
 * that does not give 18 bytes. Full-width letters stay what they are: wrong. */
bool uscc_normalise(char out[USCC_CHARS + 1], const char *text, size_t n);
/* The id of a subject: the code in lower case. */
void uscc_id(char out[USCC_CHARS + 1], const char *code);

#endif
