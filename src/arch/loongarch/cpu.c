/* SPDX-License-Identifier: Apache-2.0 */
/* A physical CPU: what it must have, how it is set up for its guest, and the end of everything. */
#include "cpu.h"
#include "boot.h"
#include "core/cell.h"
#include "core/console.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/processor.h"
#include "loongarch.h"
#include "stage2.h"

#define WHAT_SIZE 96u

/* The guest whose TLB entries this CPU makes and uses; 0: none. GTLBC's other fields stay. */
static void set_guest_id(unsigned int gid)
{
	uint64_t gtlbc = gid ? GTLBC_USETGID | (uint64_t)gid << GTLBC_TGID_SHIFT : 0;

	csr_write(CSR_GSTAT, (uint64_t)gid << GSTAT_GID_SHIFT);
	csr_exchange(CSR_GTLBC, gtlbc,
		     GTLBC_USETGID | GTLBC_TOTI | (uint64_t)GTLBC_TGID_MASK << GTLBC_TGID_SHIFT);
}

/* A chip or emulator of another opinion about where CSR.GTLBC is would fill the TLB with entries
 * that no guest finds. */
static bool keeps_guest_ids(unsigned int gid)
{
	uint64_t gstat, gtlbc;

	set_guest_id(gid);
	gstat = csr_read(CSR_GSTAT);
	gtlbc = csr_read(CSR_GTLBC);
	set_guest_id(0);
	return (gstat >> GSTAT_GID_SHIFT & GSTAT_GID_MASK) == gid &&
	       (gtlbc >> GTLBC_TGID_SHIFT & GTLBC_TGID_MASK) == gid && (gtlbc & GTLBC_USETGID);
}

/*
 * GCFG: what guests may do by themselves. The second stage must decide the memory type, and what
 * CACOP does with lines of a cache by their index, without looking at whose they are, must trap at
 * least where it loses what was written. All other traps are off: no public manual says what they
 * do. 0 when this CPU cannot do that.
 */
static uint64_t guest_config(void)
{
	uint64_t can = csr_read(CSR_GCFG);
	uint64_t caches = can & GCFG_TOCIP_SECURE ? GCFG_TOCI_SECURE
			  : can & GCFG_TOCIP_HIT  ? GCFG_TOCI_HIT
						  : 0;

	if (!(can & GCFG_MATP_ROOT) || !caches)
		return 0;
	return GCFG_MATC_ROOT << GCFG_MATC_SHIFT | caches << GCFG_TOCI_SHIFT;
}

static bool keeps_guest_config(void)
{
	uint64_t config = guest_config();

	csr_write(CSR_GCFG, config);
	return config && (csr_read(CSR_GCFG) & GCFG_WRITABLE) == config;
}

static void tell_missing(const char *what)
{
	log_printf("CPU %u: lacks %s\n", this_cpu()->index, what);
}

bool cpu_check(void)
{
	unsigned int bits = csr_read(CSR_GSTAT) >> GSTAT_GID_BITS_SHIFT & GSTAT_GID_BITS_MASK;
	unsigned int missing = processor_check(tell_missing);
	char what[WHAT_SIZE];

	if (missing)
		return false; /* what follows is no test then */
	if (!(csr_read(CSR_PRCFG2) & STAGE2_PRCFG2_2M)) {
		tell_missing("TLB entries of 1 MiB");
		missing++;
	}
	if (partition_table.nr_cells >= BIT_ULL(bits)) {
		fmt_snprintf(what, sizeof(what),
			     "guest ids for %u cells (CSR.GSTAT offers %u bits)",
			     partition_table.nr_cells, bits);
		tell_missing(what);
		missing++;
	} else if (!keeps_guest_ids(partition_table.nr_cells)) {
		tell_missing("CSR.GTLBC (0x15) and CSR.GSTAT (0x50) as LVZ has them: they do not "
			     "keep a guest id");
		missing++;
	}
	if (!keeps_guest_config()) {
		fmt_snprintf(what, sizeof(what),
			     "control over guests' memory types or caches (CSR.GCFG is 0x%lx)",
			     (unsigned long)csr_read(CSR_GCFG));
		tell_missing(what);
		missing++;
	}
	return missing == 0;
}

uint64_t cpu_units(void)
{
	uint32_t word2 = cpucfg(2);
	uint64_t units = 0;

	if (word2 & CPUCFG2_FP)
		units |= EUEN_FPE;
	if (word2 & CPUCFG2_LSX)
		units |= EUEN_SXE;
	if (word2 & CPUCFG2_LASX)
		units |= EUEN_ASXE;
	if (word2 & CPUCFG2_LBT)
		units |= EUEN_BTE;
	return units;
}

void cpu_init_exceptions(void)
{
	struct cpu *cpu = this_cpu();

	csr_write(CSR_SAVE(0), (uint64_t)&cpu->guest);
	csr_write(CSR_SAVE(1), (uint64_t)cpu);
	csr_write(CSR_EENTRY, (uint64_t)exception_entry);
	csr_write(CSR_TLBRENTRY, (uint64_t)refill_entry);
	csr_write(CSR_MERRENTRY, (uint64_t)machine_error_entry);
	csr_write(CSR_TCFG, 0);
	csr_write(CSR_TICLR, TICLR_CLR);
	iocsr_write32(IOCSR_IPI_CLEAR, UINT32_MAX);
	iocsr_write32(IOCSR_IPI_ENABLE, UINT32_MAX);
	/* VS = 0: one entry for all. irq.c adds the lines of devices. */
	csr_write(CSR_ECFG, INT_TI | INT_IPI);
}

static void init_translation(uint64_t root)
{
	csr_write(CSR_PWCL, PWCL_4K);
	csr_write(CSR_PWCH, PWCH_4K);
	csr_write(CSR_STLBPS, STLBPS_4K);
	csr_write(CSR_TLBREHI, STLBPS_4K);
	csr_write(CSR_ASID, 0);
	csr_write(CSR_PGDL, root);
	csr_write(CSR_PGDH, root);
}

/* In the order in which Linux's KVM does it. */
static void init_lvz(uint32_t gid)
{
	csr_write(CSR_GCFG, 0);
	csr_write(CSR_GINTC, 0);
	set_guest_id(0);
	csr_write(CSR_GCFG, guest_config());
	csr_write(CSR_GCNTC, 0);
	invtlb(INVTLB_ALL, 0, 0);
	invtlb(INVTLB_ALL_GUESTS, 0, 0);
	set_guest_id(gid);
	invtlb(INVTLB_GUEST, (uint64_t)gid << INVTLB_GID_SHIFT, 0);
}

/* Watchpoints match addresses of guests, too, once they switch them on (CRMD.WE). */
static void forget_watchpoints(void)
{
	csr_write(CSR_MWP_CONTROL(0), 0);
	csr_write(CSR_MWP_CONTROL(1), 0);
	csr_write(CSR_MWP_CONTROL(2), 0);
	csr_write(CSR_MWP_CONTROL(3), 0);
	csr_write(CSR_MWP_CONTROL(4), 0);
	csr_write(CSR_MWP_CONTROL(5), 0);
	csr_write(CSR_MWP_CONTROL(6), 0);
	csr_write(CSR_MWP_CONTROL(7), 0);
	csr_write(CSR_FWP_CONTROL(0), 0);
	csr_write(CSR_FWP_CONTROL(1), 0);
	csr_write(CSR_FWP_CONTROL(2), 0);
	csr_write(CSR_FWP_CONTROL(3), 0);
	csr_write(CSR_FWP_CONTROL(4), 0);
	csr_write(CSR_FWP_CONTROL(5), 0);
	csr_write(CSR_FWP_CONTROL(6), 0);
	csr_write(CSR_FWP_CONTROL(7), 0);
}

/* Whatever firmware left in registers whose effects a guest or the clock would see. */
static void forget_firmware(void)
{
	csr_write(CSR_CNTC, 0);
	if (csr_read(CSR_MISC)) /* where it is fixed to 0, it must not be written */
		csr_write(CSR_MISC, 0);
	csr_write(CSR_RVACFG, 0);
	csr_write(CSR_LLBCTL, 0);
	csr_write(CSR_PERFCTRL(0), 0);
	csr_write(CSR_PERFCTRL(1), 0);
	csr_write(CSR_PERFCTRL(2), 0);
	csr_write(CSR_PERFCTRL(3), 0);
	forget_watchpoints();
}

void cpu_init(void)
{
	struct cpu *cpu = this_cpu();

	cpu_init_exceptions();
	csr_write(CSR_EUEN, cpu_units());
	forget_firmware();
	if (!cpu->vcpu)
		return;
	init_translation(cpu->vcpu->cell->arch.second_stage);
	init_lvz(cpu->vcpu->cell->arch.gid);
}

static void stop(void) __attribute__((noreturn));
static void stop(void)
{
	console_last_words();
	for (;;)
		cpu_idle();
}

static void report_machine_error(void)
{
	log_printf("CPU %u: machine error at 0x%lx (MERRCTL 0x%lx, MERRINFO 0x%lx 0x%lx)\n",
		   this_cpu()->index, (unsigned long)csr_read(CSR_MERRERA),
		   (unsigned long)csr_read(CSR_MERRCTL), (unsigned long)csr_read(CSR_MERRINFO1),
		   (unsigned long)csr_read(CSR_MERRINFO2));
}

void cpu_exception(const uint64_t *frame, bool machine_error)
{
	uint64_t estat = csr_read(CSR_ESTAT);

	if (machine_error)
		report_machine_error();
	log_printf("CPU %u: exception 0x%lx.%lu in the hypervisor at 0x%lx, address 0x%lx, "
		   "instruction 0x%08lx\n",
		   this_cpu()->index,
		   (unsigned long)(estat >> ESTAT_ECODE_SHIFT & ESTAT_ECODE_MASK),
		   (unsigned long)(estat >> ESTAT_ESUBCODE_SHIFT & ESTAT_ESUBCODE_MASK),
		   (unsigned long)csr_read(CSR_ERA), (unsigned long)csr_read(CSR_BADV),
		   (unsigned long)csr_read(CSR_BADI));
	for (unsigned int i = 0; i < 32; i += 4)
		log_printf("  r%-2u %016lx %016lx %016lx %016lx\n", i, (unsigned long)frame[i],
			   (unsigned long)frame[i + 1], (unsigned long)frame[i + 2],
			   (unsigned long)frame[i + 3]);
	stop();
}
