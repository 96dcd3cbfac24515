/* contract/schema.h - does a JSON value fit a JSON Schema?
 *
 * The part of JSON Schema 2020-12 that schema/api.json uses: type, enum, const,
 * properties, required, additionalProperties, items, minItems, maxItems,
 * uniqueItems, minLength, maxLength, pattern, minimum, maximum, format (date,
 * date-time), oneOf, anyOf, allOf, $ref into the document, and annotations.
 * `schema_check_words` refuses a schema with any other word, so that nothing is
 * declared that nobody checks. Patterns are POSIX extended expressions, which
 * mean the same to ECMA-262 as far as they are used here.
 *
 * Values are requests: a member that is declared readOnly does not fit. */
#ifndef CONTRACT_SCHEMA_H
#define CONTRACT_SCHEMA_H

#include <jansson.h>

#include "base/err.h"

#define SCHEMA_ERRORS_MAX 20

/* Every way in which `value` does not fit, as a new array of {"pointer",
 * "detail"} (RFC 6901 pointers, at most SCHEMA_ERRORS_MAX); an empty one where
 * it fits. NULL: out of memory. `document` holds what $ref points to. */
json_t *schema_errors(const json_t *document, const json_t *schema,
		      const json_t *value);

/* The same of its texts that hold control characters or such as turn the
 * direction of writing: base/plain.h. */
json_t *schema_hidden(const json_t *value);

/* RC_INVALID names the place of a word that is not known or not well formed. */
enum rc schema_check_words(const json_t *document, const json_t *schema,
			   const char *where, struct err *err);

#endif
