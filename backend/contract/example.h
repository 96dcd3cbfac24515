/* contract/example.h - a record of a kind as somebody would write it, for the
 * document. Not for other rooms. */
#ifndef CONTRACT_EXAMPLE_H
#define CONTRACT_EXAMPLE_H

#include "kind/kind.h"

/* What is asked for at least, or one change of it; fits the kind's schemas. New
 * reference. */
json_t *example_record(const struct kind *k);
json_t *example_patch(const struct kind *k);

#endif
