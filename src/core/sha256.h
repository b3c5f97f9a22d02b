/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256: FIPS 180-4, 5 and 6.2. */
#ifndef CORE_SHA256_H
#define CORE_SHA256_H

#include "core/types.h"

#define SHA256_SIZE 32u  /* bytes of a hash */
#define SHA256_BLOCK 64u /* bytes that are hashed at a time */

struct sha256 {
	uint32_t hash[8];
	uint64_t length; /* bytes so far, below 2^61 */
	uint8_t block[SHA256_BLOCK];
};

/* Starts anew; then sha256_add() takes the message in pieces of any size, and sha256_end() writes
 * its hash. */
void sha256_start(struct sha256 *state);
void sha256_add(struct sha256 *state, const void *data, size_t size);
void sha256_end(struct sha256 *state, uint8_t hash[SHA256_SIZE]);

#endif
