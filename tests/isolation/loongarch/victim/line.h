/* SPDX-License-Identifier: Apache-2.0 */
/* The interrupts of the victim's own UART. */
#ifndef VICTIM_LINE_H
#define VICTIM_LINE_H

#include <stdint.h>

/* Of the PCH-PIC, and the EIOINTC's vector. watched.c lets both through. */
#define LINE_INPUT 3

void line_init(void);

/* Lets the UART interrupt the first CPU, which calls this; returns how many came: 1 is right. */
uint64_t line_ask(void);

/* How many interrupts @number CPU @cpu took because line_ask() wanted them. */
uint64_t line_taken(unsigned int cpu, unsigned int number);

#endif
