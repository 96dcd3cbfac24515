/* base/hex.h - lower-case hex and RFC 4648 base64 (with padding), and the
 * checks of names and ids that every room shares. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* Writes 2n digits and a NUL. */
void hex_encode(char *out, const void *p, size_t n);
/* Exactly 2n lower-case digits; false otherwise. */
bool hex_decode(void *out, size_t n, const char *text, size_t text_len);

#define BASE64_SIZE(n) ((((n) + 2) / 3) * 4 + 1)
/* out has room for BASE64_SIZE(n). */
void base64_encode(char *out, const void *p, size_t n);
/* Strict: no white space, correct padding, no stray bits. *len: in the room,
 * out the bytes written. */
bool base64_decode(void *out, size_t *len, const char *text, size_t text_len);

bool name_is_id(const char *s); /* [a-z0-9]{1,32} */
bool name_is_field(
	const char *s); /* [a-z][a-z0-9_]{0,30}, no reserved prefix */
bool name_is_scope(const char *s); /* six digits, or "catalog" */
bool name_is_town(const char *s); /* three digits */
bool name_is_date(const char *s); /* YYYY-MM-DD, a real day, year 1900-2999 */
bool utf8_is_valid(const char *s, size_t n); /* RFC 3629, and no NUL */

#endif
