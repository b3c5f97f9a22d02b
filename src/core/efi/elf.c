/* SPDX-License-Identifier: Apache-2.0 */
/* System V ABI, Object Files: ELF Header, Program Header. */
#include "elf.h"
#include "arch_efi.h"
#include "core/string.h"

#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define ET_EXEC 2
#define PT_LOAD 1

#define LOW_4G 0x100000000u

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
static_assert(sizeof(struct elf_header) == 64, "ELF-64 Object File Format, 3");

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
static_assert(sizeof(struct elf_segment) == 56, "ELF-64 Object File Format, 9");

static bool is_ours(const struct elf_header *header)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB };

	return memcmp(header->ident, ident, sizeof(ident)) == 0 && header->type == ET_EXEC &&
	       header->machine == EFI_ELF_MACHINE &&
	       header->phentsize == sizeof(struct elf_segment);
}

static int add_part(struct elf_program *program, const struct elf_segment *segment,
		    const uint8_t *file, uint64_t size)
{
	uint32_t at = program->nr_parts;

	if (segment->offset > size || segment->filesz > size - segment->offset ||
	    segment->filesz > segment->memsz || segment->paddr >= LOW_4G ||
	    segment->memsz > LOW_4G - PAGE_SIZE - segment->paddr || at == ELF_MAX_PARTS ||
	    (at != 0 && segment->paddr < program->end))
		return -EINVAL;
	program->parts[at].data = file + segment->offset;
	program->parts[at].address = (uint32_t)segment->paddr;
	program->parts[at].size = (uint32_t)segment->filesz;
	program->parts[at].zeroes = (uint32_t)(segment->memsz - segment->filesz);
	program->nr_parts++;
	if (at == 0)
		program->base = (uint32_t)(segment->paddr & PAGE_MASK);
	program->end = (uint32_t)align_up(segment->paddr + segment->memsz, PAGE_SIZE);
	return 0;
}

int elf_read(struct elf_program *program, const uint8_t *file, uint64_t size)
{
	struct elf_header header = { .phnum = 0 };
	struct elf_segment segment = { .type = 0 };
	int err = 0;

	memset(program, 0, sizeof(*program));
	if (size < sizeof(header))
		return -EINVAL;
	memcpy(&header, file, sizeof(header));
	if (!is_ours(&header) || header.phoff > size ||
	    header.phnum > (size - header.phoff) / sizeof(segment))
		return -EINVAL;
	for (uint64_t i = 0; !err && i < header.phnum; i++) {
		memcpy(&segment, file + header.phoff + i * sizeof(segment), sizeof(segment));
		if (segment.type == PT_LOAD && segment.memsz)
			err = add_part(program, &segment, file, size);
	}
	if (err || header.entry < program->base || header.entry >= program->end)
		return -EINVAL;
	program->entry = (uint32_t)header.entry;
	return 0;
}
