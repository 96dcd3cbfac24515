/* cli/plain.h - what people wrote, on a terminal. */
#ifndef CLI_PLAIN_H
#define CLI_PLAIN_H

#include <jansson.h>
#include <stdio.h>

/* The text on one line: control characters, line ends among them, and marks
 * that turn the direction of writing stand as \n, \t or \u202e. Nothing that a
 * record says moves a cursor or begins a line. */
void plain_print(FILE *out, const char *text);
/* A field's value: a text as it is, else as JSON; `none` where there is none.
 */
void plain_value(FILE *out, const json_t *value, const char *none);

#endif
