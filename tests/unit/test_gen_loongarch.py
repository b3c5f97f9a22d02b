# SPDX-License-Identifier: Apache-2.0
"""LoongArch systems: kernels of all formats, the guest's tables, the C table, examples of the rules."""

import gzip
import os
import re
import struct
import subprocess
import sys
import uuid
import zlib

import libfdt
import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_gen_examples import Example  # noqa: E402
from test_gen_support import ROOT, Bench, edited, memory_of, plan_of  # noqa: E402
from genconfig.model import MIB  # noqa: E402

LOONGARCH = """\
/dts-v1/;
#include "boards/qemu-loongarch-virt.dtsi"
/ {
	description = "two LoongArch cells for the tests";
	bulkhead {
		compatible = "bulkhead,hypervisor";
		console = <&uart0>;
	};
	cells {
		alpha {
			compatible = "bulkhead,cell";
			cpus = <&cpu1 &cpu2>;
			memory = <0 0x4000000>;
			kernel = "image";
			initrd = "initrd";
			bootargs = "console=ttyS0";
			vdev {
				#include "loongarch-devices.dtsi"
			};
		};
		beta {
			compatible = "bulkhead,cell";
			cpus = <&cpu3>;
			memory = <0 0x20000000>;
			kernel = "image";
			vdev {
				#include "loongarch-devices.dtsi"
			};
		};
	};
};
"""
VDEV = '#include "loongarch-devices.dtsi"'
BUS = "#address-cells = <2>; #size-cells = <1>;"
UART1 = ('bootargs = "console=ttyS0";', "passthrough = <&uart1>;")
PAYLOAD = bytes(range(256)) * 64


def linux_image(payload=PAYLOAD, entry=0x9000000000200100, size=0, base=0x200000, magic=0x818223CD):
    """What looks like a LoongArch Linux Image as far as a boot loader looks."""
    data = bytearray(b"MZ".ljust(64, b"\0")) + payload
    struct.pack_into("<QQQ", data, 8, entry, size or len(data), base)
    struct.pack_into("<II", data, 0x38, magic, 0x40)
    return bytes(data)


def zboot(inner, how="zstd", cut=0):
    """@inner as an EFI zboot file."""
    if how == "gzip":
        packed = gzip.compress(inner)
    elif how == "zstd":
        packed = subprocess.run(["zstd", "-cq"], input=inner, capture_output=True, check=True).stdout
    else:
        packed = b"packed"
    head = bytearray(0x100)
    struct.pack_into("<2s2x4sII8x8s", head, 0, b"MZ", b"zimg", len(head), len(packed), how.encode())
    struct.pack_into("<I", head, 0x38, 0x818223CD)
    return bytes(head) + packed[: len(packed) - cut] + (b"" if cut else b"trailer")


def elf(segments=((0x9000000000400000, b"code" * 256, 0x2000),), entry=0x9000000000400010, machine=258):
    """A 64-bit ELF with PT_LOADs (physical address, bytes, memory size)."""
    offset = 64 + 56 * len(segments)
    headers = body = b""
    for address, data, memory in segments:
        at = offset + len(body)
        headers += struct.pack("<IIQQQQQQ", 1, 7, at, address, address, len(data), memory, 4096)
        body += data
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    rest = struct.pack(
        "<HHIQQQIHHHHHH", 2, machine, 1, entry, 64, 0, 0, 64, 56, len(segments), 0, 0, 0
    )
    return ident + rest + headers + body


def changed(*edits, append=""):
    """The base system, edited."""
    return edited(*edits, append=append, base=LOONGARCH)


def bad_kernel(data, says, note=""):
    """An example of rule kernel-format."""
    images = {"image": data, "initrd": b"x"}
    return Example("kernel-format", LOONGARCH, says, LOONGARCH, 'kernel = "image"', 0, note, images, GOOD)


GOOD = {"image": linux_image()}
BAD = {"images": GOOD, "good_images": GOOD, "good": LOONGARCH}
MODULE = ('kernel = "image";', 'kernel = "image"; kernel-module = "kernel";')
LINE = "passthrough = <&dev>;"
DEVICE = '/ { soc { dev: dev@30000000 { compatible = "bulkhead,simple-device"; %s }; }; };'

GIVEN = ("console=ttyS0\";", f'x"; {LINE}')
DMA = DEVICE % "reg = <0 0x30000000 0 0x1000>; bulkhead,dma;"
FIXED = ("memory = <0 0x4000000>;", "memory = <0 0x90000000 0 0x4000000>;")
LIOINTC = """
/ { soc { lio: interrupt-controller@1fe01400 { compatible = "loongson,liointc-1.0"; interrupt-controller;
    reg = <0 0x1fe01400 0 0x64>; #interrupt-cells = <2>; pins = <32>; }; }; };
"""

LOONGARCH_EXAMPLES = [
    Example("board-incomplete", changed(append="/delete-node/ &pic; / { /delete-property/ interrupt-parent; };"),
            'has no node "loongson,pch-pic-1.0"', **BAD),
    Example("board-incomplete", changed(append="/delete-node/ &eio; &pic { /delete-property/ interrupt-parent; };"),
            'has no node "loongson,ls2k2000-eiointc"', **BAD),
    Example("board-line", changed(append="&uart1 { interrupt-parent = <&eio>; };"),
            "uart1 interrupts /interrupt-controller@1400, which is neither", **BAD),
    Example("board-pin", changed(append="&uart1 { interrupts = <32 4>; };"),
            "uart1 interrupts at pin 32, which does not exist", note="the PCH-PIC has 32 pins", **BAD),
    Example("board-uart", changed(append="&uart1 { reg = <0 0x1fe002e0 0 4>; };"),
            "the UART uart1 must have 8 registers", **BAD),
    Example("board-power-off", changed(append="/ { power-off { regmap = <&pic>; }; };"),
            "`regmap` of /power-off names no syscon", **BAD),
    Example("board-memory", changed(append="/ { memory@200000 { reg = <0 0x100000 0 0x10000000>; }; };"),
            "begins below 2 MiB", **BAD),
    Example("board-cpu-range", changed(append="&cpu0 { reg = <512>; };"),
            "has the id 512, which CSR.CPUID cannot hold", **BAD),
    Example("unknown-compatible", changed(append='&cpu0 { compatible = "loongson,la364"; };'),
            'a CPU "loongson,la364" is not known', note="did you mean", **BAD),
    Example("passthrough-reference", changed(("console=ttyS0\";", 'x"; passthrough = <&pic>;')),
            "it belongs to the hypervisor", note="&uart1", **BAD),
    Example("passthrough-hypervisor",
            changed(("console=ttyS0\";", f'x"; {LINE}'), append=DEVICE % "reg = <0 0x100e0000 0 0x1000>;"),
            "has registers of the power-off", note="the power-off register is here", **BAD),
    Example("passthrough-hypervisor",
            changed(("console=ttyS0\";", f'x"; {LINE}'), append=DEVICE.replace("30000000", "2ff00000") %
                    "reg = <0 0x2ff00000 0 0x1000>;"),
            "has registers of what no cell may have", **BAD),
    Example("passthrough-hypervisor",
            changed(("console=ttyS0\";", f'x"; {LINE}'), append=DEVICE.replace("30000000", "1fe01000") %
                    "reg = <0 0x1fe01000 0 0x100>;"),
            "has registers of the processor's own registers", **BAD),
    Example("board-line", changed(append=LIOINTC + "&uart1 { interrupt-parent = <&lio>; interrupts = <10 1>; };"),
            "uart1 interrupts the LIOINTC by an edge", note="the LIOINTC is here", **BAD),
    Example("passthrough-interrupt", changed(UART1, (VDEV, BUS)),
            "cell alpha has no virtual PCH-PIC", note="loongarch-devices.dtsi", **BAD),
    Example("pin-twice", changed(UART1, append="&uart1 { interrupts = <2 4>; };"),
            "interrupt pin 2 of uart1 of cell alpha is used by the hypervisor's console", **BAD),
    Example("dma-address", changed(GIVEN, append=DMA),
            "dev accesses memory by itself, so that cell alpha must see its memory at host-physical", **BAD),
    Example("dma-unprotected", changed(GIVEN, FIXED, append=DMA),
            "dev can access all memory of the machine, and nothing keeps it within cell alpha", **BAD),
    Example("vdev-overlap",
            changed(GIVEN, ("memory = <0 0x4000000>;", "memory = <0 0x4000000 0 0x8000000>;"),
                    (VDEV, VDEV + '\n s@0,5000000 { compatible = "ns16550a"; '
                     "reg = <0 0x5000000 0x100>; interrupts = <7>; };"), append=DMA),
            "lies in RAM of cell alpha", **BAD),
    Example("vdev-line", changed((VDEV, VDEV + '\n s@0,20000000 { compatible = "ns16550a"; '
                                  "reg = <0 0x20000000 0x100>; interrupts = <6>; };")),
            "s@0,20000000 and rtc@0,100d0100 both have interrupt line 6", **BAD),
    Example("vdev-chain", changed((VDEV, BUS + ' p@0,10000000 { compatible = "loongson,pch-pic-1.0"; '
                                   "reg = <0 0x10000000 0x400>; };")),
            "needs an extended I/O interrupt controller, which cell alpha does not have", **BAD),
    Example("vdev-overlap", changed((VDEV, VDEV + '\n s@0,3000000 { compatible = "ns16550a"; '
                                     "reg = <0 0x3000000 0x100>; interrupts = <7>; };")),
            "lies in RAM of cell alpha", note="0x10000000 or above", **BAD),
    Example("bad-type", changed((VDEV, VDEV + '\n s@3,0 { compatible = "ns16550a"; reg = <3 0 0x100>; '
                                 "interrupts = <7>; };")), "2 is IOCSR", **BAD),
    Example("kernel-does-not-fit", changed(("0x4000000", "0x1000000")),
            "may move itself up to .*, but cell alpha ends at 0x1000000", note="nokaslr",
            images=GOOD, good_images=GOOD,
            good=changed(("0x4000000", "0x1000000"), ("console=ttyS0", "nokaslr"))),
    Example("kernel-does-not-fit", LOONGARCH, r"has a segment at \[0x5000000, .*cell alpha has no RAM",
            LOONGARCH, images={"image": linux_image(base=0x5000000, entry=0x5000000)}, good_images=GOOD),
    Example("bootargs-too-long", changed(("console=ttyS0", "x" * 4096)), "at most 4095 can be passed",
            changed(("console=ttyS0", "x" * 4095)), images=GOOD, good_images=GOOD),
    bad_kernel(b"no kernel at all", "is neither a Linux Image, nor an EFI zboot file, nor an ELF", "the file is"),
    bad_kernel(linux_image(magic=0), "is an EFI program, but no LoongArch Linux kernel"),
    bad_kernel(linux_image(entry=0x100000), "has its entry at 0x100000, outside itself"),
    bad_kernel(b"MZ\0\0zimg", "is cut short"),
    bad_kernel(zboot(linux_image(), cut=9), "is cut short: its payload lies outside"),
    bad_kernel(zboot(linux_image(), "xz"), "is packed with xz; gzip and zstd can be unpacked"),
    bad_kernel(zboot(b"", "zstd")[:0x100] + b"x" * 64, "cannot be unpacked"),
    bad_kernel(elf(machine=62), "is an ELF for another processor"),
    bad_kernel(elf()[:80], "is cut short or damaged"),
    bad_kernel(elf(segments=()), "has nothing to load"),
    bad_kernel(elf(entry=0x9000000000300000), "has its entry at 0x300000, outside all"),
]  # fmt: skip


@pytest.fixture
def bench(tmp_path, capsys):
    found = Bench(tmp_path, capsys)
    found.image("image", linux_image())
    return found


# ---- Kernels ----


@pytest.mark.parametrize("how", ["raw", "gzip", "zstd"])
def test_an_image_lies_where_its_header_says_packed_or_not(bench, how):
    inner = linux_image(size=0x10000)
    bench.image("image", inner if how == "raw" else zboot(inner, how))
    loaded = plan_of(bench, LOONGARCH).loaded[0]
    assert loaded.entry == 0x200100
    memory = memory_of(loaded)
    assert memory[0x200000 : 0x200000 + len(inner)] == inner
    assert not any(memory[0x200000 + len(inner) : 0x210000]) and memory[0x210000] == 0xA5


def test_a_packed_kernel_of_two_cells_is_in_the_image_once(bench):
    bench.image("image", zboot(linux_image()))
    assert bench.generate(LOONGARCH) == 0, bench.stderr
    assert bench.read("images.S").count("blob_kernel_image:") == 1
    assert bench.read("partition.c").count(".data = blob_kernel_image,") == 2
    assert bench.read("blobs/kernel-image.bin", "rb") == linux_image()
    assert "one pristine copy of image is loaded into alpha and beta" in bench.read("report.txt")


@pytest.mark.parametrize("how", ["raw", "gzip", "zstd"])
def test_a_module_brings_a_kernel_unpacked(bench, how):
    """The hypervisor copies it as it is, and has room for that; memory is laid out as it is without a module."""
    inner = linux_image(size=8 * MIB) + bytes(3 * MIB)
    bench.image("image", inner if how == "raw" else zboot(inner, how))
    modules = LOONGARCH.replace(*MODULE)
    embedded, brought = plan_of(bench, LOONGARCH), plan_of(bench, modules)
    assert memory_of(brought.loaded[0], brought.modules) == memory_of(embedded.loaded[0])
    assert brought.system.hypervisor.memory.size == embedded.system.hypervisor.memory.size
    assert bench.generate(modules) == 0, bench.stderr
    assert bench.read("modules/kernel", "rb") == inner
    assert f".size = {len(inner):#x}u,\n\t\t.sha256" in bench.read("partition.c")
    assert "kernel-image.bin" not in bench.read("images.S").split(".modules")[1]
    assert "#define BULKHEAD_LOADABLES_SIZE 0x0\n" in bench.read("layout.h")


def test_an_elf_lies_at_its_physical_addresses(bench):
    bench.image("image", elf(segments=((0x9000000000400000, b"code" * 256, 0x2000), (0x600000, b"data", 4))))
    loaded = plan_of(bench, LOONGARCH).loaded[0]
    memory = memory_of(loaded)
    assert loaded.entry == 0x400010
    assert memory[0x400000:0x400400] == b"code" * 256 and not any(memory[0x400400:0x402000])
    assert memory[0x600000:0x600004] == b"data"


def test_the_initrd_is_above_all_where_the_kernel_may_move_itself(bench):
    bench.image("image", linux_image(size=4 * MIB))
    loaded = plan_of(bench, LOONGARCH).loaded[0]
    initrd = next(s for s in loaded.segments if s.what == "initrd")
    assert initrd.gpa >= 2 * MIB + 2 * 4 * MIB + 16 * MIB
    assert initrd.gpa % 4096 == 0 and initrd.gpa + initrd.size <= 64 * MIB


def test_a_missing_zstd_names_the_package(bench, monkeypatch):
    bench.image("image", zboot(linux_image()))

    def run(command, **_):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("genconfig.loongarch.kernels._run_zstd", run)
    assert bench.generate(LOONGARCH) == 1
    assert "cannot run zstd" in bench.stderr and "install the Debian package zstd" in bench.stderr


# ---- What describes the machine to the guest ----


def text_at(memory, address):
    end = address
    while memory[end : end + 2] != b"\0\0":
        end += 2
    return memory[address:end].decode("utf-16-le")


def tables_of(loaded, memory):
    """The configuration tables by their GUIDs; the system table is checked on the way."""
    at = loaded.arch.arguments[2]
    signature, revision, size, crc = struct.unpack_from("<QIII", memory, at)
    header = bytearray(memory[at : at + size])
    header[16:20] = bytes(4)
    assert signature == int.from_bytes(b"IBI SYST", "little") and revision == 0x20064
    assert size == 120 and crc == zlib.crc32(header)
    assert text_at(memory, struct.unpack_from("<Q", memory, at + 0x18)[0]) == "Bulkhead"
    runtime, boot, count, table = struct.unpack_from("<QQQQ", memory, at + 0x58)
    assert runtime == boot == 0
    entries = [struct.unpack_from("<16sQ", memory, table + 24 * n) for n in range(count)]
    return {str(uuid.UUID(bytes_le=name)): address for name, address in entries}


DEVICE_TREE = "b1b621d5-f19c-41a5-830b-d9152c69aae0"
MEMORY_MAP = "800f683f-d08b-423a-a293-965c3c6fe2b4"
INITRD = "5568e427-68fc-4f3d-ac74-ca555231cc68"
RANDOM_SEED = "1ce1e5bc-7ceb-42f2-81e5-8aadf180f57b"


def numbers(fdt, path, name):
    """A property as 32-bit numbers."""
    raw = bytes(fdt.getprop(fdt.path_offset(path), name))
    return [int.from_bytes(raw[i : i + 4], "big") for i in range(0, len(raw), 4)]


@pytest.mark.parametrize("number, size", [(0, 64 * MIB), (1, 512 * MIB)])
def test_efi_tables_device_tree_and_regions_say_the_same(bench, number, size):
    plan = plan_of(bench, LOONGARCH)
    loaded, cell = plan.loaded[number], plan.system.cells[number]
    memory = memory_of(loaded)
    tables = tables_of(loaded, memory)
    assert set(tables) == {DEVICE_TREE, MEMORY_MAP, RANDOM_SEED} | ({INITRD} if cell.initrd else set())
    fdt = libfdt.Fdt(bytes(memory[tables[DEVICE_TREE] : 2 * MIB]))
    assert tables[DEVICE_TREE] % 8 == 0

    map_size, step, version, key, room = struct.unpack_from("<QQI4xQQ", memory, tables[MEMORY_MAP])
    assert (step, version, key, room) == (40, 1, 0, map_size) and map_size % 40 == 0
    told = [
        struct.unpack_from("<I4xQQQ", memory, tables[MEMORY_MAP] + 40 + at)
        for at in range(0, map_size, 40)
    ]
    assert {kind for kind, *_ in told} == {2, 7}
    by_map = merged((start, start + pages * 4096) for _, start, _, pages in told)
    nodes = [name for name in subnodes(fdt, "/") if name.startswith("memory@")]
    by_tree = merged(
        (a << 32 | b, (a << 32 | b) + (c << 32 | d))
        for a, b, c, d in (numbers(fdt, "/" + name, "reg") for name in nodes)
    )
    by_table = merged((r.gpa, r.gpa + r.size) for r in cell.arch.ram_regions(cell))
    assert by_map == by_tree == by_table
    assert sum(end - start for start, end in by_table) == size
    if cell.initrd:
        base, length = struct.unpack_from("<QQ", memory, tables[INITRD])
        segment = next(s for s in loaded.segments if s.what == "initrd")
        assert (base, length) == (segment.gpa, segment.size)
        assert numbers(fdt, "/chosen", "linux,initrd-start") == [0, base]
        assert numbers(fdt, "/chosen", "linux,initrd-end") == [0, base + length]
    else:
        assert "linux,initrd-start" not in properties(fdt, "/chosen")


def merged(ranges):
    """Ranges with their common borders removed."""
    out = []
    for start, end in sorted(ranges):
        if out and out[-1][1] == start:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def subnodes(fdt, path):
    """The names of the nodes below a path."""
    found, at = [], fdt.first_subnode(fdt.path_offset(path), (libfdt.NOTFOUND,))
    while at >= 0:
        found.append(fdt.get_name(at))
        at = fdt.next_subnode(at, (libfdt.NOTFOUND,))
    return found


def properties(fdt, path):
    """The names of a node's properties."""
    found, at = [], fdt.first_property_offset(fdt.path_offset(path), (libfdt.NOTFOUND,))
    while at >= 0:
        found.append(fdt.get_property_by_offset(at).name)
        at = fdt.next_property_offset(at, (libfdt.NOTFOUND,))
    return found


def tree_of(loaded):
    """A cell's device tree."""
    return libfdt.Fdt(next(s.source.data for s in loaded.segments if s.what == "device tree"))


def test_the_command_line_is_the_same_wherever_it_is_told(bench):
    loaded = plan_of(bench, LOONGARCH).loaded[0]
    memory = memory_of(loaded)
    efi, line, _ = loaded.arch.arguments
    assert efi == 0 and memory[line : line + 14] == b"console=ttyS0\0"
    assert bytes(tree_of(loaded).getprop(tree_of(loaded).path_offset("/chosen"), "bootargs")) == b"console=ttyS0\0"


def test_there_is_room_for_a_seed_of_random_numbers(bench):
    """Empty at the build; the hypervisor fills it, so size and place are in its table, too."""
    loaded = plan_of(bench, LOONGARCH).loaded[0]
    memory = memory_of(loaded)
    assert tables_of(loaded, memory)[RANDOM_SEED] == loaded.arch.seed
    with open(os.path.join(ROOT, "src/arch/loongarch/include/arch_partition.h"), encoding="utf-8") as header:
        size = int(re.search(r"#define LOONGARCH_SEED_SIZE (\d+)", header.read())[1])
    tables = next(s for s in loaded.segments if s.what == "EFI tables")
    assert memory[loaded.arch.seed : loaded.arch.seed + size] == bytes(size)
    assert tables.gpa <= loaded.arch.seed and loaded.arch.seed + size <= tables.gpa + tables.size
    # Nothing that is used lies in it.
    assert not any(loaded.arch.seed < at < loaded.arch.seed + size for at in tables_of(loaded, memory).values())
    bench.generate(LOONGARCH)
    assert f".seed = {loaded.arch.seed:#x}" in bench.read("partition.c")


def test_cpus_are_numbered_from_zero_whatever_the_hardware_calls_them(bench):
    loaded = plan_of(bench, LOONGARCH).loaded[0]
    fdt = tree_of(loaded)
    cpus = subnodes(fdt, "/cpus")
    assert cpus == ["cpu@0", "cpu@1"]
    assert [numbers(fdt, f"/cpus/{name}", "reg") for name in cpus] == [[0], [1]]
    bench.generate(LOONGARCH)
    assert "cell_alpha_cpus[] = {\n\t1,\n\t2,\n}" in bench.read("partition.c")


def test_a_cell_with_dma_sees_memory_where_the_device_does(bench):
    """Guest-physical addresses are host-physical ones, from the kernel to the tables."""
    plan = plan_of(bench, changed(GIVEN, FIXED, append=DMA))
    loaded, cell = plan.loaded[0], plan.system.cells[0]
    assert [(r.gpa, r.hpa, r.size) for r in cell.arch.ram_regions(cell)] == [(0x90000000, 0x90000000, 64 * MIB)]
    assert loaded.entry == 0x90200100 and loaded.arch.arguments[2] == 0x90010000
    assert all(0x90000000 <= s.gpa and s.gpa + s.size <= 0x94000000 for s in loaded.segments)
    fdt = tree_of(loaded)
    assert [name for name in subnodes(fdt, "/") if name.startswith("memory@")] == ["memory@90000000"]
    tables = next(s.source.data for s in loaded.segments if s.what == "EFI tables")
    # The tables' own pages stay reserved (ACPI reclaim, 9): Linux does it by itself at address 0 only.
    assert struct.pack("<I4xQQQ", 9, 0x90000000, 0, 2 * MIB // 4096) in tables
    assert struct.pack("<I4xQQQ", 7, 0x90200000, 0, 62 * MIB // 4096) in tables
    other = plan.system.cells[1]
    assert other.arch.ram_regions(other)[0].gpa == 0


def test_the_tree_has_what_the_cell_has(bench):
    fdt = tree_of(plan_of(bench, LOONGARCH).loaded[0])
    nodes = set(subnodes(fdt, "/"))
    assert {"serial@1fe001e0", "isa@18000000", "poweroff", "reboot", "rtc@100d0100"} <= nodes
    assert numbers(fdt, "/isa@18000000", "ranges") == [1, 0, 0, 0x18000000, 0x4000]
    assert numbers(fdt, "/interrupt-controller@1400", "interrupts") == [3]
    bare = tree_of(plan_of(bench, changed((VDEV, BUS))).loaded[0])
    assert set(subnodes(bare, "/")) == {
        "aliases", "chosen", "cpus", "memory@0", "interrupt-controller"
    }  # fmt: skip


def test_power_registers_are_those_of_the_virtual_device(bench):
    with open(os.path.join(ROOT, "src/vdev/syscon_power.h"), encoding="utf-8") as header:
        defined = re.findall(r"#define SYSCON_POWER_\w+\s+(0x[0-9a-f]+) +/\* at offset (\d)", header.read())
    fdt = tree_of(plan_of(bench, LOONGARCH).loaded[0])
    told = [
        (numbers(fdt, f"/{node}", "value")[0], numbers(fdt, f"/{node}", "offset")[0])
        for node in ("poweroff", "reboot")
    ]
    assert told == [(int(value, 16), int(offset)) for value, offset in defined]


def test_a_passthrough_uart_comes_after_the_virtual_one(bench):
    fdt = tree_of(plan_of(bench, changed(UART1)).loaded[0])
    offset = fdt.path_offset("/aliases")
    assert bytes(fdt.getprop(offset, "serial0")) == b"/serial@1fe001e0\0"
    assert bytes(fdt.getprop(offset, "serial1")) == b"/serial@1fe002e0\0"
    assert numbers(fdt, "/serial@1fe002e0", "interrupts") == [3, 4]
    assert numbers(fdt, "/serial@1fe002e0", "clock-frequency") == [100000000]
    other = tree_of(plan_of(bench, changed(UART1)).loaded[1])
    assert "serial@1fe002e0" not in subnodes(other, "/")


def test_a_passthrough_device_keeps_its_own_name(bench):
    device = DEVICE % "reg = <0 0x30000000 0 0x1000>; interrupts = <9 1>;"
    device = device.replace('"bulkhead,simple-device"', '"acme,widget", "bulkhead,simple-device"')
    text = changed(("console=ttyS0\";", f'x"; {LINE}'), append=device)
    plan = plan_of(bench, text)
    fdt = tree_of(plan.loaded[0])
    assert bytes(fdt.getprop(fdt.path_offset("/dev@30000000"), "compatible")) == b"acme,widget\0"
    assert numbers(fdt, "/dev@30000000", "interrupts") == [9, 1]
    bench.generate(text)
    table = bench.read("partition.c")
    assert ".flags = REGION_READ | REGION_WRITE | REGION_DEVICE" in table
    assert ".irqs = cell_alpha_irqs" in table and "cell_alpha_windows" not in table
    assert ".controller = LOONGARCH_PCH_PIC, .input = 9, .edge = true }" in table


def test_a_tree_that_dtc_refuses_stops_the_generator(bench, monkeypatch):
    monkeypatch.setattr("genconfig.loongarch.fdt.source", lambda *_: "/dts-v1/; / { nonsense")
    assert bench.generate(LOONGARCH) == 1
    assert "(fdt-compile)" in bench.stderr and "Traceback" not in bench.stderr


def test_a_tree_that_does_not_fit_below_the_kernel_is_refused(bench, monkeypatch):
    large = '/dts-v1/; / { a = "%s"; };' % ("x" * MIB)
    monkeypatch.setattr("genconfig.loongarch.fdt.source", lambda *_: large)
    assert bench.generate(LOONGARCH) == 1
    assert "(fdt-too-large)" in bench.stderr


# ---- The C table ----


def test_the_table_has_board_and_windows(bench):
    assert bench.generate(changed(UART1)) == 0, bench.stderr
    table = bench.read("partition.c")
    for text in (
        ".base = 0x1fe001e0u,",
        ".pch_pic = 0x10000000u,",
        ".nr_pch_inputs = 32,",
        ".liointc = 0x0u,",
        ".rtc = 0x100d0100u,",
        ".power_off = { .address = 0x100e001cu, .value = 0x34, .mask = 0xff, .width = 1 }",
        ".entry = 0x200100u,",
        "{ .base = 0x1fe002e0u, .size = 0x100u,",
        ".guest_input = 3,",
        ".space = DEVICE_IOCSR, .base = 0x1400u, .size = 0x900u, .id = 0",
    ):
        assert text in table, text
    assert "REGION_DEVICE" not in table
    assert "hypervisor carries out each access of alpha" in bench.read("report.txt")
    assert "-cpu\nla464,lvz=on\n" in bench.read("qemu.args")


def test_lines_of_the_processor_end_at_its_own_controller(bench):
    console = LIOINTC + "&uart0 { interrupt-parent = <&lio>; interrupts = <10 4>; };"
    assert bench.generate(changed(append=console)) == 0, bench.stderr
    table = bench.read("partition.c")
    assert ".line = { .controller = LOONGARCH_LIOINTC, .input = 10, .edge = false }" in table
    assert ".liointc = 0x1fe01400u," in table


def test_a_line_of_the_processor_gets_an_input_that_nobody_has(bench):
    """Number 2 of the LIOINTC is not the virtual UART's input 2, and the guest is told the same."""
    text = changed(UART1, append=LIOINTC + "&uart1 { interrupt-parent = <&lio>; interrupts = <2 4>; };")
    assert bench.generate(text) == 0, bench.stderr
    assert "{ .controller = LOONGARCH_LIOINTC, .input = 2, .edge = false }, .guest_input = 63," in bench.read(
        "partition.c")
    fdt = tree_of(plan_of(bench, text).loaded[0])
    assert numbers(fdt, "/serial@1fe002e0", "interrupts") == [63, 4]


def test_show_arch_names_the_architecture_of_the_board(bench):
    for config, arch in (("qemu-loongarch-duo", "loongarch"), ("qemu-x86-duo", "x86")):
        assert bench.run(os.path.join(ROOT, "configs", config + ".dts"), "--show-arch") == 0
        assert bench.stdout == arch + "\n"
