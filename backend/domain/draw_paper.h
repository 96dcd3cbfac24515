/* domain/draw_paper.h - the published paper of a draw, and the arithmetic that
 * anyone can repeat with it. Pure: no store, no clock.
 *
 * docs/protocol.md, section 13, has the members and the hashes of each format.
 * Format 4 is made now; 1 to 3 are read.
 *
 * In formats 3 and 4 a draw by grade has `lots` in place of ids (draw_lots.h).
 * The whole paper also has `key` and `membership`, which say whose lot is whose
 * and thereby the subjects' grades; the public paper lacks them, and is
 * verified without. A draw of one stratum has neither, and one paper.
 *
 * Who is a candidate: draw_candidates.h. How candidates are matched:
 * draw_match.h for formats 3 and 4. In formats 1 and 2 subjects are matched in
 * ticket order; each gets the
 * first officers_per_subject candidates, in the order of their lots for this
 * subject, whose load is below limit = ceil(subjects x officers_per_subject /
 * candidates) + 1. Where too few are below it, the limit rises by one for this
 * subject until enough are. */
#ifndef DOMAIN_DRAW_PAPER_H
#define DOMAIN_DRAW_PAPER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define DRAW_ALGORITHM_1 "hufu-draw-1" /* of formats 1 and 2 */
#define DRAW_ALGORITHM_3 "hufu-draw-2" /* of format 3 */
#define DRAW_ALGORITHM "hufu-draw-3"
/* In the pool, of an officer whom the office left out: `reasons` says why. */
#define DRAW_BY_OFFICE "by the office"
#define DRAW_FORMAT 4 /* of the papers that are made now */
#define DRAW_ROUNDING "up, at least 1"
#define DRAW_LOAD_LIMIT "ceil(subjects*officers_per_subject/candidates)+1"
#define DRAW_PAPER_BYTES_MAX ((size_t)1 << 30)
#define DRAW_STRATA_MAX 100

/* SHA-256 of canonical bytes, and of ids as lines, as 64 hex digits. */
enum rc draw_hash(char out[65], const json_t *value, struct err *err);
void draw_hash_lines(char out[65], const json_t *ids);
/* Of the ids whose place in `membership` is `stratum`. */
void draw_hash_members(char out[65], const json_t *frame,
		       const json_t *membership, size_t stratum);

/* Of what in `rules` says who is asked for: item, towns, industry, grades,
 * flags, tags, states. Who is left out, how many are drawn and when is no part
 * of it. */
enum rc draw_population(char out[65], const json_t *rules, struct err *err);

/* How many of `size` subjects a ratio in basis points draws. */
int64_t draw_share(size_t size, int64_t ratio_bp);

/* Is it a draw by grade, whose strata hold lots? */
bool draw_is_by_grade(const json_t *paper);
/* Is it so, without the key that says whose lot is whose? */
bool draw_is_public(const json_t *paper);
/* Take out of a paper what links subjects to grades. */
void draw_make_public(json_t *paper);

/* The object of a paper that has id, committed_at, name, reason, replaces. */
const json_t *draw_announced(const json_t *paper);
/* Is everything in the paper what was committed, and nothing else in it?
 * RC_CORRUPT names the first thing that is not. The outcome is not looked at.
 */
enum rc draw_paper_check(const json_t *paper, struct err *err);
/* {"pairs","reserve","result","result_hash"}, and "drawn" of a draw by grade,
 * of a checked paper and a seed. Of a public paper `result` is taken as it is,
 * if it can be. */
enum rc draw_outcome(const json_t *paper, const char *seed, json_t **out,
		     struct err *err);
/* Check a paper and its state and, when it was drawn, compute it again and
 * compare;
 * RC_CORRUPT names the first difference. */
enum rc draw_verify(const json_t *paper, struct err *err);

/* The members of a verified paper that neither its commitment nor the
 * arithmetic holds, as words: "seed, revealed_at". False where there is none.
 * Whoever publishes the paper could have put others there. */
#define DRAW_OPEN_SIZE 120
bool draw_not_covered(const json_t *paper, char out[DRAW_OPEN_SIZE]);

/* Did the commitment name neither a source of the seed nor people who each had
 * a part of it? Then whoever revealed it could choose it. */
#define DRAW_SEED_NO_SOURCE "given at the reveal"
#define DRAW_SEED_ANYBODYS                                                     \
	"no source of the seed was announced: whoever reveals it can choose "  \
	"it"
bool draw_seed_is_anybodys(const json_t *paper);

/* What a verified paper comes to, a new reference: {"id","drawn","void",
 * "public","subjects","frame","replaced","not_covered","seed_announced"}. */
json_t *draw_summary(const json_t *paper);

/* A paper in a file: written whole or not at all, read up to
 * DRAW_PAPER_BYTES_MAX. */
enum rc draw_file_write(const char *path, const json_t *paper, struct err *err);
enum rc draw_file_read(const char *path, json_t **out, struct err *err);

#endif
