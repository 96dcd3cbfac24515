/* domain/draw_impl.h - what the files of the draw share. */
#ifndef DOMAIN_DRAW_IMPL_H
#define DOMAIN_DRAW_IMPL_H

#include "domain/draw.h"
#include "domain/draw_lots.h"

/* What a commitment commits, while it is being read from one state of the
 * store. All owned by draw_freeze. */
struct freezing {
	struct op *op;
	const char *scope;
	const struct draw_options *options;
	char day[11], seed_at[25]; /* the latter "" with seed_parts alone */
	json_t *asked; /* exclusions of the file: {id: reason} */
	json_t *frame, *pool, *excluded, *recusals;
	/* The office's words about officers: {"officers":[{"id","reason"}],
	 * "recusals":[{"officer","reason","subject"}],"salt"}. */
	json_t *reasons;
	json_t *grades; /* of each of the frame, or empty */
	json_t *strata; /* [{"name","n","size","members_hash",...}] */
	json_t *membership, *lots; /* of draws by grade, else NULL */
	char key[65]; /* the same, else "" */
	char ratio_rule[64]; /* code and version, or "" */
	int64_t candidates, wanted;
};

/* The frame, strata, pool and exclusions as they stand: `material` is {frame,
 * pool, excluded, recusals, reasons} with {key, lots, membership} of a draw by
 * grade, `committed` what is hashed. New references. */
enum rc draw_freeze(struct op *op, const char *scope,
		    const struct draw_options *options, json_t **committed,
		    json_t **material);
/* Exclusions by id: {id: reason}. */
enum rc draw_exclusions(const char *path, json_t **out, struct err *err);
enum rc draw_freeze_frame(struct freezing *f);
enum rc draw_freeze_pool(struct freezing *f);
enum rc draw_freeze_strata(struct freezing *f);
/* Do the options name what there is? RC_INVALID says which word does not, and
 * which there are. */
enum rc draw_sense(struct op *op, const char *scope, const char day[11],
		   const struct draw_options *o);
/* Record the default ratio rule where it is asked for and there is none. */
enum rc draw_ratio_rule_ready(struct op *op,
			      const struct draw_options *options);
/* Does a draw look at ratings? Is it by grade, in strata? */
bool draw_asks_grades(const struct draw_options *o);
bool draw_divides(const struct draw_options *o);
/* "a,b" as ["a","b"]; NULL as NULL. */
json_t *draw_words(const char *list);
/* Is the word of n bytes one of the list? True for no list. */
bool draw_word_in(const char *list, const char *word);

/* DIR/draws/<id>.json, malloc'd; `make`: with its folder. NULL sets op->err. */
char *draw_material_path(struct op *op, const char *id, bool make);
/* Set a member unless the text is NULL or empty. */
void draw_set_text(json_t *record, const char *key, const char *text);
/* The draw of that id in whatever scope; *out is a new reference. */
enum rc draw_load(struct op *op, const char *id, char scope[33], json_t **out);
/* Do the options say where the seed comes from and when, or who has parts of
 * it? `at`: the day or hour as it is committed, or "". */
enum rc draw_seed_words(struct op *op, const struct draw_options *o,
			char at[25]);
/* RC_CONFLICT: a draw of any scope had this seed before `record` was
 * committed, or it comes before the time that was announced. */
enum rc draw_seed_is_new(struct op *op, const char *id, const json_t *record,
			 const char *seed);
/* What stands against a draw's seed, appended as texts: nothing announced where
 * it comes from, one person did all, it was known before, or it was never
 * revealed though it is known. */
enum rc draw_seed_doubts(struct op *op, const char *scope, const char *id,
			 const json_t *record, json_t *list);
/* The newest draw for that item (NULL: for none) that is not drawn yet and has
 * nine tenths of the larger frame in common with this one, its state and how
 * many those are; or an empty id. */
enum rc draw_near(struct op *op, const char *scope, const char *item,
		  const json_t *frame, char id[33], char state[16],
		  size_t *common);
/* What was frozen, as committed; *out is a new reference. */
enum rc draw_material(struct op *op, const char *id, const json_t *rules,
		      json_t **out);
/* Its paper so far, checked against the commitment, without the outcome. *out
 * is a new reference even on failure. */
enum rc draw_paper_of(struct op *op, const char *id, const json_t *record,
		      json_t **out);
/* Every version that the log has of a draw against its newest: the commitment
 * came first and without a seed, and nothing that was said was said again in
 * other words. */
enum rc draw_history_check(struct op *op, const char *scope, const char *id,
			   const json_t *newest);
/* One record through the ledger; a refusal is an error. */
enum rc draw_put(struct op *op, const char *scope, const char *kind,
		 const char *id, const json_t *record, const char *message);
enum rc draw_put_all(struct op *op, const char *scope, const char *message,
		     struct office_record *records, size_t n);
/* The id of a drawn subject's assignment. */
void draw_assignment_id(char out[21], const char *draw, const char *subject);
/* The assignment of [subject, officer, ...], a new reference, and its id. */
json_t *draw_assignment(struct op *op, const char *scope, const char *draw,
			const json_t *paper, const json_t *pair, char id[21]);
json_t *draw_officers_of(const json_t *pair);

#endif
