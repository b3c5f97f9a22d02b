/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the device tree blob that firmware hands over: Devicetree Specification 0.4, chapters 2, 3
 * and 5. libfdt is not used: its sources are no part of this project, and a distribution's binary
 * of it is for programs with a C library and floating point. The tests compare the two.
 */
#ifndef CORE_FDT_H
#define CORE_FDT_H

#include "core/types.h"

#define FDT_MAX_SIZE 0x400000u /* a larger blob is damaged */
#define FDT_MAX_DEPTH 16u

struct fdt {
	const uint8_t *blob;
	uint32_t reservations; /* offset; as many entries as fdt_open() found */
	uint32_t nr_reservations;
	uint32_t structure; /* offset of the first token */
	uint32_t structure_end;
	uint32_t strings;
	uint32_t strings_end;
};

struct fdt_node {
	const struct fdt *fdt;
	const struct fdt_node *parent; /* NULL: this is the root */
	const char *name;              /* with its unit address */
	uint32_t properties;           /* offset of the first token behind the name */
};

/* Goes through all nodes, each before its children. */
struct fdt_walk {
	const struct fdt *fdt;
	struct fdt_node path[FDT_MAX_DEPTH];
	unsigned int depth; /* nodes of path that are open */
	uint32_t at;
};

/* Checks the whole blob at physical @address. Returns 0, or -EINVAL when it is none or damaged; the
 * functions below trust it then. */
int fdt_open(struct fdt *fdt, uint64_t address);

/* Reservation @i of the blob's own list. */
void fdt_reservation(const struct fdt *fdt, uint32_t i, uint64_t *base, uint64_t *size);

void fdt_walk_start(struct fdt_walk *walk, const struct fdt *fdt);

/* The next node, which is valid until the walk has left it; NULL behind the last. */
const struct fdt_node *fdt_walk_next(struct fdt_walk *walk);

/* The value of a property and its size, or NULL. */
const uint8_t *fdt_property(const struct fdt_node *node, const char *name, uint32_t *size);

/* A property of one cell, or @otherwise. */
uint32_t fdt_u32(const struct fdt_node *node, const char *name, uint32_t otherwise);

/* A property that is one number of one or two cells. Returns 0, or -ENOENT when it is not there or
 * something else. */
int fdt_address(const struct fdt_node *node, const char *name, uint64_t *value);

/* Whether @string is among the strings of a property. */
bool fdt_has_string(const struct fdt_node *node, const char *name, const char *string);

/* Whether "status" lets the node be used. */
bool fdt_enabled(const struct fdt_node *node);

/*
 * Entry @i of "reg" as the root sees it, through the "ranges" of all parents. Returns 0, or -ENOENT
 * when there is no such entry or the root does not see it.
 */
int fdt_reg(const struct fdt_node *node, unsigned int i, uint64_t *base, uint64_t *size);

#endif
