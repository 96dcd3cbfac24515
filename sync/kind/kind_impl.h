/* kind/kind_impl.h - what the files of this room share and nobody else uses. */
#ifndef KIND_KIND_IMPL_H
#define KIND_KIND_IMPL_H

#include "base/arena.h"
#include "kind/kind.h"
#include "kind/rows.h"

#define KIND_FIELDS_MAX 200 /* far below the columns of any engine */
#define KIND_TEXT_MAX 4000 /* where a field declares no `max` */
#define KIND_ARENA_BYTES (4u << 20)
#define COORDINATE_MAX INT64_C(1800000000) /* 180 degrees */

/* What stands behind kind->owned. Names and labels are borrowed from the
 * definition's strings, everything else lies in the arena. */
struct kind_owned {
	struct arena mem;
	json_t *definition;
};

#define ROLES_ALL 255u /* every enum role bit */

/* FIELD__MAX for a type of a later version. */
enum field_type type_parse(const char *word);
/* MERGE_UNKNOWN for a rule of a later version. */
enum merge_rule rule_parse(const char *word);
/* A name that can stand unquoted as a table or a column. */
bool name_is_column(const char *name);

/* kind_parse.c: one definition on its way. */
struct parse {
	struct kind *kind;
	struct field *fields;
	struct arena *mem;
	struct err *err;
};
enum rc parse_no_memory(struct parse *p);
enum rc parse_roles(struct parse *p, const json_t *o, const char *member,
		    unsigned otherwise, unsigned *out);
/* A NULL-ended list of texts; *out is NULL where the member is absent. */
enum rc parse_words(struct parse *p, const json_t *o, const char *member,
		    const char *const **out);
/* fsm_parse.c: the table of a field, once all fields are known. */
enum rc fsm_parse(struct parse *p, struct field *f, const json_t *o);

/* kind_more.c: codes, shapes, owner, unique; once all fields are known. */
enum rc more_parse(struct parse *p, const json_t *o);

/* A kind of its own from a definition that is copied. */
enum rc kind_parse(struct kind **out, const json_t *definition,
		   struct err *err);
void kind_free(struct kind *k);
/* The columns and statements of rows.h, into the kind's arena. */
enum rc rows_prepare(struct kind *k, struct field *fields, struct arena *mem,
		     struct err *err);

/* On the server a sealed kind has these columns instead of its fields. */
#define SEALED_COLUMNS 4
extern const char *const sealed_columns[SEALED_COLUMNS];

static inline bool rows_is_outer(const struct kind *k, enum rows_side side)
{
	return k->is_sealed && side == ROWS_SERVER;
}

/* jansson's iterators want a json_t that is not const, and change nothing. */
static inline json_t *json_unconst(const json_t *value)
{
	return (json_t *)(uintptr_t)value;
}

#endif
