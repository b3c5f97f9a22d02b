/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor's short looks into cell memory: loading images, and the guest's instructions and
 * operands. */
#include "core/arch.h"
#include "core/string.h"
#include "guest.h"
#include "paging.h"
#include "vendor.h"

/* Page table entries: APM 5.3 */
#define PTE_PRESENT BIT_ULL(0)
#define PTE_LARGE BIT_ULL(7)
#define PTE_ADDRESS 0x000ffffffffff000ull
#define PDE_PSE36_HIGH 0x1fe000ull /* bits 20:13 of a 4 MiB PDE are address bits 39:32 */

void arch_fill_memory(uint64_t hpa, const uint8_t *data, uint64_t size)
{
	while (size > 0) {
		uint64_t offset = hpa & ~PAGE_MASK;
		uint64_t chunk = PAGE_SIZE - offset;
		uint8_t *target = (uint8_t *)paging_window(hpa & PAGE_MASK) + offset;

		if (chunk > size)
			chunk = size;
		if (data) {
			memcpy(target, data, chunk);
			data += chunk;
		} else {
			memset(target, 0, chunk);
		}
		hpa += chunk;
		size -= chunk;
	}
	paging_window_close();
}

/* Copies within one page of guest-physical memory. */
static int copy_physical(const struct cell *cell, uint64_t gpa, void *buffer, unsigned int size,
			 bool write)
{
	const struct mem_region *region = cell_region(cell, gpa);
	uint64_t hpa;
	uint8_t *shown;

	if (!region || !(region->flags & REGION_RAM))
		return -EPERM;
	if (write && !(region->flags & REGION_WRITE))
		return 0; /* a ROM */
	hpa = region->hpa + (gpa - region->gpa);
	shown = (uint8_t *)paging_window(hpa & PAGE_MASK) + (hpa & ~PAGE_MASK);
	if (write)
		memcpy(shown, buffer, size);
	else
		memcpy(buffer, shown, size);
	paging_window_close();
	return 0;
}

/* Walks a table of @levels levels with 8-byte entries. */
static int walk_long(const struct cell *cell, uint64_t root, unsigned int levels, uint64_t linear,
		     uint64_t *gpa)
{
	uint64_t table = root;

	for (unsigned int level = levels; level > 0; level--) {
		unsigned int shift = PAGE_SHIFT + 9 * (level - 1);
		/* A PAE root has four entries only; the others have 512. */
		uint64_t index = (linear >> shift) & (levels == 3 && level == 3 ? 3 : 511);
		uint64_t entry;
		int err = copy_physical(cell, table + index * 8, &entry, 8, false);

		if (err)
			return err;
		if (!(entry & PTE_PRESENT))
			return -ENOENT;
		if (level == 1 || (level <= 3 && levels > 3 && (entry & PTE_LARGE)) ||
		    (level == 2 && (entry & PTE_LARGE))) {
			uint64_t offset = BIT_ULL(shift) - 1;

			*gpa = (entry & PTE_ADDRESS & ~offset) | (linear & offset);
			return 0;
		}
		table = entry & PTE_ADDRESS;
	}
	return -ENOENT;
}

/* Walks a two-level table with 4-byte entries. */
static int walk_legacy(const struct cell *cell, uint64_t root, bool pse, uint64_t linear,
		       uint64_t *gpa)
{
	uint32_t entry;
	int err = copy_physical(cell, root + ((linear >> 22) & 1023) * 4, &entry, 4, false);

	if (err)
		return err;
	if (!(entry & PTE_PRESENT))
		return -ENOENT;
	if (pse && (entry & PTE_LARGE)) {
		*gpa = (entry & 0xffc00000u) | (linear & 0x3fffff) | (entry & PDE_PSE36_HIGH) << 19;
		return 0;
	}
	err = copy_physical(cell, (entry & 0xfffff000u) + ((linear >> 12) & 1023) * 4, &entry, 4,
			    false);
	if (err)
		return err;
	if (!(entry & PTE_PRESENT))
		return -ENOENT;
	*gpa = (entry & 0xfffff000u) | (linear & 0xfff);
	return 0;
}

static int translate(const struct cell *cell, const struct x86_state *state, uint64_t linear,
		     uint64_t *gpa)
{
	if (!(state->cr0 & CR0_PG)) {
		*gpa = (uint32_t)linear;
		return 0;
	}
	if (state->efer & EFER_LMA)
		return walk_long(cell, state->cr3 & PTE_ADDRESS, state->cr4 & CR4_LA57 ? 5 : 4,
				 linear, gpa);
	if (state->cr4 & CR4_PAE)
		return walk_long(cell, state->cr3 & 0xffffffe0u, 3, (uint32_t)linear, gpa);
	return walk_legacy(cell, state->cr3 & 0xfffff000u, state->cr4 & CR4_PSE, (uint32_t)linear,
			   gpa);
}

static int copy_linear(const struct arch_vcpu *guest, const struct cell *cell, uint64_t linear,
		       uint8_t *buffer, unsigned int size, bool write)
{
	struct x86_state state;

	vendor->get_state(guest, &state);
	while (size > 0) {
		unsigned int chunk = (unsigned int)(PAGE_SIZE - (linear & ~PAGE_MASK));
		uint64_t gpa;
		int err;

		if (chunk > size)
			chunk = size;
		err = translate(cell, &state, linear, &gpa);
		if (!err)
			err = copy_physical(cell, gpa, buffer, chunk, write);
		if (err)
			return err;
		linear += chunk;
		buffer += chunk;
		size -= chunk;
	}
	return 0;
}

int guest_read_physical(const struct cell *cell, uint64_t gpa, void *buffer, unsigned int size)
{
	if ((gpa & ~PAGE_MASK) + size > PAGE_SIZE)
		return -EPERM;
	return copy_physical(cell, gpa, buffer, size, false);
}

int guest_write_physical(const struct cell *cell, uint64_t gpa, const void *buffer,
			 unsigned int size)
{
	uint8_t copy[32];

	if (size > sizeof(copy) || (gpa & ~PAGE_MASK) + size > PAGE_SIZE)
		return -EPERM;
	memcpy(copy, buffer, size);
	return copy_physical(cell, gpa, copy, size, true);
}

int guest_read_linear(const struct arch_vcpu *guest, const struct cell *cell, uint64_t linear,
		      void *buffer, unsigned int size)
{
	return copy_linear(guest, cell, linear, buffer, size, false);
}

int guest_write_linear(const struct arch_vcpu *guest, const struct cell *cell, uint64_t linear,
		       const void *buffer, unsigned int size)
{
	uint8_t copy[16];

	if (size > sizeof(copy))
		return -EPERM;
	memcpy(copy, buffer, size);
	return copy_linear(guest, cell, linear, copy, size, true);
}
