/* base/seal.h - Ed25519 (RFC 8032), XChaCha20-Poly1305 and Argon2id (RFC 9106),
 * all from libsodium. */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/host.h"

#define SIGN_PUBLIC_BYTES 32
#define SIGN_SEED_BYTES 32
#define SIGN_BYTES 64
#define SEAL_KEY_BYTES 32
#define SEAL_NONCE_BYTES 24
#define SEAL_TAG_BYTES 16
#define PIN_SEALED_BYTES                                                       \
	(16 + 24 + 16 + SIGN_SEED_BYTES) /* salt nonce tag seed */

/* Call once before anything else of this header. */
enum rc seal_setup(struct err *err);

struct sign_key {
	unsigned char public[SIGN_PUBLIC_BYTES];
	unsigned char secret[64]; /* wipe with sign_key_release */
};

/* A new key from the host's randomness, or the key of a known seed. */
void sign_key_new(struct sign_key *key, const struct host *host);
void sign_key_from_seed(struct sign_key *key,
			const unsigned char seed[SIGN_SEED_BYTES]);
void sign_key_seed(const struct sign_key *key,
		   unsigned char seed[SIGN_SEED_BYTES]);
void sign_key_release(struct sign_key *key);
void sign(unsigned char out[SIGN_BYTES], const struct sign_key *key,
	  const void *p, size_t n);
bool sign_is_valid(const unsigned char signature[SIGN_BYTES],
		   const unsigned char public[SIGN_PUBLIC_BYTES], const void *p,
		   size_t n);

/* protocol.md 3: append the box of `inner`; nonce is derived and handed out. */
enum rc seal_box(struct buf *box, unsigned char nonce[SEAL_NONCE_BYTES],
		 const unsigned char key[SEAL_KEY_BYTES], const char *aad,
		 size_t aad_bytes, const char *inner, size_t inner_bytes,
		 struct err *err);
/* Append the inner bytes; RC_CORRUPT when the box was not sealed by this key
 * for this aad. */
enum rc seal_open(struct buf *inner,
		  const unsigned char nonce[SEAL_NONCE_BYTES],
		  const unsigned char key[SEAL_KEY_BYTES], const char *aad,
		  size_t aad_bytes, const void *box, size_t box_bytes,
		  struct err *err);

/* An officer's seed at rest. A PIN has 6 to 128 bytes. */
enum rc pin_seal(unsigned char out[PIN_SEALED_BYTES],
		 const unsigned char seed[SIGN_SEED_BYTES], const char *pin,
		 const struct host *host, struct err *err);
/* RC_DENIED "wrong pin". */
enum rc pin_open(unsigned char seed[SIGN_SEED_BYTES],
		 const unsigned char sealed[PIN_SEALED_BYTES], const char *pin,
		 struct err *err);

/* Append a box that only the holder of the key `to` opens; whoever made it
 * stays unnamed. */
#define SEAL_TO_BYTES 48 /* that a box is longer than what is in it */
enum rc seal_to(struct buf *box, const unsigned char to[SIGN_PUBLIC_BYTES],
		const struct host *host, const void *p, size_t n,
		struct err *err);
/* Append what is in it; RC_CORRUPT when it is not for this key, or not whole.
 */
enum rc seal_take(struct buf *out, const struct sign_key *mine, const void *box,
		  size_t n, struct err *err);

#ifdef WITH_FAULTS
/* For tests only, and only in builds with faults: from now on PINs of this
 * process cost next to nothing to hash. What is sealed so opens only so. */
void pin_cost_for_tests(void);
#endif

/* Password hashes in libsodium's text form ($argon2id$...), 64 MiB, 2 passes.
 */
#define PASSWORD_HASH_MAX 128
enum rc password_hash(char out[PASSWORD_HASH_MAX], const char *password,
		      struct err *err);
bool password_is(const char *hash, const char *password);
/* The same bytes for the same password and salt, after the same work: to tell
 * whether two are one without keeping either. */
enum rc password_digest(unsigned char out[32], const char *password,
			const unsigned char salt[16], struct err *err);
/* Does it look like one that password_hash made? */
bool password_hash_is_legal(const char *hash);

void wipe(void *p, size_t n);

#endif
