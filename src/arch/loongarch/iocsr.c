/* SPDX-License-Identifier: Apache-2.0 */
/* Tables are those of the Loongson 3A5000/3B5000 Processor Reference Manual. */
#include "iocsr.h"

#include "core/cell.h"
#include "core/device.h"
#include "core/vcpu.h"
#include "ipi.h"
#include "loongarch.h"

/* What the processor is: tables 4-2, 4-3 and 4-5 */
#define FEATURES 0x08
#define VENDOR 0x10
#define CPU_NAME 0x20

/*
 * Messages as interrupts (bit 2), extended I/O interrupts (3) and inter-processor interrupts by
 * IOCSR (4). Without: temperature, frequencies, nodes, all of the whole chip; and "virtual" (11),
 * which makes Linux take locks for vCPUs that may be preempted.
 */
#define CELL_FEATURES (BIT(2) | BIT(3) | BIT(4))

/* IPI_SEND, MAIL_SEND, ANY_SEND: table 10-3; see also IOCSR_SEND_* */
#define SEND_BIT(value) ((unsigned int)((value)&31))
#define SEND_WORD(value) ((unsigned int)((value) >> 2 & 7))
#define SEND_NUMBER(value) ((value)&0xfffc)
#define SEND_KEEP(value) ((unsigned int)((value) >> 27 & 15))
#define SEND_DATA(value) ((value) >> 32)

bool iocsr_is_ipi(uint64_t number)
{
	return ipi_is_own_register(number) || number == IOCSR_IPI_SEND ||
	       number == IOCSR_MAIL_SEND || number == IOCSR_ANY_SEND;
}

/* The vCPU that a send names, or NULL: there is no such one in the cell. */
static struct vcpu *target(const struct cell *cell, uint64_t value)
{
	unsigned int id = (unsigned int)(value >> IOCSR_SEND_CPU_SHIFT & IOCSR_SEND_CPU_MASK);

	return id < cell->config->nr_cpus ? cell->vcpus[id] : NULL;
}

static void send_ipi(struct vcpu *to, uint64_t value)
{
	bool rises = ipi_raise(vcpu_ipi(to), SEND_BIT(value));

	/* One that waits to be started may have an interrupt pending since before its mailbox was
	 * filled. */
	if (rises || __atomic_load_n(&to->waiting, __ATOMIC_SEQ_CST))
		vcpu_ipi_changed(to);
}

/*
 * A write to an IOCSR of another CPU, of which only devices' are carried out: kernels use it for
 * EIOINTC. Byte by byte, where some are to be kept: then it needs no reading before.
 */
static bool send_any(struct vcpu *to, uint64_t value)
{
	uint64_t number = SEND_NUMBER(value), data = SEND_DATA(value);
	const struct device_range *range;
	uint64_t byte;

	if (!cell_device(to->cell, DEVICE_IOCSR, number, &range) ||
	    range->size - (number - range->base) < 4)
		return false;
	if (SEND_KEEP(value) == 0)
		return cell_access(to, DEVICE_IOCSR, number, 4, true, &data) == 0;
	for (unsigned int i = 0; i < 4; i++) {
		byte = data >> 8 * i & 0xff;
		if (!(SEND_KEEP(value) & BIT(i)))
			(void)cell_access(to, DEVICE_IOCSR, number + i, 1, true, &byte);
	}
	return true;
}

/* Returns 0, -EPERM, or -ENOENT when nothing stands for such a write. */
static int send(const struct vcpu *vcpu, uint64_t number, unsigned int size, uint64_t value)
{
	struct vcpu *to = target(vcpu->cell, value);

	if (size < (number == IOCSR_IPI_SEND ? 4 : 8))
		return -ENOENT;
	if (!to)
		return -EPERM;
	switch (number) {
	case IOCSR_IPI_SEND:
		send_ipi(to, value);
		return 0;
	case IOCSR_MAIL_SEND:
		ipi_mail(vcpu_ipi(to), SEND_WORD(value), SEND_KEEP(value),
			 (uint32_t)SEND_DATA(value));
		return 0;
	default:
		return send_any(to, value) ? 0 : -ENOENT;
	}
}

/* The vCPU's own registers are words; pairs of them may be accessed at once, parts only read. */
static int access_own(struct vcpu *vcpu, uint64_t number, unsigned int size, bool write,
		      uint64_t *value)
{
	struct ipi_block *ipi = vcpu_ipi(vcpu);
	uint64_t pair = number & ~UINT64_C(7);

	if (!write) {
		*value = ipi_read(ipi, pair) | (uint64_t)ipi_read(ipi, pair + 4) << 32;
		*value >>= 8 * (number & 7);
		return 0;
	}
	if (size < 4)
		return -ENOENT;
	ipi_write(ipi, number, (uint32_t)*value);
	if (size == 8)
		ipi_write(ipi, number + 4, (uint32_t)(*value >> 32));
	if (number < IOCSR_MAILBOX0)
		vcpu_ipi_changed(vcpu);
	return 0;
}

static int read_identity(uint64_t number, uint64_t *value)
{
	switch (number & ~UINT64_C(7)) {
	case FEATURES:
		*value = CELL_FEATURES;
		break;
	case VENDOR:
	case CPU_NAME:
		*value = host_iocsr((uint32_t)(number & ~UINT64_C(7)));
		break;
	default:
		return -ENOENT;
	}
	*value >>= 8 * (number & 7);
	return 0;
}

static int access(struct vcpu *vcpu, uint64_t number, unsigned int size, bool write,
		  uint64_t *value)
{
	const struct device_range *range;

	if (number % size)
		return -ENOENT;
	if (ipi_is_own_register(number))
		return access_own(vcpu, number, size, write, value);
	if (iocsr_is_ipi(number))
		return write ? send(vcpu, number, size, *value) : -ENOENT;
	if (cell_device(vcpu->cell, DEVICE_IOCSR, number, &range))
		return cell_access(vcpu, DEVICE_IOCSR, number, size, write, value);
	return write ? -ENOENT : read_identity(number, value);
}

int iocsr_access(struct vcpu *vcpu, uint64_t number, unsigned int size, bool write, uint64_t *value)
{
	int error = access(vcpu, number, size, write, value);

	if (error != -ENOENT)
		return error;
	vcpu->unknown_sysregs++;
	if (!write)
		*value = 0;
	return 0;
}
