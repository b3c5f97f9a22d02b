/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes one wall on purpose: fixed interrupts go out to the physical APIC id that the guest
 * wrote, unfiltered. Linked into a Bulkhead that the isolation test must find faulty
 * (--wrap=guest_send_ipi).
 */
#include "apic.h"
#include "guest.h"

int __real_guest_send_ipi(struct vcpu *vcpu, uint64_t icr);
int __wrap_guest_send_ipi(struct vcpu *vcpu, uint64_t icr);

int __wrap_guest_send_ipi(struct vcpu *vcpu, uint64_t icr)
{
	uint32_t low = (uint32_t)icr;

	if (ICR_DELIVERY(low) != DELIVERY_FIXED || ICR_SHORTHAND(low) != SHORTHAND_NONE ||
	    (low & ICR_LOGICAL))
		return __real_guest_send_ipi(vcpu, icr);
	apic_send((uint32_t)(icr >> 32), low);
	return 0;
}
