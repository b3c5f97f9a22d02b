/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What guests' random number generators start with. The processor has no instruction for random
 * numbers, and a Linux without a seed computes each number anew from the little it has gathered:
 * 0.3 billion instructions of a boot. Firmware gives one seed; each life of each cell gets its own.
 */
#ifndef LOONGARCH_SEED_H
#define LOONGARCH_SEED_H

#include "core/cell.h"
#include "core/fdt.h"

/* Takes "rng-seed" of the firmware's device tree, if it has one. At boot, once. */
void seed_take(const struct fdt *fdt);

/* Fills the table where the cell's kernel looks for a seed; without the firmware's it stays empty.
 * When the cell has been loaded. */
void seed_cell(const struct cell *cell);

#endif
