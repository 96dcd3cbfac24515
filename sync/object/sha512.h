/* object/sha512.h - for this room only: SHA-512 (FIPS 180-4), which the SSH
 * signature format asks for and base/hash.h does not have. */
#ifndef OBJECT_SHA512_H
#define OBJECT_SHA512_H

#include <stddef.h>

#define SHA512_BYTES 64

void sha512(unsigned char out[SHA512_BYTES], const void *p, size_t n);

#endif
