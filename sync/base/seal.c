#include "base/seal.h"

#include <sodium.h>
#include <string.h>

#define ARGON_PASSES 2
#define ARGON_BYTES (64u << 20)
#define PIN_BYTES_MIN 6
#define PIN_BYTES_MAX 128
#define SALT_BYTES crypto_pwhash_argon2id_SALTBYTES
#define PIN_NONCE_BYTES crypto_secretbox_NONCEBYTES

_Static_assert(SIGN_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES, "");
_Static_assert(SIGN_SEED_BYTES == crypto_sign_SEEDBYTES, "");
_Static_assert(SIGN_BYTES == crypto_sign_BYTES, "");
_Static_assert(sizeof(((struct sign_key *)0)->secret) ==
		       crypto_sign_SECRETKEYBYTES,
	       "");
_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	       "");
_Static_assert(SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	       "");
_Static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "");
_Static_assert(PIN_SEALED_BYTES == SALT_BYTES + PIN_NONCE_BYTES +
					   crypto_secretbox_MACBYTES +
					   SIGN_SEED_BYTES,
	       "");
_Static_assert(PASSWORD_HASH_MAX >= crypto_pwhash_argon2id_STRBYTES, "");

enum rc seal_setup(struct err *err)
{
	if (sodium_init() < 0)
		return err_set(err, RC_IO, "no source of randomness");
	return RC_OK;
}

void sign_key_from_seed(struct sign_key *key,
			const unsigned char seed[SIGN_SEED_BYTES])
{
	crypto_sign_seed_keypair(key->public, key->secret, seed);
}

void sign_key_new(struct sign_key *key, const struct host *host)
{
	unsigned char seed[SIGN_SEED_BYTES];

	host_random(host, seed, sizeof(seed));
	sign_key_from_seed(key, seed);
	wipe(seed, sizeof(seed));
}

void sign_key_seed(const struct sign_key *key,
		   unsigned char seed[SIGN_SEED_BYTES])
{
	crypto_sign_ed25519_sk_to_seed(seed, key->secret);
}

void sign_key_release(struct sign_key *key)
{
	if (key)
		wipe(key, sizeof(*key));
}

void sign(unsigned char out[SIGN_BYTES], const struct sign_key *key,
	  const void *p, size_t n)
{
	crypto_sign_detached(out, NULL, p, n, key->secret);
}

bool sign_is_valid(const unsigned char signature[SIGN_BYTES],
		   const unsigned char public[SIGN_PUBLIC_BYTES], const void *p,
		   size_t n)
{
	return crypto_sign_verify_detached(signature, p, n, public) == 0;
}

/* A nonce that depends on all that is sealed never meets another content under
 * the same key, and equal content gives equal bytes: the record's version does
 * not move when nothing did. */
static void derive_nonce(unsigned char nonce[SEAL_NONCE_BYTES],
			 const unsigned char key[SEAL_KEY_BYTES],
			 const char *aad, size_t aad_bytes, const char *inner,
			 size_t inner_bytes)
{
	static const char label[] = "hufu-nonce-1"; /* hashed with its NUL */
	crypto_generichash_state state;

	crypto_generichash_init(&state, key, SEAL_KEY_BYTES, SEAL_NONCE_BYTES);
	crypto_generichash_update(&state, (const unsigned char *)label,
				  sizeof(label));
	crypto_generichash_update(&state, (const unsigned char *)aad,
				  aad_bytes);
	crypto_generichash_update(&state, (const unsigned char *)"", 1);
	crypto_generichash_update(&state, (const unsigned char *)inner,
				  inner_bytes);
	crypto_generichash_final(&state, nonce, SEAL_NONCE_BYTES);
	wipe(&state, sizeof(state));
}

enum rc seal_box(struct buf *box, unsigned char nonce[SEAL_NONCE_BYTES],
		 const unsigned char key[SEAL_KEY_BYTES], const char *aad,
		 size_t aad_bytes, const char *inner, size_t inner_bytes,
		 struct err *err)
{
	static const char no_tag[SEAL_TAG_BYTES];
	size_t start = box->len;
	unsigned char *text;
	enum rc rc;

	derive_nonce(nonce, key, aad, aad_bytes, inner, inner_bytes);
	/* Encrypted where it will lie, without a second buffer. */
	buf_put(box, inner, inner_bytes);
	buf_put(box, no_tag, sizeof(no_tag));
	rc = buf_status(box, err);
	if (rc != RC_OK) {
		if (box->data && box->len > start)
			wipe(box->data + start, box->len - start);
		return rc;
	}
	text = (unsigned char *)box->data + start;
	crypto_aead_xchacha20poly1305_ietf_encrypt_detached(
		text, text + inner_bytes, NULL, text, inner_bytes,
		(const unsigned char *)aad, aad_bytes, NULL, nonce, key);
	return RC_OK;
}

enum rc seal_open(struct buf *inner,
		  const unsigned char nonce[SEAL_NONCE_BYTES],
		  const unsigned char key[SEAL_KEY_BYTES], const char *aad,
		  size_t aad_bytes, const void *box, size_t box_bytes,
		  struct err *err)
{
	const unsigned char *tag;
	size_t start = inner->len, n;
	unsigned char *text;
	enum rc rc;

	if (box_bytes < SEAL_TAG_BYTES)
		return err_set(err, RC_CORRUPT, "sealed box is too short");
	n = box_bytes - SEAL_TAG_BYTES;
	tag = (const unsigned char *)box + n;
	buf_put(inner, box, n);
	rc = buf_status(inner, err);
	if (rc != RC_OK)
		return rc;
	text = (unsigned char *)inner->data + start;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt_detached(
		    text, NULL, text, n, tag, (const unsigned char *)aad,
		    aad_bytes, nonce, key) != 0) {
		inner->len = start;
		inner->data[start] = '\0';
		return err_set(err, RC_CORRUPT,
			       "sealed box does not open with this key");
	}
	return RC_OK;
}

/* A simulator enrols thousands of tablets. */
static struct {
	unsigned long long passes;
	size_t bytes;
} pin_cost = { ARGON_PASSES, ARGON_BYTES };

#ifdef WITH_FAULTS
void pin_cost_for_tests(void)
{
	pin_cost.passes = crypto_pwhash_argon2id_OPSLIMIT_MIN;
	pin_cost.bytes = crypto_pwhash_argon2id_MEMLIMIT_MIN;
}
#endif

static bool pin_key(unsigned char key[crypto_secretbox_KEYBYTES],
		    const char *pin, const unsigned char salt[SALT_BYTES])
{
	return crypto_pwhash(key, crypto_secretbox_KEYBYTES, pin, strlen(pin),
			     salt, pin_cost.passes, pin_cost.bytes,
			     crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static bool pin_has_length(const char *pin)
{
	size_t n = strlen(pin);

	return n >= PIN_BYTES_MIN && n <= PIN_BYTES_MAX;
}

/* salt[16] nonce[24] tag[16] seed[32] */
enum rc pin_seal(unsigned char out[PIN_SEALED_BYTES],
		 const unsigned char seed[SIGN_SEED_BYTES], const char *pin,
		 const struct host *host, struct err *err)
{
	unsigned char key[crypto_secretbox_KEYBYTES];
	unsigned char *nonce = out + SALT_BYTES;

	if (!pin_has_length(pin))
		return err_set(err, RC_INVALID, "a pin has %d to %d bytes",
			       PIN_BYTES_MIN, PIN_BYTES_MAX);
	host_random(host, out, SALT_BYTES + PIN_NONCE_BYTES);
	if (!pin_key(key, pin, out))
		return err_set(err, RC_NOMEM, "no memory to hash the pin");
	crypto_secretbox_easy(nonce + PIN_NONCE_BYTES, seed, SIGN_SEED_BYTES,
			      nonce, key);
	wipe(key, sizeof(key));
	return RC_OK;
}

enum rc pin_open(unsigned char seed[SIGN_SEED_BYTES],
		 const unsigned char sealed[PIN_SEALED_BYTES], const char *pin,
		 struct err *err)
{
	unsigned char key[crypto_secretbox_KEYBYTES];
	const unsigned char *nonce = sealed + SALT_BYTES;
	int failed;

	if (!pin_has_length(pin))
		return err_set(err, RC_DENIED, "wrong pin");
	if (!pin_key(key, pin, sealed))
		return err_set(err, RC_NOMEM, "no memory to hash the pin");
	failed = crypto_secretbox_open_easy(
		seed, nonce + PIN_NONCE_BYTES,
		crypto_secretbox_MACBYTES + SIGN_SEED_BYTES, nonce, key);
	wipe(key, sizeof(key));
	if (failed)
		return err_set(err, RC_DENIED, "wrong pin");
	return RC_OK;
}

enum rc password_hash(char out[PASSWORD_HASH_MAX], const char *password,
		      struct err *err)
{
	if (crypto_pwhash_argon2id_str(out, password, strlen(password),
				       ARGON_PASSES, ARGON_BYTES) != 0)
		return err_set(err, RC_NOMEM, "no memory to hash the password");
	return RC_OK;
}

bool password_is(const char *hash, const char *password)
{
	return crypto_pwhash_argon2id_str_verify(hash, password,
						 strlen(password)) == 0;
}

_Static_assert(SALT_BYTES == 16, "as password_digest says");

enum rc password_digest(unsigned char out[32], const char *password,
			const unsigned char salt[16], struct err *err)
{
	if (crypto_pwhash_argon2id(out, 32, password, strlen(password), salt,
				   ARGON_PASSES, ARGON_BYTES,
				   crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
		return err_set(err, RC_NOMEM, "out of memory");
	return RC_OK;
}

bool password_hash_is_legal(const char *hash)
{
	return !strncmp(hash, crypto_pwhash_argon2id_STRPREFIX,
			strlen(crypto_pwhash_argon2id_STRPREFIX)) &&
	       crypto_pwhash_argon2id_str_needs_rehash(hash, ARGON_PASSES,
						       ARGON_BYTES) >= 0;
}

void wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}
