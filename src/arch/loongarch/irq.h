/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's interrupt lines. All of them are the hypervisor's: a line goes to the CPU of whom it
 * is for, which serves it (the console) or passes it on to the virtual controller of the cell that
 * owns the device.
 */
#ifndef LOONGARCH_IRQ_H
#define LOONGARCH_IRQ_H

#include "core/types.h"

struct cell;

/* Everything masked, and routed to its CPU; once. */
void irq_init(void);

/* Lets the console's UART interrupt. */
void irq_enable_console(void);

/* Serves this CPU's interrupts from the controllers. */
void irq_attend(void);

/* Masks the lines of @cell's passthrough devices. */
void irq_cell_reset(struct cell *cell);

#endif
