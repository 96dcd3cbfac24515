/* domain/draw_fairness.h - are draws as chance would have them, taken together?
 *
 * Pure: papers go in one by one, figures come out. The formulas and their
 * sources are those of draw_stats.h:
 *
 *   strata    drawn of each stratum by the towns of its subjects against an
 *             equal share for each town: chi-square with correction. What the
 *             strata as a whole were drawn in is their quota; `proportion`
 *             compares it with equal ratios, and says nothing of fairness.
 *   runs      drawn or not, in the order of ids, a row for each stratum of each
 *             draw: one runs test over all rows.
 *   pairs     officers of one team, after the replacements. A team of w of m
 *             candidates holds a certain pair with w(w-1) / (m(m-1)); where L
 *             of them may lead, one lead is drawn first and then the others.
 *             The most frequent pair is judged by the law of rare events.
 *
 * Numbers are integers: _e4 in ten thousandths, _e6 in millionths, rounded.
 * `unlikely` names the tests with p < 0.001. */
#ifndef DOMAIN_DRAW_FAIRNESS_H
#define DOMAIN_DRAW_FAIRNESS_H

#include <jansson.h>

#include "base/err.h"

#define FAIRNESS_UNLIKELY_E6 1000
#define FAIRNESS_POOL_MAX 1000 /* more candidates: not in the test of pairs */

/* One draw, borrowed. */
struct fairness_draw {
	const json_t *paper; /* verified */
	const char *by; /* who committed it */
	const json_t *replaced_by; /* [who, ...] for each replacement */
};

struct fairness;

/* `towns`: {subject: town}, borrowed until fairness_free. NULL: no memory. */
struct fairness *fairness_new(const json_t *towns);
void fairness_free(struct fairness *f);
enum rc fairness_add(struct fairness *f, const struct fairness_draw *draw,
		     struct err *err);
/* {"draws":{"drawn","not_drawn","void"},
 *  "strata":[{"name","frame","drawn","towns","x2_e4","df","p_e6"}],
 *  "proportion":{"x2_e4","df","p_e6"},
 *  "runs":{"rows","seen","expected_e4","z_e4","p_e6"},
 *  "pairs":{"teams","left_out","possible","seen","expected_seen_e4",
 *   "most","count","expected_e4","p_e6"},
 *  "exclusions":[{"person","what","reason","count"}],
 *  "replacements":[the same],
 *  "seed":{"least_s","median_s","most_s"}, "seeds":[{"name","seconds"}],
 *  "twice":[{"name","frame","state"}],
 *  "alike":[{"name","population","frame_size","state"}], "unlikely":[name,
 * ...]} A new reference, or NULL. Lists are in the order of their texts. */
json_t *fairness_figures(struct fairness *f);

#endif
