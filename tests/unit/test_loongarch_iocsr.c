/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/loongarch/iocsr.c src/arch/loongarch/ipi.c */
/* arch: loongarch */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/loongarch/iocsr.h"
#include "arch/loongarch/ipi.h"
#include "core/cell.h"
#include "core/vcpu.h"

#define STATUS 0x1000
#define ENABLE 0x1004
#define SET 0x1008
#define CLEAR 0x100c
#define MAILBOX0 0x1020
#define IPI_SEND 0x1040
#define MAIL_SEND 0x1048
#define ANY_SEND 0x1158

/* ---- A cell of three vCPUs with a device of 18 registers that notes what happens ---- */

#define CPUS 3
#define DEVICE 0x1400
#define DEVICE_SIZE 18

static const struct cell_config config = { .name = "test", .nr_cpus = CPUS };
static struct cell cell = { .config = &config };
static struct vcpu cpus[CPUS];
static struct ipi_block blocks[CPUS];
static unsigned int changed[CPUS];

static const struct device device = { .name = "device" };
static const struct device_range device_range = { DEVICE_IOCSR, DEVICE, DEVICE_SIZE, 0 };
static uint8_t registers[DEVICE_SIZE];
static unsigned int device_accesses;
static unsigned int device_accessed_by;

const struct device *cell_device(const struct cell *of, enum device_space space, uint64_t address,
				 const struct device_range **range)
{
	assert_ptr_equal(of, &cell);
	assert_int_equal(space, DEVICE_IOCSR);
	if (address < DEVICE || address >= DEVICE + DEVICE_SIZE)
		return NULL;
	*range = &device_range;
	return &device;
}

int cell_access(struct vcpu *vcpu, enum device_space space, uint64_t address, unsigned int size,
		bool write, uint64_t *value)
{
	assert_int_equal(space, DEVICE_IOCSR);
	assert_true(address >= DEVICE && address < DEVICE + DEVICE_SIZE);
	if (size > DEVICE + DEVICE_SIZE - address)
		size = (unsigned int)(DEVICE + DEVICE_SIZE - address);
	device_accesses++;
	device_accessed_by = vcpu->index;
	if (write) {
		memcpy(&registers[address - DEVICE], value, size);
	} else {
		*value = UINT64_MAX;
		memcpy(value, &registers[address - DEVICE], size);
	}
	return 0;
}

struct ipi_block *vcpu_ipi(struct vcpu *vcpu)
{
	return &blocks[vcpu->index];
}

void vcpu_ipi_changed(struct vcpu *vcpu)
{
	changed[vcpu->index]++;
}

uint64_t host_iocsr(uint32_t number)
{
	assert_true(number == 0x10 || number == 0x20);
	return number == 0x10 ? UINT64_C(0x6e6f73676e6f6f4c) : UINT64_C(0x303030364133);
}

static int setup(void **state)
{
	(void)state;
	memset(changed, 0, sizeof(changed));
	memset(cpus, 0, sizeof(cpus));
	memset(registers, 0, sizeof(registers));
	device_accesses = 0;
	for (unsigned int i = 0; i < CPUS; i++) {
		cpus[i].cell = &cell;
		cpus[i].index = i;
		cell.vcpus[i] = &cpus[i];
		ipi_reset(&blocks[i], false);
	}
	srand(5);
	return 0;
}

static uint64_t get(unsigned int cpu, uint64_t number, unsigned int size)
{
	uint64_t value = UINT64_C(0x5555555555555555);

	assert_int_equal(iocsr_access(&cpus[cpu], number, size, false, &value), 0);
	return size < 8 ? value & (BIT_ULL(8 * size) - 1) : value;
}

static int put(unsigned int cpu, uint64_t number, unsigned int size, uint64_t value)
{
	return iocsr_access(&cpus[cpu], number, size, true, &value);
}

/* ---- Identity ---- */

static void the_cell_learns_what_the_processor_is(void **state)
{
	(void)state;
	assert_int_equal(get(0, 0x8, 4), 0x1c);
	assert_int_equal(get(1, 0x8, 8), 0x1c);
	assert_int_equal(get(0, 0x10, 8), UINT64_C(0x6e6f73676e6f6f4c));
	assert_int_equal(get(0, 0x14, 4), 0x6e6f7367);
	assert_int_equal(get(0, 0x20, 8), UINT64_C(0x303030364133));
	assert_int_equal(get(0, 0x21, 1), 'A');
	assert_int_equal(cpus[0].unknown_sysregs, 0);
	assert_int_equal(put(0, 0x8, 4, 0), 0);
	assert_int_equal(cpus[0].unknown_sysregs, 1);
	assert_int_equal(get(0, 0x8, 4), 0x1c);
}

static void what_does_not_exist_reads_as_zero_and_is_counted(void **state)
{
	static const uint64_t numbers[] = {
		0x0,    0x30,   0x408,  0x428,      0x420,  0x1044,
		0x1060, 0x1140, 0x13ff, 0x40000000, 0xffff, UINT64_MAX
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
		assert_int_equal(get(2, numbers[i], 1), 0);
		assert_int_equal(cpus[2].unknown_sysregs, 2 * i + 1);
		assert_int_equal(put(2, numbers[i], 1, 0xff), 0);
		assert_int_equal(cpus[2].unknown_sysregs, 2 * i + 2);
	}
	assert_int_equal(get(2, 0x1002, 4), 0); /* across two registers */
	assert_int_equal(get(2, 0x100c, 8), 0);
	assert_int_equal(get(2, IPI_SEND, 4), 0);
	assert_int_equal(cpus[2].unknown_sysregs, 2 * ARRAY_SIZE(numbers) + 3);
}

/* ---- A vCPU's own registers ---- */

static void status_and_enable_make_the_line(void **state)
{
	(void)state;
	put(1, SET, 4, 0x5);
	assert_int_equal(get(1, STATUS, 4), 0x5);
	assert_false(ipi_pending(&blocks[1]));
	put(1, ENABLE, 4, 0x4);
	assert_true(ipi_pending(&blocks[1]));
	assert_int_equal(get(1, STATUS, 8), UINT64_C(0x400000005));
	put(1, CLEAR, 4, 0x4);
	assert_false(ipi_pending(&blocks[1]));
	assert_int_equal(get(1, STATUS, 4), 0x1);
	assert_int_equal(changed[1], 3);
	put(1, STATUS, 4, 0xffffffff); /* read-only */
	assert_int_equal(get(1, STATUS, 4), 0x1);
	assert_int_equal(get(1, SET, 4), 0);
	assert_int_equal(get(1, CLEAR, 4), 0);
	assert_int_equal(get(1, STATUS, 1), 0x1);
	assert_int_equal(get(1, 0x1004, 2), 0x4);
	assert_int_equal(get(1, 0x1010, 8), 0);
	assert_int_equal(get(0, STATUS, 4), 0);
	assert_int_equal(changed[0] + changed[2], 0);
	assert_int_equal(cpus[1].unknown_sysregs, 0);
	put(1, ENABLE, 1, 0); /* there are no such writes */
	assert_int_equal(get(1, ENABLE, 4), 0x4);
	assert_int_equal(cpus[1].unknown_sysregs, 1);
}

static void mailboxes_keep_64_bits(void **state)
{
	(void)state;
	for (unsigned int box = 0; box < 4; box++)
		put(0, MAILBOX0 + 8 * box, 8, UINT64_C(0x1122334455667700) + box);
	put(0, MAILBOX0 + 12, 4, 0xcafe);
	assert_int_equal(get(0, MAILBOX0, 8), UINT64_C(0x1122334455667700));
	assert_int_equal(get(0, MAILBOX0 + 8, 8), UINT64_C(0xcafe55667701));
	assert_int_equal(get(0, MAILBOX0 + 16, 4), 0x55667702);
	assert_int_equal(get(0, MAILBOX0 + 28, 4), 0x11223344);
	assert_int_equal(get(0, MAILBOX0 + 26, 2), 0x5566);
	assert_int_equal(get(1, MAILBOX0, 8), 0);
	assert_int_equal(changed[0], 0); /* mail is no interrupt */
}

/* ---- Sends ---- */

static uint64_t to(unsigned int cpu)
{
	return UINT64_C(0x80000000) | (uint64_t)cpu << 16;
}

static void interrupts_are_sent_to_any_vcpu_of_the_cell(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < CPUS; i++)
		blocks[i].enable = UINT32_MAX;
	for (unsigned int bit = 0; bit < 32; bit++)
		for (unsigned int i = 0; i < CPUS; i++)
			assert_int_equal(put(1, IPI_SEND, 4, to(i) | bit), 0);
	for (unsigned int i = 0; i < CPUS; i++) {
		assert_int_equal(blocks[i].status, UINT32_MAX);
		assert_int_equal(changed[i], 1); /* the line rose once */
	}
	put(2, CLEAR, 4, UINT32_MAX);
	put(0, IPI_SEND, 4, to(2) | 7);
	assert_int_equal(blocks[2].status, 0x80);
	assert_int_equal(changed[2], 3);
	blocks[2].enable = 1;
	put(0, IPI_SEND, 4, to(2) | 8); /* nobody is disturbed by what is not enabled */
	assert_int_equal(changed[2], 3);
	put(0, IPI_SEND, 4, to(2) | 0);
	assert_int_equal(changed[2], 4);
	put(0, IPI_SEND, 2, to(2) | 9);
	assert_int_equal(blocks[2].status, 0x181);
	assert_int_equal(cpus[0].unknown_sysregs, 1);
}

static void mail_is_delivered_by_words_and_bytes(void **state)
{
	(void)state;
	for (unsigned int word = 0; word < 8; word++)
		assert_int_equal(put(0, MAIL_SEND, 8,
				     to(2) | word << 2 | (UINT64_C(0x01010101) * word) << 32),
				 0);
	assert_int_equal(get(2, MAILBOX0, 8), UINT64_C(0x0101010100000000));
	assert_int_equal(get(2, MAILBOX0 + 24, 8), UINT64_C(0x0707070706060606));
	put(1, MAIL_SEND, 8, to(2) | 7 << 2 | UINT64_C(5) << 27 | UINT64_C(0xaabbccdd) << 32);
	assert_int_equal(get(2, MAILBOX0 + 28, 4), 0xaa07cc07);
	put(1, MAIL_SEND, 8, to(2) | 7 << 2 | UINT64_C(15) << 27);
	assert_int_equal(get(2, MAILBOX0 + 28, 4), 0xaa07cc07);
	put(1, MAIL_SEND, 4, to(2) | 7 << 2); /* needs 64 bits */
	assert_int_equal(get(2, MAILBOX0 + 28, 4), 0xaa07cc07);
	assert_int_equal(cpus[1].unknown_sysregs, 1);
	assert_int_equal(changed[2], 0); /* mail interrupts nobody */
}

static void anything_sent_is_for_devices_only(void **state)
{
	(void)state;
	assert_int_equal(put(0, ANY_SEND, 8, to(1) | DEVICE | UINT64_C(0x44332211) << 32), 0);
	assert_int_equal(device_accesses, 1);
	assert_int_equal(device_accessed_by, 1);
	assert_int_equal(get(2, DEVICE, 4), 0x44332211);
	assert_int_equal(device_accessed_by, 2);
	put(0, ANY_SEND, 8,
	    to(1) | (DEVICE + 3) | UINT64_C(0xd) << 27 | UINT64_C(0xddccbbaa) << 32);
	assert_int_equal(get(0, DEVICE, 8), 0x4433bb11);
	assert_int_equal(cpus[0].unknown_sysregs, 0);
	put(0, ANY_SEND, 8, to(1) | SET | UINT64_C(0xffffffff) << 32);
	put(0, ANY_SEND, 8, to(1) | MAILBOX0 | UINT64_C(0xffffffff) << 32);
	put(0, ANY_SEND, 8, to(1) | 0xfffc | UINT64_C(0xffffffff) << 32);
	put(0, ANY_SEND, 4, to(1) | DEVICE);
	put(0, ANY_SEND, 8, to(1) | (DEVICE + 16)); /* not wholly the device's */
	assert_int_equal(cpus[0].unknown_sysregs, 5);
	assert_int_equal(blocks[1].status, 0);
	assert_int_equal(blocks[1].mail[0], 0);
}

static void nothing_is_sent_out_of_the_cell(void **state)
{
	static const uint64_t ports[] = { IPI_SEND, MAIL_SEND, ANY_SEND };

	(void)state;
	for (unsigned int port = 0; port < ARRAY_SIZE(ports); port++)
		for (unsigned int cpu = CPUS; cpu < 1024; cpu++)
			assert_int_equal(
				put(0, ports[port], 8, to(cpu) | DEVICE | UINT64_C(0xffff) << 32),
				-EPERM);
	for (unsigned int i = 0; i < CPUS; i++) {
		assert_int_equal(blocks[i].status, 0);
		assert_int_equal(changed[i], 0);
		assert_int_equal(blocks[i].mail[0], 0);
	}
	assert_int_equal(device_accesses, 0);
}

/* ---- Starting a CPU ---- */

static void a_parked_vcpu_starts_by_mailbox_and_interrupt(void **state)
{
	uint64_t entry = 1;

	(void)state;
	ipi_reset(&blocks[1], true);
	cpus[1].waiting = true;
	assert_false(ipi_take_start(&blocks[1], &entry));
	put(0, IPI_SEND, 4, to(1)); /* without a mailbox: no start */
	assert_int_equal(changed[1], 1);
	assert_false(ipi_take_start(&blocks[1], &entry));
	put(0, MAIL_SEND, 8, to(1) | 1 << 2 | UINT64_C(0x9) << 32);
	put(0, MAIL_SEND, 8, to(1) | 0 << 2 | UINT64_C(0x80201000) << 32);
	put(0, IPI_SEND, 4, to(1));
	assert_int_equal(changed[1], 2); /* although the line was high */
	assert_true(ipi_take_start(&blocks[1], &entry));
	assert_int_equal(entry, UINT64_C(0x980201000));
	assert_int_equal(blocks[1].status, 0);
	assert_int_equal(blocks[1].enable, UINT32_MAX);
	assert_int_equal(get(1, MAILBOX0, 8), UINT64_C(0x980201000));
	assert_false(ipi_take_start(&blocks[1], &entry));
}

static void mail_alone_starts_nobody(void **state)
{
	uint64_t entry;

	(void)state;
	ipi_reset(&blocks[1], true);
	put(0, MAIL_SEND, 8, to(1) | UINT64_C(0x1000) << 32);
	assert_false(ipi_take_start(&blocks[1], &entry));
}

/* ---- Against a model ---- */

static struct {
	uint32_t status, enable;
	uint8_t mail[32];
} model[CPUS];

static void model_send_mail(unsigned int cpu, uint64_t value)
{
	for (unsigned int byte = 0; byte < 4; byte++)
		if (!(value >> (27 + byte) & 1))
			model[cpu].mail[(value & 0x1c) + byte] =
				(uint8_t)(value >> (32 + 8 * byte));
}

static void random_accesses_agree_with_a_model(void **state)
{
	(void)state;
	memset(model, 0, sizeof(model));
	for (unsigned int round = 0; round < 200000; round++) {
		unsigned int cpu = (unsigned int)rand() % CPUS, dest = (unsigned int)rand() % CPUS;
		uint64_t value =
			((uint64_t)rand() << 33) ^ ((uint64_t)rand() << 11) ^ (uint64_t)rand();
		uint64_t send = (value & ~UINT64_C(0x3ff0000)) | (uint64_t)dest << 16;
		unsigned int word = (unsigned int)rand() % 8;

		switch (rand() % 6) {
		case 0:
			put(cpu, IPI_SEND, 4, send);
			model[dest].status |= UINT32_C(1) << (send & 31);
			break;
		case 1:
			put(cpu, MAIL_SEND, 8, send);
			model_send_mail(dest, send);
			break;
		case 2:
			put(cpu, CLEAR, 4, value);
			model[cpu].status &= (uint32_t)~value;
			break;
		case 3:
			put(cpu, ENABLE, 4, value);
			model[cpu].enable = (uint32_t)value;
			break;
		case 4:
			put(cpu, SET, 4, value & 3);
			model[cpu].status |= value & 3;
			break;
		default:
			put(cpu, MAILBOX0 + 4 * word, 4, value);
			memcpy(&model[cpu].mail[4 * word], &value, 4);
			break;
		}
		for (unsigned int i = 0; i < CPUS; i++) {
			uint64_t mail;

			memcpy(&mail, &model[i].mail[word / 2 * 8], 8);
			assert_int_equal(get(i, STATUS, 4), model[i].status);
			assert_int_equal(get(i, ENABLE, 4), model[i].enable);
			assert_int_equal(get(i, MAILBOX0 + word / 2 * 8, 8), mail);
			assert_int_equal(ipi_pending(&blocks[i]),
					 (model[i].status & model[i].enable) != 0);
		}
	}
}

/* Every number, width and direction: no harm, and only what is listed has an effect. */
static void every_number_can_be_tried(void **state)
{
	(void)state;
	for (uint64_t number = 0; number < 0x10000; number++)
		for (unsigned int size = 1; size <= 8; size *= 2) {
			uint64_t value = UINT64_MAX;

			iocsr_access(&cpus[0], number, size, false, &value);
			value = UINT64_MAX;
			if (number < DEVICE || number >= DEVICE + DEVICE_SIZE)
				iocsr_access(&cpus[0], number, size, true, &value);
		}
	assert_int_equal(blocks[1].status, 0);
	assert_int_equal(blocks[2].status, 0);
	assert_int_equal(changed[1] + changed[2], 0);
}

static void exits_of_ipis_are_told_apart(void **state)
{
	unsigned int count = 0;

	(void)state;
	for (uint64_t number = 0; number < 0x10000; number += 4)
		count += iocsr_is_ipi(number);
	assert_int_equal(count, 16 + 3);
	assert_true(iocsr_is_ipi(STATUS));
	assert_true(iocsr_is_ipi(ANY_SEND));
	assert_false(iocsr_is_ipi(DEVICE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_cell_learns_what_the_processor_is, setup),
		cmocka_unit_test_setup(what_does_not_exist_reads_as_zero_and_is_counted, setup),
		cmocka_unit_test_setup(status_and_enable_make_the_line, setup),
		cmocka_unit_test_setup(mailboxes_keep_64_bits, setup),
		cmocka_unit_test_setup(interrupts_are_sent_to_any_vcpu_of_the_cell, setup),
		cmocka_unit_test_setup(mail_is_delivered_by_words_and_bytes, setup),
		cmocka_unit_test_setup(anything_sent_is_for_devices_only, setup),
		cmocka_unit_test_setup(nothing_is_sent_out_of_the_cell, setup),
		cmocka_unit_test_setup(a_parked_vcpu_starts_by_mailbox_and_interrupt, setup),
		cmocka_unit_test_setup(mail_alone_starts_nobody, setup),
		cmocka_unit_test_setup(random_accesses_agree_with_a_model, setup),
		cmocka_unit_test_setup(every_number_can_be_tried, setup),
		cmocka_unit_test_setup(exits_of_ipis_are_told_apart, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
