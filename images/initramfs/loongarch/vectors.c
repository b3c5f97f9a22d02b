/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vectors SECONDS [SEED]: keeps a pattern of its own in all vector registers for a while and looks
 * again and again whether it is still there. Other processes, other cells and the hypervisor must
 * not disturb it. Needs no C library; compiled for soft float, so that nothing else here touches
 * the registers.
 *
 * Prints "vectors: N rounds of 32 registers of W bits: ok", or which register has changed.
 * LoongArch Reference Manual vol. 2 (LSX and LASX): vld, vst, xvld, xvst.
 */
#include <stdint.h>

#define REGISTERS 32
#define LASX_BYTES 32

/* Linux, include/uapi/asm-generic/unistd.h */
enum { SYS_WRITE = 64, SYS_EXIT = 93, SYS_CLOCK_GETTIME = 113, SYS_SCHED_YIELD = 124 };
/* arch/loongarch/include/uapi/asm/hwcap.h */
enum { AT_NULL = 0, AT_HWCAP = 16, HWCAP_LSX = 1 << 4, HWCAP_LASX = 1 << 5 };

static uint8_t pattern[REGISTERS][LASX_BYTES] __attribute__((aligned(32)));
static uint8_t seen[REGISTERS][LASX_BYTES] __attribute__((aligned(32)));

static long syscall3(long number, long a, long b, long c)
{
	register long a7 __asm__("$a7") = number;
	register long a0 __asm__("$a0") = a;
	register long a1 __asm__("$a1") = b;
	register long a2 __asm__("$a2") = c;

	/* A system call keeps all but $a0 and the temporaries. */
	__asm__ volatile("syscall 0"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2)
			 : "$t0", "$t1", "$t2", "$t3", "$t4", "$t5", "$t6", "$t7", "$t8", "memory");
	return a0;
}

/* What is printed goes out in one piece: others print at the same time. */
static char line[128];
static unsigned int length;

static void add(const char *text)
{
	while (*text && length < sizeof(line))
		line[length++] = *text++;
}

static void add_number(uint64_t number)
{
	char text[21];
	char *digit = text + sizeof(text) - 1;

	*digit = '\0';
	do
		*--digit = (char)('0' + number % 10);
	while (number /= 10);
	add(digit);
}

static void print(const char *text)
{
	add(text);
	syscall3(SYS_WRITE, 1, (long)line, (long)length);
	length = 0;
}

static uint64_t now(void)
{
	uint64_t time[2];

	syscall3(SYS_CLOCK_GETTIME, 1 /* CLOCK_MONOTONIC */, (long)time, 0);
	return time[0];
}

#define EACH(op, reg, stride)                                                                      \
	op " $" reg "0, %0, 0*" stride "\n" op " $" reg "1, %0, 1*" stride "\n" op " $" reg        \
	   "2, %0, 2*" stride "\n" op " $" reg "3, %0, 3*" stride "\n" op " $" reg                 \
	   "4, %0, 4*" stride "\n" op " $" reg "5, %0, 5*" stride "\n" op " $" reg                 \
	   "6, %0, 6*" stride "\n" op " $" reg "7, %0, 7*" stride "\n" op " $" reg                 \
	   "8, %0, 8*" stride "\n" op " $" reg "9, %0, 9*" stride "\n" op " $" reg                 \
	   "10, %0, 10*" stride "\n" op " $" reg "11, %0, 11*" stride "\n" op " $" reg             \
	   "12, %0, 12*" stride "\n" op " $" reg "13, %0, 13*" stride "\n" op " $" reg             \
	   "14, %0, 14*" stride "\n" op " $" reg "15, %0, 15*" stride "\n" op " $" reg             \
	   "16, %0, 16*" stride "\n" op " $" reg "17, %0, 17*" stride "\n" op " $" reg             \
	   "18, %0, 18*" stride "\n" op " $" reg "19, %0, 19*" stride "\n" op " $" reg             \
	   "20, %0, 20*" stride "\n" op " $" reg "21, %0, 21*" stride "\n" op " $" reg             \
	   "22, %0, 22*" stride "\n" op " $" reg "23, %0, 23*" stride "\n" op " $" reg             \
	   "24, %0, 24*" stride "\n" op " $" reg "25, %0, 25*" stride "\n" op " $" reg             \
	   "26, %0, 26*" stride "\n" op " $" reg "27, %0, 27*" stride "\n" op " $" reg             \
	   "28, %0, 28*" stride "\n" op " $" reg "29, %0, 29*" stride "\n" op " $" reg             \
	   "30, %0, 30*" stride "\n" op " $" reg "31, %0, 31*" stride

static void load(int wide)
{
	if (wide)
		__asm__ volatile(EACH("xvld", "xr", "32") : : "r"(pattern) : "memory");
	else
		__asm__ volatile(EACH("vld", "vr", "32") : : "r"(pattern) : "memory");
}

static void store(int wide)
{
	if (wide)
		__asm__ volatile(EACH("xvst", "xr", "32") : : "r"(seen) : "memory");
	else
		__asm__ volatile(EACH("vst", "vr", "32") : : "r"(seen) : "memory");
}

/* The number of a register that is not as it was; REGISTERS if all are. */
static int changed(int bytes)
{
	for (int n = 0; n < REGISTERS; n++)
		for (int i = 0; i < bytes; i++)
			if (seen[n][i] != pattern[n][i])
				return n;
	return REGISTERS;
}

static uint64_t parse(const char *text)
{
	uint64_t number = 0;

	while (*text >= '0' && *text <= '9')
		number = number * 10 + (uint64_t)(*text++ - '0');
	return number;
}

static int run(uint64_t seconds, uint64_t seed, int wide)
{
	int bytes = wide ? LASX_BYTES : LASX_BYTES / 2;
	uint64_t state = seed * 0x9e3779b97f4a7c15u + 1, rounds = 0, end;

	for (int n = 0; n < REGISTERS; n++)
		for (int i = 0; i < LASX_BYTES; i++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			pattern[n][i] = (uint8_t)(state >> 56);
		}
	load(wide);
	end = now() + seconds;
	do {
		int which;

		for (volatile int i = 0; i < 20000; i++)
			;
		if (rounds % 16 == 0)
			syscall3(SYS_SCHED_YIELD, 0, 0, 0);
		store(wide);
		which = changed(bytes);
		if (which < REGISTERS) {
			add("vectors: register ");
			add_number((uint64_t)which);
			print(" has changed\n");
			return 1;
		}
		rounds++;
	} while (now() < end);
	add("vectors: ");
	add_number(rounds);
	print(wide ? " rounds of 32 registers of 256 bits: ok\n" :
		     " rounds of 32 registers of 128 bits: ok\n");
	return 0;
}

/* Called with what the kernel puts on the stack: argc, argv[], envp[], the auxiliary vector. */
__attribute__((used)) static void start(long *stack)
{
	char **argv = (char **)(stack + 1);
	long *at = stack + 1 + stack[0] + 1;
	long capabilities = 0;
	int status = 2;

	while (*at++)
		;
	for (; at[0] != AT_NULL; at += 2)
		if (at[0] == AT_HWCAP)
			capabilities = at[1];
	if (stack[0] < 2)
		print("usage: vectors SECONDS [SEED]\n");
	else if (!(capabilities & HWCAP_LSX))
		print("vectors: this machine has none\n");
	else
		status = run(parse(argv[1]), stack[0] > 2 ? parse(argv[2]) : 1,
			     (capabilities & HWCAP_LASX) != 0);
	syscall3(SYS_EXIT, status, 0, 0);
}

__asm__(".globl _start\n"
	"_start:\n"
	"	move $a0, $sp\n"
	"	bstrins.d $sp, $zero, 3, 0\n"
	"	bl start\n");
