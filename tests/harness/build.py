# SPDX-License-Identifier: Apache-2.0
"""Builds systems for tests: one make at a time, whatever pytest runs in parallel."""

import contextlib
import fcntl
import os
import pathlib
import re
import subprocess

from harness import board

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
WORK = BUILD / "tests"


class BuildError(AssertionError):
    """make failed; the message is what it printed."""


@contextlib.contextmanager
def locked(name="make"):
    """Holds a lock that all test processes of this tree share."""
    WORK.mkdir(parents=True, exist_ok=True)
    with open(WORK / f".{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(*arguments):
    """Runs make at the top of the tree and returns its output; raises BuildError when it fails."""
    # Variables of an outer `make test` must not reach this one, but for the compiler: the Makefile has one of its own
    # for each architecture, which only its command line can replace. What the user chooses is x86's.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    compiler = [f"CC_x86={os.environ['CC']}"] if os.environ.get("CC") else []
    with locked():
        done = subprocess.run(["make", *compiler, *arguments], cwd=TOP, env=environment, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise BuildError(f"make {' '.join(arguments)} failed:\n{done.stdout}")
    return done.stdout


#: The boards that tests put systems on: emulator and processor are parameters.
BOARDS = {"qemu": "boards/qemu-q35.dtsi", "bochs": "boards/bochs-i440fx.dtsi",
          "bochs-amd": "boards/bochs-i440fx-amd.dtsi"}
#: Two cells of 512 MiB do not fit on Bochs' boards, which have 1 GiB.
SMALLER = ("memory = <0 0x20000000>;", "memory = <0 0x10000000>;")


def on_board(config, board, name=None, change=lambda text: text):
    """
    The system of a DTS (path from the top of the tree) on another board (a key of BOARDS), changed by change(text).

    Returns the path of the DTS that this wrote; @name is its name instead of the old one.
    """
    text = (TOP / config).read_text(encoding="utf-8")
    include = next(include for include in BOARDS.values() if f'"{include}"' in text)
    if board != "qemu" and include == BOARDS["qemu"]:
        text = text.replace(*SMALLER)
    file = WORK / "boards" / f"{name or pathlib.Path(config).stem}-{board}.dts"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(change(text.replace(f'"{include}"', f'"{BOARDS[board]}"')), encoding="utf-8")
    return str(file.relative_to(TOP))


def system(config):
    """Builds the system of a DTS (path from the top of the tree) and returns its output folder."""
    physical = board.settings()
    if physical:
        config = _on_physical(physical, config)
    make(f"CONFIG={config}")
    folder = BUILD / pathlib.Path(config).stem
    if modules(folder) and arch(folder) == "loongarch":
        make(f"CONFIG={config}", str((folder / "gen/modules.cpio").relative_to(TOP)))
    elif bochsrc(folder) or modules(folder):
        make(f"CONFIG={config}", "iso")
    return folder


def _on_physical(physical, config):
    """The same on the board that $BULKHEAD_BOARD is about, with all images that its start command asks for."""
    name = f"{pathlib.Path(config).stem}-board"
    file = WORK / "boards" / f"{name}.dts"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(physical.moved(config, (TOP / config).read_text(encoding="utf-8")), encoding="utf-8")
    config = str(file.relative_to(TOP))
    make(f"CONFIG={config}", *physical.targets(name))
    return config


def qemu_arguments(folder):
    """The QEMU arguments of a built system's board, as a list."""
    return (folder / "gen/qemu.args").read_text(encoding="ascii").split("\n")[:-1]


def module_names(folder):
    """The names of a built system's boot modules."""
    return (folder / "gen/modules.list").read_text(encoding="ascii").split()


def modules(folder):
    """The files of a built system's boot modules, as far as they are there."""
    return [folder / "modules" / name for name in module_names(folder) if (folder / "modules" / name).exists()]


def arch(folder):
    """The architecture of a built system's board."""
    found = re.search(r"^SYSTEM_ARCH := (\w+)$", (folder / "images.mk").read_text(encoding="ascii"), re.M)
    return found[1]


def bochsrc(folder):
    """Bochs' configuration of a built system's board; empty when it is not for Bochs."""
    file = folder / "gen/bochsrc"
    return file.read_text(encoding="ascii") if file.exists() else ""
