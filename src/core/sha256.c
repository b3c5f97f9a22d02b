/* SPDX-License-Identifier: Apache-2.0 */
/* Section numbers, and the names of the functions' variables, are those of FIPS 180-4. */
#include "core/sha256.h"
#include "core/string.h"

#define ROUNDS 64u
#define LENGTH_SIZE 8u /* of the length in bits that ends the padding: 5.1.1 */

/* 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes */
static const uint32_t constants[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotr(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

/* 6.2.2, step 1: the message schedule */
static void schedule(uint32_t w[ROUNDS], const uint8_t *block)
{
	for (unsigned int t = 0; t < 16; t++)
		w[t] = load(block + 4 * (size_t)t);
	for (unsigned int t = 16; t < ROUNDS; t++) {
		uint32_t w2 = w[t - 2], w15 = w[t - 15];

		w[t] = (rotr(w2, 17) ^ rotr(w2, 19) ^ w2 >> 10) + w[t - 7] +
		       (rotr(w15, 7) ^ rotr(w15, 18) ^ w15 >> 3) + w[t - 16];
	}
}

/* Steps 2 to 4. Ch(e, f, g) and Maj(a, b, c) of 4.1.2 are written with an operation less. */
static void hash_block(uint32_t hash[8], const uint8_t *block)
{
	uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
	uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
	uint32_t w[ROUNDS];

	schedule(w, block);
	for (unsigned int t = 0; t < ROUNDS; t++) {
		uint32_t t1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (g ^ (e & (f ^ g))) +
			      constants[t] + w[t];
		uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) | (c & (a | b)));

		h = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	hash[0] += a;
	hash[1] += b;
	hash[2] += c;
	hash[3] += d;
	hash[4] += e;
	hash[5] += f;
	hash[6] += g;
	hash[7] += h;
}

void sha256_start(struct sha256 *state)
{
	static const struct sha256 start = {
		.hash = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
			  0x1f83d9ab, 0x5be0cd19 }, /* 5.3.3 */
	};

	*state = start;
}

void sha256_add(struct sha256 *state, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t used = state->length % SHA256_BLOCK;

	state->length += size;
	if (used + size < SHA256_BLOCK) {
		memcpy(state->block + used, bytes, size);
		return;
	}
	if (used) {
		memcpy(state->block + used, bytes, SHA256_BLOCK - used);
		hash_block(state->hash, state->block);
		bytes += SHA256_BLOCK - used;
		size -= SHA256_BLOCK - used;
	}
	for (; size >= SHA256_BLOCK; size -= SHA256_BLOCK, bytes += SHA256_BLOCK)
		hash_block(state->hash, bytes);
	memcpy(state->block, bytes, size);
}

void sha256_end(struct sha256 *state, uint8_t hash[SHA256_SIZE])
{
	size_t used = state->length % SHA256_BLOCK;
	uint64_t bits = state->length * 8;

	state->block[used++] = 0x80;
	if (used > SHA256_BLOCK - LENGTH_SIZE) {
		memset(state->block + used, 0, SHA256_BLOCK - used);
		hash_block(state->hash, state->block);
		used = 0;
	}
	memset(state->block + used, 0, SHA256_BLOCK - used);
	for (unsigned int i = 1; i <= LENGTH_SIZE; i++, bits >>= 8)
		state->block[SHA256_BLOCK - i] = (uint8_t)bits;
	hash_block(state->hash, state->block);
	for (unsigned int i = 0; i < SHA256_SIZE; i++)
		hash[i] = (uint8_t)(state->hash[i / 4] >> (24 - i % 4 * 8));
}
