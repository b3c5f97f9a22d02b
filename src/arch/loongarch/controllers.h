/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's interrupt controllers: the extended I/O interrupts of the processor (IOCSR) with the
 * bridge's PCH-PIC behind them, and the processor's legacy LIOINTC. Lines are named as the
 * partition table does.
 */
#ifndef LOONGARCH_CONTROLLERS_H
#define LOONGARCH_CONTROLLERS_H

#include "core/types.h"
#include "arch_partition.h"

#define CORES_PER_NODE 4u

/* Masks everything. */
void controllers_init(void);

/* Lets the controllers interrupt this CPU, which is the @first one of its node to say so or not. */
void controllers_init_cpu(bool first);

/* Routes @line, in this CPU's node, to the CPU with @hwid; it stays masked. */
void controller_connect(const struct loongarch_line *line, uint32_t hwid);

void controller_mask(const struct loongarch_line *line);

/* Forgets an edge: the next one interrupts again. */
void controller_acknowledge(const struct loongarch_line *line);

/* Unmasks @line. Forgets an interrupt of a level, which comes again if it is still there. */
void controller_arm(const struct loongarch_line *line);

/* Acknowledges what is pending for this CPU, and has each of it served. */
void controllers_take(void (*serve)(enum loongarch_controller controller, unsigned int input));

#endif
