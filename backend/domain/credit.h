/* domain/credit.h - credit ratings of the subjects of a scope under a scheme.
 *
 * A scheme is a record of the catalog (credit_score.h has its definition). A
 * version of it never changes but for its last day, and no two versions share a
 * day. A rating lists the facts and rules it came from, the position in the log
 * of the last fact that it depends on, and the position up to which facts were
 * known. It is written again only when score, grade or reasons change: rating
 * an unchanged scope writes nothing. One rating a subject and scheme's code;
 * its earlier states are in the log. Days are UTC.
 *
 * What other bodies say of a subject is of another kind, external_rating: it is
 * imported, shown beside ours, and never part of a sum. */
#ifndef DOMAIN_CREDIT_H
#define DOMAIN_CREDIT_H

#include "domain/credit_score.h"
#include "ledger/ledger.h"

#define SCHEME_DEFAULT "default"

struct scheme_in_force {
	char id[33], code[65];
	int64_t version;
	json_t *definition; /* owned: scheme_release */
	struct scheme scheme;
};

/* The newest active version of a code that is valid on that day. RC_NOT_FOUND
 * names the code. */
enum rc scheme_find(struct op *op, const char *code, const char *day,
		    struct scheme_in_force *out);
void scheme_release(struct scheme_in_force *s);
/* Record a version from a file {code, version, name, valid_from, definition}.
 * The same again changes nothing; RC_CONFLICT when that version is recorded
 * with another definition. `code` has room for 65, may be NULL. */
enum rc scheme_record(struct op *op, const char *file, char *code);
/* The same of what such a file holds, which gets its state; `id` is its
 * record's. */
enum rc scheme_put(struct op *op, json_t *record, char id[21], bool *is_new);

/* A version by its record's id, whatever the day. */
enum rc scheme_by_id(struct op *op, const char *id,
		     struct scheme_in_force *out);

struct rate_options {
	const char *scheme; /* code; NULL: SCHEME_DEFAULT */
	/* A version in a file, which is tried and not recorded: only with
	 * dry_run; NULL: none. `scheme` is its code then, or NULL. */
	const char *trial;
	const char *as_of; /* date; NULL: today */
	const char
		*schema; /* folder of schemes/default.json, which is recorded
			  * when there is no default scheme yet; NULL: none */
	bool dry_run; /* count, write nothing */
	void (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
};

#define RATE_GRADES_MAX (2 * CREDIT_STEPS_MAX)

struct rate_done {
	char scheme[65];
	int64_t version;
	char as_of[11];
	size_t subjects;
	size_t written; /* new or changed ratings; those that would be */
	size_t later; /* a rating of a later day stands */
	size_t unrated; /* had no rating before */
	size_t ngrades;
	struct {
		char grade[21];
		size_t before, subjects;
	} grades[RATE_GRADES_MAX];
};

/* Needs the role of analyst or coordinator for the scope. The ratings are
 * written by the server itself, in the actor's name. A rating of a later day
 * than `as_of` stands, unless that day is yet to come. RC_INVALID: `as_of` is
 * yet to come, and it is no dry run. */
enum rc rate_scope(struct op *op, const char *scope,
		   const struct rate_options *options, struct rate_done *done);
/* {"scheme","version","as_of","subjects","dry_run","written","later","unrated",
 * "before":{grade: n},"grades":{grade: n}}, a new reference. */
json_t *rate_done_json(const struct rate_done *done, bool dry_run);

/* One subject, all its facts, nothing written. With `known`, from the facts
 * that the log held at that position. {"subject","scheme","version","as_of",
 * "known_position","score","grade","facts_position","reasons", and of the
 * scheme "floor","decay","grades"}. */
enum rc rate_explain(struct op *op, const char *scope, const char *subject,
		     const struct rate_options *options, const int64_t *known,
		     json_t **out);
/* What is on record of a subject at a position of the log (NULL: now):
 * {"subject","as_of","known_position",
 *  "rating":{...},          in force on the day, absent for none
 *  "history":[{...}],       ours, oldest first
 *  "imported":[{...}]}      of other bodies, in the order of their receipt
 * each with "position"; imported ones with "received_at". */
enum rc rating_show(struct op *op, const char *scope, const char *subject,
		    const struct rate_options *options, const int64_t *known,
		    json_t **out);

#define RATE_DIFFERING_MAX 20

struct rate_checked {
	size_t checked;
	size_t unknown; /* of a version that kept no known_position */
	size_t differing;
	char shown[RATE_DIFFERING_MAX][33]; /* subjects of the first of them */
};

/* Every rating that stands, under any scheme, computed again from the log
 * alone: the same canonical bytes, or it differs. Writes nothing. */
enum rc rate_check(struct op *op, const char *scope, struct rate_checked *out);

#endif
