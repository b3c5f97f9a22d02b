/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes one wall on purpose: now and then an exit of the attacker keeps the lock of the victim's
 * devices for long, as if there were one for all cells. Linked into a Bulkhead that the isolation
 * test must find faulty (--wrap=cell_handle_exit).
 */
#include "core/arch.h"
#include "core/cell.h"
#include "core/vcpu.h"

#define TIMES 3u
#define HELD (5 * NSEC_PER_SEC)
#define LEFT (2 * NSEC_PER_SEC) /* between */

int __real_cell_handle_exit(struct vcpu *vcpu, const struct vcpu_exit *exit);
int __wrap_cell_handle_exit(struct vcpu *vcpu, const struct vcpu_exit *exit);

int __wrap_cell_handle_exit(struct vcpu *vcpu, const struct vcpu_exit *exit)
{
	static unsigned int times;
	static uint64_t end; /* of the last time */
	struct cell *victim = &cells[1];
	uint64_t start = arch_now();

	/* The first CPU alone: these are nobody else's. */
	if (vcpu->cell != victim && vcpu->index == 0 && times < TIMES && start - end > LEFT) {
		times++;
		spin_lock(&victim->device_lock);
		while (arch_now() - start < HELD)
			;
		spin_unlock(&victim->device_lock);
		end = arch_now();
	}
	return __real_cell_handle_exit(vcpu, exit);
}
