/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uses KVM directly, as root on a LoongArch Linux: small virtual machines, and what they do that
 * needs the hardware. Prints TAP.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY (8UL << 20)
#define EXIT_MMIO 0x10000000UL
#define MMIO 0x10001000UL
#define IRQ_IPI 12

#define GUEST(name) extern const char guest_##name[]
GUEST(start);
GUEST(end);
GUEST(hello);
GUEST(mmio);
GUEST(hypercall);
GUEST(iocsr);
GUEST(cpucfg);
GUEST(paging);
GUEST(atomic);
GUEST(one_shot);
GUEST(periodic);
GUEST(software);
GUEST(ping);
GUEST(vectors);

struct cpu {
	int fd;
	struct kvm_run *run;
};

struct vm {
	int fd;
	void *memory;
	unsigned int cpus;
	struct cpu cpu[2];
};

static int kvm, run_size;
static unsigned int done, failed;

static void check(const char *name, int passed)
{
	done++;
	failed += !passed;
	printf("%sok %u - %s\n", passed ? "" : "not ", done, name);
	fflush(stdout);
}

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- Virtual machines ---------------------------------------------------------------------- */

static void set_cpucfg(int fd, unsigned int word, unsigned long value)
{
	struct kvm_one_reg reg = { .id = KVM_IOC_CPUCFG(word), .addr = (unsigned long)&value };

	if (ioctl(fd, KVM_SET_ONE_REG, &reg)) {
		die("KVM_SET_ONE_REG CPUCFG");
	}
}

static unsigned int cpucfg(unsigned int word)
{
	unsigned int value;

	__asm__("cpucfg %0, %1" : "=r"(value) : "r"(word));
	return value;
}

static void add_cpu(struct vm *vm)
{
	struct cpu *cpu = &vm->cpu[vm->cpus];
	unsigned long id = vm->cpus;
	struct kvm_one_reg reg = { .id = KVM_IOC_CSRID(0x20), .addr = (unsigned long)&id };

	cpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	if (cpu->fd < 0) {
		die("KVM_CREATE_VCPU");
	}
	/* FP, LSX, constant timer, page walks */
	set_cpucfg(cpu->fd, 2, cpucfg(2) & (0x3f | 1 << 6 | 1 << 14 | 7 << 15 | 1 << 21 | 1 << 22));
	if (ioctl(cpu->fd, KVM_SET_ONE_REG, &reg)) {
		die("KVM_SET_ONE_REG CPUID");
	}
	cpu->run = mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fd, 0);
	if (cpu->run == MAP_FAILED) {
		die("mmap of kvm_run");
	}
	vm->cpus++;
}

static struct vm create(unsigned int cpus)
{
	struct vm vm = { .fd = ioctl(kvm, KVM_CREATE_VM, 0) };
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY };

	if (vm.fd < 0) {
		die("KVM_CREATE_VM");
	}
	vm.memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (vm.memory == MAP_FAILED) {
		die("mmap of a guest's memory");
	}
	memcpy(vm.memory, guest_start, (size_t)(guest_end - guest_start));
	region.userspace_addr = (unsigned long)vm.memory;
	if (ioctl(vm.fd, KVM_SET_USER_MEMORY_REGION, &region)) {
		die("KVM_SET_USER_MEMORY_REGION");
	}
	for (unsigned int i = 0; i < cpus; i++) {
		add_cpu(&vm);
	}
	return vm;
}

static void destroy(struct vm *vm)
{
	for (unsigned int i = 0; i < vm->cpus; i++) {
		munmap(vm->cpu[i].run, (size_t)run_size);
		close(vm->cpu[i].fd);
	}
	close(vm->fd);
	munmap(vm->memory, MEMORY);
}

static void start(struct cpu *cpu, const char *code, unsigned long a0, unsigned long a1,
		  unsigned long a2)
{
	struct kvm_regs regs = { .pc = (unsigned long)(code - guest_start) };

	regs.gpr[4] = a0;
	regs.gpr[5] = a1;
	regs.gpr[6] = a2;
	if (ioctl(cpu->fd, KVM_SET_REGS, &regs)) {
		die("KVM_SET_REGS");
	}
}

/* Runs until the next exit to here; returns its reason. */
static unsigned int run(struct cpu *cpu)
{
	while (ioctl(cpu->fd, KVM_RUN, 0)) {
		if (errno != EINTR && errno != EAGAIN) {
			die("KVM_RUN");
		}
	}
	return cpu->run->exit_reason;
}

static unsigned long data_of(const unsigned char *data, unsigned int size)
{
	unsigned long value = 0;

	memcpy(&value, data, size);
	return value;
}

/* Runs until it finishes a piece; returns what it finished with. */
static unsigned long finish(struct cpu *cpu)
{
	unsigned int reason = run(cpu);
	struct kvm_run *r = cpu->run;

	if (reason != KVM_EXIT_MMIO || r->mmio.phys_addr != EXIT_MMIO || !r->mmio.is_write) {
		printf("#   unexpected exit %u, address 0x%lx\n", reason,
		       reason == KVM_EXIT_MMIO ? (unsigned long)r->mmio.phys_addr : 0UL);
		return 0xbad0bad0bad0;
	}
	return data_of(r->mmio.data, r->mmio.len);
}

static unsigned long run_alone(const char *code, unsigned long a0, unsigned long a1,
			       unsigned long a2)
{
	struct vm vm = create(1);
	unsigned long value;

	start(&vm.cpu[0], code, a0, a1, a2);
	value = finish(&vm.cpu[0]);
	destroy(&vm);
	return value;
}

/* --- Checks -------------------------------------------------------------------------------- */

static int mmio_read(struct cpu *cpu, unsigned long address, unsigned int size, unsigned long give)
{
	struct kvm_run *r = cpu->run;
	int right = run(cpu) == KVM_EXIT_MMIO && r->mmio.phys_addr == address &&
		    r->mmio.len == size && !r->mmio.is_write;

	memcpy(r->mmio.data, &give, sizeof(give));
	return right;
}

static int mmio_write(struct cpu *cpu, unsigned long address, unsigned int size,
		      unsigned long value)
{
	struct kvm_run *r = cpu->run;

	return run(cpu) == KVM_EXIT_MMIO && r->mmio.phys_addr == address && r->mmio.len == size &&
	       r->mmio.is_write && data_of(r->mmio.data, size) == value;
}

static void check_mmio(void)
{
	static const struct {
		const char *name;
		unsigned int offset, size;
		unsigned long give, get;
	} loads[] = {
		{ "mmio-ld.b", 0x10, 1, 0x81, 0xffffffffffffff81 },
		{ "mmio-ld.bu", 0x11, 1, 0x82, 0x82 },
		{ "mmio-ld.h", 0x12, 2, 0x8183, 0xffffffffffff8183 },
		{ "mmio-ld.hu", 0x14, 2, 0x8184, 0x8184 },
		{ "mmio-ld.w", 0x18, 4, 0x81828385, 0xffffffff81828385 },
		{ "mmio-ld.wu", 0x1c, 4, 0x81828386, 0x81828386 },
		{ "mmio-ld.d", 0x20, 8, 0x8182838485868788, 0x8182838485868788 },
	};
	struct vm vm = create(1);
	struct cpu *cpu = &vm.cpu[0];

	start(cpu, guest_mmio, 0, 0, 0);
	for (unsigned int i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		int right = mmio_read(cpu, MMIO + loads[i].offset, loads[i].size, loads[i].give);

		check(loads[i].name, right && finish(cpu) == loads[i].get);
	}
	check("mmio-st.b", mmio_write(cpu, MMIO + 0x30, 1, 0x88));
	check("mmio-st.h", mmio_write(cpu, MMIO + 0x32, 2, 0x7788));
	check("mmio-st.w", mmio_write(cpu, MMIO + 0x34, 4, 0x55667788));
	check("mmio-st.d", mmio_write(cpu, MMIO + 0x38, 8, 0x1122334455667788));
	check("mmio-stx.w", mmio_write(cpu, MMIO + 0x40, 4, 0x55667788));
	check("mmio-end", finish(cpu) == 0x1122334455667788);
	destroy(&vm);
}

static void check_iocsr(void)
{
	struct vm vm = create(1);
	struct cpu *cpu = &vm.cpu[0];
	struct kvm_run *r = cpu->run;
	unsigned long value = 0x303030354133;

	start(cpu, guest_iocsr, 0, 0, 0);
	check("iocsrrd.d", run(cpu) == KVM_EXIT_LOONGARCH_IOCSR && r->iocsr_io.phys_addr == 0x20 &&
				   r->iocsr_io.len == 8 && !r->iocsr_io.is_write);
	memcpy(r->iocsr_io.data, &value, 8);
	check("iocsrrd.d-value", finish(cpu) == value);
	check("iocsrwr.w", run(cpu) == KVM_EXIT_LOONGARCH_IOCSR &&
				   r->iocsr_io.phys_addr == 0x1008 && r->iocsr_io.len == 4 &&
				   r->iocsr_io.is_write && data_of(r->iocsr_io.data, 4) == 0x1234);
	check("iocsrrd.b", run(cpu) == KVM_EXIT_LOONGARCH_IOCSR &&
				   r->iocsr_io.phys_addr == 0x1008 && r->iocsr_io.len == 1);
	value = 0x85;
	memcpy(r->iocsr_io.data, &value, 1);
	check("iocsrrd.b-value", finish(cpu) == 0xffffffffffffff85);
	destroy(&vm);
}

static void check_paging(void)
{
	struct vm vm = create(1);
	unsigned long fills;

	start(&vm.cpu[0], guest_paging, 256, 20, 0);
	check("paging-sum-of-256-pages", finish(&vm.cpu[0]) == 255 * 256 / 2);
	fills = finish(&vm.cpu[0]);
	/* A pair of pages a refill, and all are dropped each time. */
	check("paging-2560-refills-by-the-guest", fills >= 2560 && fills < 20000);
	check("paging-atomic-operations-are-executed-once", finish(&vm.cpu[0]) == 512);
	destroy(&vm);
}

static void check_timers(void)
{
	check("timer-one-shot-2000", run_alone(guest_one_shot, 2000, 2000, 0) == 2000);
	check("timer-one-shot-idle-1000", run_alone(guest_one_shot, 1000, 500000, 1) == 1000);
	check("timer-periodic-5000", run_alone(guest_periodic, 5000, 4000, 0) >= 5000);
	check("software-interrupts-10000", run_alone(guest_software, 10000, 0, 0) == 10000);
}

/* --- Two CPUs ------------------------------------------------------------------------------ */

static struct vm pair;

static void interrupt(unsigned int cpu, int irq)
{
	struct kvm_interrupt request = { .irq = (unsigned int)irq };

	if (ioctl(pair.cpu[cpu].fd, KVM_INTERRUPT, &request)) {
		die("KVM_INTERRUPT");
	}
}

/* Runs a CPU, and emulates what it needs of the interrupt controller. */
static void *run_ping(void *argument)
{
	unsigned long id = (unsigned long)argument;
	struct cpu *cpu = &pair.cpu[id];

	for (;;) {
		unsigned int reason = run(cpu);

		if (reason != KVM_EXIT_LOONGARCH_IOCSR) {
			return reason == KVM_EXIT_MMIO ? (void *)data_of(cpu->run->mmio.data, 8)
						       : NULL;
		}
		if (cpu->run->iocsr_io.phys_addr == 0x1040) {
			interrupt(data_of(cpu->run->iocsr_io.data, 4) >> 16 & 1, IRQ_IPI);
		} else {
			interrupt((unsigned int)id, -IRQ_IPI);
		}
	}
}

static void check_ipis(void)
{
	pthread_t thread[2];
	void *result[2];

	pair = create(2);
	start(&pair.cpu[0], guest_ping, 1000, 1, 1);
	start(&pair.cpu[1], guest_ping, 1000, 0, 0);
	for (unsigned long i = 0; i < 2; i++) {
		pthread_create(&thread[i], NULL, run_ping, (void *)i);
	}
	for (unsigned int i = 0; i < 2; i++) {
		pthread_join(thread[i], &result[i]);
	}
	check("ipis-between-two-cpus-1000",
	      (unsigned long)result[0] == 1000 && (unsigned long)result[1] == 1000);
	destroy(&pair);
}

/* --- Floating point and vectors ------------------------------------------------------------ */

static void set_own_vectors(unsigned long value)
{
	__asm__ volatile("vreplgr2vr.d $vr5, %0\n\tvreplgr2vr.d $vr29, %0" ::"r"(value)
			 : "$f5", "$f29");
}

static int own_vectors_are(unsigned long value)
{
	unsigned long low, high;

	__asm__ volatile("vpickve2gr.d %0, $vr5, 0\n\tvpickve2gr.d %1, $vr29, 1"
			 : "=r"(low), "=r"(high));
	return low == value && high == value;
}

static void check_vectors(void)
{
	struct vm a = create(1), b = create(1);
	int guests = 1, own = 1;

	start(&a.cpu[0], guest_vectors, 0xaaaa5555aaaa5555, 0, 0);
	start(&b.cpu[0], guest_vectors, 0x1234567887654321, 0, 0);
	for (unsigned int i = 0; i < 300; i++) {
		set_own_vectors(i * 0x0101010101010101);
		/* In assembly's eyes only: the compiler uses no vectors between here... */
		if (ioctl(a.cpu[0].fd, KVM_RUN, 0) || ioctl(b.cpu[0].fd, KVM_RUN, 0)) {
			i--;
			continue;
		}
		own &= own_vectors_are(i * 0x0101010101010101);
		/* ... and here. */
		guests &= a.cpu[0].run->exit_reason == KVM_EXIT_MMIO &&
			  data_of(a.cpu[0].run->mmio.data, 8) == 0;
		guests &= b.cpu[0].run->exit_reason == KVM_EXIT_MMIO &&
			  data_of(b.cpu[0].run->mmio.data, 8) == 0;
	}
	check("vectors-of-two-machines-are-separate", guests);
	check("vectors-of-the-program-are-its-own", own);
	destroy(&a);
	destroy(&b);
}

static void check_many(void)
{
	unsigned int right = 0;

	for (unsigned long i = 0; i < 1000; i++) {
		right += run_alone(guest_hello, i + 7, 0, 0) == i + 7;
	}
	check("1000-machines-in-a-row", right == 1000);
}

int main(void)
{
	printf("TAP version 13\n");
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0) {
		die("/dev/kvm");
	}
	run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	check("api-version-12", ioctl(kvm, KVM_GET_API_VERSION, 0) == 12);
	check("hello", run_alone(guest_hello, 0x1234567, 0, 0) == 0x1234567);
	check("hypercall-unknown-function-minus-1", run_alone(guest_hypercall, 0, 0, 0) == ~0UL);
	check("cpucfg-has-no-lvz", (run_alone(guest_cpucfg, 0, 0, 0) & 0x441) == 0x41);
	check_mmio();
	check_iocsr();
	check_paging();
	check("atomic-operations-are-executed-once", run_alone(guest_atomic, 512, 0, 0) == 512);
	check_timers();
	check_ipis();
	check_vectors();
	check_many();
	printf("1..%u\n# failed: %u\n", done, failed);
	return failed != 0;
}
