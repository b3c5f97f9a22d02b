/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conformance program's console, page tables and guest.
 */

#include "harness.h"

#define UART ((volatile unsigned char *)(DMW_UNCACHED | 0x1fe001e0UL))
#define UART_LSR 5
#define UART_LSR_THRE 0x20

/* How long a guest may run, in ticks of the stable counter: 3 s at 100 MHz */
#define PATIENCE 300000000UL

#define TABLES 64
#define PAGES 64
#define ENTRIES 512

volatile unsigned long trap[4];
volatile unsigned long refill[4];
struct vcpu vcpu;
struct space host_space, stage2_a, stage2_b, guest_space;

static unsigned int done, failed;
static unsigned long tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static unsigned long pages[PAGES][ENTRIES] __attribute__((aligned(4096)));
static unsigned int tables_used, pages_used;
static unsigned int gid;
static struct space *stage2;
static unsigned long refills_seen;
unsigned long patience = PATIENCE;

/* --- Console ------------------------------------------------------------------------------- */

static void put_char(char c)
{
	while (!(UART[UART_LSR] & UART_LSR_THRE)) {
	}
	UART[0] = (unsigned char)c;
}

static void put(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n') {
			put_char('\r');
		}
		put_char(*text);
	}
}

static void put_number(unsigned long value, unsigned int base)
{
	char digits[20];
	unsigned int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count) {
		put_char(digits[--count]);
	}
}

void note(const char *text, unsigned long value)
{
	put("#   ");
	put(text);
	put(" 0x");
	put_number(value, 16);
	put("\n");
}

static void report(const char *name, int passed, const char *skip)
{
	done++;
	put(passed ? "ok " : "not ok ");
	put_number(done, 10);
	put(" - ");
	put(name);
	if (skip) {
		put(" # SKIP ");
		put(skip);
	}
	put("\n");
	failed += !passed;
}

static void note_exit(void)
{
	note("left with ESTAT", vcpu.estat);
	note("PC", vcpu.pc);
	note("BADV", vcpu.badv);
	note("BADI", vcpu.badi);
	note("guest ESTAT", gcsr_read(CSR_ESTAT));
	note("a0", vcpu.gpr[4]);
}

void check(const char *name, int passed)
{
	report(name, passed, 0);
	if (!passed) {
		note_exit();
	}
}

void check_equal(const char *name, unsigned long seen, unsigned long expected)
{
	report(name, seen == expected, 0);
	if (seen != expected) {
		note("seen", seen);
		note("expected", expected);
		note_exit();
	}
}

void check_skip(const char *name, const char *why)
{
	report(name, 1, why);
}

/* --- Page tables --------------------------------------------------------------------------- */

/*
 * A table whose slots all lead to the tables of the next level that hold nothing: LDDIR does not
 * test for empty slots.
 */
static unsigned long *empty[3];

static unsigned long *new_table(unsigned int level)
{
	unsigned long *table;

	if (level && !empty[level - 1]) {
		empty[level - 1] = new_table(level - 1);
	}
	table = tables[tables_used++];
	for (unsigned int i = 0; i < ENTRIES; i++) {
		table[i] = level ? physical(empty[level - 1]) : 0;
	}
	return table;
}

static unsigned long *slot(struct space *space, unsigned long address, unsigned int down_to)
{
	unsigned long *table;
	unsigned long *entry;

	if (!space->root) {
		space->root = physical(new_table(2));
	}
	table = (unsigned long *)(DMW_CACHED | space->root);
	for (unsigned int level = 2;; level--) {
		entry = &table[address >> (12 + 9 * level) & 511];
		if (level == down_to) {
			return entry;
		}
		/* An empty table is shared: make one of the space's own in its place. */
		if (*entry == physical(empty[level - 1])) {
			*entry = physical(new_table(level - 1));
		}
		table = (unsigned long *)(DMW_CACHED | *entry);
	}
}

void map(struct space *space, unsigned long address, unsigned long to, unsigned long flags)
{
	*slot(space, address, 0) = flags ? (to | flags) : 0;
}

void map_huge(struct space *space, unsigned long address, unsigned long to, unsigned long flags)
{
	*slot(space, address, 1) = to | flags | PTE_HUGE;
}

unsigned long *new_page(void)
{
	return pages[pages_used++];
}

/* --- The guest ----------------------------------------------------------------------------- */

void use_guest(unsigned int new_gid, struct space *new_stage2)
{
	gid = new_gid;
	stage2 = new_stage2;
}

void reset_guest(void)
{
	static const char zeros[sizeof(vcpu)];

	use_guest(GID_A, &stage2_a);
	__builtin_memcpy(&vcpu, zeros, sizeof(vcpu));
	vcpu.prmd = PRMD_PIE;
	patience = PATIENCE;
	gcsr_write(CSR_CRMD, CRMD_DA);
	gcsr_write(CSR_PRMD, 0);
	gcsr_write(CSR_EUEN, 0);
	gcsr_write(CSR_ECFG, 0);
	gcsr_write(CSR_TCFG, 0);
	gcsr_write(CSR_TICLR, 1);
	gcsr_write(CSR_ESTAT, 0);
	gcsr_write(CSR_CNTC, 0);
	gcsr_write(CSR_TLBRERA, 0);
	gcsr_write(CSR_BADV, 0);
	gcsr_write(CSR_ASID, 0);
	gcsr_write(CSR_PWCL, PWCL_VALUE);
	gcsr_write(CSR_PWCH, 0);
	gcsr_write(CSR_STLBPS, 12);
	gcsr_write(CSR_DMW0, 0);
	gcsr_write(CSR_DMW1, 0);
	gcsr_write(CSR_DMW2, 0);
	gcsr_write(CSR_DMW3, 0);
	gcsr_write(CSR_SAVE7, 0);
	gcsr_write(CSR_TLBRENTRY, physical(guest_refill));
	guest_exceptions(guest_vector);
	csr_write(CSR_GINTC, 0);
	csr_write(CSR_GCNTC, 0);
	invtlb(0x12, 0, 0);
	refills();
}

void guest_exceptions(const void *vector)
{
	gcsr_write(CSR_EENTRY, physical(vector));
}

void guest_paging(unsigned int plv)
{
	gcsr_write(CSR_DMW0, DMW_CACHED | 0x10 | 1 << plv | 1);
	gcsr_write(CSR_PGDL, guest_space.root);
	gcsr_write(CSR_PGDH, guest_space.root);
	gcsr_write(CSR_EENTRY, DMW_CACHED | gcsr_read(CSR_EENTRY));
	gcsr_write(CSR_CRMD, CRMD_PG | plv);
}

unsigned int resume(void)
{
	csr_write(CSR_GSTAT, GSTAT_GID(gid));
	csr_write(CSR_GTLBC, (csr_read(CSR_GTLBC) & GTLBC_TOTI) | GTLBC_USETGID | GTLBC_TGID(gid));
	csr_write(CSR_PGDL, stage2->root);
	/* The watchdog */
	csr_write(CSR_TICLR, 1);
	csr_write(CSR_TCFG, patience | 1);
	csr_change(CSR_ECFG, IS_TI, IS_TI);
	enter_guest(&vcpu);
	csr_change(CSR_ECFG, 0, IS_TI);
	csr_write(CSR_TCFG, 0);
	csr_write(CSR_TICLR, 1);
	csr_write(CSR_PGDL, host_space.root);
	csr_change(CSR_GTLBC, 0, GTLBC_TGID(0xff));
	return (unsigned int)(vcpu.estat >> 16 & 0x3f);
}

unsigned int run(const void *code)
{
	vcpu.pc = physical(code);
	if (gcsr_read(CSR_CRMD) & CRMD_PG) {
		vcpu.pc |= DMW_CACHED;
	}
	return resume();
}

int called(unsigned int ecode, unsigned int code)
{
	return ecode == EC_HVC && vcpu.badi == (0x002b8000 | code);
}

int taken(unsigned int ecode, unsigned int in_guest)
{
	return called(ecode, 2) && (vcpu.gpr[17] >> 16 & 0x3f) == in_guest;
}

unsigned long refills(void)
{
	unsigned long count = refill[0] - refills_seen;

	refills_seen = refill[0];
	return count;
}

unsigned long guest_refills(void)
{
	return gcsr_write(CSR_SAVE7, 0);
}

void wait_ticks(unsigned long ticks)
{
	unsigned long start = rdtime();

	while (rdtime() - start < ticks) {
	}
}

/* --- The program --------------------------------------------------------------------------- */

static void set_up_host(void)
{
	extern char _start[], bss_end[];

	csr_write(CSR_ECFG, 0);
	csr_write(CSR_EENTRY, (unsigned long)trap_entry);
	csr_write(CSR_TLBRENTRY, physical(refill_entry));
	csr_write(CSR_PWCL, PWCL_VALUE);
	csr_write(CSR_PWCH, 0);
	csr_write(CSR_STLBPS, 12);
	csr_write(CSR_ASID, 1);
	csr_write(CSR_TCFG, 0);
	csr_write(CSR_TICLR, 1);
	for (unsigned long page = physical(_start) & -PAGE; page < physical(bss_end);
	     page += PAGE) {
		map(&stage2_a, page, page, PTE_RAM);
		map(&stage2_b, page, page, PTE_RAM);
	}
	map(&host_space, 0, 0, 0);
	map(&guest_space, 0, 0, 0);
	csr_write(CSR_PGDL, host_space.root);
	csr_write(CSR_PGDH, host_space.root);
	invtlb(0, 0, 0);
}

/* The machine that QEMU calls virt switches itself off thus; others ignore it. */
static void power_off(void)
{
	*(volatile unsigned char *)(DMW_UNCACHED | 0x100e001cUL) = 0x34;
}

int main(void)
{
	put("TAP version 13\n");
	set_up_host();
	if (!(cpucfg(2) >> 10 & 1)) {
		put("1..0 # SKIP this CPU has no LVZ\n");
		power_off();
		return 1;
	}
	check_csrs();
	check_modes();
	check_traps();
	check_gcfg();
	check_stage2();
	check_stage1();
	check_invtlb();
	check_interrupts();
	check_timer();
	check_units();
	put("1..");
	put_number(done, 10);
	put("\n# failed: ");
	put_number(failed, 10);
	put("\n");
	power_off();
	return 0;
}

void *memset(void *to, int value, unsigned long size);
void *memset(void *to, int value, unsigned long size)
{
	for (unsigned long i = 0; i < size; i++) {
		((volatile unsigned char *)to)[i] = (unsigned char)value;
	}
	return to;
}

void *memcpy(void *to, const void *from, unsigned long size);
void *memcpy(void *to, const void *from, unsigned long size)
{
	for (unsigned long i = 0; i < size; i++) {
		((volatile unsigned char *)to)[i] = ((const unsigned char *)from)[i];
	}
	return to;
}
