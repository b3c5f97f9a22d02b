# SPDX-License-Identifier: Apache-2.0
"""Starting from UEFI firmware, by the EFI application and by GRUB; what the application refuses; its image.

On QEMU alone: Bochs' i440FX has no place for firmware of this size (OVMF wants flash that it can write, and the q35's
or i440FX's devices as QEMU makes them).
"""

import re
import struct
import subprocess

import pytest

from expect import assert_cell, run_selfchecks
from harness import build
from harness.machine import LOADING
from harness.systems import bare_check, start

DUO = "configs/qemu-x86-duo.dts"
KERNEL = "vmlinuz-6.1-cloud-amd64"


def test_uefi_starts_the_same_system():
    """OVMF starts the application from a FAT disk; both cells are what they are without a firmware."""
    folder = build.system(DUO)
    build.make(f"CONFIG={DUO}", "efi")
    bare = bare_check(KERNEL, 2, folder)
    with start(folder, loader="uefi") as machine:
        machine.wait(r"^Bulkhead \S+: qemu-x86-duo, from UEFI")
        machine.wait(r"what follows is on the serial console at port 0x3f8, 115200 baud")
        machine.wait_cell("bulkhead", r"frame buffer of \d+x\d+ pixels at 0x")
        # OVMF keeps memory at 8 MiB, where this system has nothing.
        machine.wait_cell("bulkhead", r"of the board's RAM .*, 0x80\w+ is not usable; nothing here uses it")
        machine.wait_cell("bulkhead", "UEFI, AMD SVM, 4 CPUs, 2 cells")
        checks = run_selfchecks(machine, ["linux0", "linux1"])
    for cell in checks:
        assert_cell(checks[cell], cell, 2, 512, bare)


def test_grub_starts_it_from_uefi_too():
    """The ISO image that BIOS starts is started by OVMF as well."""
    build.make(f"CONFIG={DUO}", "iso")
    with start(build.BUILD / "qemu-x86-duo", loader="uefi-cdrom") as machine:
        machine.wait("^BdsDxe: starting ")
        machine.wait_cell("bulkhead", "multiboot2, AMD SVM, 4 CPUs, 2 cells")
        machine.wait_cell("linux0", "linux0:~#")
        machine.wait_cell("linux1", "2 CPU")


@pytest.mark.parametrize("target, loader, says", [
    ("usb", "uefi-usb", "UEFI, AMD SVM, 4 CPUs, 2 cells"),
    ("iso", "usb", "multiboot2, AMD SVM, 4 CPUs, 2 cells"),
    ("iso", "uefi-usb-iso", "multiboot2, AMD SVM, 4 CPUs, 2 cells"),
], ids=["UEFI", "BIOS", "UEFI-ISO"])
def test_it_starts_from_a_usb_stick(target, loader, says):
    """The image of `make usb` by OVMF, and GRUB's image, copied to a stick instead of a disc, by SeaBIOS and OVMF."""
    build.make(f"CONFIG={DUO}", target)
    with start(build.BUILD / "qemu-x86-duo", loader=loader) as machine:
        machine.wait_cell("bulkhead", says, timeout=600, stall=LOADING)
        machine.wait_cell("linux0", "linux0:~#")
        machine.wait_cell("linux1", "2 CPU")


def test_uefi_starts_it_from_the_network():
    """OVMF's PXE gets the application by DHCP and TFTP."""
    build.make(f"CONFIG={DUO}", "efi")
    with start(build.BUILD / "qemu-x86-duo", loader="uefi-pxe") as machine:
        machine.wait("^>>Start PXE over IPv4")
        machine.wait("^ *NBP file downloaded successfully")
        machine.wait_cell("bulkhead", "UEFI, AMD SVM, 4 CPUs, 2 cells")
        machine.wait_cell("linux0", "linux0:~#")
        machine.wait_cell("linux1", "2 CPU")


def test_a_usb_image_is_never_written_to_a_device(tmp_path):
    """The script refuses what is no file, and leaves an image alone when a new one cannot be made."""
    script = build.TOP / "scripts/usb_image.sh"
    image = tmp_path / "stick.img"
    image.write_text("old", encoding="ascii")
    for target, application in (("/dev/null", script), (image, tmp_path / "absent.efi")):
        done = subprocess.run([script, target, application], check=False, capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr.startswith("usb_image.sh: error: ")
    assert image.read_text(encoding="ascii") == "old" and len(list(tmp_path.iterdir())) == 1


def placed_at(address):
    """The default system with the hypervisor at @address, built; its folder."""
    config = build.WORK / f"at-{address:x}.dts"
    text = (build.TOP / DUO).read_text(encoding="utf-8")
    place = f"memory = <0 {address:#x} 0 0x1800000>;"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(text.replace("console-escape", f"{place}\n\t\tconsole-escape"), encoding="utf-8")
    build.make(f"CONFIG={config.relative_to(build.TOP)}", "efi")
    return build.BUILD / config.stem


@pytest.mark.parametrize("address, memory, says", [
    (0x600000, "2048", r"0x80\w+ to 0x\w+ is the firmware's: ACPI NVS memory"),
    (0x30000000, "512", r"the machine has no memory at 0x30000000"),
], ids=["kept", "absent"])
def test_a_place_that_is_not_free_is_refused(address, memory, says):
    """The application tells whose the hypervisor's memory is, and the firmware goes on."""
    with start(placed_at(address), loader="uefi", replace={"-m": memory}) as machine:
        machine.wait(f"^error: the hypervisor must go to {address:#x} to ")
        machine.wait(says)
        machine.wait("^to fix it: in the DTS, give the hypervisor another place")
        machine.wait("^BdsDxe: failed to start ")
        assert not machine.cell_lines("bulkhead")


def test_a_machine_with_too_little_memory_is_refused():
    """What the hypervisor itself needs is there, what its cells need is not: it tells, with what there is."""
    build.make(f"CONFIG={DUO}", "efi")
    with start(build.BUILD / "qemu-x86-duo", loader="uefi", replace={"-m": "512"}) as machine:
        machine.wait_cell("bulkhead", r"RAM 0x\w+ to 0x\w+ \(linux0, .*\): the machine has no usable RAM at 0x1")
        machine.wait_cell("bulkhead", "the machine's usable RAM:")
        machine.wait_cell("bulkhead", r"0x100000 to 0x\w+$")
        machine.wait_cell("bulkhead", "refused to start; Bulkhead stops here")
        assert not machine.cell_lines("linux0")


def test_a_processor_that_lacks_something_is_told_on_the_screen():
    """The application finds it while the firmware is still there to go on with something else."""
    build.make(f"CONFIG={DUO}", "efi")
    with start(build.BUILD / "qemu-x86-duo", loader="uefi", replace={"-cpu": "max,-svm,-x2apic"}) as machine:
        machine.wait("^error: the processor lacks x2APIC")
        machine.wait("^error: the processor lacks a virtualisation extension")
        machine.wait("^Bulkhead does not start; back to the firmware in 10 seconds")
        machine.wait("^BdsDxe: failed to start ")
        assert not machine.cell_lines("bulkhead")


def test_secure_boot_refuses_what_is_not_signed():
    """The firmware says so itself: nothing of the application runs."""
    build.make(f"CONFIG={DUO}", "efi")
    with start(build.BUILD / "qemu-x86-duo", loader="uefi-secure") as machine:
        machine.wait("^BdsDxe: failed to load .*: Access Denied")
        assert not [line for line in machine.lines if "from UEFI" in line]


def test_secure_boot_starts_what_is_signed():
    """The application says that Secure Boot is on. This OVMF keeps memory up to 26 MiB, so the place is another."""
    with start(placed_at(0x2000000), loader="uefi-signed") as machine:
        machine.wait("^ *Secure Boot is on; the firmware has accepted this image's signature")
        machine.wait_cell("bulkhead", "UEFI, AMD SVM, 4 CPUs, 2 cells")
        machine.wait_cell("linux0", "linux0:~#")
        machine.wait_cell("linux1", "2 CPU")


CODE, EXECUTE, READ, WRITE = 0x20, 0x20000000, 0x40000000, 0x80000000


def test_the_image_is_one_that_strict_firmware_takes():
    """PE/COFF as UEFI 2.10, 2.1.1 wants it; no section is both writable and executable, and all are whole pages."""
    build.make(f"CONFIG={DUO}", "efi")
    image = (build.BUILD / "qemu-x86-duo/bulkhead.efi").read_bytes()
    pe = struct.unpack_from("<I", image, 0x3C)[0]
    magic, machine, nr_sections, optional_size = struct.unpack_from("<4sHH12xH", image, pe)
    assert (image[:2], magic, machine) == (b"MZ", b"PE\0\0", 0x8664)
    optional = pe + 24
    assert struct.unpack_from("<H", image, optional) == (0x20B,)
    entry, = struct.unpack_from("<I", image, optional + 16)
    alignments = struct.unpack_from("<II", image, optional + 32)
    image_size, headers_size = struct.unpack_from("<II", image, optional + 56)
    subsystem, characteristics = struct.unpack_from("<HH", image, optional + 68)
    assert (alignments, image_size, subsystem) == ((4096, 4096), len(image), 10)
    assert characteristics & 0x100  # NX_COMPAT
    end, writable = headers_size, []
    for number in range(nr_sections):
        name, size, address, raw_size, raw, flags = struct.unpack_from(
            "<8sIIII12xI", image, optional + optional_size + number * 40)
        assert (address, raw, raw_size) == (end, end, size) and size % 4096 == 0
        assert flags & READ and not (flags & WRITE and flags & EXECUTE)
        assert bool(flags & EXECUTE) == bool(flags & CODE) == (name.rstrip(b"\0") == b".text")
        assert not flags & EXECUTE or address <= entry < address + size
        writable += [name.rstrip(b"\0")] if flags & WRITE else []
        end += size
    assert (end, writable) == (len(image), [b".data"])
    relocations = struct.unpack_from("<II", image, optional + 112 + 5 * 8)
    block = struct.unpack_from("<II", image, relocations[0])
    assert relocations[1] == block[1] == 12
    assert re.search(rb"\x7fELF\x02\x01\x01", image[headers_size:])
