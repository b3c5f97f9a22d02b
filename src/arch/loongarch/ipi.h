/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inter-processor interrupts and mailboxes of a vCPU, as the Loongson 3A5000/3B5000 Processor
 * Reference Manual, chapter 10, has them for a core.
 *
 * The physical ones belong to the hypervisor, which gets CPUs' attention by them. A guest's are
 * this structure; every CPU of its cell may write to it, so all accesses are atomic.
 */
#ifndef LOONGARCH_IPI_H
#define LOONGARCH_IPI_H

#include "core/types.h"

#define IPI_MAIL_WORDS 8 /* of 32 bits; two make a mailbox, the low one first */

struct ipi_block {
	uint32_t status;
	uint32_t enable;
	uint32_t mail[IPI_MAIL_WORDS];
};

/* Everything cleared. @parked: as firmware leaves CPUs that wait to be started, with all interrupts
 * enabled. */
void ipi_reset(struct ipi_block *ipi, bool parked);

/* The level of the vCPU's IPI line, ESTAT.IS[12]. */
bool ipi_pending(const struct ipi_block *ipi);

/*
 * For a vCPU that waits to be started, as firmware does it: when an interrupt is pending and
 * mailbox 0 is not zero, clears the interrupts and returns true with the mailbox's value, the
 * guest-physical address to start at. The mailbox stays: the kernel clears it.
 */
bool ipi_take_start(struct ipi_block *ipi, uint64_t *entry);

/* The vCPU's own registers, by IOCSR number; @number is a multiple of 4 and one of these. */
static inline bool ipi_is_own_register(uint64_t number)
{
	return number >= 0x1000 && number < 0x1040;
}

/* Write-only and missing registers read as 0. */
uint32_t ipi_read(const struct ipi_block *ipi, uint64_t number);
void ipi_write(struct ipi_block *ipi, uint64_t number, uint32_t value);

/* Raises interrupt @bit (0 to 31). Returns whether the line was low before, and is high now. */
bool ipi_raise(struct ipi_block *ipi, unsigned int bit);

/* Writes the bytes of mail word @word that have no bit in @keep (bit 0: the lowest byte). */
void ipi_mail(struct ipi_block *ipi, unsigned int word, unsigned int keep, uint32_t data);

#endif
