/* SPDX-License-Identifier: Apache-2.0 */
/* _GNU_SOURCE must come before all headers. */
#define _GNU_SOURCE
#include "low_memory.h"

#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <sanitizer/asan_interface.h>

#define ARENA_SIZE (4u << 20)
#define GAP 64u
#define PATIENCE 20u /* seconds: what takes longer loops for ever */

static uint8_t *arena;
static size_t used;

void low_start(void)
{
	if (!arena)
		arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	assert_true(arena != MAP_FAILED && (uintptr_t)arena < INT32_MAX);
	ASAN_POISON_MEMORY_REGION(arena, ARENA_SIZE);
	used = GAP;
	alarm(PATIENCE);
}

uint8_t *low_object(size_t size)
{
	uint8_t *object = arena + used;

	assert_true(size <= ARENA_SIZE - used - 2 * GAP);
	used += (size + GAP + 15) & ~(size_t)15;
	ASAN_UNPOISON_MEMORY_REGION(object, size);
	memset(object, 0, size);
	return object;
}

uint8_t *low_copy(const void *data, size_t size)
{
	uint8_t *object = low_object(size);

	memcpy(object, data, size);
	return object;
}
