/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the application processors (SDM vol. 3, 9.4.4; APM 16.13). */
#ifndef ARCH_SMP_H
#define ARCH_SMP_H

#define SMP_TRAMPOLINE 0x8000u /* page aligned, below 1 MiB: no cell owns that memory */

/* Puts the code that they start with below 1 MiB; while the boot page table is loaded. */
void smp_prepare(void);

/* Starts every CPU of the board but the boot CPU; each goes to boot_cpu_main(). Returns 0, or
 * -ENODEV when one does not answer (the log names it). */
int smp_start(void);

#endif
