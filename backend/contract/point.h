/* contract/point.h - a place within a JSON document, by RFC 6901. */
#ifndef CONTRACT_POINT_H
#define CONTRACT_POINT_H

#include <jansson.h>
#include <stdbool.h>

/* What "#/components/schemas/problem" names, or NULL. Borrowed. */
const json_t *json_point(const json_t *document, const char *pointer);

#endif
