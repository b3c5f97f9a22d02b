/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes one wall on purpose: an IPI_SEND that the filter refuses goes to the physical CPU of that
 * number, whatever its cell. Linked into a Bulkhead that the isolation test must find faulty
 * (--wrap=iocsr_access).
 */
#include "core/cell.h"
#include "core/vcpu.h"
#include "iocsr.h"
#include "ipi.h"
#include "loongarch.h"

int __real_iocsr_access(struct vcpu *vcpu, uint64_t number, unsigned int size, bool write,
			uint64_t *value);
int __wrap_iocsr_access(struct vcpu *vcpu, uint64_t number, unsigned int size, bool write,
			uint64_t *value);

int __wrap_iocsr_access(struct vcpu *vcpu, uint64_t number, unsigned int size, bool write,
			uint64_t *value)
{
	int err = __real_iocsr_access(vcpu, number, size, write, value);
	unsigned int id;

	if (!err || number != IOCSR_IPI_SEND)
		return err;
	id = *value >> IOCSR_SEND_CPU_SHIFT & IOCSR_SEND_CPU_MASK;
	if (id < partition_table.board.nr_cpus && vcpus[id].cell) {
		(void)ipi_raise(vcpu_ipi(&vcpus[id]), *value & 31);
		vcpu_ipi_changed(&vcpus[id]);
	}
	return 0;
}
