/* object/sshsig.h - SSH signatures as `ssh-keygen -Y sign -n git` makes them
 * (OpenSSH PROTOCOL.sshsig, namespace "git", sha512, ssh-ed25519). */
#ifndef OBJECT_SSHSIG_H
#define OBJECT_SSHSIG_H

#include "base/buf.h"
#include "base/seal.h"

#define SSH_PUBLIC_TEXT_MAX 100

/* "ssh-ed25519 AAAA..." and a NUL. */
void ssh_public_text(char out[SSH_PUBLIC_TEXT_MAX],
		     const unsigned char public[SIGN_PUBLIC_BYTES]);
/* A comment behind the key is allowed; RC_INVALID otherwise. */
enum rc ssh_public_parse(unsigned char public[SIGN_PUBLIC_BYTES],
			 const char *text, struct err *err);

/* Append the armoured signature; lines end in LF, the last one too. */
enum rc sshsig_sign(struct buf *out, const struct sign_key *key,
		    const void *message, size_t n, struct err *err);
/* RC_CORRUPT unless the armour is byte for byte the one form that sshsig_sign
 * writes, by this key, over this message. */
enum rc sshsig_verify(const char *armour, size_t armour_bytes,
		      const unsigned char public[SIGN_PUBLIC_BYTES],
		      const void *message, size_t n, struct err *err);
/* The public key that an armour names, unverified. */
enum rc sshsig_key(unsigned char public[SIGN_PUBLIC_BYTES], const char *armour,
		   size_t armour_bytes, struct err *err);

#endif
