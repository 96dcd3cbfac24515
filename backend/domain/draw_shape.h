/* domain/draw_shape.h - the parts of a check of a paper: which members it has
 * in each of its formats, what they look like, whether its state is that of its
 * members, and its strata those of its frame.
 * docs/verify_draw.py has the same tables. */
#ifndef DOMAIN_DRAW_SHAPE_H
#define DOMAIN_DRAW_SHAPE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* A day, or an hour as time_format writes it; *ms is when it begins. */
bool draw_moment(const char *text, int64_t *ms);
/* 1 to DRAW_SEED_MAX bytes of UTF-8 without control characters. */
bool draw_seed_is_legal(const char *seed);
/* Is the seed made of the parts whose hashes were committed, with "|" between
 * them? True where none were. RC_CORRUPT names whose part it is not. */
enum rc draw_seed_check(const json_t *committed, const char *seed,
			struct err *err);
/* Every member known, none missing, each of its form; RC_CORRUPT names the
 * first that is not. */
enum rc draw_shape_check(const json_t *paper, struct err *err);
/* Of a paper whose shape was checked: does its state follow from the members
 * that it has, and was it committed, then revealed? */
enum rc draw_state_check(const json_t *paper, struct err *err);

/* Of a paper whose shape was checked: strata, quotas and lots. */
enum rc paper_strata_check(const json_t *paper, struct err *err);
/* Does a member say what was found? `of` follows its name in the message. */
enum rc paper_same_text(const json_t *o, const char *key, const char *found,
			struct err *err);
enum rc paper_same_count(const json_t *o, const char *key, size_t found,
			 const char *of, struct err *err);

#endif
