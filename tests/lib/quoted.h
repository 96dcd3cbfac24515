/* lib/quoted.h - JSON that can be read inside C strings. */
#ifndef LIB_QUOTED_H
#define LIB_QUOTED_H

#include <jansson.h>

/* JSON with single quotes; new reference, NULL for "". Ends the program with a
 * message when it is none. */
json_t *quoted(const char *text);

#endif
