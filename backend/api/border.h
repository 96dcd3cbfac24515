/* api/border.h - records as they cross the border: times as RFC 3339, with an
 * etag; integers inside. */
#ifndef API_BORDER_H
#define API_BORDER_H

#include "api/call.h"

/* A stored record as a reply has it: unsealed, times as text, `etag`; only
 * `fields` (an array of names, or NULL: all) beside id, scope, town, etag. A
 * record whose key was destroyed keeps only those, with "shredded": true. *out
 * is a new reference. */
enum rc border_out(struct call *c, const struct kind *k, const char *stored,
		   size_t len, const json_t *fields, json_t **out);
/* One field's value as border_out has it, new reference; `record` is the one
 * that it is of, for what names the kind of its members. */
json_t *border_value(struct call *c, const struct kind *k, const char *name,
		     const json_t *record, json_t *value);
/* The etag of stored bytes: their Git blob id. */
enum rc border_etag(const char *stored, size_t len, char out[41],
		    struct err *err);
/* In place: the fields of a request as records have them. What the schema let
 * through is well formed. */
enum rc border_in(struct call *c, const struct kind *k, json_t *record);

/* May the account see it? As call_may_see of a stored record. */
enum rc border_may_see(struct call *c, const char *stored, size_t len,
		       bool *may);

#endif
