# SPDX-License-Identifier: Apache-2.0
"""A cell's memory: where it is placed, how it is mapped, what Linux and PVH kernels find in it."""

import os
import struct
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_gen_support import (
    BASE,
    B_MEMORY,
    Bench,
    bzimage,
    edited,
    elf,
    memory_of,
    plan_of,
)  # noqa: E402
from genconfig import guest  # noqa: E402
from genconfig.diag import Position  # noqa: E402
from genconfig.guest import Region, stage2_pages  # noqa: E402
from genconfig.model import GIB, MIB, PAGE  # noqa: E402
from genconfig.x86 import linux  # noqa: E402
from genconfig.x86.guest import memory_map  # noqa: E402


@pytest.fixture
def bench(tmp_path, capsys):
    return Bench(tmp_path, capsys)


# ---- Placement and second-stage tables ----


def test_cells_are_placed_first_fit_at_large_pages_around_the_hypervisor(bench):
    plan = plan_of(
        bench,
        edited(
            ("memory = <0 0x4000000>;", "memory = <0 0xa00000>;"),
            base=BASE.replace(
                'kernel = "vmlinuz";\n\t\t\tinitrd = "initrd";', 'kernel = "small.elf";'
            ),
        )
        if bench.image("small.elf", elf()) is None
        else "",
    )
    alpha, beta = plan.system.cells
    hypervisor = plan.system.hypervisor.memory
    assert hypervisor.base == 16 * MIB and hypervisor.size % (2 * MIB) == 0
    assert alpha.base == 2 * MIB, "10 MiB fit below the hypervisor"
    assert beta.base == hypervisor.end


def test_a_large_cell_is_aligned_to_1_gib_where_that_fits(bench):
    text = edited(
        ("memory = <0 0x4000000>;", "memory = <0 0x40000000>;"),
        append="""
        / { model = "large"; memory@100000 { reg = <0 0x100000 0 0x7fd00000 1 0 1 0>; };
            qemu { memory = <8192>; }; };""",
    )
    assert plan_of(bench, text).system.cells[0].base == 4 * GIB
    text = edited(("memory = <0 0x4000000>;", "memory = <0 0x40000000>;"))
    cell = plan_of(bench, text).system.cells[0]
    assert cell.base % GIB and cell.base % (2 * MIB) == 0


def test_the_largest_go_first_when_the_order_of_the_dts_does_not_fit(bench):
    """8 MiB first would take the start of the only gap that the second cell fits into."""
    text = edited(
        ("memory = <0 0x4000000>;", "memory = <0 0x1800000>;"),
        (B_MEMORY, "memory = <0 0x2000000>;"),
        append="""/ { memory@100000 { reg = <0 0x100000 0 0xf00000 0 0x1000000 0 0x400000
                                 0 0x2000000 0 0x2000000 0 0x8000000 0 0x1800000>; }; };""",
    )
    bench.image("vmlinuz", bzimage(init_size=0x400000))
    alpha, beta = plan_of(bench, text).system.cells
    assert (alpha.base, beta.base) == (0x8000000, 0x2000000)


def count_naively(regions):
    """Tables of a 4-level tree, by walking every 4 KiB page."""
    tables = {()}
    for region in regions:
        at, end = region.gpa, region.gpa + region.size
        while at < end:
            host = region.hpa + at - region.gpa
            for size in (GIB, 2 * MIB, PAGE):
                if at % size == 0 and host % size == 0 and end - at >= size:
                    break
            indices = (at >> 39, at >> 30, at >> 21)
            for depth in range(1, {GIB: 2, 2 * MIB: 3, PAGE: 4}[size]):
                tables.add((depth, indices[depth - 1]))
            at += size
    return len(tables)


@pytest.mark.parametrize(
    "gpa, hpa, size",
    [
        (0, 0, PAGE),
        (0, 0, 2 * MIB),
        (0, 0, GIB),
        (0, 4 * GIB, 3 * GIB),
        (0x1000, 0x1000, 4 * MIB),
        (0x1000, 0x2000, 4 * MIB),
        (2 * MIB, 3 * MIB, 6 * MIB),
        (0x100000, 0x2300000, 0x1FF00000),
        (511 * GIB, GIB, 2 * GIB + PAGE),
        (GIB - 2 * MIB, 5 * GIB - 2 * MIB, 2 * GIB),
        (PAGE, PAGE, GIB),
    ],
)
def test_second_stage_pages_are_counted_exactly(gpa, hpa, size):
    region = Region(gpa, hpa, size, (), Position("x", 1))
    assert stage2_pages([region]) == count_naively([region])


def test_second_stage_pages_of_several_regions_share_tables():
    regions = [
        Region(a, a, s, (), Position("x", 1))
        for a, s in (
            (0, 0xA0000),
            (0xC0000, 0x40000),
            (0x100000, GIB),
            (4 * GIB, 2 * GIB),
            (0xD0000000, PAGE),
        )
    ]
    assert stage2_pages(regions) == count_naively(regions)
    assert stage2_pages(regions, large_1g=False) > stage2_pages(regions)


def test_memory_regions_leave_the_hole_and_keep_large_pages(bench):
    plan = plan_of(bench)
    cell = plan.system.cells[1]
    got = [(r.gpa, r.hpa - cell.base, r.size) for r in guest.regions(cell, [])]
    assert got == [(0, 0, 0xA0000), (0xC0000, 0xC0000, 0x40000), (0x100000, 0x100000, 0x7F00000)]
    assert "REGION_WRITE" not in guest.regions(cell, [])[1].flags
    assert (
        plan.stage2_pages == sum(stage2_pages(guest.regions(c, [])) for c in plan.system.cells) == 8
    )


def test_ram_beyond_3_gib_appears_at_4_gib(bench):
    text = edited(
        (B_MEMORY, "memory = <1 0>;"),
        append="""
        / { memory@100000 { reg = <0 0x100000 0 0x7fd00000 1 0 2 0>; };
            qemu { memory = <16384>; }; };""",
    )
    cell = plan_of(bench, text).system.cells[1]
    high = guest.regions(cell, [])[-1]
    assert (high.gpa, high.hpa, high.size) == (4 * GIB, cell.base + 3 * GIB, GIB)
    assert memory_map(cell)[-3:] == [
        (MIB, 3 * GIB - MIB, 1),
        (0xE0000000, MIB, 2),
        (4 * GIB, GIB, 1),
    ]


# ---- Linux ----


def test_boot_parameters_are_what_the_boot_protocol_asks_for(bench):
    plan = plan_of(bench)
    memory = memory_of(plan.loaded[0])
    page = memory[0x2000:0x3000]
    kernel = bzimage()
    assert page[0x202:0x206] == b"HdrS"
    assert page[0x1F1:0x210] == kernel[0x1F1:0x210], "the kernel's own header is copied"
    assert page[0x264:0x26C] == kernel[0x264:0x26C] and page[:0x70] == bytes(0x70)
    assert page[0x210] == 0xFF and page[0x211] & 1
    initrd, size = struct.unpack_from("<II", page, 0x218)
    assert (
        size == 6000
        and initrd == 0x4000000 - 8192
        and memory[initrd : initrd + size] == b"initrd" * 1000
    )
    assert struct.unpack_from("<I", page, 0x228) == (0x3000,)
    assert bytes(memory[0x3000:0x300E]) == b"console=ttyS0\0"
    (rsdp,) = struct.unpack_from("<Q", page, 0x70)
    assert memory[rsdp : rsdp + 8] == b"RSD PTR "
    e820 = [struct.unpack_from("<QQI", page, 0x2D0 + 20 * n) for n in range(page[0x1E8])]
    assert e820 == [
        (0, 0x9FC00, 1),
        (0x9FC00, 0x400, 2),
        (0xE0000, 0x20000, 2),
        (0x100000, 0x3F00000, 1),
        (0xE0000000, 0x100000, 2),
    ]


def test_the_kernel_lies_where_it_prefers_and_is_entered_at_its_64_bit_entry(bench):
    bench.image("vmlinuz", bzimage(payload=bytes(range(256)) * 16, pref_address=0x1200000))
    loaded = plan_of(bench).loaded[0]
    assert loaded.entry == 0x1200200 and loaded.arch.argument == 0x2000
    assert memory_of(loaded)[0x1200000:0x1201000] == bytes(range(256)) * 16


def test_the_initrd_respects_the_kernels_limit(bench):
    bench.image("vmlinuz", bzimage(initrd_addr_max=0x2FFFFF0))
    segment = [s for s in plan_of(bench).loaded[0].segments if s.what == "initrd"][0]
    assert segment.gpa % PAGE == 0 and segment.gpa == (0x2FFFFF1 - 6000) // PAGE * PAGE


def test_the_page_tables_map_4_gib_one_to_one(bench):
    memory = memory_of(plan_of(bench).loaded[0])

    def entry(table, index):
        return struct.unpack_from("<Q", memory, (table & ~0xFFF) + 8 * index)[0]

    for address in (0, 0x1000200, 0x3FFFFFFF, 0x40000000, 0xFEC00000, 0xFFFFFFFF):
        pdpt = entry(0x4000, address >> 39)
        directory = entry(pdpt, address >> 30 & 511)
        leaf = entry(directory, address >> 21 & 511)
        assert pdpt & directory & leaf & 3 == 3 and leaf & 0x80
        assert leaf & ~0x1FFFFF == address & ~0x1FFFFF


def test_the_gdt_has_the_selectors_of_the_boot_protocol():
    _, _, code, data = struct.unpack("<4Q", linux.gdt())
    assert code >> 40 & 0xFF == 0x9B and code >> 53 & 1 == 1 and code >> 54 & 1 == 0, "64-bit code"
    assert data >> 40 & 0xFF == 0x93 and data >> 54 & 1 == 1, "flat data"


# ---- PVH ----


@pytest.mark.parametrize("wide", [True, False])
def test_a_pvh_kernel_gets_its_start_info(bench, wide):
    bench.image(
        "vmlinuz",
        elf(
            segments=((0x100000, b"abcd" * 64, 0x1000), (0x200000, b"data", 0x100)),
            wide=wide,
            machine=62 if wide else 3,
        ),
    )
    plan = plan_of(bench)
    loaded = plan.loaded[0]
    memory = memory_of(loaded)
    assert (loaded.mode, loaded.entry, loaded.arch.argument) == ("X86_ENTRY_PVH", 0x100010, 0x1000)
    assert memory[0x100000:0x100100] == b"abcd" * 64 and memory[0x200000:0x200004] == b"data"
    magic, version, flags, modules, modlist, cmdline, rsdp, memmap, entries, _ = struct.unpack_from(
        "<IIII4QII", memory, 0x1000
    )
    assert (magic, version, flags, modules) == (0x336EC578, 1, 0, 1)
    assert memory[cmdline : cmdline + 14] == b"console=ttyS0\0"
    assert memory[rsdp : rsdp + 8] == b"RSD PTR "
    start, size, module_cmdline, _ = struct.unpack_from("<4Q", memory, modlist)
    assert memory[start : start + size] == b"initrd" * 1000 and module_cmdline == 0
    assert [
        struct.unpack_from("<QQI", memory, memmap + 24 * n) for n in range(entries)
    ] == memory_map(plan.system.cells[0])
