/* kind/sealed.h - records of sealed kinds (docs/protocol.md section 3): the
 * outer form that is stored, hashed and sent, and the plain one inside. */
#ifndef KIND_SEALED_H
#define KIND_SEALED_H

#include "base/seal.h"
#include "kind/kind.h"

/* plain {id, scope, town, fields...} -> outer {alg, box, id, key, nonce, scope,
 * town}. *out is a new reference. */
enum rc sealed_make(json_t **out, const char *kind, const json_t *plain,
		    const char *key_id, const unsigned char key[SEAL_KEY_BYTES],
		    struct err *err);
/* The reverse. RC_CORRUPT when it was not sealed by this key in this place. */
enum rc sealed_open(json_t **out, const char *kind, const json_t *outer,
		    const unsigned char key[SEAL_KEY_BYTES], struct err *err);
/* Has the outer form the members and sizes that it must have? */
enum rc sealed_check(const json_t *outer, struct err *err);

#endif
