/* The one-block functions of OpenSSL are marked deprecated in favour of EVP,
 * which allocates a context and looks its algorithm up for every hash. These do
 * neither, cannot fail, and use the same machine code. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hash.h"

#include <assert.h>
#include <endian.h>
#include <openssl/sha.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256),
	       "struct sha256 holds OpenSSL's state");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256),
	       "struct sha256 is aligned for OpenSSL's state");

static SHA256_CTX *state_of(struct sha256 *h)
{
	return (SHA256_CTX *)(void *)h->state;
}

void sha256_begin(struct sha256 *h)
{
	SHA256_Init(state_of(h));
}

void sha256_add(struct sha256 *h, const void *p, size_t n)
{
	if (n > 0)
		SHA256_Update(state_of(h), p, n);
}

void sha256_add_record(struct sha256 *h, const char *kind, const char *id,
		       const void *body, size_t body_bytes)
{
	char length[24];
	int n = snprintf(length, sizeof(length), "%zu", body_bytes);

	sha256_add(h, kind, strlen(kind));
	sha256_add(h, "/", 1);
	sha256_add(h, id, strlen(id) + 1);
	sha256_add(h, length, (size_t)n + 1);
	sha256_add(h, body, body_bytes);
}

void sha256_end(struct sha256 *h, unsigned char out[SHA256_BYTES])
{
	SHA256_Final(out, state_of(h));
}

void sha256(unsigned char out[SHA256_BYTES], const void *p, size_t n)
{
	struct sha256 h;

	sha256_begin(&h);
	sha256_add(&h, p, n);
	sha256_end(&h, out);
}

void sha256_block_pad(unsigned char block[SHA256_BLOCK_BYTES], size_t n)
{
	assert(n <= SHA256_ONE_MAX);
	block[n] = 0x80;
	memset(block + n + 1, 0, SHA256_BLOCK_BYTES - 1 - n);
	block[62] = (unsigned char)(n >> 5); /* the length in bits */
	block[63] = (unsigned char)(n << 3);
}

void sha256_block(unsigned char out[SHA256_BYTES],
		  const unsigned char block[SHA256_BLOCK_BYTES])
{
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	SHA256_Transform(&ctx, block);
	for (int i = 0; i < 8; i++) {
		uint32_t word = htobe32(ctx.h[i]);

		memcpy(out + 4 * i, &word, sizeof(word));
	}
}

void sha256_hex(char out[65], const void *p, size_t n)
{
	unsigned char hash[SHA256_BYTES];

	sha256(hash, p, n);
	hex_encode(out, hash, sizeof(hash));
}

_Static_assert(sizeof(SHA_CTX) <= sizeof(struct sha1),
	       "struct sha1 holds OpenSSL's state");

void sha1_begin(struct sha1 *h)
{
	SHA1_Init((SHA_CTX *)(void *)h->state);
}

void sha1_add(struct sha1 *h, const void *p, size_t n)
{
	if (n > 0)
		SHA1_Update((SHA_CTX *)(void *)h->state, p, n);
}

void sha1_end(struct sha1 *h, unsigned char out[SHA1_BYTES])
{
	SHA1_Final(out, (SHA_CTX *)(void *)h->state);
}

void sha512(unsigned char out[SHA512_BYTES], const void *p, size_t n)
{
	crypto_hash_sha512(out, p, n); /* cannot fail */
}

void blake2b_keyed(unsigned char *out, size_t out_bytes, const void *p,
		   size_t n, const void *key, size_t key_bytes)
{
	int failed = crypto_generichash(out, out_bytes, p, n, key, key_bytes);

	assert(!failed); /* only a length that BLAKE2b does not have */
}
