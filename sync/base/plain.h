/* base/plain.h - characters that a screen does not show as what they are:
 * controls (C0, DEL, C1), marks that turn the direction of writing, marks of no
 * width. What people wrote is shown with them as \u202e. */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes of UTF-8 are such a character at the beginning of `text`, and
 * which one it is; 0 for any other and at the end. Line feed and tab are such.
 */
size_t plain_odd(const char *text, uint32_t *code);
/* The same of those that nobody means to write: not line ends and tabs, nor
 * marks of no width, which join letters in some scripts. */
size_t plain_hidden(const char *text);

#endif
