/* store/past.h - what the log of a scope held at an earlier position.
 *
 * Cost follows what is asked for: the number of records, not of the versions
 * that they had before or since, nor of the main commits.
 *
 * The log only grows, so the state at a position is the same whenever it is
 * asked for. `past_begin` puts an empty temporary table in front of a kind's
 * own, and `past_advance` fills it: statements over the kind then read the
 * past. Nothing may be written to such a kind before `past_end`. The tables
 * stand in temporary files, not in memory. */
#ifndef STORE_PAST_H
#define STORE_PAST_H

#include "store/store.h"

#define PAST_KINDS_MAX 4

struct past {
	struct store *store;
	const char *scope; /* borrowed */
	const struct kind *kinds[PAST_KINDS_MAX];
	size_t nkinds;
	int64_t at; /* position */
	char only[64]; /* pattern of the one subject that matters, or "" */
};

/* A state of a scope's main line. */
struct past_point {
	int64_t position;
	char commit[2 * OID_BYTES + 1]; /* the newest up to there; "": none */
};

/* The head; position 0 where there is none yet. */
enum rc past_now(struct store *s, const char *scope, struct past_point *out,
		 struct err *err);
/* The end of a day in UTC: what was committed by then. A day before the first
 * commit is position 0; RC_INVALID for one to come. */
enum rc past_day(struct store *s, const char *scope, const char *date,
		 struct past_point *out, struct err *err);
/* RC_INVALID for a position that the log has not reached. */
enum rc past_position(struct store *s, const char *scope, int64_t position,
		      struct past_point *out, struct err *err);
/* Either of the two, as a person writes it. */
enum rc past_point_parse(struct store *s, const char *scope, const char *text,
			 struct past_point *out, struct err *err);

/* At position 0. With `subject` only records that name this subject, or none,
 * are taken in. Outside a transaction. */
enum rc past_begin(struct past *p, struct store *s, const char *scope,
		   const char *const *kinds, const char *subject,
		   struct err *err);
/* To a later position. The first time its cost follows the number of records,
 * not of their versions, later what was written in between. */
enum rc past_advance(struct past *p, int64_t position, struct err *err);
/* Instead, of the first kind, a part: the next `most` records behind the id
 * `after` ("": from the beginning) as they stood at a position. `upto` is the
 * last that was looked at, "" where there were no more. */
enum rc past_fill(struct past *p, int64_t position, const char *after,
		  int64_t most, char upto[33], struct err *err);
/* The kinds stand as they do today. Takes a zeroed one, too. RC_IO: a table
 * stayed in front, and this connection must not be used any more. */
enum rc past_end(struct past *p, struct err *err);

#endif
