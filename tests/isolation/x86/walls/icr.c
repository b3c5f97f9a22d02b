/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes one wall on purpose: a fixed interrupt that the filter refuses goes out to the physical
 * APIC id that the guest wrote. Linked into a Bulkhead that the isolation test must find faulty
 * (--wrap=guest_send_ipi).
 */
#include "apic.h"
#include "guest.h"

int __real_guest_send_ipi(struct vcpu *vcpu, uint64_t icr);
int __wrap_guest_send_ipi(struct vcpu *vcpu, uint64_t icr);

int __wrap_guest_send_ipi(struct vcpu *vcpu, uint64_t icr)
{
	uint32_t low = (uint32_t)icr;
	int err = __real_guest_send_ipi(vcpu, icr);

	if (!err || ICR_DELIVERY(low) != DELIVERY_FIXED || (low & ICR_LOGICAL))
		return err;
	apic_send((uint32_t)(icr >> 32), low);
	return 0;
}
