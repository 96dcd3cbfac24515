/* object/oid.h - Git object ids: SHA-1 by libgit2, which detects the known
 * collision attacks and then answers RC_CORRUPT. Thread safe after
 * object_setup(). */
#ifndef OBJECT_OID_H
#define OBJECT_OID_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define OID_BYTES 20
#define OID_HEX_SIZE 41 /* with the NUL */
#define OID_EMPTY_TREE "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

struct oid {
	unsigned char b[OID_BYTES];
};

enum object_kind { OBJECT_BLOB, OBJECT_TREE, OBJECT_COMMIT };

/* Call once; object_teardown when the program ends. */
enum rc object_setup(struct err *err);
void object_teardown(void);

/* The id of an object of this kind with these bytes. */
enum rc oid_of(struct oid *out, enum object_kind kind, const void *p, size_t n,
	       struct err *err);
void oid_hex(char out[OID_HEX_SIZE], const struct oid *oid);
bool oid_parse(struct oid *out, const char *hex, size_t n);
bool oid_equal(const struct oid *a, const struct oid *b);
bool oid_is_zero(const struct oid *oid);

#endif
