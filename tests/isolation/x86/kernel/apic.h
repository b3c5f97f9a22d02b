/* SPDX-License-Identifier: Apache-2.0 */
/* The local APIC in x2APIC mode (SDM3 11.12). */
#ifndef ISOLATION_APIC_H
#define ISOLATION_APIC_H

#include "x86.h"

/* x2APIC registers are MSRs, SDM3 table 11-6. */
#define X2APIC_FIRST 0x800
#define X2APIC_LAST 0x8ff
#define X2APIC_ID 0x802
#define X2APIC_VERSION 0x803
#define X2APIC_TPR 0x808
#define X2APIC_PPR 0x80a
#define X2APIC_EOI 0x80b
#define X2APIC_LDR 0x80d
#define X2APIC_SVR 0x80f
#define X2APIC_ISR0 0x810
#define X2APIC_IRR7 0x827
#define X2APIC_ESR 0x828
#define X2APIC_LVT_CMCI 0x82f
#define X2APIC_ICR 0x830
#define X2APIC_LVT_TIMER 0x832
#define X2APIC_LVT_ERROR 0x837
#define X2APIC_TIMER_INITIAL 0x838
#define X2APIC_TIMER_CURRENT 0x839
#define X2APIC_TIMER_DIVIDE 0x83e
#define X2APIC_SELF_IPI 0x83f

/* Interrupt command, SDM3 11.6.1 and 11.12.9. */
#define ICR_DELIVERY(mode) ((uint32_t)(mode) << 8)
#define ICR_FIXED ICR_DELIVERY(0)
#define ICR_LOWEST ICR_DELIVERY(1)
#define ICR_SMI ICR_DELIVERY(2)
#define ICR_RESERVED ICR_DELIVERY(3)
#define ICR_NMI ICR_DELIVERY(4)
#define ICR_INIT ICR_DELIVERY(5)
#define ICR_STARTUP ICR_DELIVERY(6)
#define ICR_EXTINT ICR_DELIVERY(7)
#define ICR_LOGICAL 0x00000800u
#define ICR_ASSERT 0x00004000u
#define ICR_LEVEL 0x00008000u
#define ICR_SHORTHAND(n) ((uint32_t)(n) << 18)
#define ICR_SELF ICR_SHORTHAND(1)
#define ICR_ALL ICR_SHORTHAND(2)
#define ICR_OTHERS ICR_SHORTHAND(3)
#define APIC_BROADCAST UINT32_MAX

#define LVT_MASKED 0x00010000u
#define LVT_TIMER_PERIODIC 0x00020000u

#define VECTOR_SPURIOUS 0xff
#define VECTOR_KICK 0xf0 /* wakes a CPU for smp_run() */

/* Puts the calling CPU's APIC into x2APIC mode if it is not, masks all of its local interrupts,
 * enables it. */
void apic_init(void);

/* Measures the timer's frequency against the TSC; needs time_init(). Once, on the first CPU. */
void apic_timer_calibrate(void);

/* Starts the calling CPU's timer: first (and, if @periodic, each next) interrupt @vector in @us
 * microseconds. */
void apic_timer_start(uint64_t us, bool periodic, uint8_t vector);
void apic_timer_stop(void);

static inline uint32_t apic_id(void)
{
	return (uint32_t)rdmsr(X2APIC_ID);
}

static inline void apic_eoi(void)
{
	wrmsr(X2APIC_EOI, 0);
}

static inline bool apic_in_service(unsigned int vector)
{
	return rdmsr(X2APIC_ISR0 + vector / 32) >> (vector % 32) & 1;
}

/* Sends an interrupt: @low is the low half of the ICR, @destination an x2APIC id or logical
 * destination. */
static inline void apic_send(uint32_t destination, uint32_t low)
{
	wrmsr(X2APIC_ICR, (uint64_t)destination << 32 | low);
}

#endif
