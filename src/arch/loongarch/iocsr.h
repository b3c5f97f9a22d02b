/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IOCSR space of a cell: every IOCSRRD and IOCSRWR of a guest exits.
 *
 *   0x0008, 0x0010, 0x0020  what the processor is: features, vendor, name
 *   0x1000 to 0x103f        the vCPU's own interrupts and mailboxes, see ipi.h
 *   0x1040, 0x1048, 0x1158  IPI_SEND, MAIL_SEND, ANY_SEND to vCPUs of the cell
 *   those of devices        in particular EIOINTC, at 0x420 and from 0x1400 on
 *
 * All others read as 0, ignore writes, and are counted in unknown_sysregs.
 */
#ifndef LOONGARCH_IOCSR_H
#define LOONGARCH_IOCSR_H

#include "core/types.h"

struct ipi_block;
struct vcpu;

/*
 * An access of @vcpu, on its own CPU and at PLV 0 (which the caller has checked), of @size 1, 2, 4
 * or 8 bytes. What is read is not yet sign-extended. Returns 0, or -EPERM for a send to a CPU
 * outside the cell, which was not carried out.
 */
int iocsr_access(struct vcpu *vcpu, uint64_t number, unsigned int size, bool write,
		 uint64_t *value);

/* Whether @number has to do with inter-processor interrupts: for counting. */
bool iocsr_is_ipi(uint64_t number);

/* ---- What the owner of the vCPUs provides ---- */

struct ipi_block *vcpu_ipi(struct vcpu *vcpu);

/*
 * The interrupts of @vcpu have changed: its own CPU, which may be this one, is to set or clear
 * ESTAT.IS[12] by ipi_pending(), or, if the vCPU waits to be started, to look at ipi_take_start().
 */
void vcpu_ipi_changed(struct vcpu *vcpu);

/* Reads 64 bits of the physical IOCSR space: the processor's vendor and name. */
uint64_t host_iocsr(uint32_t number);

#endif
