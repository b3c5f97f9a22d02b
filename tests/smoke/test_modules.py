# SPDX-License-Identifier: Apache-2.0
"""Images that the boot loader brings as modules: what starts, and what a module that is not the right one does.

With GRUB and BIOS on both emulators, for each has a BIOS of its own and puts modules elsewhere; UEFI is QEMU's alone.
"""

import os
import shutil
import subprocess

import pytest

from expect import assert_cell, run_selfchecks
from harness import build
from harness.systems import bare_check, start

CONFIG = "configs/qemu-x86-modules.dts"
KERNEL = "vmlinuz-6.1-cloud-amd64"
CELLS = ["linux0", "linux1"]
SHARED, OWN = "vmlinuz", "initrd-linux1"


@pytest.fixture(name="folder", scope="module")
def built():
    """The folder of the system."""
    return build.system(CONFIG)


@pytest.fixture(name="system", scope="module", params=["qemu", "bochs"])
def built_for_bios(request):
    """The system on a board: the path of its DTS, its folder, what it runs on, MiB of each cell."""
    if request.param == "qemu":
        return CONFIG, build.system(CONFIG), "AMD SVM", 512
    config = build.on_board(CONFIG, request.param)
    return config, build.system(config), "Intel VMX", 256


def assert_all_checked(machine):
    """Each module was found, and right."""
    for name in [SHARED, "initrd-linux0", OWN]:
        machine.wait_cell("bulkhead", rf"^module {name}: \d+ bytes, SHA-256 [0-9a-f]{{12}}\.\.\. as expected")


def test_grub_brings_the_images(system):
    """BIOS: both cells are what they are with embedded images, and start again from what was checked."""
    _, folder, vendor, memory = system
    bare = bare_check(KERNEL, 2, folder)
    with start(folder) as machine:
        assert_all_checked(machine)
        machine.wait_cell("bulkhead", f"multiboot2, {vendor}, 4 CPUs, 2 cells")
        checks = run_selfchecks(machine, CELLS)
        machine.focus(0)
        machine.send("reboot -f\r")
        machine.wait_cell("bulkhead", "cell linux0: starts again on 2 CPUs")
        again = len(machine.cell_lines("linux0"))
        machine.wait_cell("linux0", "linux0:~#", start=again - 1)
    for cell in CELLS:
        assert_cell(checks[cell], cell, 2, memory, bare)


def test_the_efi_application_brings_them(folder):
    """OVMF: the files are beside the application."""
    build.make(f"CONFIG={CONFIG}", "efi")
    bare = bare_check(KERNEL, 2, folder)
    with start(folder, loader="uefi") as machine:
        machine.wait(r"^  module vmlinuz: \d+ bytes")
        assert_all_checked(machine)
        machine.wait_cell("bulkhead", "UEFI, AMD SVM, 4 CPUs, 2 cells")
        checks = run_selfchecks(machine, CELLS)
    for cell in CELLS:
        assert_cell(checks[cell], cell, 2, 512, bare)


def test_grub_brings_them_from_uefi_too(folder):
    """GRUB as an EFI application has its memory from the firmware, modules as well."""
    with start(folder, loader="uefi-cdrom") as machine:
        assert_all_checked(machine)
        machine.wait_cell("bulkhead", "multiboot2, AMD SVM, 4 CPUs, 2 cells")
        for cell in CELLS:
            machine.wait_cell(cell, "Enter 'help' for a list")


def change(file):
    """Turns one bit of the file's last byte around."""
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def cut(file):
    """Takes the file's last byte away."""
    os.truncate(file, file.stat().st_size - 1)


DAMAGE = {
    "changed": (change, r"has SHA-256 [0-9a-f]{12}\.\.\., expected [0-9a-f]{12}\.\.\."),
    "cut": (cut, r"has \d+ bytes, expected \d+"),
    "missing": (os.unlink, r"was not loaded, expected \d+ bytes"),
}


def damaged(folder, name, module, loader):
    """A copy of the system in @folder whose @module is damaged, for that loader."""
    copy = build.WORK / f"{folder.name}-{name}-{loader}"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.iso", "*.o", "*.elf"))
    if loader == "uefi":
        DAMAGE[name][0](copy / "modules" / module)
        return copy
    tree = copy / "iso"
    subprocess.run(["xorriso", "-osirrox", "on", "-indev", folder / "bulkhead.iso", "-extract", "/boot", tree / "boot"],
                   check=True, capture_output=True)
    subprocess.run(["chmod", "-R", "u+w", tree], check=True)
    DAMAGE[name][0](tree / "boot/modules" / module)
    subprocess.run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", copy / "bulkhead.iso", tree], check=True,
                   capture_output=True)
    return copy


def refused(machine, cell, what, module, says, place):
    """@cell does not start, with the right reason, and says nothing."""
    machine.wait_cell("bulkhead", rf"^cell {cell} does not start: its {what}, module {module} \({place}\), {says}")
    assert not machine.cell_lines(cell)


def place_of(config, text, nth=0):
    """File and line of a text in a DTS."""
    lines = (build.TOP / config).read_text(encoding="utf-8").splitlines()
    return f"{config}:{[number for number, line in enumerate(lines, 1) if text in line][nth]}"


@pytest.mark.parametrize("name", DAMAGE)
def test_a_wrong_module_stops_the_cell_that_needs_it(system, name):
    """linux1's initrd is damaged: linux1 does not start and is told with its reason; linux0 does."""
    config, folder, *_ = system
    with start(damaged(folder, name, OWN, "cdrom"), loader="cdrom") as machine:
        refused(machine, "linux1", "initrd", OWN, DAMAGE[name][1], place_of(config, f'"{OWN}"'))
        machine.wait_cell("linux0", "linux0:~#")
        assert "linux1: failed, started 0 times" in "\n".join(machine.command("c", "cell 1"))
        machine.shell("linux0", 0, "echo still $((40 + 2))", "^still 42$")
        assert not machine.cell_lines("linux1")
        machine.send("poweroff -f\r")
        machine.wait_cell("bulkhead", "all cells have ended")


def test_a_missing_file_is_told_by_the_efi_application_and_by_the_hypervisor(folder):
    """The kernel of both is missing: none starts, and the machine switches itself off."""
    build.make(f"CONFIG={CONFIG}", "efi")
    copy = damaged(folder, "missing", SHARED, "uefi")
    with start(copy, loader="uefi") as machine:
        machine.wait("^  warning: module vmlinuz: there is no such file")
        for number, cell in enumerate(CELLS):
            refused(machine, cell, "kernel", SHARED, DAMAGE["missing"][1], place_of(CONFIG, f'"{SHARED}"', number))
        machine.wait_cell("bulkhead", "all cells have ended")
        machine.wait_end()
