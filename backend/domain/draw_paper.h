/* domain/draw_paper.h - the published paper of a draw, and the arithmetic that
 * anyone can repeat with it. Pure: no store, no clock.
 *
 * {"format":2,
 *  "committed":{"algorithm":"hufu-draw-1","committed_at":ms,"format":2,
 *    "frame_hash","frame_size","id","name","officers_per_subject","pool_hash",
 *    "reason","replaces","rules":{"day","due","exclusions_hash","industry",
 *    "item","load_limit","town"},"scope","seed_source",
 *    "strata":[{"members_hash","n","name","size"}]},
 *  "commitment":SHA-256 of the canonical bytes of `committed`,
 *  "frame":[ids, sorted],            frame_hash = SHA-256(id LF id LF ...)
 *  "membership":[place of the stratum of each id of the frame],
 *  "pool":[{"id","state","certificate","certificate_from","certificate_to",
 *    "excluded":reason}],            pool_hash: of its canonical bytes
 *  "excluded":[{"id","reason"}],     exclusions_hash: the same
 *  "state":"committed|revealed|drawn|verified|void","void_reason",
 *  "seed":text,"revealed_at":ms,
 *  "result":[subjects in ticket order],"reserve":[[the rest of each stratum]],
 *  "pairs":[[subject,officer,officer]],"result_hash"}
 *
 * Format 1, still read, has id, name, reason, replaces and committed_at beside
 * `committed` instead of in it, and algorithm in both: its commitment does not
 * bind them. docs/protocol.md, section 13, is the reference.
 *
 * members_hash is that of the stratum's ids as lines, in the frame's order.
 *
 * A candidate is an officer of the pool who is active (or has no state), is not
 * excluded and holds a certificate that is valid on rules.day; one with neither
 * number nor term has none. Subjects are matched in ticket order; each gets the
 * first officers_per_subject candidates, in the order of their lots for this
 * subject, whose load is below limit = ceil(subjects x officers_per_subject /
 * candidates) + 1. Where too few are below it, the limit rises by one for this
 * subject until enough are. */
#ifndef DOMAIN_DRAW_PAPER_H
#define DOMAIN_DRAW_PAPER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

#define DRAW_ALGORITHM "hufu-draw-1"
#define DRAW_FORMAT 2 /* of the papers that are made now */
#define DRAW_LOAD_LIMIT "ceil(subjects*officers_per_subject/candidates)+1"
#define DRAW_PAPER_BYTES_MAX ((size_t)1 << 30)
#define DRAW_STRATA_MAX 100

/* SHA-256 of canonical bytes, and of ids as lines, as 64 hex digits. */
enum rc draw_hash(char out[65], const json_t *value, struct err *err);
void draw_hash_lines(char out[65], const json_t *ids);
/* Of the ids whose place in `membership` is `stratum`. */
void draw_hash_members(char out[65], const json_t *frame,
		       const json_t *membership, size_t stratum);

/* Why this officer of a pool is no candidate on that day, or NULL. */
const char *draw_officer_refused(const json_t *officer, const char *day);

/* The object of a paper that has id, committed_at, name, reason, replaces. */
const json_t *draw_announced(const json_t *paper);
/* Is everything in the paper what was committed, and nothing else in it?
 * RC_CORRUPT names the first thing that is not. The outcome is not looked at.
 */
enum rc draw_paper_check(const json_t *paper, struct err *err);
/* {"pairs","reserve","result","result_hash"} of a checked paper and a seed. */
enum rc draw_outcome(const json_t *paper, const char *seed, json_t **out,
		     struct err *err);
/* The officers of each subject alone: [[subject, officer, ...], ...]. */
enum rc draw_match(const json_t *paper, const char *seed, const json_t *result,
		   json_t **pairs, struct err *err);
/* Check a paper and its state and, when it was drawn, compute it again and
 * compare;
 * RC_CORRUPT names the first difference. */
enum rc draw_verify(const json_t *paper, struct err *err);

/* A paper in a file: written whole or not at all, read up to
 * DRAW_PAPER_BYTES_MAX. */
enum rc draw_file_write(const char *path, const json_t *paper, struct err *err);
enum rc draw_file_read(const char *path, json_t **out, struct err *err);

#endif
