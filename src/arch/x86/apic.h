/* SPDX-License-Identifier: Apache-2.0 */
/* The physical local APIC in x2APIC mode (SDM vol. 3, 11.12; APM 16.9 to 16.14). */
#ifndef ARCH_APIC_H
#define ARCH_APIC_H

#include "core/types.h"

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_ADDRESS 0xfee00000ull
#define APIC_BASE_BSP BIT(8)
#define APIC_BASE_EXTD BIT(10)
#define APIC_BASE_ENABLE BIT(11)

#define MSR_X2APIC_FIRST 0x800
#define MSR_X2APIC_LAST 0x8ff
#define X2APIC_ID 0x802
#define X2APIC_VERSION 0x803
#define X2APIC_TPR 0x808
#define X2APIC_PPR 0x80a
#define X2APIC_EOI 0x80b
#define X2APIC_LDR 0x80d
#define X2APIC_SIVR 0x80f
#define X2APIC_ISR 0x810
#define X2APIC_TMR 0x818
#define X2APIC_IRR 0x820
#define X2APIC_ESR 0x828
#define X2APIC_LVT_CMCI 0x82f
#define X2APIC_ICR 0x830
#define X2APIC_LVT_TIMER 0x832
#define X2APIC_LVT_THERMAL 0x833
#define X2APIC_LVT_COUNTER 0x834
#define X2APIC_LVT_LINT0 0x835
#define X2APIC_LVT_LINT1 0x836
#define X2APIC_LVT_ERROR 0x837
#define X2APIC_TIMER_INITIAL 0x838
#define X2APIC_TIMER_CURRENT 0x839
#define X2APIC_TIMER_DIVIDE 0x83e
#define X2APIC_SELF_IPI 0x83f

#define APIC_SIVR_ENABLE BIT(8)
#define APIC_LVT_MASKED BIT(16)
#define APIC_LVT_MODE 0x700u

/* Fields of the ICR and of MSI-like messages. */
#define ICR_VECTOR 0xffu
#define ICR_DELIVERY(icr) (((icr) >> 8) & 7)
#define ICR_LOGICAL BIT(11)
#define ICR_ASSERT BIT(14)
#define ICR_LEVEL BIT(15)
#define ICR_SHORTHAND(icr) (((icr) >> 18) & 3)

enum apic_delivery {
	DELIVERY_FIXED = 0,
	DELIVERY_LOWEST = 1,
	DELIVERY_SMI = 2,
	DELIVERY_NMI = 4,
	DELIVERY_INIT = 5,
	DELIVERY_SIPI = 6,
	DELIVERY_EXTINT = 7,
};

enum apic_shorthand { SHORTHAND_NONE, SHORTHAND_SELF, SHORTHAND_ALL, SHORTHAND_OTHERS };

/* Puts this CPU's APIC into x2APIC mode, software-disabled. */
void apic_init(void);

/* This CPU's APIC id. */
uint32_t apic_id(void);

void apic_eoi(void);

/* Sends an interrupt to the physical APIC @id. @low: the low half of the ICR. */
void apic_send(uint32_t id, uint32_t low);

/* Brings this CPU's APIC into its state after INIT: nothing in service, nothing pending, all
 * masked. */
void apic_reset(void (*drain)(void));

#endif
