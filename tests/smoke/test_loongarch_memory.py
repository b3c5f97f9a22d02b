# SPDX-License-Identifier: Apache-2.0
"""LoongArch: where a cell's memory is, and kernels in it, of every format."""

import gzip
import struct
import subprocess

import pytest

from expect import assert_cell, run_selfchecks
from harness import build
from harness.systems import bare_check, start
from test_loongarch_boot import DUO, KERNEL

BASE, SIZE = 0xB0000000, 0x20000000  # of the cell with DMA; not where the generator would put a cell
FW_CFG = 0x1E020000
PAGE = 4096

FW_CFG_NODE = f"""
		fwcfg: fw-cfg@{FW_CFG:x} {{
			compatible = "bulkhead,simple-device";
			reg = <0 {FW_CFG:#x} 0 0x1000>;
			bulkhead,dma;
		}};

		uart0: serial"""


def cpio_entry(name, size):
    """An entry's header and name, as in a "newc" archive; the file itself follows."""
    numbers = [1, 0o100600, 0, 0, 1, 0, size, 0, 0, 0, 0, len(name) + 1, 0]
    entry = b"070701" + b"".join(b"%08X" % number for number in numbers) + name.encode() + b"\0"
    return entry.ljust(-(-len(entry) // 4) * 4, b"\0")


def request_initrd(path):
    """
    Writes an initrd with a file that is a page of its own: a request to QEMU's fw_cfg (docs/specs/fw_cfg.rst) to read
    four bytes of item 0, "QEMU", to behind the request. Returns where that page will be, and its place in the initrd.
    """
    build.make("ARCH=loongarch", "build/images/initramfs-loong64.cpio.gz")
    content = (build.BUILD / "images/initramfs-loong64.cpio.gz").read_bytes()
    head, tail = cpio_entry("request", PAGE), cpio_entry("TRAILER!!!", 0)
    at = -(-(len(content) + len(head)) // PAGE) * PAGE
    # The generator puts an initrd as high as it can, at a page.
    page = (BASE + SIZE - (at + PAGE + len(tail))) // PAGE * PAGE + at
    request = struct.pack(">IIQ", 0xA, 4, page + 16).ljust(PAGE, b"\0")
    path.write_bytes(content.ljust(at - len(head), b"\0") + head + request + tail)
    return page, at


def changed(name, board, system):
    """Builds the default system with its texts changed by two functions; returns its folder."""
    folder = build.WORK / "boards"
    folder.mkdir(parents=True, exist_ok=True)
    text = (build.TOP / "configs/boards/qemu-loongarch-virt.dtsi").read_text(encoding="utf-8")
    (folder / f"{name}.dtsi").write_text(board(text), encoding="utf-8")
    text = (build.TOP / DUO).read_text(encoding="utf-8")
    config = folder / f"{name}.dts"
    config.write_text(system(text.replace("boards/qemu-loongarch-virt.dtsi", f"{name}.dtsi")), encoding="utf-8")
    return build.system(str(config.relative_to(build.TOP)))


def replaced(text, old, new):
    """@text with its last @old replaced, which must be there."""
    assert old in text, old
    return new.join(text.rsplit(old, 1))


@pytest.fixture(name="machine", scope="module")
def running_with_dma():
    """
    linux1 has a device with DMA, QEMU's fw_cfg, which no cell may have otherwise: it reads and writes whatever memory
    it is told.
    """
    initrd = build.WORK / "boards/with-request.cpio.gz"
    initrd.parent.mkdir(parents=True, exist_ok=True)
    page, at = request_initrd(initrd)

    def system(text):
        text = replaced(text, "memory = <0 0x20000000>;",
                        f"memory = <0 {BASE:#x} 0 {SIZE:#x}>;\n\t\t\tpassthrough = <&fwcfg>;")
        text = replaced(text, '"initramfs-loong64.cpio.gz"', f'"{initrd.relative_to(build.TOP)}"')
        return replaced(text, "console=ttyS0", "console=ttyS0 retain_initrd")

    folder = changed(
        "qemu-loongarch-dma",
        lambda board: replaced(replaced(board, f"<0 {FW_CFG:#x} 0 0x1000>, ", ""), "\n\t\tuart0: serial", FW_CFG_NODE),
        system)
    bare = bare_check(KERNEL, 2, folder)
    with start(folder) as machine:
        checks = run_selfchecks(machine, ["linux0", "linux1"])
        yield machine, checks, bare, page, at


def test_a_cell_with_dma_sees_memory_at_host_addresses(machine):
    """It boots there, and has what every cell has; its neighbour's memory is at 0 as ever."""
    running, checks, bare, *_ = machine
    assert not [line for line in running.cell_lines("bulkhead") if "warning" in line]  # the device tree has the device
    assert_cell(checks["linux0"], "linux0", 2, 512, bare)
    assert_cell(checks["linux1"], "linux1", 2, 512, bare, BASE)


def test_dma_goes_where_the_cell_means_it_to_go(machine):
    """The device reads a request from the cell's memory, and writes its signature into it, by physical addresses."""
    running, _, _, page, at = machine
    show = f"tail -c +{at + 1} /sys/firmware/initrd | head -c 20 | xxd -p"
    running.shell("linux1", 1, show, f"^0000000a00000004{page + 16:016x}00000000$")
    word = int.from_bytes(page.to_bytes(4, "big"), "little")
    running.shell("linux1", 1, f"devmem {FW_CFG + 0x14:#x} 32 {word:#x}; {show}",
                  f"^0000000000000004{page + 16:016x}{b'QEMU'.hex()}$")


def test_the_kernel_is_where_it_was_loaded_or_where_it_moved_itself(machine):
    """
    A kernel with KASLR (CONFIG_RANDOMIZE_BASE, whose code kallsyms shows) is elsewhere from boot to boot. Debian's, as
    of Linux 7.2, has none: it is at its offset of 2 MiB in both cells, and after a restart.
    """
    running, *_ = machine
    symbols = "get_random_boot|kaslr_disabled|determine_relocation_address"
    where = f"echo ker''nel $(grep -cE ' ({symbols})$' /proc/kallsyms) $(grep 'Kernel code' /proc/iomem)"
    found = []
    for boot in range(3):
        running.focus(0)
        start_at = len(running.cell_lines("linux0"))
        if boot:
            running.send("reboot -f\r")
            running.wait_cell("linux0", "Enter 'help' for a list", start=start_at)
            running.wait_cell("linux0", "linux0:~#", start=start_at)
        match = running.shell("linux0", 0, where, r"^kernel (\d+) (\w+)-\w+ : Kernel code$")
        found.append(int(match[2], 16))
    if int(match[1]):
        assert len(set(found)) > 1 and all(place % 0x10000 == 0 for place in found)
    else:
        assert set(found) == {0x200000}
        running.shell("linux1", 1, where, f"^kernel 0 {BASE + 0x200000:x}-\\w+ : Kernel code$")


def zboot(kernel, how):
    """@kernel as the file that Linux' zboot makes: drivers/firmware/efi/libstub/zboot-header.S."""
    packed = gzip.compress(kernel, 1) if how == "gzip" else subprocess.run(
        ["zstd", "-1cq"], input=kernel, capture_output=True, check=True).stdout
    head = struct.pack("<4s4sII8x8s", b"MZ", b"zimg", 0x100, len(packed), how.encode())
    return head.ljust(0x100, b"\0") + packed


def elf(kernel):
    """@kernel as a vmlinux: one segment, at the addresses of a direct-mapped window."""
    window = 0x9000 << 48
    entry, size, base = struct.unpack_from("<QQQ", kernel, 8)
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 258, 1, window | entry, 64, 0, 0x43, 64, 56, 1, 64, 0,
                       0)
    segment = struct.pack("<IIQQQQQQ", 1, 7, PAGE, window | base, window | base, len(kernel), size, PAGE)
    return (head + segment).ljust(PAGE, b"\0") + kernel


def test_kernels_of_every_format_boot():
    """The same kernel as an Image, packed with gzip and with zstd, and as an ELF, in a cell each."""
    image = (build.system(DUO) / f"gen/blobs/kernel-{KERNEL}.bin").read_bytes()
    kernels = {"image": image, "gzip": zboot(image, "gzip"), "zstd": zboot(image, "zstd"), "elf": elf(image)}
    folder = build.WORK / "boards"
    folder.mkdir(parents=True, exist_ok=True)
    text = (build.TOP / "configs/qemu-loongarch-quad.dts").read_text(encoding="utf-8")
    for name, kernel in kernels.items():
        (folder / f"kernel-{name}").write_bytes(kernel)
        text = text.replace(f'"{KERNEL}"', f'"build/tests/boards/kernel-{name}"', 1)
    config = folder / "qemu-loongarch-kernels.dts"
    config.write_text(text, encoding="utf-8")
    folder = build.system(str(config.relative_to(build.TOP)))
    report = (folder / "gen/report.txt").read_text(encoding="utf-8")
    assert [line.split(", ")[1] for line in report.splitlines() if ": entry 0x" in line] == [
        "Image", "EFI zboot", "EFI zboot", "ELF"]
    bare = bare_check(KERNEL, 2, build.BUILD / "qemu-loongarch-duo")
    with start(folder) as machine:
        checks = run_selfchecks(machine, [f"linux{i}" for i in range(4)])
    for cell, check in checks.items():
        assert_cell(check, cell, 1, 384, bare)
