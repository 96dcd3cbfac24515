/* domain/convert.h - what a person or a file wrote as text, as the value of a
 * field.
 *
 * White space around it is dropped. Empty text is no value. What each type
 * reads beside the form that records store:
 *
 *   text, ref   as it stands
 *   int         decimal digits
 *   bool        true false 1 0 yes no 是 否
 *   date        2026-11-22  20261122  2026/11/22  2026-11-22T08:30:00Z
 *   time        ms since 1970, or 2026-11-22T08:30:00[.123]Z, or with +08:00
 *   money       yuan: 12.50  12  12.5元  12.5 yuan
 *   coordinate  degrees, to 90 for the field `latitude` and 180 for any other:
 *               30.2741  120
 *   set         a;b;c, or a JSON list of texts
 *   json        an object or a list
 *
 * Money is kept in fen and coordinates in 1e-7 degrees, but never read as
 * such: one notation for files and for the command line. */
#ifndef DOMAIN_CONVERT_H
#define DOMAIN_CONVERT_H

#include <jansson.h>

#include "kind/kind.h"

/* *out is a new reference, or NULL where the text is empty. Sets come out
 * sorted without repeats. RC_INVALID names field and text. Whether the value is
 * also legal (values, length) is kind_check's to say. */
enum rc convert_value(const struct field *f, const char *text, json_t **out,
		      struct err *err);

#endif
