/* domain/credit_score.h - a subject's score under a scheme. Pure, integers
 * only: the same facts, scheme and day give the same bytes anywhere.
 *
 * A scheme's definition:
 * {"start":1000,"floor":0,"horizon_days":1825,
 *  "deductions":{"low":5,"moderate":15,"high":40,"unknown":5},
 *  "decay":[{"days_max":365,"percent":100},...],   ages rise
 *  "grades":[{"grade":"A","min":940},...],         mins fall, the last is floor
 *  "uncounted_visits":["construction",...]}        prefixes, in any case
 *
 * A violation costs deductions[severity] x percent / 100, rounded down, by the
 * decay step that its age falls in; none beyond the last step or the horizon.
 * What was found at a visit that does not count costs nothing. Neither does
 * what has no date: nobody can say how old it is; nor what its source has
 * twice: one of the two costs. A fact whose inspection the source lacks costs,
 * and says so. Sums stop at JSON_INT_MAX.
 *
 * Reasons of a score:
 * {"start":1000,"facts":[{"id","found_on","severity","points","percent",
 *  "deduction","no_inspection":true}],"more":{"count","deduction"},"visits":n,
 *  "visits_uncounted":n,"visits_repeated":n,"expired":n,"uncounted":n,
 *  "undated":n,"repeated":n} - facts as they are given, up to a limit, the rest
 * summed in `more`; counts of nothing, and what is not so, are left out. */
#ifndef DOMAIN_CREDIT_SCORE_H
#define DOMAIN_CREDIT_SCORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define CREDIT_STEPS_MAX 32
#define CREDIT_FACTS_LISTED 50

enum severity {
	SEVERITY_LOW,
	SEVERITY_MODERATE,
	SEVERITY_HIGH,
	SEVERITY_UNKNOWN,
	SEVERITY__MAX
};

struct scheme {
	int64_t start, floor, horizon_days;
	int64_t points[SEVERITY__MAX];
	size_t nsteps, ngrades;
	struct {
		int64_t days_max, percent;
	} steps[CREDIT_STEPS_MAX];
	struct {
		const char *grade; /* borrowed from the definition */
		int64_t min;
	} grades[CREDIT_STEPS_MAX];
	const json_t *uncounted; /* borrowed */
};

/* RC_INVALID says what the definition breaks. Keep the definition as long as
 * the scheme. */
enum rc scheme_read(struct scheme *s, const json_t *definition,
		    struct err *err);
/* The unknown one for NULL and for words of a later version. */
enum severity severity_parse(const char *word);
/* The type of a visit with the flag of this name: under no scheme it counts. */
#define CREDIT_NOT_COUNTED "not_counted"
/* Does a visit of this type (NULL: not known) count? */
bool scheme_counts_visit(const struct scheme *s, const char *visit_type);

struct credit_fact {
	const char *id;
	const char *found_on; /* NULL: not known */
	const char *severity; /* NULL: not known */
	const char *visit_type; /* of its visit; NULL: not known, or none */
	bool is_repeat; /* flagged as one that its source has before */
	bool lacks_inspection; /* flagged: nothing was visited on its day */
};

struct credit_sum {
	const struct scheme *scheme;
	int64_t day; /* as of, days since 1970 */
	size_t listed_max;
	json_t *facts; /* owned: credit_release */
	int64_t deducted, more, more_deducted;
	int64_t visits, visits_uncounted, visits_repeated;
	int64_t expired, uncounted, undated, repeated;
};

void credit_begin(struct credit_sum *sum, const struct scheme *scheme,
		  int64_t day, size_t listed_max);
/* What lies after `day` is passed over. */
void credit_add(struct credit_sum *sum, const struct credit_fact *fact);
void credit_add_visit(struct credit_sum *sum, const char *visited_on,
		      const char *visit_type, bool is_repeat);
/* Score and grade (borrowed from the scheme), and *reasons as a new reference,
 * NULL when memory ran out. */
int64_t credit_end(struct credit_sum *sum, const char **grade,
		   json_t **reasons);
void credit_release(struct credit_sum *sum);

#endif
