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

SOURCES = sorted(p.relative_to(TOP) for p in TOP.glob("src/**/*.c"))
HEADERS = sorted(p.relative_to(TOP) for p in TOP.glob("src/**/*.h"))
INCLUDES = ["-Isrc", "-Isrc/arch/x86", "-Isrc/arch/x86/include"]
FLAGS = ["-std=c11", "-ffreestanding", "-mgeneral-regs-only", '-DBULKHEAD_VERSION="lint"', *INCLUDES]
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wmissing-prototypes", "-Werror"]
MAX_LINES = 600
MAX_COLUMNS = {".c": 100, ".h": 100, ".S": 100, ".py": 120}


def run(*command):
    """Runs a checker at the top of the tree; its output is the failure."""
    done = subprocess.run(list(map(str, command)), cwd=TOP, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_whole_system_builds_without_a_warning(compiler):
    """-Werror is in the Makefile's flags."""
    build.make(f"CC={compiler}", "CONFIG=configs/qemu-x86-duo.dts")


def test_clang_tidy_finds_nothing():
    """The checks are in .clang-tidy."""
    run("clang-tidy", "--quiet", *SOURCES, "--", *FLAGS)


def test_cppcheck_finds_nothing():
    """Bugs and portability; style is the compilers' and the reviewers'."""
    run("cppcheck", "--quiet", "--error-exitcode=1", "--enable=warning,portability,performance", "--inline-suppr",
        "--suppress=comparePointers", "--suppress=subtractPointers", "--suppress=normalCheckLevelMaxBranches",
        "--std=c11", "--platform=unix64", *INCLUDES, '-DBULKHEAD_VERSION="lint"',
        "-D__x86_64__", *sorted({str(p.parent) for p in SOURCES}))


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_a_header_compiles_alone(header):
    """No header relies on what its includer included before."""
    run("gcc", *FLAGS, *WARNINGS, "-fsyntax-only", "-x", "c", header)


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
