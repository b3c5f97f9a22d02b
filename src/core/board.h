/* SPDX-License-Identifier: Apache-2.0 */
/* Is this machine the board that the configuration was written for? The part that needs nothing but
 * the loader's hand-over; every difference is logged. */
#ifndef CORE_BOARD_H
#define CORE_BOARD_H

#include "core/boot_info.h"

/*
 * Compares the boot CPU and the @count CPUs of the machine with those of the board; @name is what
 * their ids are called. @ids is NULL where nothing lists them. Returns how many differences there
 * are.
 */
unsigned int board_check_cpus(uint32_t boot_id, const uint32_t *ids, unsigned int count,
			      const char *name);

/* Whether all of [base, base + size) is usable RAM; says so if not. */
bool board_check_range(const struct boot_info *info, uint64_t base, uint64_t size,
		       const char *whose, const char *source);

/*
 * What is used must be RAM that the firmware gives away: a cell or the hypervisor itself would
 * overwrite what firmware still needs. Returns how many differences there are; @before, those that
 * board_check_range() has found already, are among them.
 */
unsigned int board_check_memory(const struct boot_info *info, unsigned int before);

/* Sums up: 0 when there are no differences, or -ENODEV, and what to do about them. */
int board_verdict(unsigned int differences);

#endif
