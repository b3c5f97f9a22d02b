/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_arch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/console.h"
#include "core/log.h"

#define WEAK __attribute__((weak))

struct fake_arch fake_arch;
static uint8_t ram[FAKE_RAM_SIZE] __attribute__((aligned(4096)));

void fake_arch_start(uint8_t fill)
{
	const struct fake_arch clean = { .timer = TIMER_OFF,
					 .legacy_ports = 0x400,
					 .input = "",
					 .output_room = UINT32_MAX,
					 .prepared = true };

	fake_arch = clean;
	memset(ram, fill, sizeof(ram));
}

uint8_t *fake_ram(uint64_t hpa)
{
	if (hpa < FAKE_RAM || hpa - FAKE_RAM >= FAKE_RAM_SIZE)
		fail_msg("host-physical 0x%lx is no RAM", (unsigned long)hpa);
	return ram + (hpa - FAKE_RAM);
}

unsigned int fake_logged(const char *text)
{
	unsigned int count = 0;

	for (const char *at = fake_arch.log; (at = strstr(at, text)); at++)
		count++;
	return count;
}

/* ---- Log and console ---- */

void WEAK log_printf(const char *fmt, ...)
{
	va_list args;
	int size;

	va_start(args, fmt);
	size = vsnprintf(fake_arch.log + fake_arch.log_used,
			 sizeof(fake_arch.log) - fake_arch.log_used, fmt, args);
	va_end(args);
	fake_arch.log_used += (size_t)size;
	assert_true(size >= 0 && fake_arch.log_used < sizeof(fake_arch.log));
}

bool WEAK console_cell_get(unsigned int cell, uint8_t *byte)
{
	(void)cell;
	if (!*fake_arch.input)
		return false;
	*byte = (uint8_t)*fake_arch.input++;
	return true;
}

bool WEAK console_cell_put(unsigned int cell, uint8_t byte)
{
	(void)cell;
	if (fake_arch.output_room == 0)
		return false;
	fake_arch.output_room--;
	if (fake_arch.nr_output < sizeof(fake_arch.output))
		fake_arch.output[fake_arch.nr_output++] = (char)byte;
	return true;
}

void WEAK console_drain(void)
{
	fake_arch.drains++;
}

void WEAK console_flush(void)
{
	fake_arch.flushes++;
}

/* ---- Memory and time ---- */

void WEAK arch_fill_memory(uint64_t hpa, const uint8_t *data, uint64_t size)
{
	uint8_t *target = fake_ram(hpa);

	assert_true(size > 0);
	assert_ptr_equal(fake_ram(hpa + size - 1), target + size - 1);
	if (data)
		memcpy(target, data, size);
	else
		memset(target, 0, size);
}

uint64_t WEAK arch_now(void)
{
	return fake_arch.now;
}

uint64_t WEAK arch_wall_clock(void)
{
	return fake_arch.wall;
}

void WEAK arch_cell_timer(struct cell *cell, uint64_t deadline)
{
	(void)cell;
	fake_arch.timer = deadline;
	fake_arch.timer_calls++;
}

/* ---- Interrupts ---- */

void WEAK arch_send_message(struct cell *cell, const struct irq_message *msg)
{
	(void)cell;
	fake_arch.message = *msg;
	fake_arch.messages++;
}

void WEAK arch_set_cpu_line(struct cell *cell, unsigned int vcpu, unsigned int line, bool level)
{
	(void)cell;
	fake_arch.line_vcpu = vcpu;
	fake_arch.line = line;
	fake_arch.level = level;
}

void WEAK arch_route_pin(struct cell *cell, unsigned int pin, const struct irq_message *msg,
			 bool masked)
{
	(void)cell;
	(void)masked;
	fake_arch.routed_pin = pin;
	fake_arch.message = *msg;
}

void WEAK arch_cell_reset(struct cell *cell)
{
	(void)cell;
	fake_arch.cell_resets++;
}

/* ---- vCPUs ---- */

void WEAK arch_vcpu_reset(struct vcpu *vcpu)
{
	(void)vcpu;
	fake_arch.vcpu_resets++;
}

bool WEAK arch_vcpu_prepare(struct vcpu *vcpu, uint32_t requests)
{
	(void)vcpu;
	fake_arch.requests |= requests;
	return fake_arch.prepared;
}

void WEAK arch_vcpu_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	assert_non_null(fake_arch.run);
	fake_arch.run(vcpu, exit);
}

enum arch_verdict WEAK arch_vcpu_handle(struct vcpu *vcpu, const struct vcpu_exit *exit,
					const char **why)
{
	(void)vcpu;
	(void)exit;
	(void)why;
	return fake_arch.verdict;
}

int WEAK arch_vcpu_emulate(struct vcpu *vcpu, const struct vcpu_exit *exit)
{
	uint64_t value = 0;

	return cell_access(vcpu, DEVICE_PIO, exit->pio.port, exit->pio.size, exit->pio.write,
			   &value);
}

void WEAK arch_vcpu_dump(struct vcpu *vcpu)
{
	(void)vcpu;
	fake_arch.dumps++;
}

void WEAK arch_vcpu_quiesce(struct vcpu *vcpu)
{
	(void)vcpu;
	fake_arch.quiesces++;
}

bool WEAK arch_is_legacy_probe(enum device_space space, uint64_t address)
{
	return space == DEVICE_PIO && address < fake_arch.legacy_ports;
}

/* ---- The CPU ---- */

void WEAK arch_wait(struct vcpu *vcpu)
{
	assert_non_null(fake_arch.wait);
	fake_arch.wait(vcpu);
}

void WEAK arch_kick(struct vcpu *vcpu)
{
	fake_arch.kicks[vcpu->cpu]++;
}

void WEAK arch_attend(struct vcpu *vcpu)
{
	(void)vcpu;
	fake_arch.attends++;
}

void WEAK arch_poweroff(void)
{
	fake_arch.poweroffs++;
}
