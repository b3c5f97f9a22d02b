/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the SVM backend share. */
#ifndef ARCH_SVM_SVM_H
#define ARCH_SVM_SVM_H

#include "vmcb.h"

#define CPUID_SVM 0x8000000a

struct arch_vcpu;
struct cell;
struct vcpu;
struct vcpu_exit;

/* A vCPU's control blocks; pool pages, mapped on their own CPU only (paging.c maps what vendor
 * points to). */
struct svm_vcpu {
	struct vmcb guest;
	struct vmcb host;        /* VMSAVE state of the hypervisor */
	uint8_t save_area[4096]; /* VM_HSAVE_PA */
	uint64_t physical;       /* address of this structure */
	bool nmi_step; /* the guest executes the IRET of its NMI handler in a single step */
	bool has_next_rip;
	uint8_t pad[4096 - 16];
};
static_assert(sizeof(struct svm_vcpu) == 4 * PAGE_SIZE, "whole pages");

/* features.c: whether the processor has SVM and the firmware has left it on. */
bool svm_present(void);

/* features.c: the first feature that Bulkhead needs and this SVM lacks, or NULL. */
const char *svm_missing(void);

/* bitmap.c: builds the cell's MSR permission map. */
int svm_cell_init(struct cell *cell);

/* decode.c: says in neutral terms why the guest of @vcpu left. */
void svm_decode(struct vcpu *vcpu, struct svm_vcpu *svm, struct vcpu_exit *exit);

#endif
