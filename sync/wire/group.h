/* wire/group.h - records in columns, as docs/protocol.md section 9 states:
 * whole records, changes relative to a base, and records that are gone. */
#ifndef WIRE_GROUP_H
#define WIRE_GROUP_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* Gathers records into groups of one kind and one set of fields. */
struct groups {
	json_t *shapes; /* shape -> group */
	size_t bytes; /* an upper estimate of the JSON so far */
	size_t records;
};

enum rc groups_init(struct groups *g, struct err *err);
void groups_release(struct groups *g);
/* A whole record (its scope is left to the message). */
enum rc groups_add_whole(struct groups *g, const char *kind,
			 const json_t *record, struct err *err);
/* What `after` has other than `before`, under a key of tree_key. Adds nothing
 * when they are equal. */
enum rc groups_add_change(struct groups *g, const char *kind, const char *key,
			  const json_t *before, const json_t *after,
			  struct err *err);
enum rc groups_add_gone(struct groups *g, const char *kind, const char *key,
			struct err *err);
/* The groups as an array, new reference; `g` is empty afterwards. */
json_t *groups_take(struct groups *g);

enum group_form { GROUP_WHOLE, GROUP_CHANGE, GROUP_GONE };

/* One record of a group. name: the id of a whole record, else the key.
 * fields: {field: value or null}, borrowed; empty for GROUP_GONE. */
typedef enum rc group_fn(void *ctx, const char *kind, enum group_form form,
			 const char *name, const json_t *fields,
			 struct err *err);
/* Walk the records of a group from outside; RC_CORRUPT when it is not shaped as
 * the protocol says. */
enum rc group_each(const json_t *group, group_fn *fn, void *ctx,
		   struct err *err);

/* The record that a whole entry or a change gives: {id, scope} and the fields
 * laid over `before` (NULL for a whole one). *out is a new reference. */
enum rc record_rebuild(json_t **out, const char *scope, const char *id,
		       const json_t *before, const json_t *fields,
		       struct err *err);

#endif
