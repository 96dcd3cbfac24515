/* base/hash.h - SHA-1, SHA-256 and SHA-512 (FIPS 180-4), keyed BLAKE2b (RFC
 * 7693). */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_BYTES 20
#define SHA256_BYTES 32
#define SHA512_BYTES 64

/* A running hash; memory of the caller, nothing to release, even when it is
 * abandoned. */
struct sha256 {
	uint64_t state[14];
};

void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *p, size_t n);
/* path NUL length NUL bytes: one record, as protocol.md 6 and 7 chain it. */
void sha256_add_record(struct sha256 *h, const char *kind, const char *id,
		       const void *body, size_t body_bytes);
void sha256_end(struct sha256 *h, unsigned char out[SHA256_BYTES]);

void sha256(unsigned char out[SHA256_BYTES], const void *p, size_t n);
/* The same of messages that fit one block: pad behind the first n bytes, n at
 * most SHA256_ONE_MAX, then hash. Another message of the same length may be put
 * in the first one's place without padding again. */
#define SHA256_BLOCK_BYTES 64
#define SHA256_ONE_MAX (SHA256_BLOCK_BYTES - 9)
void sha256_block_pad(unsigned char block[SHA256_BLOCK_BYTES], size_t n);
void sha256_block(unsigned char out[SHA256_BYTES],
		  const unsigned char block[SHA256_BLOCK_BYTES]);
/* As 64 hex digits and a NUL. */
void sha256_hex(char out[65], const void *p, size_t n);

/* A checksum against accidents, as Git's packs end with one. It is no defence:
 * ids come from object/oid.h, which detects the known collisions. */
struct sha1 {
	uint64_t state[12];
};

void sha1_begin(struct sha1 *h);
void sha1_add(struct sha1 *h, const void *p, size_t n);
void sha1_end(struct sha1 *h, unsigned char out[SHA1_BYTES]);

/* What the SSH signature format asks for. */
void sha512(unsigned char out[SHA512_BYTES], const void *p, size_t n);

void blake2b_keyed(unsigned char *out, size_t out_bytes, const void *p,
		   size_t n, const void *key, size_t key_bytes);

#endif
