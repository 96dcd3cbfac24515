/* domain/draw.h - the draw of whom to check and who checks, by commit and
 * reveal.
 *
 *   commit: freezes the frame (subjects in business), the strata with their
 *           quotas, the pool of officers and the rules, and stores their hash
 *           as a `draw` record. A second commitment for the same frame needs a
 *           reason, which is public; it takes the first one's place.
 *   reveal: the seed, which must not have existed before.
 *   run:    subjects and officers follow from commitment and seed alone
 *           (draw_paper.h); writes one assignment for each subject. Running
 *           again changes nothing.
 *
 * The frame and the pool of the commitment are kept in the record's `rules`
 * ({"committed", "material"}), or, when they are large, in DIR/draws/<id>.json
 * with their hash in the record ({"committed", "material_hash"}). They are
 * checked against the commitment before every use. */
#ifndef DOMAIN_DRAW_H
#define DOMAIN_DRAW_H

#include "domain/draw_paper.h"
#include "ledger/ledger.h"

struct draw_options {
	const char *name, *item; /* of the draw record; NULL: none */
	const char *town; /* NULL: all towns */
	const char *industry; /* prefix of the industry; NULL: all */
	/* "A=10,B=20" by grade of the current rating ("unrated" without one);
	 * NULL: `count` of all subjects in one stratum "all". */
	const char *quota;
	int64_t count;
	int64_t officers; /* for each subject; 0: 2; never fewer than 2 */
	const char *due; /* of the assignments; NULL: none */
	const char *seed_source; /* in words; NULL: "given at the reveal" */
	const char *exclude; /* CSV of id,reason: subjects and officers */
	const char *reason; /* why a second commitment */
};

/* "A=10,B=20"? Whether there are such grades is another matter. */
bool draw_quota_is_legal(const char *text);

struct draw_done {
	size_t subjects, frame;
	size_t assigned; /* assignments written now; 0 when it was run before */
};

/* id has room for 21. RC_CONFLICT: this frame was committed before. */
enum rc draw_commit(struct op *op, const char *scope,
		    const struct draw_options *options, char id[21]);
/* RC_CONFLICT: revealed before with another seed, or replaced. */
enum rc draw_reveal(struct op *op, const char *id, const char *seed);
enum rc draw_run(struct op *op, const char *id, struct draw_done *done);
/* The paper as it is published now; *out is a new reference. */
enum rc draw_paper(struct op *op, const char *id, json_t **out);
/* Is this verified paper the draw's, as it is published now or was before?
 * RC_CORRUPT names a member that is not the draw's. */
enum rc draw_compare(struct op *op, const char *id, const json_t *paper);

#endif
