/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory and string functions of the C library that the hypervisor has. The compiler calls the
 * first four by itself (structure copies, initialisers), so they must exist under these names.
 * Semantics are those of ISO C11, 7.24.
 */
#ifndef CORE_STRING_H
#define CORE_STRING_H

#include "core/types.h"

void *memcpy(void *restrict destination, const void *restrict source, size_t size);
void *memmove(void *destination, const void *source, size_t size);
void *memset(void *destination, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *string);
int strcmp(const char *left, const char *right);

#endif
