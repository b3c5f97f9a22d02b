# SPDX-License-Identifier: Apache-2.0
"""
The ways onto a LoongArch machine: UEFI firmware, U-Boot, and a loader that hands over as U-Boot does. QEMU's -kernel is
what all other tests use.

$UBOOT_LOONGARCH is a u-boot.bin for QEMU's virt machine (docs/boards.md says how to build it): without it, the tests
that drive the real U-Boot are skipped, and the loader stands for it.
"""

import re
import struct
import subprocess

import pytest

from expect import assert_cell, run_selfchecks
from harness import build, tftp, uboot
from harness.systems import bare_check, start
from test_uboot import key_pair

KERNEL = "vmlinuz-loong64"
DUO = "configs/qemu-loongarch-duo.dts"
FOLDER = build.BUILD / "qemu-loongarch-duo"
SOLO = "configs/qemu-loongarch-solo4.dts"
U_BOOT = "EFI system table, LVZ, 4 CPUs, 2 cells"
UEFI = "UEFI, LVZ, 4 CPUs, 2 cells"

real_uboot = pytest.mark.skipif(not uboot.loongarch(), reason="UBOOT_LOONGARCH is not set: no U-Boot to drive")


def made(target):
    """The default system's folder, with what make @target makes."""
    build.make(f"CONFIG={DUO}", target)
    return FOLDER


def assert_shells(machine, says):
    """Both cells run on their CPUs and have come to their shells."""
    machine.wait_cell("bulkhead", says)
    machine.wait_cell("linux0", "linux0:~#")
    machine.wait_cell("linux0", "2 CPU")
    machine.wait_cell("linux1", "2 CPU")


def test_uefi_starts_the_same_system():
    """EDK II starts the application from a FAT disk, and lets go of its CPUs; both cells are as without a firmware."""
    folder = made("efi")
    bare = bare_check(KERNEL, 2, folder)
    with start(folder, loader="uefi-loongarch") as machine:
        machine.wait(r"^Bulkhead \S+: qemu-loongarch-duo, from UEFI")
        machine.wait(r"what follows is on the serial console at 0x1fe001e0, 115200 baud")
        machine.wait_cell("bulkhead", "warning: UEFI brings no device tree: the board's devices are not compared")
        machine.wait_cell("bulkhead", UEFI)
        checks = run_selfchecks(machine, ["linux0", "linux1"])
    for cell in checks:
        assert_cell(checks[cell], cell, 2, 512, bare)


def test_uefi_with_fewer_cpus_is_refused():
    """EDK II brings no device tree, but ACPI tables, which list the CPUs: those that are missing are told."""
    with start(made("efi"), loader="uefi-loongarch", replace={"-smp": "2"}) as machine:
        machine.wait_cell("bulkhead", "^ *CPU with id 2: not in this machine, which has 2 CPUs")
        machine.wait_cell("bulkhead", "^ *CPU with id 3: not in this machine, which has 2 CPUs")
        machine.wait_cell("bulkhead", r"\(2 differences, listed above\)")
        machine.wait_cell("bulkhead", "refused to start; Bulkhead stops here")
        assert not machine.cell_lines("linux0")


def test_uefi_tells_that_lvz_is_missing_on_the_screen():
    """The application finds it while the firmware is still there to go on with something else."""
    with start(made("efi"), loader="uefi-loongarch", replace={"-cpu": "la464,lvz=off"}) as machine:
        machine.wait(r"error: the processor lacks the virtualization extension LVZ \(CPUCFG word 2 is 0x\w+,")
        machine.wait("Bulkhead does not start; back to the firmware in 10 seconds")
        assert not machine.cell_lines("bulkhead")


def test_a_loader_like_u_boot_starts_it():
    """The entry of U-Boot's booti: direct address mode, a system table with a device tree alone, CPUs in its loop."""
    folder = made("build/qemu-loongarch-duo/bulkhead.bin")
    with start(folder, loader="like-uboot-loongarch") as machine:
        machine.wait("^loader: Starting kernel")
        machine.wait_cell("bulkhead", "device tree at 0xdce1000")
        assert_shells(machine, U_BOOT)


def test_the_loader_refuses_what_is_no_image(tmp_path):
    """That it looks at the header: an image of zeroes is none."""
    made("build/qemu-loongarch-duo/bulkhead.bin")
    (tmp_path / "bulkhead.bin").write_bytes(bytes(4096))
    for name in ("gen", "images.mk"):
        (tmp_path / name).symlink_to(FOLDER / name)
    with start(tmp_path, loader="like-uboot-loongarch") as machine:
        machine.wait("^loader: Bad Linux LoongArch Image magic!")


@real_uboot
@pytest.mark.parametrize("file, command, says", [
    ("bulkhead.itb", "bootm ${loadaddr} - ${fdtcontroladdr}", U_BOOT),
    ("bulkhead.bin", "booti ${loadaddr} - ${fdtcontroladdr}", U_BOOT),
    ("bulkhead.efi", "bootefi ${loadaddr}", UEFI),
], ids=["bootm", "booti", "bootefi"])
def test_u_boot_starts_it_from_a_disk(file, command, says):
    """From a virtio disk, by each of its commands; the device tree that it hands over is the board's."""
    folder = made("itb")
    made("efi")
    with start(folder, extra=uboot.disk({file: folder / file}), loader="uboot-loongarch") as machine:
        uboot.interrupt(machine)
        uboot.command(machine, "virtio scan")
        uboot.command(machine, f"load virtio 0 ${{loadaddr}} {file}", r"^\d+ bytes read")
        uboot.command(machine, command, "Bulkhead")
        machine.wait_cell("bulkhead", r"device tree at 0x\w+")
        assert_shells(machine, says)


@real_uboot
def test_u_boot_starts_it_by_itself():
    """Nobody types: U-Boot (with CONFIG_LEGACY_IMAGE_FORMAT) finds boot.scr on the disk."""
    folder = made("itb")
    disk = uboot.disk({name: folder / name for name in ("boot.scr", "bulkhead.itb")})
    with start(folder, extra=disk, loader="uboot-loongarch") as machine:
        machine.wait("Verifying Hash Integrity ... sha256. OK")
        assert_shells(machine, U_BOOT)


@real_uboot
def test_u_boot_starts_it_from_the_network():
    """The FIT image by TFTP."""
    folder = made("itb")
    with tftp.Server(folder) as server, \
            start(folder, extra=server.arguments(), loader="uboot-loongarch") as machine:
        uboot.interrupt(machine)
        uboot.command(machine, f"setenv ipaddr {tftp.GUEST}; setenv serverip {tftp.SERVER}")
        uboot.command(machine, "tftpboot ${loadaddr} bulkhead.itb", "^Bytes transferred = ")
        uboot.command(machine, "bootm ${loadaddr} - ${fdtcontroladdr}", "Verifying Hash Integrity ... sha256. OK")
        assert_shells(machine, U_BOOT)


@real_uboot
def test_u_boot_refuses_a_changed_image(tmp_path):
    """One byte of the kernel in it differs: nothing of it runs."""
    image = bytearray((made("itb") / "bulkhead.itb").read_bytes())
    image[len(image) // 2] ^= 1
    (tmp_path / "bulkhead.itb").write_bytes(image)
    disk = uboot.disk({"bulkhead.itb": tmp_path / "bulkhead.itb"})
    with start(FOLDER, extra=disk, loader="uboot-loongarch") as machine:
        uboot.interrupt(machine)
        uboot.command(machine, "virtio scan")
        uboot.command(machine, "load virtio 0 ${loadaddr} bulkhead.itb", r"^\d+ bytes read")
        uboot.command(machine, "bootm ${loadaddr} - ${fdtcontroladdr}", "Verifying Hash Integrity ... sha256 error!")
        machine.wait("Bad hash value for 'hash-1' hash node in 'bulkhead' image node")
        machine.wait("^=> $")
        assert not machine.cell_lines("bulkhead")


def test_another_machine_is_refused():
    """CPUs and memory that the firmware's device tree has not are all told, and nothing starts."""
    with start(build.system(DUO), replace={"-smp": "2", "-m": "512"}) as machine:
        machine.wait_cell("bulkhead", "^ *CPU with id 2: not in this machine, which has 2 CPUs")
        machine.wait_cell("bulkhead", "^ *CPU with id 3: not in this machine, which has 2 CPUs")
        machine.wait_cell("bulkhead", r"RAM 0x\w+ to 0x\w+ \(linux1, .*\): the machine has no usable RAM at 0x\w+")
        machine.wait_cell("bulkhead", "^ *0x80000000 to 0x8fffffff$")
        machine.wait_cell("bulkhead", "refused to start; Bulkhead stops here")
        assert not machine.cell_lines("linux0")


@pytest.mark.parametrize("change, says", [
    (("serial@1fe001e0 {", "reg = <0 0x1fe001e0",
      "interrupts = <2 IRQ_LEVEL_HIGH>;\n\t\t\tclock-frequency = <100000000>"),
     "console's UART: its clock has 100000000 Hz, the board says 50000000"),
    (("rtc@100d0100 {", "reg = <0 0x100d0100", ""), "RTC at 0x100d8100: the machine has it at 0x100d0100"),
], ids=["clock", "rtc"])
def test_another_device_is_refused(change, says):
    """Devices are compared by place, the console's by its clock, too."""
    node, reg, clock = change
    text = (build.TOP / "configs/boards/qemu-loongarch-virt.dtsi").read_text(encoding="utf-8")
    if clock:
        assert text.count(clock) >= 1
        text = text.replace(clock, clock.replace("100000000", "50000000"), 1)
    else:
        text = text.replace(node, node.replace("d0100", "d8100")).replace(reg, reg.replace("d0100", "d8100"))
    name = "other-" + says.split()[0].replace("'", "").lower()
    board = build.WORK / f"boards/{name}.dtsi"
    board.parent.mkdir(parents=True, exist_ok=True)
    board.write_text(text, encoding="utf-8")
    config = build.WORK / f"boards/{name}.dts"
    system = (build.TOP / DUO).read_text(encoding="utf-8")
    config.write_text(system.replace('"boards/qemu-loongarch-virt.dtsi"', f'"{board.name}"'), encoding="utf-8")
    with start(build.system(str(config.relative_to(build.TOP)))) as machine:
        machine.wait_cell("bulkhead", re.escape(says))
        machine.wait_cell("bulkhead", "1 difference, listed above")


def test_the_image_has_the_header_that_booti_looks_for():
    """Linux, Documentation/arch/loongarch/booting.rst: entry, size with all that is cleared, place, magic."""
    image = (made("itb") / "bulkhead.bin").read_bytes()
    signature, entry, size, load, magic, pe = struct.unpack_from("<2s6xQQQ24xII", image)
    assert (signature, load, magic, pe) == (b"MZ", 0x200000, 0x818223CD, 0)
    assert load + 64 == entry and size >= len(image)
    node = "/images/bulkhead"
    listed = subprocess.run(["fdtget", "-t", "x", FOLDER / "bulkhead.itb", node, "load", node, "entry"], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    assert [int(word, 16) for word in listed.split()] == [load, entry]


def test_a_signature_is_made_and_holds(tmp_path):
    """The signed FIT image by U-Boot's own check; one without is refused."""
    public = key_pair(tmp_path / "keys")
    image = build.BUILD / "qemu-loongarch-solo4/bulkhead.itb"
    build.make(f"CONFIG={SOLO}", "itb", f"SIGN_KEY_DIR={public.parent}", "SIGN_KEY_NAME=dev", f"SIGN_DTB={public}")
    right, says = uboot.check_signature(image, public)
    assert right and "sha256,rsa2048:dev+" in says, says
    build.make(f"CONFIG={SOLO}", "itb")
    right, says = uboot.check_signature(image, public)
    assert not right and "Failed to verify required signature 'key-dev'" in says, says


@pytest.mark.parametrize("system, cpus", [("loongson-3a5000-duo", 4), ("loongson-3a6000-duo", 8)])
def test_the_systems_for_boards_build(system, cpus):
    """Nobody has tried them; that they build, with all CPUs in use, is what can be tested here."""
    build.make(f"CONFIG=configs/{system}.dts", "efi", "usb")
    folder = build.BUILD / system
    partition = (folder / "gen/partition.c").read_text(encoding="utf-8")
    listed = re.search(r"board_cpus\[\] = \{([^}]*)\}", partition)[1]
    assert [int(number, 0) for number in re.findall(r"\w+", listed)] == list(range(cpus))
    assert (folder / "bulkhead.usb.img").stat().st_size > (folder / "bulkhead.efi").stat().st_size
