/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LoongArch's control and status registers, exceptions and IOCSR numbers, for C and assembly.
 *
 * "RM" is the LoongArch Reference Manual, volume 1, version 1.10. Of the virtualization extension
 * (LVZ) there is no public manual; its names and numbers are those that Linux uses.
 */
#ifndef LOONGARCH_H
#define LOONGARCH_H

/* RM table 7-1; "g" marks those of which guests have a copy of their own. */
#define CSR_CRMD 0x0             /* g */
#define CSR_PRMD 0x1             /* g */
#define CSR_EUEN 0x2             /* g */
#define CSR_MISC 0x3             /* g */
#define CSR_ECFG 0x4             /* g */
#define CSR_ESTAT 0x5            /* g */
#define CSR_ERA 0x6              /* g */
#define CSR_BADV 0x7             /* g */
#define CSR_BADI 0x8             /* g */
#define CSR_EENTRY 0xc           /* g */
#define CSR_TLBIDX 0x10          /* g */
#define CSR_TLBEHI 0x11          /* g */
#define CSR_TLBELO0 0x12         /* g */
#define CSR_TLBELO1 0x13         /* g */
#define CSR_GTLBC 0x15           /* LVZ */
#define CSR_TRGP 0x16            /* LVZ */
#define CSR_ASID 0x18            /* g */
#define CSR_PGDL 0x19            /* g */
#define CSR_PGDH 0x1a            /* g */
#define CSR_PGD 0x1b             /* g */
#define CSR_PWCL 0x1c            /* g */
#define CSR_PWCH 0x1d            /* g */
#define CSR_STLBPS 0x1e          /* g */
#define CSR_RVACFG 0x1f          /* g */
#define CSR_CPUID 0x20           /* g */
#define CSR_PRCFG1 0x21          /* g */
#define CSR_PRCFG2 0x22          /* g */
#define CSR_PRCFG3 0x23          /* g */
#define CSR_SAVE(n) (0x30 + (n)) /* g */
#define CSR_TID 0x40             /* g */
#define CSR_TCFG 0x41            /* g */
#define CSR_TVAL 0x42            /* g */
#define CSR_CNTC 0x43            /* g */
#define CSR_TICLR 0x44           /* g */
#define CSR_GSTAT 0x50           /* LVZ */
#define CSR_GCFG 0x51            /* LVZ */
#define CSR_GINTC 0x52           /* LVZ */
#define CSR_GCNTC 0x53           /* LVZ */
#define CSR_LLBCTL 0x60          /* g */
#define CSR_IMPCTL1 0x80
#define CSR_IMPCTL2 0x81
#define CSR_TLBRENTRY 0x88 /* g */
#define CSR_TLBRBADV 0x89  /* g */
#define CSR_TLBRERA 0x8a   /* g */
#define CSR_TLBRSAVE 0x8b  /* g */
#define CSR_TLBRELO0 0x8c  /* g */
#define CSR_TLBRELO1 0x8d  /* g */
#define CSR_TLBREHI 0x8e   /* g */
#define CSR_TLBRPRMD 0x8f  /* g */
#define CSR_MERRCTL 0x90
#define CSR_MERRINFO1 0x91
#define CSR_MERRINFO2 0x92
#define CSR_MERRENTRY 0x93
#define CSR_MERRERA 0x94
#define CSR_MERRSAVE 0x95
#define CSR_CTAG 0x98
#define CSR_DMW(n) (0x180 + (n)) /* g */
#define CSR_PERFCTRL(n) (0x200 + 2 * (n))
#define CSR_MWP_CONTROL(n) (0x312 + 8 * (n)) /* MWPnCFG3, with the watchpoint's enables */
#define CSR_FWP_CONTROL(n) (0x392 + 8 * (n))
#define CSR_DBG 0x500
#define CSR_DERA 0x501
#define CSR_DSAVE 0x502

#define CPUID_CORE_MASK 0x1ff /* RM 7.4.12 */

/* CRMD, PRMD: RM 7.4.1, 7.4.2 */
#define CRMD_PLV 0x3
#define CRMD_IE 0x4
#define CRMD_DA 0x8
#define CRMD_PG 0x10
#define CRMD_DATF_CC 0x20 /* fetches in direct address mode are cached */
#define CRMD_DATM_CC 0x80 /* and so are loads and stores */
#define PRMD_PIE 0x4

/* EUEN: RM 7.4.3 */
#define EUEN_FPE 0x1
#define EUEN_SXE 0x2
#define EUEN_ASXE 0x4
#define EUEN_BTE 0x8

/* Interrupts, bits of ECFG.LIE and ESTAT.IS: RM 6.1.1 */
#define INT_SWI0 0x1
#define INT_HWI_SHIFT 2
#define INT_HWI(n) (0x4 << (n))
#define INT_TI 0x800
#define INT_IPI 0x1000
#define INT_MASK 0x1fff

/* ECFG, ESTAT: RM 7.4.5, 7.4.6 */
#define ECFG_VS_SHIFT 16
#define ECFG_VS_MASK 0x7
#define ESTAT_ECODE_SHIFT 16
#define ESTAT_ECODE_MASK 0x3f
#define ESTAT_ESUBCODE_SHIFT 22
#define ESTAT_ESUBCODE_MASK 0x1ff

/* ESTAT.Ecode: RM table 7-8; GSPR and HVC are LVZ's */
#define ECODE_INT 0x0
#define ECODE_PIL 0x1
#define ECODE_PIS 0x2
#define ECODE_PIF 0x3
#define ECODE_PME 0x4
#define ECODE_PNR 0x5
#define ECODE_PNX 0x6
#define ECODE_PPI 0x7
#define ECODE_ADE 0x8
#define ECODE_SYS 0xb
#define ECODE_INE 0xd
#define ECODE_IPE 0xe
#define ECODE_GSPR 0x16 /* a guest's use of a resource that it does not have itself */
#define ECODE_HVC 0x17  /* HVCL */
#define ECODE_MERR 0x3f /* no Ecode: a machine error, see switch.S */

/* TCFG, TICLR: RM 7.6.2, 7.6.4 */
#define TCFG_EN 0x1
#define TCFG_PERIODIC 0x2
#define TICLR_CLR 0x1

/* DMW: RM 7.5.17 */
#define DMW_PLV0 0x1
#define DMW_CC 0x10
#define DMW_VSEG_SHIFT 60

#define STLBPS_4K 12

/*
 * Page walks of four levels with pages of 4 KiB (RM 7.5.13, 7.5.14): PTs at bit 12, the three
 * directories at 21, 30 and 39, each of 9 bits.
 */
#define PWCL_4K (12 | 9 << 5 | 21 << 10 | 9 << 15 | 30 << 20 | 9 << 25)
#define PWCH_4K (39 | 9 << 6)

/* MERRCTL: RM 7.7.1; PGM is LVZ's */
#define MERRCTL_PGM 0x20
#define MERRCTL_PPG 0x100
#define MERRCTL_PDATF_CC 0x200
#define MERRCTL_PDATM_CC 0x800
#define MERRCTL_PREVIOUS 0x1ffc /* all of the state that ERTN restores */

/* GSTAT, GCFG, GINTC, GTLBC: LVZ */
#define GSTAT_PGM 0x2 /* at an exception: it was the guest's mode; at ERTN: it will be */
#define GSTAT_GID_BITS_SHIFT 4
#define GSTAT_GID_BITS_MASK 0x3f
#define GSTAT_GID_SHIFT 16
#define GSTAT_GID_MASK 0xff
#define GCFG_MATP_ROOT 0x2 /* capability: the second stage decides the memory type */
#define GCFG_MATC_SHIFT 4
#define GCFG_MATC_ROOT 1
#define GCFG_TOCIP_HIT 0x20000    /* capabilities: CACOPs but those by address trap, */
#define GCFG_TOCIP_SECURE 0x40000 /* or those that lose what was written */
#define GCFG_TOCI_SHIFT 20
#define GCFG_TOCI_HIT 1
#define GCFG_TOCI_SECURE 2
#define GCFG_WRITABLE 0x730aab0 /* all but the capabilities */
#define GINTC_HWIS_MASK 0xff
#define GTLBC_USETGID 0x1000
#define GTLBC_TOTI 0x2000
#define GTLBC_TGID_SHIFT 16
#define GTLBC_TGID_MASK 0xff

/* CPUCFG words: RM table 2-5; LVZ's bits of word 2 */
#define CPUCFG1_ARCH_MASK 0x3
#define CPUCFG1_ARCH_LA64 2
#define CPUCFG1_PGMMU 0x4
#define CPUCFG1_IOCSR 0x8
#define CPUCFG2_FP 0x1
#define CPUCFG2_LSX 0x40
#define CPUCFG2_LASX 0x80
#define CPUCFG2_LVZ 0x400
#define CPUCFG2_LLFTP 0x4000
#define CPUCFG2_LBT 0x1c0000
#define CPUCFG2_HPTW 0x1000000

/* IOCSR: Loongson 3A5000/3B5000 Processor Reference Manual, tables 4-1, 10-2 and 11-7 */
#define IOCSR_MISC_FUNC 0x420
#define IOCSR_MISC_EXT_IOI 0x1000000000000  /* bit 48: extended I/O interrupts are on */
#define IOCSR_MISC_PIN_CODE 0x2000000000000 /* 49: lines in IPMAP are numbers, not bits */
#define IOCSR_IPI_STATUS 0x1000
#define IOCSR_IPI_ENABLE 0x1004
#define IOCSR_IPI_SET 0x1008
#define IOCSR_IPI_CLEAR 0x100c
#define IOCSR_MAILBOX0 0x1020
#define IOCSR_IPI_SEND 0x1040
#define IOCSR_MAIL_SEND 0x1048
#define IOCSR_ANY_SEND 0x1158
#define IOCSR_SEND_BLOCKING 0x80000000
#define IOCSR_SEND_CPU_SHIFT 16
#define IOCSR_SEND_CPU_MASK 0x3ff
#define IOCSR_MAIL_BOX_SHIFT 2 /* word number: two for each mailbox */
#define IOCSR_EXTIOI_NODEMAP 0x14a0
#define IOCSR_EXTIOI_IPMAP 0x14c0
#define IOCSR_EXTIOI_ENABLE 0x1600
#define IOCSR_EXTIOI_BOUNCE 0x1680
#define IOCSR_EXTIOI_CORE_ISR 0x1800
#define IOCSR_EXTIOI_ROUTE 0x1c00
#define EXTIOI_VECTORS 256

/* INVTLB: RM table 4-14; those from 9 on are LVZ's */
#define INVTLB_ALL 0x0
#define INVTLB_ALL_GUESTS 0x12 /* both stages of all guests */
#define INVTLB_GUEST 0x15      /* both stages of the guest whose GID is in bits 23:16 of rj */
#define INVTLB_GID_SHIFT 16

#ifndef __ASSEMBLER__

#include "core/types.h"

/*
 * @csr and @op must be constants: the instruction holds them. csr_ are for the hypervisor's
 * registers, gcsr_ for the guest's. _exchange replaces the bits of @mask by those of @value; the
 * assembler refuses $ra as the mask, which would mean something else.
 */
#define csr_access(insn, csr, value)                                                               \
	do {                                                                                       \
		uint64_t csr_value_ = (value);                                                     \
		__asm__ volatile(insn " %0, %1" : "+r"(csr_value_) : "i"(csr) : "memory");         \
	} while (0)
#define csr_exchange_bits(insn, csr, value, mask)                                                  \
	do {                                                                                       \
		uint64_t csr_value_ = (value), csr_mask_ = (mask);                                 \
		__asm__ volatile(insn " %0, %1, %2"                                                \
				 : "+r"(csr_value_)                                                \
				 : "r"(csr_mask_), "i"(csr)                                        \
				 : "memory");                                                      \
	} while (0)
#define csr_get(insn, csr)                                                                         \
	({                                                                                         \
		uint64_t csr_got_;                                                                 \
		__asm__ volatile(insn " %0, %1" : "=r"(csr_got_) : "i"(csr) : "memory");           \
		csr_got_;                                                                          \
	})
#define csr_read(csr) csr_get("csrrd", csr)
#define csr_write(csr, value) csr_access("csrwr", csr, value)
#define csr_exchange(csr, value, mask) csr_exchange_bits("csrxchg", csr, value, mask)
#define gcsr_read(csr) csr_get("gcsrrd", csr)
#define gcsr_write(csr, value) csr_access("gcsrwr", csr, value)
#define gcsr_exchange(csr, value, mask) csr_exchange_bits("gcsrxchg", csr, value, mask)

#define invtlb(op, info, address)                                                                  \
	__asm__ volatile("invtlb %0, %1, %2" ::"i"(op), "r"((uint64_t)(info)),                     \
			 "r"((uint64_t)(address))                                                  \
			 : "memory")

static inline uint32_t cpucfg(uint32_t word)
{
	uint32_t value;

	__asm__ volatile("cpucfg %0, %1" : "=r"(value) : "r"(word));
	return value;
}

static inline uint32_t iocsr_read32(uint32_t reg)
{
	uint32_t value;

	__asm__ volatile("iocsrrd.w %0, %1" : "=r"(value) : "r"(reg) : "memory");
	return value;
}

static inline uint64_t iocsr_read64(uint32_t reg)
{
	uint64_t value;

	__asm__ volatile("iocsrrd.d %0, %1" : "=r"(value) : "r"(reg) : "memory");
	return value;
}

static inline void iocsr_write8(uint32_t reg, uint8_t value)
{
	__asm__ volatile("iocsrwr.b %0, %1" ::"r"(value), "r"(reg) : "memory");
}

static inline void iocsr_write32(uint32_t reg, uint32_t value)
{
	__asm__ volatile("iocsrwr.w %0, %1" ::"r"(value), "r"(reg) : "memory");
}

static inline void iocsr_write64(uint32_t reg, uint64_t value)
{
	__asm__ volatile("iocsrwr.d %0, %1" ::"r"(value), "r"(reg) : "memory");
}

/* The stable counter: RM 2.2.10.4 */
static inline uint64_t rdtime(void)
{
	uint64_t value;

	__asm__ volatile("rdtime.d %0, $zero" : "=r"(value));
	return value;
}

/* Until an interrupt is pending that ECFG.LIE enables; at once if there is one: RM 4.2.6 */
static inline void cpu_idle(void)
{
	__asm__ volatile("idle 0" ::: "memory");
}

static inline void barrier_data(void)
{
	__asm__ volatile("dbar 0" ::: "memory");
}

/* Later fetches see earlier stores: RM 2.2.8.2 */
static inline void barrier_instructions(void)
{
	__asm__ volatile("ibar 0" ::: "memory");
}

#endif
#endif
