/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include <sanitizer/asan_interface.h>

#include "arch/x86/paging.h"
#include "fake_arch.h"

struct fake_guest fake_guest;

/* ---- The window: a page that can only be touched while it is open ---- */

static uint8_t *shown;

static void hide(void)
{
	if (shown)
		ASAN_UNPOISON_MEMORY_REGION(fake_ram(FAKE_RAM), FAKE_RAM_SIZE);
	shown = NULL;
	fake_guest.window_open = false;
}

void *paging_window(uint64_t page)
{
	uint8_t *ram = fake_ram(FAKE_RAM);

	assert_int_equal(page & ~PAGE_MASK, 0);
	shown = fake_ram(page);
	ASAN_POISON_MEMORY_REGION(ram, FAKE_RAM_SIZE);
	ASAN_UNPOISON_MEMORY_REGION(shown, PAGE_SIZE);
	fake_guest.windows++;
	fake_guest.window_open = true;
	return shown;
}

void paging_window_close(void)
{
	hide();
}

/* ---- The backend ---- */

static void get_state(const struct arch_vcpu *guest, struct x86_state *state)
{
	assert_ptr_equal(guest, &fake_guest.cpu);
	*state = fake_guest.state;
}

static void set_cr2(struct arch_vcpu *guest, uint64_t cr2)
{
	assert_ptr_equal(guest, &fake_guest.cpu);
	fake_guest.cr2 = cr2;
}

static const struct x86_vendor fake_vendor = { .name = "fake",
					       .get_state = get_state,
					       .set_cr2 = set_cr2 };
const struct x86_vendor *vendor = &fake_vendor;

void vcpu_inject_exception(struct arch_vcpu *guest, unsigned int vector, uint32_t error)
{
	assert_ptr_equal(guest, &fake_guest.cpu);
	fake_guest.exceptions++;
	fake_guest.vector = vector;
	fake_guest.error = error;
}

void vcpu_skip(struct arch_vcpu *guest, uint64_t length)
{
	assert_ptr_equal(guest, &fake_guest.cpu);
	guest->rip += length;
	fake_guest.skips++;
}

void fake_guest_start(struct vcpu *vcpu)
{
	hide();
	memset(&fake_guest, 0, sizeof(fake_guest));
	vcpu->arch = &fake_guest.cpu;
}
