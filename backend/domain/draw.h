/* domain/draw.h - the draw of whom to check and who checks, by commit and
 * reveal.
 *
 *   commit:  freezes the frame (subjects that a query asks for, less the
 *            excluded, each with its reason), the strata with their quotas, the
 *            pool of officers, the recusals and the rules, and stores their
 *            hash as a `draw` record. A second commitment for the same frame
 *            needs a reason, which is public; it takes the first one's place.
 *            So does one with nine tenths of the subjects of a draw for the
 *            same item that waits for its seed. One that asks for the same as
 *            a draw of the year before needs a reason, too, whoever is left out
 *            of each.
 *   reveal:  the seed, which must not have existed before. Where it comes from,
 *            and when, was committed, or who has parts of it.
 *   run:     subjects and officers follow from commitment and seed alone
 *            (draw_paper.h); writes one assignment for each subject. Running
 *            again changes nothing.
 *   void:    with a public reason; once the seed is known by a second person.
 *            A frame that was committed in a void draw was committed.
 *   replace: a drawn subject that cannot be checked gives way to the next of
 *            its reserve, an officer to the next in the order of lots; both
 *            are appended to the paper with a reason.
 *
 * What was frozen is kept in the record's `rules` ({"committed", "material"}),
 * or, when it is large, in DIR/draws/<id>.json with its hash in the record
 * ({"committed", "material_hash"}). It is checked against the commitment before
 * every use. */
#ifndef DOMAIN_DRAW_H
#define DOMAIN_DRAW_H

#include "domain/draw_paper.h"
#include "ledger/ledger.h"

#define DRAW_PERIOD_DAYS 365

/* Lists are words with commas between them; NULL: not asked for. */
struct draw_options {
	const char *name, *item; /* of the draw record */
	const char *towns, *flags, *tags, *grades; /* one of them */
	const char *states; /* NULL: in_business; others are excluded */
	const char *industry; /* prefix */
	const char *visited_before; /* who was visited since is excluded */
	/* Who was visited for `item` in so many days is excluded; 0: nobody,
	 * below 0: DRAW_PERIOD_DAYS. */
	int64_t period_days;
	/* By grade of the current rating ("unrated" without one), one of:
	 * "A=10,B=20"; "A=5%,B=10%", or "5%" of all; the code of a
	 * ratio_rule. None: `count` of all subjects. */
	const char *quota, *ratio, *ratio_rule;
	const char *scheme; /* whose grades; NULL: SCHEME_DEFAULT */
	int64_t count;
	int64_t officers; /* for each subject; 0: 2; never fewer than 2 */
	int64_t load_max; /* subjects for each officer; 0: no limit */
	const char *due; /* of the assignments: today or later */
	/* Where the seed will come from, in words, and when it will be known: a
	 * day that is not over, or an hour to come, as RFC 3339 has it. Both
	 * NULL only with seed_parts. */
	const char *seed_source, *seed_at;
	/* "chen=HASH,li=HASH,wang=HASH": three or more people who each
	 * committed the SHA-256 of their part of the seed; NULL: none. */
	const char *seed_parts;
	const char *exclude; /* CSV of id,reason: subjects and officers */
	const json_t *excluded; /* the same as {id: reason}, or NULL */
	const char *reason; /* why a second commitment */
	const char *replaces; /* the draw whose place this takes */
	const char *schema; /* folder of ratio_rules/default.json, or NULL */
};

/* "A=10,B=20"? "A=5%,B=0.5%" or "5%"? Whether there are such grades is another
 * matter. */
bool draw_quota_is_legal(const char *text);
bool draw_ratio_is_legal(const char *text);
/* Three or more NAME=HASH, the names different? */
bool draw_seed_parts_are_legal(const char *text);
/* "001" or "001,002", or NULL? */
bool draw_towns_are_legal(const char *text);

struct draw_done {
	size_t subjects, frame;
	size_t assigned; /* assignments written now; 0 when it was run before */
};

/* id has room for 21. RC_CONFLICT: this frame was committed before. */
enum rc draw_commit(struct op *op, const char *scope,
		    const struct draw_options *options, char id[21]);
/* RC_CONFLICT: revealed before with another seed, or replaced; or a draw of any
 * scope had this seed before this one was committed. */
enum rc draw_reveal(struct op *op, const char *id, const char *seed);
enum rc draw_run(struct op *op, const char *id, struct draw_done *done);
/* Whoever committed, revealed or ran a draw whose seed is known cannot say that
 * it is void: RC_DENIED. It stays a commitment of its frame, and what it
 * assigned and nobody has done yet is withdrawn. */
enum rc draw_void(struct op *op, const char *id, const char *reason);
/* The next of the reserve for a subject that is out of business or whose
 * assignment ended without an object; or, with `officer`, another officer for
 * that one. *event, a new reference, is what was appended. RC_DENIED where
 * there is no ground. */
enum rc draw_replace(struct op *op, const char *id, const char *subject,
		     const char *officer, const char *reason, json_t **event);
/* The paper as it is published now; *out is a new reference. `is_public`:
 * without what links subjects to grades. */
enum rc draw_paper(struct op *op, const char *id, bool is_public, json_t **out);
/* Is this verified paper the draw's, as it is published now or was before?
 * RC_CORRUPT names a member that is not the draw's. */
enum rc draw_compare(struct op *op, const char *id, const json_t *paper);

#endif
