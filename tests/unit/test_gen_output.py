# SPDX-License-Identifier: Apache-2.0
"""What the generator writes: guest memory, boot parameters, ACPI tables, the C table, and how it is written."""

import os
import re
import struct
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_gen_support import BASE, ROOT, Bench, bzimage, edited, elf  # noqa: E402
from genconfig import guest, linux, pipeline, placement  # noqa: E402
from genconfig.diag import ConfigError, Position  # noqa: E402
from genconfig.guest import Region, stage2_pages  # noqa: E402
from genconfig.model import GIB, MIB, PAGE  # noqa: E402

COMPILE = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wmissing-prototypes", "-Werror",
           "-ffreestanding", "-mgeneral-regs-only", "-fno-pic", "-mno-red-zone", "-mcmodel=small", "-O2",
           "-I" + os.path.join(ROOT, "src"), "-I" + os.path.join(ROOT, "src/arch/x86/include")]
B_MEMORY = "memory = <0 0x8000000>;"
VDEV = '#include "pc-devices.dtsi"'
CONFIGS = sorted(n for n in os.listdir(os.path.join(ROOT, "configs")) if n.endswith(".dts"))


@pytest.fixture
def bench(tmp_path, capsys):
    return Bench(tmp_path, capsys)


def plan_of(bench, text=BASE):
    bench.write(text)
    return pipeline.plan(bench.dts, bench.images)


def memory_of(loaded):
    """A cell's memory below 64 MiB as the hypervisor would fill it."""
    memory = bytearray(64 * MIB)
    for segment in loaded.segments:
        if isinstance(segment.source, guest.Blob):
            data = segment.source.data
        else:
            with open(segment.source.path, "rb") as image:
                data = image.read()[segment.source.offset:segment.source.offset + segment.size]
        assert len(data) == segment.size
        memory[segment.gpa:segment.gpa + segment.size] = data
    return memory


# ---- Placement and second-stage tables ----

def test_cells_are_placed_first_fit_at_large_pages_around_the_hypervisor(bench):
    plan = plan_of(bench, edited(("memory = <0 0x4000000>;", "memory = <0 0xa00000>;"), base=BASE.replace(
        'kernel = "vmlinuz";\n\t\t\tinitrd = "initrd";', 'kernel = "small.elf";')) if bench.image(
            "small.elf", elf()) is None else "")
    alpha, beta = plan.system.cells
    hypervisor = plan.system.hypervisor.memory
    assert hypervisor.base == 16 * MIB and hypervisor.size % (2 * MIB) == 0
    assert alpha.base == 2 * MIB, "10 MiB fit below the hypervisor"
    assert beta.base == hypervisor.end


def test_a_large_cell_is_aligned_to_1_gib_where_that_fits(bench):
    text = edited(("memory = <0 0x4000000>;", "memory = <0 0x40000000>;"), append="""
        / { model = "large"; memory@100000 { reg = <0 0x100000 0 0x7fd00000 1 0 1 0>; }; qemu { memory = <8192>; }; };""")
    assert plan_of(bench, text).system.cells[0].base == 4 * GIB
    text = edited(("memory = <0 0x4000000>;", "memory = <0 0x40000000>;"))
    cell = plan_of(bench, text).system.cells[0]
    assert cell.base % GIB and cell.base % (2 * MIB) == 0


def test_the_largest_go_first_when_the_order_of_the_dts_does_not_fit(bench):
    """8 MiB first would take the start of the only gap that the second cell fits into."""
    text = edited(("memory = <0 0x4000000>;", "memory = <0 0x1800000>;"), (B_MEMORY, "memory = <0 0x2000000>;"),
                  append="""/ { memory@100000 { reg = <0 0x100000 0 0xf00000 0 0x1000000 0 0x400000
                                               0 0x2000000 0 0x2000000 0 0x8000000 0 0x1800000>; }; };""")
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


@pytest.mark.parametrize("gpa, hpa, size", [
    (0, 0, PAGE), (0, 0, 2 * MIB), (0, 0, GIB), (0, 4 * GIB, 3 * GIB), (0x1000, 0x1000, 4 * MIB),
    (0x1000, 0x2000, 4 * MIB), (2 * MIB, 3 * MIB, 6 * MIB), (0x100000, 0x2300000, 0x1ff00000),
    (511 * GIB, GIB, 2 * GIB + PAGE), (GIB - 2 * MIB, 5 * GIB - 2 * MIB, 2 * GIB), (PAGE, PAGE, GIB)])
def test_second_stage_pages_are_counted_exactly(gpa, hpa, size):
    region = Region(gpa, hpa, size, (), Position("x", 1))
    assert stage2_pages([region]) == count_naively([region])


def test_second_stage_pages_of_several_regions_share_tables():
    regions = [Region(a, a, s, (), Position("x", 1)) for a, s in
               ((0, 0xa0000), (0xc0000, 0x40000), (0x100000, GIB), (4 * GIB, 2 * GIB), (0xd0000000, PAGE))]
    assert stage2_pages(regions) == count_naively(regions)
    assert stage2_pages(regions, large_1g=False) > stage2_pages(regions)


def test_memory_regions_leave_the_hole_and_keep_large_pages(bench):
    plan = plan_of(bench)
    cell = plan.system.cells[1]
    got = [(r.gpa, r.hpa - cell.base, r.size) for r in guest.regions(cell, [])]
    assert got == [(0, 0, 0xa0000), (0xc0000, 0xc0000, 0x40000), (0x100000, 0x100000, 0x7f00000)]
    assert "REGION_WRITE" not in guest.regions(cell, [])[1].flags
    assert plan.stage2_pages == sum(stage2_pages(guest.regions(c, [])) for c in plan.system.cells) == 8


def test_ram_beyond_3_gib_appears_at_4_gib(bench):
    text = edited((B_MEMORY, "memory = <1 0>;"), append="""
        / { memory@100000 { reg = <0 0x100000 0 0x7fd00000 1 0 2 0>; }; qemu { memory = <16384>; }; };""")
    cell = plan_of(bench, text).system.cells[1]
    high = guest.regions(cell, [])[-1]
    assert (high.gpa, high.hpa, high.size) == (4 * GIB, cell.base + 3 * GIB, GIB)
    assert guest.memory_map(cell)[-2:] == [(MIB, 3 * GIB - MIB, 1), (4 * GIB, GIB, 1)]


# ---- Linux ----

def test_boot_parameters_are_what_the_boot_protocol_asks_for(bench):
    plan = plan_of(bench)
    memory = memory_of(plan.loaded[0])
    page = memory[0x2000:0x3000]
    kernel = bzimage()
    assert page[0x202:0x206] == b"HdrS"
    assert page[0x1f1:0x210] == kernel[0x1f1:0x210], "the kernel's own header is copied"
    assert page[0x264:0x26c] == kernel[0x264:0x26c] and page[:0x70] == bytes(0x70)
    assert page[0x210] == 0xff and page[0x211] & 1
    initrd, size = struct.unpack_from("<II", page, 0x218)
    assert size == 6000 and initrd == 0x4000000 - 8192 and memory[initrd:initrd + size] == b"initrd" * 1000
    assert struct.unpack_from("<I", page, 0x228) == (0x3000,)
    assert bytes(memory[0x3000:0x300f]) == b"console=ttyS0\0\0"
    rsdp, = struct.unpack_from("<Q", page, 0x70)
    assert memory[rsdp:rsdp + 8] == b"RSD PTR "
    e820 = [struct.unpack_from("<QQI", page, 0x2d0 + 20 * n) for n in range(page[0x1e8])]
    assert e820 == [(0, 0x9fc00, 1), (0x9fc00, 0x400, 2), (0xe0000, 0x20000, 2), (0x100000, 0x3f00000, 1)]


def test_the_kernel_lies_where_it_prefers_and_is_entered_at_its_64_bit_entry(bench):
    bench.image("vmlinuz", bzimage(payload=bytes(range(256)) * 16, pref_address=0x1200000))
    loaded = plan_of(bench).loaded[0]
    assert loaded.entry == 0x1200200 and loaded.argument == 0x2000
    assert memory_of(loaded)[0x1200000:0x1201000] == bytes(range(256)) * 16


def test_the_initrd_respects_the_kernels_limit(bench):
    bench.image("vmlinuz", bzimage(initrd_addr_max=0x2fffff0))
    segment = [s for s in plan_of(bench).loaded[0].segments if s.what == "initrd"][0]
    assert segment.gpa % PAGE == 0 and segment.gpa == (0x2fffff1 - 6000) // PAGE * PAGE


def test_the_page_tables_map_4_gib_one_to_one(bench):
    memory = memory_of(plan_of(bench).loaded[0])

    def entry(table, index):
        return struct.unpack_from("<Q", memory, (table & ~0xfff) + 8 * index)[0]
    for address in (0, 0x1000200, 0x3fffffff, 0x40000000, 0xfec00000, 0xffffffff):
        pdpt = entry(0x4000, address >> 39)
        directory = entry(pdpt, address >> 30 & 511)
        leaf = entry(directory, address >> 21 & 511)
        assert pdpt & directory & leaf & 3 == 3 and leaf & 0x80
        assert leaf & ~0x1fffff == address & ~0x1fffff


def test_the_gdt_has_the_selectors_of_the_boot_protocol():
    _, _, code, data = struct.unpack("<4Q", linux.gdt())
    assert code >> 40 & 0xff == 0x9b and code >> 53 & 1 == 1 and code >> 54 & 1 == 0, "64-bit code"
    assert data >> 40 & 0xff == 0x93 and data >> 54 & 1 == 1, "flat data"


# ---- PVH ----

@pytest.mark.parametrize("wide", [True, False])
def test_a_pvh_kernel_gets_its_start_info(bench, wide):
    bench.image("vmlinuz", elf(segments=((0x100000, b"abcd" * 64, 0x1000), (0x200000, b"data", 0x100)),
                               wide=wide, machine=62 if wide else 3))
    plan = plan_of(bench)
    loaded = plan.loaded[0]
    memory = memory_of(loaded)
    assert (loaded.entry_mode, loaded.entry, loaded.argument) == ("X86_ENTRY_PVH", 0x100010, 0x1000)
    assert memory[0x100000:0x100100] == b"abcd" * 64 and memory[0x200000:0x200004] == b"data"
    magic, version, flags, modules, modlist, cmdline, rsdp, memmap, entries, _ = \
        struct.unpack_from("<IIII4QII", memory, 0x1000)
    assert (magic, version, flags, modules) == (0x336ec578, 1, 0, 1)
    assert memory[cmdline:cmdline + 14] == b"console=ttyS0\0"
    assert memory[rsdp:rsdp + 8] == b"RSD PTR "
    start, size, module_cmdline, _ = struct.unpack_from("<4Q", memory, modlist)
    assert memory[start:start + size] == b"initrd" * 1000 and module_cmdline == 0
    assert [struct.unpack_from("<QQI", memory, memmap + 24 * n) for n in range(entries)] == \
        guest.memory_map(plan.system.cells[0])


# ---- ACPI ----

def disassembled(folder, name, data):
    path = os.path.join(folder, name + ".dat")
    with open(path, "wb") as out:
        out.write(data)
    done = subprocess.run(["iasl", "-d", "-p", os.path.join(folder, name), path], capture_output=True, text=True,
                          check=False, cwd=folder)
    with open(os.path.join(folder, name + ".dsl"), encoding="utf-8") as text:
        source = text.read()
    said = done.stdout + done.stderr + source
    assert done.returncode == 0 and not re.search(r"\b(warning|error|invalid|incorrect|unknown)\b", said, re.I), said
    return source


def tables_of(bench, text):
    plan = plan_of(bench, text)
    return plan.acpi[0], memory_of(plan.loaded[0])


@pytest.mark.parametrize("text", [
    BASE, edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;")),
    edited((VDEV, "#address-cells = <2>; #size-cells = <1>;"))], ids=["pc", "passthrough", "bare"])
def test_iasl_disassembles_all_tables_without_a_complaint(bench, text):
    tables, _ = tables_of(bench, text)
    for name, data in tables.tables.items():
        if name != "rsdp":  # iasl does not take an RSDP by itself; the next test checks it
            disassembled(bench.folder, name, data)


def test_the_tables_are_found_from_the_rsdp_and_all_sums_are_zero(bench):
    tables, memory = tables_of(bench, BASE)
    rsdp = memory[tables.rsdp:tables.rsdp + 36]
    assert tables.rsdp % 16 == 0 and 0xe0000 <= tables.rsdp < 0x100000
    assert sum(rsdp[:20]) % 256 == sum(rsdp) % 256 == 0 and rsdp[15] == 2
    seen = {}

    def table(address):
        length, = struct.unpack_from("<I", memory, address + 4)
        data = memory[address:address + length]
        assert sum(data) % 256 == 0, data[:4]
        seen[bytes(data[:4])] = data
        return data
    xsdt = table(struct.unpack_from("<Q", rsdp, 24)[0])
    for address in struct.unpack_from("<2Q", xsdt, 36):
        table(address)
    fadt = seen[b"FACP"]
    table(struct.unpack_from("<Q", fadt, 140)[0])
    assert struct.unpack_from("<I", fadt, 40)[0] == struct.unpack_from("<Q", fadt, 140)[0]
    facs, = struct.unpack_from("<I", fadt, 36)
    assert memory[facs:facs + 4] == b"FACS" and facs % 64 == 0
    assert facs < 0xa0000, "the OS may write to the FACS, so it is not in the read-only area"
    assert set(seen) == {b"XSDT", b"FACP", b"APIC", b"DSDT"}


def test_the_fadt_describes_the_power_management_block(bench):
    fadt = tables_of(bench, BASE)[0].tables["fadt"]
    assert len(fadt) == 276 and fadt[8] == 6
    assert struct.unpack_from("<HxxxI", fadt, 46)[0] == 9
    assert struct.unpack_from("<I", fadt, 48) == (0,), "no SMI command: ACPI is always on"
    assert [struct.unpack_from("<I", fadt, at)[0] for at in (56, 64, 76)] == [0x600, 0x604, 0x608]
    assert fadt[88:92] == bytes([4, 2, 0, 4])
    flags, = struct.unpack_from("<I", fadt, 112)
    assert flags & 1 << 8 and flags & 1 << 10 and flags & 1 << 12 and not flags & 1 << 20
    assert fadt[116:128] == struct.pack("<BBBBQ", 1, 8, 0, 1, 0x64) and fadt[128] == 0xfe
    boot, = struct.unpack_from("<H", fadt, 109)
    assert boot == 1 << 0 | 1 << 2, "legacy devices, no VGA; neither an 8042 nor a missing clock"


def test_a_cell_without_devices_is_hardware_reduced_and_lists_none(bench):
    tables, _ = tables_of(bench, edited((VDEV, "#address-cells = <2>; #size-cells = <1>;")))
    fadt = tables.tables["fadt"]
    assert "facs" not in tables.tables and struct.unpack_from("<I", fadt, 36) == (0,)
    assert struct.unpack_from("<I", fadt, 112)[0] & 1 << 20 and not any(fadt[148:244])
    assert struct.unpack_from("<H", fadt, 109)[0] & 1 << 5, "no clock"
    source = disassembled(bench.folder, "dsdt", tables.tables["dsdt"])
    assert "PNP" not in source and "_S5" not in source and source.count("ACPI0007") == 2


def test_the_dsdt_lists_the_devices_of_the_cell(bench):
    tables, _ = tables_of(bench, edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;")))
    source = disassembled(bench.folder, "dsdt", tables.tables["dsdt"])
    for word in ("PNP0A03", "PNP0B00", "PNP0100", "PNP0000", "_S5"):
        assert word in source
    assert source.count("PNP0501") == 2 and "0x02F8" in source and "0x03F8" in source


def test_the_madt_has_every_vcpu_and_the_overrides(bench):
    madt = tables_of(bench, BASE)[0].tables["madt"]
    entries, at = [], 44
    while at < len(madt):
        entries.append(madt[at:at + madt[at + 1]])
        at += madt[at + 1]
    assert [(e[2], e[3]) for e in entries if e[0] == 0] == [(0, 0), (1, 1)]
    assert [(e[2], struct.unpack_from("<I", e, 4)[0]) for e in entries if e[0] == 1] == [(2, 0xfec00000)]
    assert [struct.unpack_from("<BIH", e, 3) for e in entries if e[0] == 2] == [(0, 2, 0), (9, 9, 0xd)]
    assert [e[2] for e in entries if e[0] == 4] == [0xff]


# ---- The C table ----

def compile_table(bench, compiler):
    done = subprocess.run([compiler, *COMPILE, "-c", os.path.join(bench.out, "partition.c"), "-o",
                           os.path.join(bench.folder, "partition.o")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("text", [
    BASE, edited(("alpha {", "0-board {"), ('bootargs = "console=ttyS0";', "passthrough = <&com2>; on-fault = "
                                            '"restart"; on-violation = "report"; bootargs = "a\\"b\\\\c??/";')),
    edited((VDEV, "#address-cells = <2>; #size-cells = <1>;"), (VDEV, "#address-cells = <2>; #size-cells = <1>;"))],
    ids=["pc", "odd names", "no devices"])
def test_the_c_table_compiles_without_a_warning(bench, compiler, text):
    assert bench.generate(text) == 0, bench.stderr
    compile_table(bench, compiler)


def test_images_are_embedded_once_and_found_by_the_linker(bench):
    assert bench.generate() == 0
    source = bench.read("images.S")
    assert source.count("images/vmlinuz\"") == 1 and source.count("page-tables.bin") == 1
    subprocess.run(["gcc", "-c", os.path.join(bench.out, "images.S"), "-o", os.path.join(bench.folder, "i.o")],
                   check=True)
    symbols = subprocess.run(["nm", os.path.join(bench.folder, "i.o")], check=True, capture_output=True,
                             text=True).stdout
    wanted = set(re.findall(r"extern const uint8_t (\w+)\[\]", bench.read("partition.c")))
    assert wanted == set(re.findall(r" R (\w+)", symbols))


def test_two_files_of_one_name_get_two_symbols(bench):
    os.mkdir(os.path.join(bench.images, "other"))
    bench.image("other/vmlinuz", bzimage(payload=b"Q" * 4096))
    text = BASE[::-1].replace('kernel = "vmlinuz"'[::-1], 'kernel = "other/vmlinuz"'[::-1], 1)[::-1]
    assert bench.generate(text) == 0, bench.stderr
    assert len(set(re.findall(r"extern const uint8_t (image_\d+_vmlinuz)", bench.read("partition.c")))) == 2


def test_the_table_says_what_the_dts_says(bench):
    assert bench.generate(edited(('bootargs = "console=ttyS0";', 'passthrough = <&com2>; on-fault = "restart";'))) == 0
    table = bench.read("partition.c")
    for text in (".first = 0x2f8, .last = 0x2ff", "{ .pin = 3, .level = false", ".on_fault = FAULT_RESTART",
                 ".on_violation = VIOLATION_FAULT", ".comparator = 1", ".port = 0x3f8, .pin = 4",
                 '.source = "sys.dts:10"', ".console_escape = 0x1d", ".parameter = 5", "struct cell cells[2];",
                 "do not edit"):
        assert text in table, text
    assert re.search(r"cell_beta_cpus\[\] = \{\s*2,\s*3,\s*\}", table)


def test_the_pool_has_the_pages_that_were_counted(bench):
    plan = plan_of(bench)
    counts = pipeline.read_pool_pages(os.path.join(ROOT, pipeline.ARCH_HEADER))
    assert plan.pool_pages == plan.stage2_pages + counts.fixed + 4 * counts.per_cpu + 2 * counts.per_cell
    need = placement.hypervisor_need(plan.loaded, os.path.getsize, plan.pool_pages * PAGE)
    assert plan.system.hypervisor.memory.size >= need


def test_the_layout_and_qemus_arguments(bench):
    assert bench.generate() == 0
    assert "#define BULKHEAD_BASE 0x1000000\n" in bench.read("layout.h")
    assert int(re.search(r"BULKHEAD_SIZE (0x[0-9a-f]+)\n", bench.read("layout.h"))[1], 16) % (2 * MIB) == 0
    words = bench.read("qemu.args").splitlines()
    pairs = dict(zip(words[::2], words[1::2]))
    assert pairs["-machine"] == "q35" and pairs["-smp"] == "4" and pairs["-m"] == "2048"
    assert pairs["-global"] == "hpet.timers=4" and not any("serial" in w or "display" in w for w in words)


def test_the_report_names_owners_and_what_is_shared(bench):
    assert bench.generate(edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"))) == 0
    text = bench.read("report.txt")
    for pattern in (r"cell alpha +64 MiB", r"hypervisor +4 MiB", r"CPU cpu3 \(id 3\) +beta +\S+sys.dts:2\d",
                    r"com2: ports 0x2f8-0x2ff, pin 3 +alpha", r"com1 carries the consoles of alpha and beta",
                    r"one pristine copy of vmlinuz is loaded into alpha and beta"):
        assert re.search(pattern, text), (pattern, text)


# ---- Writing ----

def test_unchanged_output_keeps_its_time_and_a_stamp_tells_the_success(bench):
    assert bench.generate() == 0
    for name in bench.tree():
        os.utime(os.path.join(bench.out, name), (1000, 1000))
    changed = edited(("console=ttyS0", "console=ttyS0 quiet"))
    assert bench.generate(changed) == 0
    times = {name: os.stat(os.path.join(bench.out, name)).st_mtime for name in bench.tree()}
    fresh = {name for name, time in times.items() if time != 1000}
    assert fresh == {"blobs/alpha-cmdline.bin", "partition.c", "report.txt", "gen.stamp"}


def test_a_refused_configuration_leaves_the_old_output_alone(bench):
    assert bench.generate() == 0
    before = bench.tree()
    assert bench.generate(edited(("&cpu2 &cpu3", "&cpu1 &cpu3"))) == 1
    assert bench.tree() == before


def test_a_failed_write_leaves_the_old_output_and_no_temporary_files(bench, monkeypatch):
    assert bench.generate() == 0
    before = bench.tree()
    real = os.fdopen

    def failing(handle, *arguments):
        if failing.left == 0:
            os.close(handle)
            raise OSError(28, "No space left on device")
        failing.left -= 1
        return real(handle, *arguments)
    failing.left = 1
    monkeypatch.setattr("genconfig.output.os.fdopen", failing)
    assert bench.generate(edited(("console=ttyS0", "console=ttyS0 quiet"))) == 1
    assert "No space left" in bench.stderr and "(output)" in bench.stderr
    assert bench.tree() == before


def test_check_writes_nothing(bench):
    assert bench.run(bench.dts, "--check", "--images", bench.images) == 0
    assert not os.path.exists(bench.out)


def test_the_dependency_file_names_all_inputs_and_survives_deleted_ones(bench):
    dep = os.path.join(bench.folder, "dep.d")
    assert bench.generate(None, "--depfile", dep) == 0
    with open(dep, encoding="utf-8") as text:
        rules = text.read()
    for name in ("sys.dts", "boards/qemu-q35.dtsi", "pc-devices.dtsi", "images/vmlinuz", "images/initrd",
                 "bindings/cell.yaml", "genconfig/linux.py", "arch_partition.h"):
        assert re.search(rf"{re.escape(name)} ?\\?\n", rules) and re.search(rf"{re.escape(name)}:\n", rules), name
    with open(os.path.join(bench.folder, "Makefile"), "w", encoding="utf-8") as makefile:
        makefile.write(f"{bench.out}/gen.stamp:\n\t@echo rebuilt\ninclude {dep}\n")

    def make():
        return subprocess.run(["make", "-f", os.path.join(bench.folder, "Makefile")], capture_output=True, text=True,
                              check=True).stdout
    assert "rebuilt" not in make()
    os.utime(os.path.join(bench.images, "vmlinuz"), (2e9, 2e9))
    assert "rebuilt" in make()
    os.unlink(os.path.join(bench.images, "initrd"))
    assert "rebuilt" in make()


# ---- The command line, the language, and the systems of the project ----

def test_images_are_listed_once_even_before_they_exist(bench):
    os.unlink(os.path.join(bench.images, "vmlinuz"))
    assert bench.run(bench.dts, "--list-images") == 0
    assert bench.stdout == "vmlinuz\ninitrd\n"


def test_images_are_found_beside_the_dts_when_the_image_folder_has_none(bench):
    os.rename(os.path.join(bench.images, "initrd"), os.path.join(bench.folder, "initrd"))
    assert bench.generate() == 0
    assert f'"{bench.folder}/initrd"' in bench.read("images.S")


def test_describe_prints_name_and_description(bench):
    assert bench.run(bench.dts, "--describe") == 0
    assert bench.stdout == "sys\ttwo cells for the tests\n"


def test_the_script_itself_runs_and_never_shows_a_traceback(bench):
    script = os.path.join(ROOT, "scripts", "gen_config.py")

    def run(*arguments):
        return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)
    assert run(bench.dts, "--describe").stdout.startswith("sys\t")
    for broken in (b"", b"\xff\xfe\0", b"/dts-v1/;", b"/dts-v1/;\n/ { };", b"#error no\n", b"/dts-v1/; / { model; };"):
        with open(bench.dts, "wb") as out:
            out.write(broken)
        done = run(bench.dts, "--check")
        assert done.returncode == 1 and "error: " in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert run().returncode == 2


def test_every_cut_of_a_system_is_refused_with_a_message(bench):
    lines = BASE.splitlines()
    for number in range(1, len(lines)):
        status = bench.generate("\n".join(lines[:number] + lines[number + 1:]))
        assert status == 0 or re.search(r"^\S+: error: .*\([a-z0-9-]+\)$", bench.stderr, re.M), bench.stderr


def test_the_documentation_is_the_one_that_the_bindings_give(bench):
    assert bench.run("--doc") == 0
    with open(os.path.join(ROOT, "docs", "configuration.md"), encoding="utf-8") as text:
        assert text.read() == bench.stdout, "run: scripts/gen_config.py --doc > docs/configuration.md"


def test_the_bindings_are_valid_schemas_and_describe_every_property():
    import jsonschema
    from genconfig.bindings import DECODERS, load_bindings
    for binding in load_bindings(os.path.join(ROOT, "configs", "bindings")):
        jsonschema.Draft7Validator.check_schema(binding.schema)
        assert set(binding.schema.get("required", [])) <= set(binding.properties)
        for name, spec in binding.properties.items():
            assert spec["description"].strip() and spec["x-dts"] in DECODERS, (binding.name, name)


def test_every_virtual_device_has_its_header(bench):
    from genconfig.bindings import load_bindings
    for binding in load_bindings(os.path.join(ROOT, "configs", "bindings")):
        if binding.device:
            with open(os.path.join(ROOT, "src", "vdev", binding.device["header"]), encoding="utf-8") as text:
                header = text.read()
            assert re.search(rf"{binding.device['state']} {{", header)
            assert re.search(rf"extern const struct device_ops {binding.device['ops']};", header)


@pytest.mark.parametrize("config", CONFIGS)
def test_the_systems_of_the_project_are_accepted(bench, config):
    for name in ("vmlinuz-6.1-cloud-amd64", "vmlinuz-6.1-amd64"):
        bench.image(name, bzimage(payload=name.encode() * 1000))
    bench.image("initramfs.cpio.gz", b"initramfs" * 1000)
    path = os.path.join(ROOT, "configs", config)
    assert bench.run(path, "--out", bench.out, "--images", bench.images) == 0, bench.stderr
    assert bench.stderr == ""
    compile_table(bench, "gcc")


def test_errors_carry_rule_position_and_severity():
    with pytest.raises(ConfigError) as refused:
        pipeline.parse("/nowhere/x.dts")
    assert refused.value.diagnostics[0].lines()[0] == \
        "gen_config: error: there is no configuration /nowhere/x.dts (config-missing)"
