/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 boot order (boot.c) and the steps that other files provide to it. */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include "boot_info.h"

/* C entry of the boot CPU, on the boot stack and page table. */
void boot_main(uint32_t magic, uint32_t address) __attribute__((noreturn));

/* C entry of application processor @index (of board.cpus), on the boot stack and page table. */
void boot_ap(unsigned int index) __attribute__((noreturn));

/* Tells smp_start() that this CPU left the boot stack. */
void smp_ap_arrived(void);

/*
 * Compares the machine with the board of the partition table: CPUs, the RAM that is used, what the
 * processor must have, and the devices. Logs every difference. Returns 0 or -ENODEV.
 */
int board_check(const struct boot_info *info);

/* The part about the I/O APIC and the HPET; returns how many differences it logged. */
unsigned int board_check_devices(void);

#endif
