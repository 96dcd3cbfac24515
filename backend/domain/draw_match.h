/* domain/draw_match.h - which officers check a subject.
 *
 * Format 3: subjects are matched in the order of `result`. The candidates who
 * are not recused from a subject stand in the order of their loads, fewest
 * first, and those with the same load in the order of their lots for this
 * subject. The first who may lead comes first, if there is one; then the first
 * of the others, until there are officers_per_subject. */
#ifndef DOMAIN_DRAW_MATCH_H
#define DOMAIN_DRAW_MATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct match {
	const char *seed; /* borrowed, as the ids are from the paper */
	size_t n, wanted; /* candidates; officers for each subject */
	const char **ids;
	bool *leads;
	int64_t *load;
	uint32_t *order;
	json_t *recused; /* {subject: {officer: reason}} */
};

enum rc match_init(struct match *m, const json_t *paper, const char *seed,
		   struct err *err);
void match_release(struct match *m);
/* [subject, officer, ...], a new reference; loads grow. NULL sets err. */
json_t *match_subject(struct match *m, const char *subject, struct err *err);
/* One more officer for a pair that lacks `gone`, a lead where that was one;
 * NULL sets err. `gone` will not come back to this subject. */
const char *match_officer(struct match *m, const json_t *pair, const char *gone,
			  struct err *err);
/* Add to the load of each officer of a pair. */
void match_count(struct match *m, const json_t *pair, int64_t by);
/* [[subject, officer, ...], ...] */
enum rc match_all(const json_t *paper, const char *seed, const json_t *result,
		  json_t **pairs, struct err *err);

/* The same of formats 1 and 2: draw_paper.h has their rule. */
enum rc draw_match_1(const json_t *paper, const char *seed,
		     const json_t *result, json_t **pairs, struct err *err);

#endif
