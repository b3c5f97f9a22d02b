/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the VMX backend share. */
#ifndef ARCH_VMX_VMX_H
#define ARCH_VMX_VMX_H

#include "core/types.h"

struct arch_vcpu;
struct cell;
struct vcpu;
struct vcpu_exit;

/* A vCPU's control blocks; pool pages, mapped on their own CPU only (paging.c maps what vendor
 * points to). */
struct vmx_vcpu {
	uint32_t vmcs[1024];  /* the processor's format but for the first word */
	uint32_t vmxon[1024]; /* VMXON region */
	uint64_t physical;    /* address of this structure */
	bool launched;        /* the VMCS is: VMRESUME enters it */
	uint8_t pad[4096 - 16];
};
static_assert(sizeof(struct vmx_vcpu) == 3 * PAGE_SIZE, "whole pages");

/* The control words that this processor and Bulkhead agree upon. */
struct vmx_controls {
	uint32_t pin, cpu, cpu2, exit, entry;
};

/* controls.c: whether the processor has VMX at all; the firmware may have switched it off. */
bool vmx_present(void);

/*
 * controls.c: chooses the controls by the capability MSRs (SDM vol. 3, appendix A). Returns NULL,
 * or the name of the first feature that is missing or switched off.
 */
const char *vmx_choose_controls(struct vmx_controls *controls);

/* controls.c: whether EPT leaves of 1 GiB exist. */
bool vmx_has_1g_pages(void);

/* bitmap.c: builds the cell's MSR permission map. */
int vmx_cell_init(struct cell *cell);

/* Code of an exit that was none: VMLAUNCH or VMRESUME failed; info is the instruction error. */
#define VMX_ENTRY_FAILED UINT64_MAX

/* refusal.c: logs why an entry failed, early (as above) or late (EXIT_REASON_ENTRY_FAILED), and
 * what is wrong in the VMCS. */
void vmx_log_refusal(const struct vcpu *vcpu, const struct vcpu_exit *exit);

/* decode.c: says in neutral terms why the guest of @vcpu left. */
void vmx_decode(struct vcpu *vcpu, struct vcpu_exit *exit);

/* control_registers.c: */

/* Sets CR0 and CR4 as a guest sees them, at power-on. Bits that VMX fixes are set behind a shadow.
 */
void vmx_set_cr0(uint64_t value);
void vmx_set_cr4(uint64_t value);

/* CR0 and CR4 as the guest sees them. */
uint64_t vmx_cr0(void);
uint64_t vmx_cr4(void);

/* Carries out a MOV to CR0 or CR4 that concerns a bit which is not the guest's. */
void vmx_access_control_register(struct vcpu *vcpu);

#endif
