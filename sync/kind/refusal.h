/* kind/refusal.h - the codes with which a record goes to quarantine, in plain
 * words: docs/protocol.md 8. One table for both ends. */
#ifndef KIND_REFUSAL_H
#define KIND_REFUSAL_H

#include <stdbool.h>

/* "" for a code that is not known here. Static. */
const char *refusal_says(const char *code, bool in_chinese);

#endif
