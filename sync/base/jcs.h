/* base/jcs.h - canonical JSON: RFC 8785 as docs/protocol.md section 2 restricts
 * it, and the one gate through which JSON from outside comes in.
 *
 * Values are jansson's `json_t`; a new reference is the caller's. */
#ifndef BASE_JCS_H
#define BASE_JCS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

#define JSON_DEPTH_MAX 64
#define JSON_BYTES_MAX (4u << 20)
#define RECORD_BYTES_MAX (1u << 20)
#define JSON_INT_MAX INT64_C(9007199254740991)

/* Parse text from outside: size and depth are checked before a parser sees it;
 * refuses doubled keys, NUL, invalid UTF-8 and trailing text. *out is a new
 * reference. Nulls and floats are allowed here. */
enum rc json_read(const char *text, size_t n, json_t **out, struct err *err);

/* Append canonical bytes. Refuses floats, nulls, integers out of range, keys
 * that are not printable ASCII, NUL, invalid UTF-8, nesting over 64. Members of
 * objects are sorted. */
enum rc jcs_write(struct buf *out, const json_t *value, struct err *err);
/* Append one JSON string with its quotes, escaped as JCS does it. */
void jcs_string(struct buf *out, const char *s, size_t n);

/* Parse bytes that claim to be canonical: RC_CORRUPT unless writing the value
 * again gives the same bytes. *out is a new reference. */
enum rc jcs_read(const char *text, size_t n, json_t **out, struct err *err);

/* Of two objects in canonical bytes, the members in which they differ, as two
 * objects: what has another value, or none on the other side. The buffers are
 * reset first. Only for bytes that were checked before: RC_CORRUPT where they
 * cannot be walked. */
enum rc jcs_differ(struct buf *only_a, struct buf *only_b, const char *a,
		   size_t na, const char *b, size_t nb, struct err *err);

/* The text of a member of an object in canonical bytes that were checked
 * before, without parsing them: false where there is none, where it is no text,
 * has an escape, or needs more than `size` with its NUL. */
bool jcs_member(const char *text, size_t n, const char *key, char *out,
		size_t size);

/* Compact, in member order, nulls allowed: the bytes of messages, which nobody
 * needs to reproduce. What no screen shows as what it is (base/plain.h) is
 * escaped. Appends. */
enum rc json_write(struct buf *out, const json_t *value, struct err *err);

/* Member of an object as text or NULL; as integer or `otherwise`. */
const char *json_text(const json_t *object, const char *key);
int64_t json_int(const json_t *object, const char *key, int64_t otherwise);

#endif
