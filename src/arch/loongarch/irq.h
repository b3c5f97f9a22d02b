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

/* Masks everything; once. */
void irq_init(void);

/* Lets lines interrupt this CPU, which is number @index of the board; routes all lines, if it is
 * the first one of its node. */
void irq_init_cpu(unsigned int index);

/* Lets the console's UART interrupt. */
void irq_enable_console(void);

/* Serves this CPU's interrupts from the controllers. */
void irq_attend(void);

/* Masks the lines of @cell's passthrough devices. */
void irq_cell_reset(struct cell *cell);

#endif
