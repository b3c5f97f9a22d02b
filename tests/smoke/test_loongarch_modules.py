# SPDX-License-Identifier: Apache-2.0
"""LoongArch: images that the boot loader brings. All but UEFI bring one file, so they are in an archive there."""

import re
import shutil
import subprocess

import pytest

from expect import assert_cell, run_selfchecks
from harness import build, uboot
from harness.systems import bare_check, start
from test_loongarch_boot import KERNEL, U_BOOT, UEFI, real_uboot
from test_modules import DAMAGE, OWN, SHARED, assert_all_checked, place_of, refused

CONFIG = "configs/qemu-loongarch-modules.dts"
CELLS = ["linux0", "linux1"]


@pytest.fixture(name="folder", scope="module")
def built():
    """The folder of the system."""
    return build.system(CONFIG)


def made(folder, *targets):
    """@folder, with what make @targets make."""
    build.make(f"CONFIG={CONFIG}", *targets)
    return folder


def assert_cells_are_right(machine, folder, says):
    """By the guests' own words, they are what they are with embedded images."""
    bare = bare_check(KERNEL, 2, folder)
    assert_all_checked(machine)
    machine.wait_cell("bulkhead", says)
    checks = run_selfchecks(machine, CELLS)
    for cell in CELLS:
        assert_cell(checks[cell], cell, 2, 512, bare)


def test_qemu_brings_the_images(folder):
    """-initrd; and a cell starts again from what was checked."""
    with start(folder) as machine:
        assert_cells_are_right(machine, folder, U_BOOT)
        machine.focus(0)
        machine.send("reboot -f\r")
        machine.wait_cell("bulkhead", "cell linux0: starts again on 2 CPUs")
        again = len(machine.cell_lines("linux0"))
        machine.wait_cell("linux0", "linux0:~#", start=again - 1)


def test_the_efi_application_brings_them(folder):
    """EDK II: the files are beside the application."""
    with start(made(folder, "efi"), loader="uefi-loongarch") as machine:
        machine.wait(r"^  module vmlinuz: \d+ bytes")
        assert_cells_are_right(machine, folder, UEFI)


def test_a_loader_like_u_boot_brings_them(folder):
    """The initrd of the device tree, reserved there: yet its memory is a cell's."""
    made(folder, "build/qemu-loongarch-modules/bulkhead.bin")
    with start(folder, loader="like-uboot-loongarch") as machine:
        assert_cells_are_right(machine, folder, U_BOOT)


@real_uboot
@pytest.mark.parametrize("files, commands", [
    (["bulkhead.itb"], ["load virtio 0 ${loadaddr} bulkhead.itb", "bootm ${loadaddr} ${loadaddr} ${fdtcontroladdr}"]),
    (["bulkhead.bin", "gen/modules.cpio"],
     ["load virtio 0 ${loadaddr} bulkhead.bin", "load virtio 0 0x8000000 modules.cpio",
      "booti ${loadaddr} 0x8000000:${filesize} ${fdtcontroladdr}"]),
    (["bulkhead.efi", *(f"modules/{name}" for name in (SHARED, "initrd-linux0", OWN))],
     ["load virtio 0 ${loadaddr} bulkhead.efi", "bootefi ${loadaddr}"]),
], ids=["bootm", "booti", "bootefi"])
def test_u_boot_brings_them(folder, files, commands):
    """In the FIT image, as a file of their own, or beside the application."""
    made(folder, "itb", "efi")
    disk = uboot.disk({name.rsplit("/", maxsplit=1)[-1]: folder / name for name in files})
    with start(folder, extra=disk, loader="uboot-loongarch") as machine:
        uboot.interrupt(machine)
        uboot.command(machine, "virtio scan")
        for command in commands[:-1]:
            uboot.command(machine, command, r"^\d+ bytes read")
        uboot.command(machine, commands[-1], "Bulkhead")
        assert_all_checked(machine)
        for cell in CELLS:
            machine.wait_cell(cell, "Enter 'help' for a list")


@real_uboot
def test_u_boot_starts_them_by_itself(folder):
    """By boot.scr, which names the FIT image as the initrd's, too."""
    made(folder, "itb")
    disk = uboot.disk({name: folder / name for name in ("boot.scr", "bulkhead.itb")})
    with start(folder, extra=disk, loader="uboot-loongarch") as machine:
        machine.wait("^## Loading ramdisk")
        assert_all_checked(machine)
        for cell in CELLS:
            machine.wait_cell(cell, "Enter 'help' for a list")


def archive(folder):
    """Makes the archive of the files that are in @folder, as make does."""
    (folder / "gen/modules.cpio").unlink(missing_ok=True)
    names = "".join(f"{file.name}\n" for file in build.modules(folder))
    with open(folder / "gen/modules.cpio", "wb") as out:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], input=names.encode(), stdout=out, check=True,
                       cwd=folder / "modules")


def copied(folder, name):
    """A copy of @folder whose modules can be damaged."""
    copy = build.WORK / f"{folder.name}-{name}"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.itb", "*.o"))
    return copy


@pytest.mark.parametrize("name", DAMAGE)
def test_a_wrong_module_stops_the_cell_that_needs_it(folder, name):
    """linux1's initrd is damaged: linux1 does not start and is told with its reason; linux0 does."""
    copy = copied(folder, name)
    DAMAGE[name][0](copy / "modules" / OWN)
    archive(copy)
    with start(copy) as machine:
        refused(machine, "linux1", "initrd", OWN, DAMAGE[name][1], place_of(CONFIG, f'"{OWN}"'))
        machine.wait_cell("linux0", "linux0:~#")
        machine.shell("linux0", 0, "echo still $((40 + 2))", "^still 42$")
        assert not machine.cell_lines("linux1")


def test_an_initrd_that_is_no_archive_is_told(folder):
    """Of an archive that is cut off, what is whole is used; of none, nothing."""
    copy = copied(folder, "cut-archive")
    whole = (copy / "gen/modules.cpio").read_bytes()
    (copy / "gen/modules.cpio").write_bytes(whole[:whole.index(OWN.encode())])
    with start(copy) as machine:
        machine.wait_cell("bulkhead", r"warning: the initrd at 0x\w+, \d+ bytes, is no whole archive of boot modules")
        refused(machine, "linux1", "initrd", OWN, DAMAGE["missing"][1], place_of(CONFIG, f'"{OWN}"'))
        machine.wait_cell("linux0", "linux0:~#")


def test_without_modules_no_cell_starts(folder):
    """Neither -initrd nor files: each cell and its reason, and the machine switches itself off."""
    copy = copied(folder, "none")
    (copy / "gen/modules.list").write_text("", encoding="ascii")
    with start(copy) as machine:
        for number, cell in enumerate(CELLS):
            refused(machine, cell, "kernel", SHARED, DAMAGE["missing"][1], place_of(CONFIG, f'"{SHARED}"', number))
        machine.wait_cell("bulkhead", "all cells have ended")
        assert not re.search("warning: the initrd", "\n".join(machine.cell_lines("bulkhead")))
        machine.wait_end()
