# SPDX-License-Identifier: Apache-2.0
"""Starting from U-Boot: by a FIT image, by the EFI application, by boot.scr; images that are refused; signatures."""

import hashlib
import pathlib
import shutil
import subprocess

import pytest

from expect import assert_cell, run_selfchecks
from harness import build, uboot
from harness.systems import bare_check, start

DUO = "configs/qemu-x86-duo.dts"
FOLDER = build.BUILD / "qemu-x86-duo"
LARGE = "configs/qemu-x86-large.dts"
MODULES = "configs/qemu-x86-modules.dts"
KERNEL = "vmlinuz-6.1-cloud-amd64"


def made(*arguments):
    """The default system's files for U-Boot: {name on the disk: path}."""
    build.make(f"CONFIG={DUO}", "itb", *arguments)
    return {name: FOLDER / name for name in ("bulkhead.itb", "bulkhead.efi", "boot.scr")}


def boot(files):
    """The default system's machine with U-Boot as firmware and @files on a disk."""
    return start(FOLDER, extra=uboot.disk(files), loader="uboot")


def assert_shells(machine):
    """Both cells run on their CPUs and have come to their shells."""
    machine.wait_cell("bulkhead", "UEFI, AMD SVM, 4 CPUs, 2 cells")
    machine.wait_cell("linux0", "linux0:~#")
    machine.wait_cell("linux0", "2 CPU")
    machine.wait_cell("linux1", "2 CPU")


def test_bootm_starts_a_fit_image():
    """U-Boot checks the hash; both cells are what they are without a firmware; U-Boot's MTRRs are put right."""
    files = made()
    bare = bare_check(KERNEL, 2, FOLDER)
    with boot({"bulkhead.itb": files["bulkhead.itb"]}) as machine:
        uboot.interrupt(machine)
        uboot.command(machine, "mtrr list")
        cached = [line.split()[3] for line in machine.lines if line.split()[1:3] == ["Y", "Back"]]
        assert cached == ["00000000ffe00000"], "U-Boot has RAM write-back: this test tests nothing any more"
        uboot.command(machine, "virtio scan")
        uboot.command(machine, "load virtio 0 ${loadaddr} bulkhead.itb", r"^\d+ bytes read")
        uboot.command(machine, "bootm ${loadaddr}", "Verifying Hash Integrity ... sha256. OK")
        machine.wait(r"Bulkhead \S+: qemu-x86-duo, from UEFI")
        machine.wait_cell("bulkhead", "the firmware's MTRRs leave RAM at 0x1000000 uncached; set anew on all CPUs")
        machine.wait_cell("bulkhead", "write-back: 0x0 to 0x5fffffff")
        machine.wait_cell("bulkhead", "UEFI, AMD SVM, 4 CPUs, 2 cells")
        machine.wait_cell("bulkhead", "3 CPUs had other MTRRs than the boot CPU; now all have the same")
        checks = run_selfchecks(machine, ["linux0", "linux1"])
    for cell in checks:
        assert_cell(checks[cell], cell, 2, 512, bare)


def test_bootefi_starts_the_efi_application():
    """The same file that UEFI firmware starts."""
    with boot({"bulkhead.efi": made()["bulkhead.efi"]}) as machine:
        uboot.interrupt(machine)
        uboot.command(machine, "virtio scan")
        uboot.command(machine, "load virtio 0 ${loadaddr} bulkhead.efi", r"^\d+ bytes read")
        uboot.command(machine, "bootefi ${loadaddr}", r"Bulkhead \S+: qemu-x86-duo, from UEFI")
        assert_shells(machine)


@pytest.mark.parametrize("bus", ["virtio", "AHCI"])
def test_it_starts_by_itself_from_boot_scr(bus):
    """Nobody types: U-Boot finds boot.scr on the disk, and that starts the FIT image beside it."""
    files = made()
    extra = uboot.disk({name: files[name] for name in ("boot.scr", "bulkhead.itb")})
    if bus == "AHCI":
        extra[1] = extra[1].replace("if=virtio", "if=ide").replace(",readonly=on", ",snapshot=on")
    with start(FOLDER, extra=extra, loader="uboot") as machine:
        machine.wait("Booting bootflow .* with script")
        machine.wait("Verifying Hash Integrity ... sha256. OK")
        assert_shells(machine)


def test_ram_above_4_gib_is_there():
    """U-Boot's memory map ends below 4 GiB; SMBIOS knows more, and the MTRRs then cover that, too."""
    build.make(f"CONFIG={LARGE}", "itb")
    folder = build.BUILD / "qemu-x86-large"
    disk = uboot.disk({name: folder / name for name in ("boot.scr", "bulkhead.itb")})
    with start(folder, extra=disk, loader="uboot") as machine:
        machine.wait("takes RAM above 4 GiB from SMBIOS: U-Boot's memory map lacks it")
        machine.wait_cell("bulkhead", "write-back: 0x100000000 to 0x27fffffff")
        machine.wait_cell("linux0", "linux0:~#")
        machine.wait_cell("linux1", "2 CPU")


def test_boot_modules_are_in_the_fit_image():
    """U-Boot checks the loadable with them and puts it into memory, where the application finds it."""
    build.make(f"CONFIG={MODULES}", "itb")
    folder = build.BUILD / "qemu-x86-modules"
    disk = uboot.disk({name: folder / name for name in ("boot.scr", "bulkhead.itb")})
    with start(folder, extra=disk, loader="uboot") as machine:
        machine.wait("Trying 'modules' loadables subimage")
        machine.wait("takes 3 modules from the FIT image")
        machine.wait_cell("bulkhead", r"^module vmlinuz: \d+ bytes, SHA-256 [0-9a-f]{12}\.\.\. as expected")
        assert_shells(machine)


def test_boot_modules_lie_beside_the_application():
    """The application reads them from the folder that U-Boot has loaded it from."""
    build.make(f"CONFIG={MODULES}", "efi")
    folder = build.BUILD / "qemu-x86-modules"
    files = {"bulkhead.efi": folder / "bulkhead.efi"} | {path.name: path for path in (folder / "modules").iterdir()}
    with start(folder, extra=uboot.disk(files), loader="uboot") as machine:
        uboot.interrupt(machine)
        uboot.command(machine, "virtio scan")
        uboot.command(machine, "load virtio 0 ${loadaddr} bulkhead.efi", r"^\d+ bytes read")
        uboot.command(machine, "bootefi ${loadaddr}", r"Bulkhead \S+: qemu-x86-modules, from UEFI")
        machine.wait_cell("bulkhead", r"^module vmlinuz: \d+ bytes, SHA-256 [0-9a-f]{12}\.\.\. as expected")
        assert_shells(machine)


def test_a_changed_image_is_refused(tmp_path):
    """One byte of the kernel in it differs: U-Boot says so, boot.scr too, and nothing of it runs."""
    files = made()
    image = bytearray(files["bulkhead.itb"].read_bytes())
    image[len(image) // 2] ^= 1
    files["bulkhead.itb"] = tmp_path / "bulkhead.itb"
    files["bulkhead.itb"].write_bytes(image)
    with boot({name: files[name] for name in ("boot.scr", "bulkhead.itb")}) as machine:
        machine.wait("Booting bootflow .* with script")
        machine.wait("Verifying Hash Integrity ... sha256 error!")
        machine.wait("Bad hash value for 'hash-1' hash node in 'bulkhead' image node")
        machine.wait("Bulkhead: U-Boot does not start bulkhead.itb")
        machine.wait("^=> $")
        assert "from UEFI" not in machine.text() and not machine.cell_lines("bulkhead")


# Signatures need no start, so they are made of another system: its files are not those that others start.
SIGNED = "configs/qemu-x86-solo4.dts"
SIGNED_FOLDER = build.BUILD / "qemu-x86-solo4"


def key_pair(folder):
    """Makes the key "dev" in @folder; returns an empty device tree blob for its public half."""
    folder.mkdir()
    subprocess.run(["openssl", "req", "-batch", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=dev/",
                    "-keyout", folder / "dev.key", "-out", folder / "dev.crt"], check=True, capture_output=True)
    blob = folder / "public.dtb"
    subprocess.run(["dtc", "-q", "-o", blob, "-"], check=True, input=b"/dts-v1/; / {};")
    return blob


def signed(folder, blob):
    """The FIT image, signed with the key in @folder, whose public half goes into @blob; a copy of it."""
    build.make(f"CONFIG={SIGNED}", "itb", f"SIGN_KEY_DIR={folder}", "SIGN_KEY_NAME=dev", f"SIGN_DTB={blob}")
    return pathlib.Path(shutil.copy(SIGNED_FOLDER / "bulkhead.itb", folder))


def test_a_signature_holds_for_its_key_alone(tmp_path):
    """U-Boot's own check takes what the key has signed, and no other key's image, no unsigned one, no changed one."""
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    public = key_pair(mine)
    image = signed(mine, public)
    right, says = uboot.check_signature(image, public)
    assert right, says
    assert "sha256,rsa2048:dev+" in says

    def assert_refused(path):
        right, says = uboot.check_signature(path, public)
        assert not right and "Failed to verify required signature 'key-dev'" in says, says

    assert_refused(signed(theirs, key_pair(theirs)))
    build.make(f"CONFIG={SIGNED}", "itb")
    assert_refused(SIGNED_FOLDER / "bulkhead.itb")
    # A byte of the application changed, and its hash in the image made right again.
    application = (SIGNED_FOLDER / "bulkhead.efi").read_bytes()
    changed = application[:-1] + bytes([application[-1] ^ 1])
    forged = tmp_path / "forged.itb"
    content = image.read_bytes()
    assert application in content and hashlib.sha256(application).digest() in content
    content = content.replace(application, changed)
    content = content.replace(hashlib.sha256(application).digest(), hashlib.sha256(changed).digest())
    forged.write_bytes(content)
    assert_refused(forged)


def test_a_signature_covers_boot_modules(tmp_path):
    """The modules' image and its hash are among what is signed. A copy of the system: others start the unsigned one."""
    config = build.WORK / "signed-modules.dts"
    config.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(build.TOP / MODULES, config)
    public = key_pair(tmp_path / "keys")
    build.make(f"CONFIG={config.relative_to(build.TOP)}", "itb", f"SIGN_KEY_DIR={public.parent}", "SIGN_KEY_NAME=dev",
               f"SIGN_DTB={public}")
    image = build.BUILD / "signed-modules/bulkhead.itb"
    right, says = uboot.check_signature(image, public)
    assert right, says
    done = subprocess.run(["fdtget", "-t", "s", image, "/configurations/signed-modules/signature-1", "hashed-nodes"],
                          check=True, stdout=subprocess.PIPE, text=True)
    assert {"/images/bulkhead/hash-1", "/images/modules", "/images/modules/hash-1"} <= set(done.stdout.split())


def test_a_key_that_is_not_there_is_told(tmp_path):
    """No image without a signature where one was asked for."""
    build.make(f"CONFIG={SIGNED}", "itb")
    before = (SIGNED_FOLDER / "bulkhead.itb").read_bytes()
    with pytest.raises(build.BuildError, match=r"dev.key: no such file \(key and certificate are SIGN_KEY_DIR"):
        build.make(f"CONFIG={SIGNED}", "itb", f"SIGN_KEY_DIR={tmp_path}", "SIGN_KEY_NAME=dev")
    assert (SIGNED_FOLDER / "bulkhead.itb").read_bytes() == before
