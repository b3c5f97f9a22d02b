/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a processor vendor's virtualisation extension must provide. One const table per vendor;
 * nothing of a vendor's terms is visible outside its folder.
 */
#ifndef ARCH_VENDOR_H
#define ARCH_VENDOR_H

#include "core/exit.h"
#include "core/types.h"
#include "arch_vcpu.h"
#include "stage2.h"

struct cell;
struct cpu;

struct x86_vendor {
	const char *name; /* "AMD SVM" */
	const struct stage2_format *stage2;
	uint64_t control_size; /* bytes of control blocks that vcpu_alloc() puts behind
				  arch_vcpu.vendor */

	/* True when this CPU has the extension at all (CPUID). */
	bool (*present)(void);
	/* Whether second-stage leaves may have 1 GiB. */
	bool (*has_1g_pages)(void);

	/* Boot CPU, once for each cell: builds the MSR permission bitmap. 0 or -ENOMEM. */
	int (*cell_init)(struct cell *cell);
	/* Boot CPU, once for each vCPU: allocates control blocks; returns 0 or -ENOMEM. */
	int (*vcpu_alloc)(struct arch_vcpu *guest);
	/* Own CPU, once: switches the extension on. */
	void (*cpu_enable)(struct arch_vcpu *guest);

	/* Prepares the control block for a guest that starts in @state. */
	void (*vcpu_reset)(struct vcpu *vcpu, const struct x86_state *state);
	/* Enters the guest until its next exit, and decodes that. */
	void (*run)(struct vcpu *vcpu, struct vcpu_exit *exit);
	/* Reads and writes the guest's state outside arch_vcpu. */
	void (*get_state)(const struct arch_vcpu *guest, struct x86_state *state);
	uint64_t (*cr4)(const struct arch_vcpu *guest);
	uint64_t (*efer)(const struct arch_vcpu *guest);
	void (*set_cr2)(struct arch_vcpu *guest, uint64_t cr2);
	void (*set_efer)(struct arch_vcpu *guest, uint64_t efer);
	/* Sets guest TSC = host TSC + offset. */
	void (*set_tsc_offset)(struct arch_vcpu *guest, uint64_t offset);
	/* Whether the guest could take an external interrupt now (RFLAGS.IF, no shadow). */
	bool (*interruptible)(const struct arch_vcpu *guest);
	/* Asks for EXIT_WINDOW as soon as the guest can take an interrupt / has left its NMI
	 * handler. */
	void (*intr_window)(struct arch_vcpu *guest, bool on);
	void (*nmi_window)(struct arch_vcpu *guest, bool on);

	/* Waits until an NMI or an already noticed one (*flag); see cpu_wait(). */
	void (*wait)(const uint32_t *flag);
	/* Takes and acknowledges stray interrupts that are pending at the local APIC. */
	void (*drain)(void);
};

extern const struct x86_vendor svm_vendor;
extern const struct x86_vendor vmx_vendor;

/* The vendor of this machine; set by vendor_select(). */
extern const struct x86_vendor *vendor;

/* Chooses the backend, once board_check() has accepted the processor; NULL when that has none that
 * Bulkhead knows. */
const struct x86_vendor *vendor_select(void);

#endif
