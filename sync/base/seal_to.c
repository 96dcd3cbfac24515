/* base/seal_to.c - a box for whoever holds an Ed25519 key.
 *
 *   public key of the box (32) | tag (16) | ciphertext
 *
 * The sealed box of libsodium (X25519, XSalsa20-Poly1305, nonce BLAKE2b of both
 * public keys), with the host's randomness. The key that signs is made one that
 * agrees by libsodium's crypto_sign_ed25519_*_to_curve25519. */
#include "base/seal.h"

#include <sodium.h>

_Static_assert(SEAL_TO_BYTES == crypto_box_SEALBYTES, "what a box adds");

static bool nonce_of(unsigned char nonce[crypto_box_NONCEBYTES],
		     const unsigned char from[crypto_box_PUBLICKEYBYTES],
		     const unsigned char to[crypto_box_PUBLICKEYBYTES])
{
	crypto_generichash_state state;

	return crypto_generichash_init(&state, NULL, 0,
				       crypto_box_NONCEBYTES) == 0 &&
	       crypto_generichash_update(&state, from,
					 crypto_box_PUBLICKEYBYTES) == 0 &&
	       crypto_generichash_update(&state, to,
					 crypto_box_PUBLICKEYBYTES) == 0 &&
	       crypto_generichash_final(&state, nonce, crypto_box_NONCEBYTES) ==
		       0;
}

enum rc seal_to(struct buf *box, const unsigned char to[SIGN_PUBLIC_BYTES],
		const struct host *host, const void *p, size_t n,
		struct err *err)
{
	unsigned char theirs[crypto_box_PUBLICKEYBYTES];
	unsigned char from[crypto_box_PUBLICKEYBYTES];
	unsigned char secret[crypto_box_SECRETKEYBYTES];
	unsigned char seed[crypto_box_SEEDBYTES], nonce[crypto_box_NONCEBYTES];
	size_t start = box->len;
	bool is_made;

	host_random(host, seed, sizeof(seed));
	crypto_box_seed_keypair(from, secret, seed);
	is_made = crypto_sign_ed25519_pk_to_curve25519(theirs, to) == 0 &&
		  nonce_of(nonce, from, theirs);
	buf_put(box, from, sizeof(from));
	for (size_t i = 0; i < crypto_box_MACBYTES; i++)
		buf_put(box, "", 1);
	buf_put(box, p, n);
	if (buf_status(box, err) == RC_OK && is_made) {
		unsigned char *at =
			(unsigned char *)box->data + start + sizeof(from);

		is_made = crypto_box_easy(at, p, n, nonce, theirs, secret) == 0;
	}
	wipe(seed, sizeof(seed));
	wipe(secret, sizeof(secret));
	if (buf_status(box, err) != RC_OK)
		return err->code;
	return is_made ? RC_OK
		       : err_set(err, RC_INVALID,
				 "there is no sealing for this key");
}

enum rc seal_take(struct buf *out, const struct sign_key *mine, const void *box,
		  size_t n, struct err *err)
{
	unsigned char to[crypto_box_PUBLICKEYBYTES];
	unsigned char secret[crypto_box_SECRETKEYBYTES];
	unsigned char nonce[crypto_box_NONCEBYTES];
	const unsigned char *from = box;
	size_t start = out->len, inner = n - SEAL_TO_BYTES;
	bool opens =
		n >= SEAL_TO_BYTES &&
		crypto_sign_ed25519_pk_to_curve25519(to, mine->public) == 0 &&
		crypto_sign_ed25519_sk_to_curve25519(secret, mine->secret) ==
			0 &&
		nonce_of(nonce, from, to);

	if (opens) {
		buf_put(out, from + sizeof(to), n - sizeof(to));
		if (buf_status(out, err) != RC_OK) {
			wipe(secret, sizeof(secret));
			return err->code;
		}
		opens = crypto_box_open_easy((unsigned char *)out->data + start,
					     from + sizeof(to), n - sizeof(to),
					     nonce, from, secret) == 0;
		out->len = opens ? start + inner : start;
		out->data[out->len] = '\0';
	}
	wipe(secret, sizeof(secret));
	return opens ? RC_OK
		     : err_set(err, RC_CORRUPT,
			       "the box does not open with this key");
}
