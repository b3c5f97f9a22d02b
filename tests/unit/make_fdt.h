/* SPDX-License-Identifier: Apache-2.0 */
/* Writes device tree blobs token by token: Devicetree Specification 0.4, chapter 5. */
#ifndef MAKE_FDT_H
#define MAKE_FDT_H

#include <stddef.h>
#include <stdint.h>

void make_start(void);
void make_reservation(uint64_t base, uint64_t size); /* before the first node */
void make_node(const char *name);
void make_end(void);
void make_property(const char *name, const void *value, uint32_t size);
void make_string(const char *name, const char *value);
/* A property of @n cells. */
void make_cells(const char *name, unsigned int n, ...);

/* The blob, as a low_memory.h object; its offsets are @at[0] (structure) and @at[1] (strings). */
uint8_t *make_finish(uint32_t *size, uint32_t at[2]);

#endif
