# SPDX-License-Identifier: Apache-2.0
"""The source itself: both compilers, static analysis, headers, the house's rules."""

import pathlib
import re
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from harness import build  # noqa: E402

ARCHES = ("x86", "loongarch")
#: By architecture: what its sources are compiled with, as far as a checker must know it, and the checkers.
FLAGS = {
    arch: ["-std=c11", "-ffreestanding", *special, '-DBULKHEAD_VERSION="lint"', "-Isrc", f"-Isrc/arch/{arch}",
           f"-Isrc/arch/{arch}/include"]
    for arch, special in (("x86", ["-mgeneral-regs-only"]),
                          ("loongarch", ["--target=loongarch64-linux-gnu", "-mabi=lp64s", "-msoft-float"]))
}
COMPILERS = {"x86": "gcc", "loongarch": "clang-19"}
TIDY = {"x86": "clang-tidy", "loongarch": "clang-tidy-19"}  # older ones know no LoongArch
MACROS = {"x86": "__x86_64__", "loongarch": "__loongarch__"}


def parts(arch, pattern):
    """Files of @arch; what all architectures share is checked with x86's."""
    shared = ("src/core", "src/vdev") if arch == "x86" else ()
    return sorted(p.relative_to(TOP) for folder in (*shared, f"src/arch/{arch}") for p in (TOP / folder).rglob(pattern))


HEADERS = [(arch, header) for arch in ARCHES for header in parts(arch, "*.h")]
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wmissing-prototypes", "-Werror"]
MAX_LINES = 600
MAX_COLUMNS = {".c": 100, ".h": 100, ".S": 100, ".py": 120}


def run(*command):
    """Runs a checker at the top of the tree; its output is the failure."""
    done = subprocess.run(list(map(str, command)), cwd=TOP, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("compiler, system", [("gcc", "qemu-x86-duo"), ("clang", "qemu-x86-duo"),
                                              ("clang-19", "qemu-loongarch-duo")])
def test_the_whole_system_builds_without_a_warning(compiler, system):
    """-Werror is in the Makefile's flags."""
    build.make(f"CC={compiler}", f"CONFIG=configs/{system}.dts")


@pytest.mark.parametrize("arch, limit", [("x86", 80), ("loongarch", 64)])
def test_the_hypervisor_stays_small(arch, limit):
    """Text and read-only data, in KiB, without what is the system's own: images and tables."""
    # Of a name of its own: other compilers build the default system, too.
    file = build.WORK / "boards" / f"size-{arch}.dts"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text((TOP / f"configs/qemu-{arch}-duo.dts").read_text(encoding="utf-8"), encoding="utf-8")
    folder = build.system(str(file.relative_to(TOP)))
    said = subprocess.run([TOP / "tests/bench/size.sh", folder / "bulkhead.elf"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    size = float(re.search(r"^text \d+ \+ rodata \d+ = ([\d.]+) KiB;", said, re.M)[1])
    assert limit / 2 < size < limit


@pytest.mark.parametrize("arch", ARCHES)
def test_clang_tidy_finds_nothing(arch):
    """The checks are in .clang-tidy."""
    run(TIDY[arch], "--quiet", *parts(arch, "*.c"), "--", *FLAGS[arch])


@pytest.mark.parametrize("arch", ARCHES)
def test_cppcheck_finds_nothing(arch):
    """Bugs and portability; style is the compilers' and the reviewers'."""
    run("cppcheck", "--quiet", "--error-exitcode=1", "--enable=warning,portability,performance", "--inline-suppr",
        "--suppress=comparePointers", "--suppress=subtractPointers", "--suppress=normalCheckLevelMaxBranches",
        "--std=c11", "--platform=unix64", *(flag for flag in FLAGS[arch] if flag[:2] in ("-I", "-D")),
        f"-D{MACROS[arch]}", *sorted({str(p.parent) for p in parts(arch, "*.c")}))


@pytest.mark.parametrize("arch, header", HEADERS, ids=str)
def test_a_header_compiles_alone(arch, header):
    """No header relies on what its includer included before."""
    # To clang, a header that it is given is no header: inline functions would have to be used.
    run(COMPILERS[arch], *FLAGS[arch], *WARNINGS, "-Wno-unused-function", "-fsyntax-only", "-x", "c", header)


def files(*patterns):
    """All tracked-like files below src, scripts and tests."""
    roots = ("src", "scripts", "tests", "images")
    return [p for root in roots for pattern in patterns for p in (TOP / root).rglob(pattern)]


def test_no_source_is_too_long():
    """A file over 600 lines wants to be two."""
    long = {str(p.relative_to(TOP)): n for p in files("*.c", "*.h", "*.S", "*.py", "*.sh")
            if (n := len(p.read_text(encoding="utf-8").splitlines())) > MAX_LINES}
    assert not long
    wide = [f"{p.relative_to(TOP)}:{i}" for p in files("*.c", "*.h", "*.S", "*.py")
            for i, line in enumerate(p.read_text(encoding="utf-8").splitlines(), 1)
            if len(line.expandtabs(8)) > MAX_COLUMNS[p.suffix]]
    assert not wide


def test_every_source_names_its_licence():
    """SPDX tags in the first two lines."""
    missing = [str(p.relative_to(TOP)) for p in files("*.c", "*.h", "*.S", "*.ld", "*.py", "*.sh")
               if "SPDX-License-Identifier: Apache-2.0" not in "".join(p.read_text("utf-8").splitlines(True)[:2])]
    assert not missing


@pytest.mark.parametrize("folder, forbidden", [
    ("src/core", r'#include "(arch/|vdev/|svm/|vmx/|x86)'),
    ("src/vdev", r'#include "(arch|svm|vmx|x86)|__asm__'),
])
def test_arrows_point_one_way(folder, forbidden):
    """core knows no architecture and no device; devices know no architecture."""
    found = [f"{p.relative_to(TOP)}:{i}: {line}" for p in (TOP / folder).glob("*.[ch]")
             for i, line in enumerate(p.read_text("utf-8").splitlines(), 1) if re.search(forbidden, line)]
    assert not found


def test_variation_is_not_by_preprocessor():
    """Architectures and vendors differ by tables and link time, not by #ifdef."""
    found = [f"{p.relative_to(TOP)}:{i}" for p in files("*.c", "*.h") if "src" in p.parts
             for i, line in enumerate(p.read_text("utf-8").splitlines(), 1)
             if re.match(r"#\s*if.*(__x86_64__|__loongarch|CONFIG_)", line)]
    assert not found
