/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/sha256.c */
/*
 * SHA-256 against the examples that NIST gives for FIPS 180-4 (one block, two blocks, a million
 * times "a"), messages that end around the border of a block, and messages in pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/sha256.h"

static struct sha256 state;
static uint8_t bytes[1000];

static void fill_bytes(void)
{
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
}

/* Ends; the hash must begin with @expected, hexadecimal digits. */
static void assert_hash(const char *expected)
{
	uint8_t hash[SHA256_SIZE];
	char text[2 * SHA256_SIZE + 1];

	sha256_end(&state, hash);
	for (unsigned int i = 0; i < SHA256_SIZE; i++)
		(void)snprintf(text + 2 * (size_t)i, 3, "%02x", hash[i]);
	text[strlen(expected)] = '\0';
	assert_string_equal(text, expected);
}

static void the_examples_of_the_standard(void **unused)
{
	static const struct {
		const char *message, *hash;
	} examples[] = {
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
	};

	(void)unused;
	for (unsigned int i = 0; i < ARRAY_SIZE(examples); i++) {
		sha256_start(&state);
		sha256_add(&state, examples[i].message, strlen(examples[i].message));
		assert_hash(examples[i].hash);
	}
}

/* In pieces of a prime number of bytes. */
static void a_million_times_a(void **unused)
{
	(void)unused;
	memset(bytes, 'a', sizeof(bytes));
	sha256_start(&state);
	for (unsigned int left = 1000000, piece; left; left -= piece) {
		piece = left < 997 ? left : 997;
		sha256_add(&state, bytes, piece);
	}
	assert_hash("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* The padding takes 9 bytes: from 56 on it needs a block of its own. */
static void messages_that_end_at_the_border_of_a_block(void **unused)
{
	static const struct {
		size_t size;
		const char *hash;
	} examples[] = {
		{ 1, "6e340b9cffb37a98" },   { 55, "576a1bf8d4478657" },
		{ 56, "9b20501dfd1d9916" },  { 57, "a5534a9d0694341d" },
		{ 63, "30b345906b493f06" },  { 64, "d8bc63b4fc1156e5" },
		{ 65, "1ee23b0fbcaecc1a" },  { 119, "7a6589821178918c" },
		{ 120, "655250427d56b1b0" }, { 127, "67d79933e3c9aa8e" },
		{ 128, "54c9eb041badfd70" }, { 1000, "89f4ff56a25dd1db" },
	};

	(void)unused;
	fill_bytes();
	for (unsigned int i = 0; i < ARRAY_SIZE(examples); i++) {
		sha256_start(&state);
		sha256_add(&state, bytes, examples[i].size);
		assert_hash(examples[i].hash);
	}
}

static void how_a_message_is_cut_does_not_matter(void **unused)
{
	(void)unused;
	fill_bytes();
	for (size_t first = 0; first <= 130; first++) {
		for (size_t second = 0; second <= 130; second++) {
			sha256_start(&state);
			sha256_add(&state, bytes, first);
			sha256_add(&state, bytes + first, second);
			sha256_add(&state, bytes + first + second, 1000 - first - second);
			assert_hash("89f4ff56a25dd1db");
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_standard),
		cmocka_unit_test(a_million_times_a),
		cmocka_unit_test(messages_that_end_at_the_border_of_a_block),
		cmocka_unit_test(how_a_message_is_cut_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
