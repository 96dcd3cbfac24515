/* kind/kind.h - the registry of record kinds, loaded at run time from
 * schema/kinds/<kind>.json or from the `kind` records of the catalog.
 *
 * A kind file (docs/data-model.md):
 * {"kind":"visit","label":{"zh":"检查","en":"visit"},"scope":"county",
 *  "class":"L2","writers":["inspector","coordinator"],"readers":[...],
 *  "sealed":true,"companion":"subject","keys":["..."],"indexes":[["state"]],
 *  "fields":[{"name":"state","type":"text","label":{...},"rule":"threeway",
 *   "group":"...","writers":[...],"values":["open"],"required":true,
 *   "refers":"subject","max":200,"safe":"open","fsm":{...},
 *   "own":"lead",
 *   "codes":{...},"acting":["open"],"shape":"points","least":0,"most":100,
 *   "members_least":2,"not_future":true,"not_past":true,
 *   "not_before":"valid_from","limits_at":["issued"],"marks":{...},
 *   "told":"score_altered"}],
 *  "owner":"author","team":"officers",
 *  "within":{"field":"visit","same":["subject"]},"unique":["visit","point","author"],
 *  "apart":{"by":["code"],"from":"valid_from","to":"valid_to","at":"active"},
 *  "search":["name","uscc","address"],"editions":["name"]}
 *
 * Fields keep the order of the file; new ones are appended. Definitions are
 * immutable once loaded; a registry may be shared by threads. */
#ifndef KIND_KIND_H
#define KIND_KIND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum field_type {
	FIELD_TEXT,
	FIELD_INT,
	FIELD_BOOL,
	FIELD_DATE, /* YYYY-MM-DD */
	FIELD_TIME, /* UTC milliseconds */
	FIELD_MONEY, /* fen */
	FIELD_COORDINATE, /* 1e-7 degrees */
	FIELD_REF, /* id of a record of kind `refers` */
	FIELD_SET, /* array of text, sorted, no repeats; of ids with `refers` */
	FIELD_JSON, /* any canonical object or array */
	FIELD__MAX
};

enum merge_rule {
	MERGE_THREEWAY,
	MERGE_SERVER,
	MERGE_LWW,
	MERGE_MAX,
	MERGE_MIN,
	MERGE_SET,
	MERGE_GSET,
	MERGE_ONCE,
	MERGE_SAFE,
	MERGE_FSM, /* states by a table: kind/fsm.h */
	MERGE_TEXT, /* line by line */
	MERGE_SUM, /* a counter: what each side added */
	MERGE_OWN, /* its owner's; what another writes is a question to him */
	MERGE_REF, /* the office's; what a tablet writes is an observation */
	MERGE_CALC, /* the server's own, computed from other records */
	MERGE_UNKNOWN, /* a rule of a later version: conflict */
	MERGE__MAX
};

enum role {
	ROLE_INSPECTOR = 1,
	ROLE_COORDINATOR = 2,
	ROLE_ANALYST = 4,
	ROLE_AUDITOR = 8,
	ROLE_ADMINISTRATOR = 16,
	ROLE_SERVER = 32, /* the merge and the jobs of the server itself */
	ROLE_IMPORT = 64, /* the office, through an import's own rules; no
			   * account has it */
	ROLE_DRAW = 128, /* the office, through an operation of a draw; the
			  * same */
};
/* Roles of ways to write, not of people: no account has them. */
#define ROLES_OF_NOBODY (ROLE_SERVER | ROLE_IMPORT | ROLE_DRAW)
/* 0 for an unknown word. */
unsigned role_parse(const char *word);
const char *role_name(unsigned role);
/* The word of a rule; "threeway" for one of a later version. */
const char *rule_name(enum merge_rule rule);

struct fsm;

struct field {
	const char *name;
	const char *label_zh, *label_en;
	enum field_type type;
	enum merge_rule
		rule; /* sets default to MERGE_SET, others to THREEWAY */
	const char *group; /* the field's own name when it has none */
	unsigned writers; /* enum role bits; the kind's where not declared */
	bool required;
	/* FIELD_REF: the kind; FIELD_SET: that of its members, or NULL */
	const char *refers;
	const char *const *values; /* NULL-ended list of legal texts, or NULL */
	int64_t max; /* characters of text, members of a set; 0: 4,000 */
	const json_t *safe; /* MERGE_SAFE: the interim value */
	const struct fsm *fsm; /* MERGE_FSM: its table */
	const char *own; /* MERGE_OWN: the field that names the owner */
	const json_t *codes; /* kind/codes.h: its table, or NULL */
	bool is_points; /* FIELD_JSON: a checklist, form/points.h */
	bool is_changes; /* FIELD_JSON: kind/within.h */
	/* kind/limits.h: NULL or false where there is none */
	const json_t *least, *most;
	int64_t members_least; /* FIELD_SET */
	bool not_future, not_past;
	uint64_t limits_at; /* states where they hold; 0: in all */
	const char *not_before; /* another field */
	const char *const *acting; /* kind/acting.h: its states, or NULL */
	const json_t
		*marks; /* kind/marks.h: the flags that it earns, or NULL */
	const char *told; /* the rule of the alarm that tells of a change */
	const char *column; /* rows_column_type() */
};

struct kind {
	const char *name;
	const char *label_zh, *label_en;
	int privacy; /* 1 to 4 */
	bool is_catalog; /* lives in the scope `catalog`, else in counties */
	bool is_sealed;
	const char *companion; /* kind whose id it shares, or NULL */
	const char *companion_key; /* sealed: the field that names the subject
				    * whose key seals it; NULL: its own id */
	unsigned writers, readers; /* enum role bits */
	const char *const *keys; /* import key fields, NULL-ended, or NULL */
	const char *owner; /* field that names the only one who may change it */
	bool owner_may_lack; /* the office makes some in nobody's name */
	/* kind/within.h; field NULL: it stands by itself */
	struct kind_within {
		const char *field;
		const char *const *at, *const *not_at, *const *same;
	} within;
	const char *team; /* set of those among the inspectors who may */
	const char *const
		*unique; /* fields that no two records share, or NULL */
	/* Of the records that share the fields `by`, no two hold on the same
	 * day: from `from` to `to`, both included, where they are `at` this
	 * state. by NULL: nothing is said. */
	struct kind_apart {
		const char *const *by;
		const char *from, *to, *at;
	} apart;
	const char *const *search; /* fields that are searched, the first one
				    * its name, or NULL */
	/* Fields that make another edition of a dated record, or NULL: an
	 * import that changes one keeps what stood, with its last day. */
	const char *const *editions;
	size_t nfields;
	const struct field *fields;
	const struct fsm *fsm; /* of the field with that rule, or NULL */
	json_t *definition; /* borrowed from the kind */
	char id[33]; /* of its `kind` record */
	/* Statements of rows.h, made once. */
	char *sql_server_put, *sql_server_get, *sql_server_drop;
	char *sql_replica_put, *sql_replica_get, *sql_replica_drop;
	char *sql_twin; /* NULL where nothing is unique */
	char *sql_apart; /* NULL where records may overlap */
	void *owned; /* everything above */
};

/* The days of a record with editions. */
#define EDITION_FROM "valid_from"
#define EDITION_TO "valid_to"

struct registry;

/* An empty registry; free with registry_free. */
enum rc registry_new(struct registry **out, struct err *err);
void registry_free(struct registry *r);
/* Check a definition and add it, or replace the kind of that name. The
 * definition must be an extension of the one it replaces: fields never vanish
 * and never change type; RC_INVALID says which does. */
enum rc registry_add(struct registry *r, const json_t *definition,
		     struct err *err);
/* May an office load this definition in the place of `old`? Narrower than what
 * registry_add takes, since a tablet takes whatever its server has: what
 * records, unsent packets and older programs hold stays legal and means the
 * same. RC_INVALID says what would not, and what to do. */
enum rc kind_change_check(const struct kind *old, const json_t *definition,
			  struct err *err);
/* Every *.json of a folder, in byte order of names. */
enum rc registry_load_folder(struct registry *r, const char *folder,
			     struct err *err);
/* By name; NULL when unknown. Borrowed until it is replaced or freed. */
const struct kind *registry_kind(const struct registry *r, const char *name);
/* All kinds in byte order of names. */
size_t registry_count(const struct registry *r);
const struct kind *registry_at(const struct registry *r, size_t i);

/* The field of that name or NULL. */
const struct field *kind_field(const struct kind *k, const char *name);
/* Is the value legal for the field (type, range, values, length)? */
enum rc field_check(const struct kind *k, const struct field *f,
		    const json_t *value, struct err *err);
/* Is the text among the values of its field, and no longer than it may be? */
bool field_takes(const struct field *f, const json_t *text);
/* Does only the type fit, so that a column can hold it? */
bool field_fits(const struct field *f, const json_t *value);
/* A whole record: id, scope, town, known fields legal, required ones present;
 * unknown fields pass. Messages name kind, id and field. A sealed record in its
 * outer form is checked by sealed_check of kind/sealed.h instead. */
enum rc kind_check(const struct kind *k, const json_t *record, struct err *err);
/* May this role write all fields in which `after` differs from `before` (NULL:
 * new)? Whoever enters a new record at the office may flag it as its own words
 * do (kind/marks.h). RC_DENIED names kind or field. */
enum rc kind_may_write(const struct kind *k, unsigned role,
		       const json_t *before, const json_t *after,
		       struct err *err);
/* Does `after` have a value in the field that the role may not write and
 * `before` has not, legal and of the rule `ref`? It is an observation:
 * docs/protocol.md 8. */
bool kind_is_observed(const struct kind *k, const struct field *f,
		      unsigned role, const json_t *before, const json_t *after);
/* Who may write anything of such records, as role bits. */
unsigned kind_writers(const struct kind *k);
/* May `author` take the record from `before` (NULL: new) to `after`? Its codes
 * are legal, or were as they are (RC_INVALID). A field with the rule `once`
 * keeps its value, one with `max` never goes back (RC_CONFLICT); a record that
 * has an owner is changed by no other, and a new one is its author's own
 * and a field that says who acted names its author (kind/acting.h), both
 * RC_DENIED, except in what an import by its own rules brings. The server may
 * do what is not RC_INVALID. */
enum rc kind_may_change(const struct kind *k, unsigned role, const char *author,
			const json_t *before, const json_t *after,
			struct err *err);
/* Sets sorted by bytes without repeats, in place: what an edit of a replica or
 * a CSV brings becomes what canonical bytes want. */
void kind_normalise(const struct kind *k, json_t *record);
/* first 32 hex digits of SHA-256(name) */
void kind_record_id(char out[33], const char *name);
/* protocol.md 1: an id from an import's keys (NULL-ended). */
void import_id(char out[21], const char *source, const char *kind,
	       const char *const *keys);

#endif
