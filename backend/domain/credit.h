/* domain/credit.h - credit ratings of the subjects of a scope under a scheme.
 *
 * A scheme is a record of the catalog, a version of it never changes
 * (credit_score.h has its definition). A rating lists the facts and rules it
 * came from, holds the position in the log of the last fact that it depends on,
 * and is written again only when score, grade or reasons change: rating an
 * unchanged scope writes nothing. One rating a subject and scheme's code; its
 * earlier states are in the log. */
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

struct rate_options {
	const char *scheme; /* code; NULL: SCHEME_DEFAULT */
	const char *as_of; /* date; NULL: today */
	const char
		*schema; /* folder of schemes/default.json, which is recorded
			  * when there is no default scheme yet; NULL: none */
	void (*progress)(void *ctx, size_t done, size_t total);
	void *ctx;
};

struct rate_done {
	char scheme[65];
	int64_t version;
	char as_of[11];
	size_t subjects, written; /* new or changed ratings */
	size_t ngrades;
	struct {
		char grade[21];
		size_t subjects;
	} grades[CREDIT_STEPS_MAX];
};

/* Needs the role of analyst or coordinator for the scope. The ratings are
 * written by the server itself, in the actor's name. */
enum rc rate_scope(struct op *op, const char *scope,
		   const struct rate_options *options, struct rate_done *done);
/* One subject, all its facts, nothing written: {"subject","scheme","version",
 * "as_of","score","grade","facts_position","reasons"}. */
enum rc rate_explain(struct op *op, const char *scope, const char *subject,
		     const struct rate_options *options, json_t **out);

#endif
