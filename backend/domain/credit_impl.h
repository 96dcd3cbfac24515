/* domain/credit_impl.h - what the files of credit share. */
#ifndef DOMAIN_CREDIT_IMPL_H
#define DOMAIN_CREDIT_IMPL_H

#include "domain/credit.h"

/* scheme_find. Where there is no default scheme it is recorded first, or only
 * read from its file. */
enum rc scheme_in_force(struct op *op, const struct rate_options *o,
			bool may_record, const char *day,
			struct scheme_in_force *out);

/* A walk over the violations and visits of some subjects, in their order. */
struct facts {
	struct query *violations, *visits;
	bool more_violations, more_visits;
};

/* Of the subjects from `first` to `last`. `position`: no later entry of the log
 * counts as a fact's. */
void facts_begin(struct facts *f, struct op *op, const char *scope,
		 const char *first, const char *last, int64_t position);
enum rc facts_end(struct facts *f, struct op *op);

/* What a subject's facts come to under a scheme on a day. */
struct rated {
	int64_t score, position; /* of the last fact, 0: none */
	const char *grade; /* borrowed from the scheme */
	json_t *reasons; /* owned */
};

/* The next subject of a walk; subjects come in rising order. */
enum rc facts_rate(struct facts *f, const struct scheme *scheme, int64_t day,
		   size_t listed_max, const char *subject, struct rated *out,
		   struct err *err);

/* What else stands in a rating's record. All borrowed. */
struct rating_place {
	const char *town, *subject, *scheme, *valid_from;
	int64_t known_at, known_position;
};

/* First 20 hex digits of SHA-256("hufu-rating" US scheme's code US subject):
 * a new version of the scheme goes on with the same ratings. */
void rating_id(char out[21], const char *code, const char *subject);
/* The fields of its record; NULL when memory ran out. */
json_t *rating_record(const struct rating_place *place,
		      const struct rated *rated);

/* --as-of, or today: as text and as a day. */
enum rc rate_day(struct op *op, const char *as_of, char text[11], int64_t *day);
/* Who may read credit beside those who make it: class L3 is the whole office's,
 * as its lists are. */
#define RATE_READERS (ROLE_INSPECTOR | ROLE_AUDITOR | ROLE_ADMINISTRATOR)
/* Analyst or coordinator of the scope, or `more` roles. */
enum rc rate_may(struct op *op, const char *scope, unsigned more);

/* Is a scheme that was read one that should be recorded? RC_INVALID: two grades
 * of one name, members that nothing reads, decay beyond the horizon. */
enum rc scheme_sound(const struct scheme *s, const json_t *definition,
		     struct err *err);

#endif
