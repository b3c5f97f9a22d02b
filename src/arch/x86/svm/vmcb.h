/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual machine control block: APM appendix B, intercepts and fields as in 15.9 to 15.25. */
#ifndef ARCH_SVM_VMCB_H
#define ARCH_SVM_VMCB_H

#include "core/types.h"

/* vmcb.intercepts[0] at 00Ch */
#define INTERCEPT_INTR BIT(0)
#define INTERCEPT_NMI BIT(1)
#define INTERCEPT_INIT BIT(3)
#define INTERCEPT_VINTR BIT(4)
#define INTERCEPT_RDPMC BIT(15)
#define INTERCEPT_CPUID BIT(18)
#define INTERCEPT_RSM BIT(19)
#define INTERCEPT_IRET BIT(20)
#define INTERCEPT_INVD BIT(22)
#define INTERCEPT_INVLPGA BIT(26)
#define INTERCEPT_IOIO BIT(27)
#define INTERCEPT_MSR BIT(28)
#define INTERCEPT_SHUTDOWN BIT(31)
/* vmcb.intercepts[1] at 010h */
#define INTERCEPT_VMRUN BIT(0)
#define INTERCEPT_VMMCALL BIT(1)
#define INTERCEPT_VMLOAD BIT(2)
#define INTERCEPT_VMSAVE BIT(3)
#define INTERCEPT_STGI BIT(4)
#define INTERCEPT_CLGI BIT(5)
#define INTERCEPT_SKINIT BIT(6)
#define INTERCEPT_MONITOR BIT(10)
#define INTERCEPT_MWAIT BIT(11)
#define INTERCEPT_MWAIT_ARMED BIT(12)
#define INTERCEPT_XSETBV BIT(13)
#define INTERCEPT_RDPRU BIT(14)

/* Exit codes: APM appendix C */
enum svm_exit_code {
	SVM_EXIT_DB = 0x41,
	SVM_EXIT_MC = 0x52,
	SVM_EXIT_INTR = 0x60,
	SVM_EXIT_NMI = 0x61,
	SVM_EXIT_INIT = 0x63,
	SVM_EXIT_VINTR = 0x64,
	SVM_EXIT_RDPMC = 0x6f,
	SVM_EXIT_CPUID = 0x72,
	SVM_EXIT_RSM = 0x73,
	SVM_EXIT_IRET = 0x74,
	SVM_EXIT_INVD = 0x76,
	SVM_EXIT_INVLPGA = 0x7a,
	SVM_EXIT_IOIO = 0x7b,
	SVM_EXIT_MSR = 0x7c,
	SVM_EXIT_SHUTDOWN = 0x7f,
	SVM_EXIT_VMRUN = 0x80,
	SVM_EXIT_VMMCALL = 0x81,
	SVM_EXIT_VMLOAD = 0x82,
	SVM_EXIT_VMSAVE = 0x83,
	SVM_EXIT_STGI = 0x84,
	SVM_EXIT_CLGI = 0x85,
	SVM_EXIT_SKINIT = 0x86,
	SVM_EXIT_MONITOR = 0x8a,
	SVM_EXIT_MWAIT = 0x8b,
	SVM_EXIT_MWAIT_ARMED = 0x8c,
	SVM_EXIT_XSETBV = 0x8d,
	SVM_EXIT_RDPRU = 0x8e,
	SVM_EXIT_NPF = 0x400,
};

/* EXITINFO1 of IOIO: APM 15.10.2 */
#define IOIO_IN BIT(0)
#define IOIO_STRING BIT(2)
#define IOIO_SIZE_SHIFT 4 /* one-hot: 1, 2, 4 bytes */
#define IOIO_PORT_SHIFT 16

/* EXITINFO1 of a nested page fault: APM 15.25.6 */
#define NPF_WRITE BIT_ULL(1)
#define NPF_EXECUTE BIT_ULL(4)
#define NPF_WALK BIT_ULL(33)

#define NP_ENABLE BIT_ULL(0)
#define TLB_FLUSH_ALL 1u
#define VINTR_V_IRQ BIT_ULL(8)
#define VINTR_IGNORE_TPR BIT_ULL(20)
#define INTERRUPT_SHADOW BIT_ULL(0)

struct vmcb_segment {
	uint16_t selector;
	uint16_t attributes;
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	uint32_t intercept_cr;
	uint32_t intercept_dr;
	uint32_t intercept_exceptions;
	uint32_t intercepts[3];
	uint8_t reserved_018[0x40 - 0x18];
	uint64_t iopm_base;
	uint64_t msrpm_base;
	uint64_t tsc_offset;
	uint32_t asid;
	uint8_t tlb_control;
	uint8_t reserved_05d[3];
	uint64_t vintr;
	uint64_t interrupt_shadow;
	uint64_t exit_code;
	uint64_t exit_info1;
	uint64_t exit_info2;
	uint64_t exit_int_info;
	uint64_t np_enable;
	uint8_t reserved_098[0xa8 - 0x98];
	uint64_t event_injection;
	uint64_t n_cr3;
	uint64_t lbr_control;
	uint64_t clean;
	uint64_t next_rip;
	uint8_t reserved_0d0[0x400 - 0xd0];
	struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t reserved_4a0[0x4cb - 0x4a0];
	uint8_t cpl;
	uint32_t reserved_4cc;
	uint64_t efer;
	uint8_t reserved_4d8[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved_580[0x5d8 - 0x580];
	uint64_t rsp;
	uint8_t reserved_5e0[0x5f8 - 0x5e0];
	uint64_t rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;
	uint8_t reserved_648[0x668 - 0x648];
	uint64_t g_pat;
	uint64_t debugctl;
	uint8_t reserved_678[0x1000 - 0x678];
};
static_assert(sizeof(struct vmcb) == 4096, "APM 15.5.1");
static_assert(offsetof(struct vmcb, iopm_base) == 0x40, "APM appendix B");
static_assert(offsetof(struct vmcb, vintr) == 0x60, "APM appendix B");
static_assert(offsetof(struct vmcb, event_injection) == 0xa8, "APM appendix B");
static_assert(offsetof(struct vmcb, next_rip) == 0xc8, "APM appendix B");
static_assert(offsetof(struct vmcb, cpl) == 0x4cb, "APM appendix B");
static_assert(offsetof(struct vmcb, efer) == 0x4d0, "APM appendix B");
static_assert(offsetof(struct vmcb, rip) == 0x578, "APM appendix B");
static_assert(offsetof(struct vmcb, rax) == 0x5f8, "APM appendix B");
static_assert(offsetof(struct vmcb, cr2) == 0x640, "APM appendix B");
static_assert(offsetof(struct vmcb, g_pat) == 0x668, "APM appendix B");

#endif
