/* domain/draw_shape.h - which members a paper of a draw has in each of its
 * formats, what they look like, and whether its state is that of its members.
 * docs/verify_draw.py has the same tables. */
#ifndef DOMAIN_DRAW_SHAPE_H
#define DOMAIN_DRAW_SHAPE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* 1 to DRAW_SEED_MAX bytes of UTF-8 without control characters. */
bool draw_seed_is_legal(const char *seed);
/* Every member known, none missing, each of its form; RC_CORRUPT names the
 * first that is not. */
enum rc draw_shape_check(const json_t *paper, struct err *err);
/* Of a paper whose shape was checked: does its state follow from the members
 * that it has, and was it committed, then revealed? */
enum rc draw_state_check(const json_t *paper, struct err *err);

#endif
