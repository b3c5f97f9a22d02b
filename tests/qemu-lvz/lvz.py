# SPDX-License-Identifier: Apache-2.0
"""The LoongArch machine with LVZ: its emulator, what runs on it, and running it."""

import os
import pathlib
import re
import select
import shutil
import subprocess
import time

from harness import build

HERE = pathlib.Path(__file__).resolve().parent
SCRIPTS = build.TOP / "scripts"
OUT = build.WORK / "lvz"
LOGS = OUT / "logs"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "bulkhead"
SUITE = "sid"
#: make test T=lvz: everything, many times
FULL = os.environ.get("LVZ_FULL", "") not in ("", "0")
#: How long a machine may say nothing, and how long it may run, in seconds: for a busy computer.
STALL = 240
LONGEST = 3 * 3600
#: Linux looks for a keyboard controller where the direct boot's device tree has no ISA bus.
KERNEL_OPTIONS = "console=ttyS0,115200 initcall_blacklist=i8042_init panic=-1"


def command(*arguments, **options):
    """Runs a program; its output is the failure."""
    done = subprocess.run(list(map(str, arguments)), check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def qemu():
    """The emulator: LVZ_QEMU in the environment, or this project's, built now if it is not in the cache."""
    if other := os.environ.get("LVZ_QEMU"):
        return pathlib.Path(other)
    done = subprocess.run([SCRIPTS / "built_copy.sh", HERE], check=False, text=True, stdout=subprocess.PIPE)
    assert done.returncode == 0, "no emulator (see above)"
    return pathlib.Path(done.stdout.strip()) / "qemu-system-loongarch64"


def machine(*arguments, cpu="la464,lvz=on"):
    """The command that runs the machine."""
    return [str(qemu()), "-M", "virt", "-cpu", cpu, "-nographic", "-no-reboot", "-nic", "none", *map(str, arguments)]


def run(*arguments, cpu="la464,lvz=on", stall=STALL):
    """
    Runs the machine until it switches itself off, and returns what it wrote to its console.

    However slow this computer is: the machine only fails by saying nothing for stall seconds, or no end of it.
    """
    got = bytearray()
    start = heard = time.monotonic()
    with open(_log(), "ab") as log, subprocess.Popen(machine(*arguments, cpu=cpu), stdin=subprocess.DEVNULL,
                                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            while True:
                if select.select([process.stdout], [], [], 1)[0]:
                    new = os.read(process.stdout.fileno(), 65536)
                    if not new:
                        break
                    got += new
                    log.write(new)
                    log.flush()
                    heard = time.monotonic()
                now = time.monotonic()
                assert now - heard < stall and now - start < LONGEST, \
                    f"silent for {now - heard:.0f} s, after {now - start:.0f} s:\n{_text(got)[-4000:]}"
            assert process.wait(STALL) == 0, _text(got)[-4000:]
        finally:
            process.kill()
    return _text(got)


def _text(output):
    return output.decode(errors="replace").replace("\r", "")


def _log():
    """The file that keeps what the machines of a test said."""
    test = re.sub(r"\W+", "-", os.environ.get("PYTEST_CURRENT_TEST", "lvz").split("::")[-1].split(" ")[0]).strip("-")
    LOGS.mkdir(parents=True, exist_ok=True)
    return LOGS / f"{test}.log"


def conformance():
    """The conformance program, built."""
    folder = OUT / "conformance"
    with build.locked("lvz"):
        command("make", "-s", "-C", HERE / "conformance", f"OUT={folder}")
    return folder / "lvz-conformance.elf"


def checks(text):
    """What a TAP output says: {name: True, False or None for skipped}. The plan must fit."""
    found = {}
    for line in text.splitlines():
        if match := re.fullmatch(r"(not )?ok \d+ - (\S+)( # SKIP .*)?", line):
            assert match[2] not in found, f"two checks are called {match[2]}"
            found[match[2]] = None if match[3] else not match[1]
    plan = re.search(r"^1\.\.(\d+)$", text, re.M)
    assert plan and int(plan[1]) == len(found), f"no plan, or {len(found)} checks are not what it says:\n{text[-2000:]}"
    return found


def fetch(name, *packages, options=()):
    """A folder with packages of Debian's port to LoongArch, fetched once; options are apt_fetch.sh's."""
    folder = CACHE / "loong64" / name
    with build.locked("lvz"):
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            command(SCRIPTS / "apt_fetch.sh", "--arch", "loong64", *options, "--extract", SUITE, folder, *packages)
    return folder


def kernel():
    """Debian's kernel, unpacked: QEMU 10.0 knows no zstd in an EFI image. Its header says what it is."""
    image = OUT / "Image"
    zboot = next(fetch("kernel", "?name(^linux-binary-.*-loong64$)").glob("usr/lib/modules/*/vmlinuz"))
    data = zboot.read_bytes()
    assert data[:2] == b"MZ" and data[4:8] == b"zimg" and data[0x18:0x1c] == b"zstd", "not a kernel with zstd in it"
    start, size = int.from_bytes(data[8:12], "little"), int.from_bytes(data[12:16], "little")
    OUT.mkdir(parents=True, exist_ok=True)
    with build.locked("lvz"):
        if not image.exists():
            packed = image.with_suffix(".zst")
            packed.write_bytes(data[start:start + size])
            command("zstd", "-dfq", packed, "-o", image)
    return image


#: What Linux's own Makefile of the KVM selftests needs of its source
SELFTEST_SOURCES = ["tools/testing/selftests/" + name
                    for name in ("lib.mk", "*.h", "kselftest", "kvm", "rseq", "cgroup/lib", "clone3")]
SELFTEST_SOURCES += ["tools/build", "tools/scripts", "tools/include", "tools/arch/loongarch", "tools/lib/rbtree.c",
                     "scripts/subarch.include"]


def linux_source():
    """The part of Linux's source, as Debian has it, that makes the KVM selftests; fetched once."""
    folder = CACHE / "loong64" / "selftests"
    with build.locked("lvz-source"):
        if not folder.exists():
            new = folder.with_suffix(f".{os.getpid()}")
            command(SCRIPTS / "apt_fetch.sh", "--extract", SUITE, new / "package", "?name(^linux-source-[0-9.]+$)")
            archive = sorted((new / "package").glob("usr/src/linux-source-*.tar.xz"))[-1]
            (new / "linux").mkdir()
            command("tar", "-xf", archive, "-C", new / "linux", "--strip-components=1", "--wildcards",
                    *(f"linux-source-*/{name}" for name in SELFTEST_SOURCES))
            (new / "linux").rename(folder)
            shutil.rmtree(new)
    return folder


def selftests():
    """KVM's selftests for LoongArch, built: {name: file}."""
    source, out = linux_source(), OUT / "selftests"
    # Guests have the FPU, but no vectors; and what is wrong with the source is not for us to say.
    flags = f"--sysroot={sysroot()} -march=loongarch64 -mno-lsx -w -g0"
    kvm = source / "tools/testing/selftests/kvm"
    with build.locked("lvz-selftests"):
        out.mkdir(parents=True, exist_ok=True)
        command("make", "-s", "-j2", "-C", kvm, "ARCH=loongarch", "CC=clang-19 --target=loongarch64-linux-gnu",
                f"OUTPUT={out}", env={**{k: v for k, v in os.environ.items() if not k.startswith("MAKE")},
                                      "EXTRA_CFLAGS": flags, "LDFLAGS": "-static -fuse-ld=lld-19"})
    rules = (kvm / "Makefile.kvm").read_text(encoding="utf-8")
    names = re.findall(r"^TEST_GEN_PROGS_loongarch \+?= (\S+)$", rules, re.M)
    return {name: out / name for name in names}


def sysroot():
    """Headers and libraries for programs of Debian's port to LoongArch."""
    return fetch("libc", "libc6-dev", "libgcc-14-dev", "linux-libc-dev")


def busybox():
    """Debian's busybox, linked statically."""
    return fetch("busybox", "busybox-static") / "usr/bin/busybox"


def needed(program):
    """The names of the libraries that an ELF file wants."""
    return re.findall(r"\(NEEDED\).*\[(.*)\]", command("readelf", "-d", program))


def guests_qemu():
    """Debian's own QEMU for LoongArch, which uses KVM, and its libraries: (program, {name: file})."""
    root = fetch("qemu", "qemu-system-misc", options=["--with-depends"])
    program = root / "usr/bin/qemu-system-loongarch64"
    there = {p.name: p for p in root.glob("usr/lib/loongarch64-linux-gnu/**/*.so*")}
    libraries, todo = {}, [program]
    while todo:
        for name in needed(todo.pop()):
            if name not in libraries:
                libraries[name] = there[name]
                todo.append(there[name])
    return program, libraries


def initramfs(name, init, libraries=None, **files):
    """An initramfs of busybox, the script init, libraries, and files, {name in /bin: source}."""
    folder = OUT / f"{name}.d"
    shutil.rmtree(folder, ignore_errors=True)
    for sub in ("bin", "dev", "proc", "sys", "tmp"):
        (folder / sub).mkdir(parents=True)
    shutil.copy(busybox(), folder / "bin/busybox")
    (folder / "init").write_text(init, encoding="utf-8")
    (folder / "init").chmod(0o755)
    for path, source in files.items():
        shutil.copy(source, folder / "bin" / path)
    (folder / "libraries").mkdir()
    for path, source in (libraries or {}).items():
        shutil.copy(source, folder / "libraries" / path)
    archive = OUT / f"{name}.cpio"
    listing = "\n".join(str(p.relative_to(folder)) for p in sorted(folder.rglob("*")))
    with open(archive, "wb") as out:
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=folder, input=listing.encode(), stdout=out,
                       check=True)
    return archive


def linux(init, *arguments, cpu="la464,lvz=on", options="", stall=STALL, **files):
    """Boots Linux with an initramfs whose script is init, and returns the console's output."""
    name = f"host-{os.getpid()}"
    archive = initramfs(name, init, **files)
    try:
        return run("-m", "2G", "-kernel", kernel(), "-initrd", archive, "-append", f"{KERNEL_OPTIONS} {options}",
                   *arguments, cpu=cpu, stall=stall)
    finally:
        archive.unlink()
        shutil.rmtree(OUT / f"{name}.d")
