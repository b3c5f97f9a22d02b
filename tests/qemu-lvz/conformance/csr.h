/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LoongArch CSRs and instructions that the conformance program uses. Numbers are those of the
 * LoongArch Reference Manual, volume 1, chapter 7, and for LVZ, which has no public manual,
 * Linux's.
 */

#ifndef CSR_H
#define CSR_H

#define CSR_CRMD 0x0
#define CSR_PRMD 0x1
#define CSR_EUEN 0x2
#define CSR_MISC 0x3
#define CSR_ECFG 0x4
#define CSR_ESTAT 0x5
#define CSR_ERA 0x6
#define CSR_BADV 0x7
#define CSR_BADI 0x8
#define CSR_EENTRY 0xc
#define CSR_TLBIDX 0x10
#define CSR_TLBEHI 0x11
#define CSR_TLBELO0 0x12
#define CSR_TLBELO1 0x13
#define CSR_GTLBC 0x15
#define CSR_TRGP 0x16
#define CSR_ASID 0x18
#define CSR_PGDL 0x19
#define CSR_PGDH 0x1a
#define CSR_PGD 0x1b
#define CSR_PWCL 0x1c
#define CSR_PWCH 0x1d
#define CSR_STLBPS 0x1e
#define CSR_RVACFG 0x1f
#define CSR_CPUID 0x20
#define CSR_PRCFG1 0x21
#define CSR_PRCFG2 0x22
#define CSR_PRCFG3 0x23
#define CSR_UNDEFINED 0x2f
#define CSR_SAVE0 0x30
#define CSR_SAVE1 0x31
#define CSR_SAVE4 0x34
#define CSR_SAVE5 0x35
#define CSR_SAVE6 0x36
#define CSR_SAVE7 0x37
#define CSR_TID 0x40
#define CSR_TCFG 0x41
#define CSR_TVAL 0x42
#define CSR_CNTC 0x43
#define CSR_TICLR 0x44
#define CSR_GSTAT 0x50
#define CSR_GCFG 0x51
#define CSR_GINTC 0x52
#define CSR_GCNTC 0x53
#define CSR_LLBCTL 0x60
#define CSR_IMPCTL1 0x80
#define CSR_IMPCTL2 0x81
#define CSR_TLBRENTRY 0x88
#define CSR_TLBRBADV 0x89
#define CSR_TLBRERA 0x8a
#define CSR_TLBRSAVE 0x8b
#define CSR_TLBRELO0 0x8c
#define CSR_TLBRELO1 0x8d
#define CSR_TLBREHI 0x8e
#define CSR_TLBRPRMD 0x8f
#define CSR_MERRCTL 0x90
#define CSR_MERRINFO1 0x91
#define CSR_MERRINFO2 0x92
#define CSR_MERRENTRY 0x93
#define CSR_MERRERA 0x94
#define CSR_MERRSAVE 0x95
#define CSR_CTAG 0x98
#define CSR_DMW0 0x180
#define CSR_DMW1 0x181
#define CSR_DMW2 0x182
#define CSR_DMW3 0x183
#define CSR_PERFCTRL0 0x200
#define CSR_MWPC 0x300
#define CSR_FWPC 0x380
#define CSR_DBG 0x500
#define CSR_DERA 0x501
#define CSR_DSAVE 0x502

#define CRMD_PLV3 0x3
#define CRMD_IE 0x4
#define CRMD_DA 0x8
#define CRMD_PG 0x10
#define PRMD_PIE 0x4

#define GSTAT_VM 0x1UL
#define GSTAT_PGM 0x2UL
#define GSTAT_GID(n) ((unsigned long)(n) << 16)
#define GTLBC_USETGID 0x1000UL
#define GTLBC_TOTI 0x2000UL
#define GTLBC_TGID(n) ((unsigned long)(n) << 16)
#define TLBRPRMD_PGM 0x8UL
/* GCFG: the bit below an enable announces it. */
#define GCFG_MATP_ROOT 0x2UL
#define GCFG_MATC 0x30UL
#define GCFG_MATC_ROOT 0x10UL
#define GCFG_SIT 0x80UL
#define GCFG_TIT 0x200UL
#define GCFG_TOE 0x800UL
#define GCFG_TOP 0x2000UL
#define GCFG_TORU 0x8000UL
#define GCFG_GCIP_SECURE 0x40000UL
#define GCFG_GCI 0x300000UL
#define GCFG_GCI_SECURE 0x200000UL
#define MERRCTL_PGM 0x20UL

/* Interrupts: bits of ESTAT.IS and ECFG.LIE */
#define IS_SWI0 0x1UL
#define IS_HWI(n) (0x4UL << (n))
#define IS_TI 0x800UL
#define IS_IPI 0x1000UL

/* ESTAT.Ecode */
#define EC_INT 0x0
#define EC_PIL 0x1
#define EC_PIS 0x2
#define EC_PIF 0x3
#define EC_PME 0x4
#define EC_PNR 0x5
#define EC_PNX 0x6
#define EC_PPI 0x7
#define EC_ADE 0x8
#define EC_SYS 0xb
#define EC_BRK 0xc
#define EC_INE 0xd
#define EC_IPE 0xe
#define EC_FPD 0xf
#define EC_SXD 0x10
#define EC_ASXD 0x11
#define EC_GSPR 0x16
#define EC_HVC 0x17
#define EC_GCM 0x18

/* Page table entries */
#define PTE_V 0x1UL
#define PTE_D 0x2UL
#define PTE_PLV3 0xcUL
#define PTE_CC 0x10UL
#define PTE_G 0x40UL
#define PTE_HUGE 0x40UL
#define PTE_P 0x80UL
#define PTE_W 0x100UL
#define PTE_NR (1UL << 61)
#define PTE_NX (1UL << 62)
#define PTE_RPLV (1UL << 63)
#define PTE_RAM (PTE_V | PTE_D | PTE_CC | PTE_P | PTE_W)

/* Pages of 4 KiB in tables of three levels */
#define PWCL_VALUE (12 | 9 << 5 | 21 << 10 | 9 << 15 | 30 << 20 | 9 << 25)

/* Where the program runs: the cached window */
#define DMW_CACHED 0x9000000000000000
#define DMW_UNCACHED 0x8000000000000000

#ifdef __ASSEMBLER__

/* Instructions as words, so that any assembler for LoongArch does. */
.macro op_hvcl code
	.word	0x002b8000 | (\code)
.endm

#else

/* clang-format off */
#define csr_read(num) \
	({ \
		unsigned long value_; \
		__asm__ volatile("csrrd %0, %1" : "=r"(value_) : "i"(num) : "memory"); \
		value_; \
	})
#define csr_write(num, value) \
	({ \
		unsigned long value_ = (value); \
		__asm__ volatile("csrwr %0, %1" : "+r"(value_) : "i"(num) : "memory"); \
		value_; \
	})
#define csr_change(num, value, mask) \
	({ \
		unsigned long value_ = (value); \
		__asm__ volatile("csrxchg %0, %1, %2" \
				 : "+r"(value_) \
				 : "r"((unsigned long)(mask)), "i"(num) \
				 : "memory"); \
		value_; \
	})

/* Words again; the operand is always $a0, and the mask $a1. */
#define gcsr_read(num) \
	({ \
		register unsigned long value_ __asm__("a0"); \
		__asm__ volatile(".word 0x05000004 | (%1 << 10)" \
				 : "=r"(value_) \
				 : "i"(num) \
				 : "memory"); \
		value_; \
	})
#define gcsr_write(num, value) \
	({ \
		register unsigned long value_ __asm__("a0") = (value); \
		__asm__ volatile(".word 0x05000024 | (%1 << 10)" \
				 : "+r"(value_) \
				 : "i"(num) \
				 : "memory"); \
		value_; \
	})
#define gcsr_change(num, value, mask) \
	({ \
		register unsigned long value_ __asm__("a0") = (value); \
		register unsigned long mask_ __asm__("a1") = (mask); \
		__asm__ volatile(".word 0x050000a4 | (%2 << 10)" \
				 : "+r"(value_) \
				 : "r"(mask_), "i"(num) \
				 : "memory"); \
		value_; \
	})

#define invtlb(op, info, address) \
	__asm__ volatile("move $a0, %0\n\tmove $a1, %1\n\t" \
			 ".word 0x06498000 | %2 | (4 << 5) | (5 << 10)" \
			 : \
			 : "r"((unsigned long)(info)), "r"((unsigned long)(address)), "i"(op) \
			 : "a0", "a1", "memory")

/* clang-format on */
#define insn(word) __asm__ volatile(".word " #word ::: "memory")

static inline unsigned int cpucfg(unsigned int index)
{
	unsigned int value;

	__asm__ volatile("cpucfg %0, %1" : "=r"(value) : "r"(index));
	return value;
}

static inline unsigned long rdtime(void)
{
	unsigned long value;

	__asm__ volatile("rdtime.d %0, $zero" : "=r"(value));
	return value;
}

#endif
#endif
