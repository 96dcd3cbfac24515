/* domain/draw_impl.h - what the files of the draw share. */
#ifndef DOMAIN_DRAW_IMPL_H
#define DOMAIN_DRAW_IMPL_H

#include "domain/draw.h"

/* The frame, strata, pool and exclusions as they stand: `material` is {frame,
 * membership, pool, excluded}, `committed` what is hashed. New references. */
enum rc draw_freeze(struct op *op, const char *scope,
		    const struct draw_options *options, json_t **committed,
		    json_t **material);
/* Exclusions by id: {id: reason}. */
enum rc draw_exclusions(const char *path, json_t **out, struct err *err);
/* DIR/draws/<id>.json, malloc'd; `make`: with its folder. NULL sets op->err. */
char *draw_material_path(struct op *op, const char *id, bool make);
/* Set a member unless the text is NULL or empty. */
void draw_set_text(json_t *record, const char *key, const char *text);
/* The draw of that id in whatever scope; *out is a new reference. */
enum rc draw_load(struct op *op, const char *id, char scope[33], json_t **out);
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

#endif
