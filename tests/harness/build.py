# SPDX-License-Identifier: Apache-2.0
"""Builds systems for tests: one make at a time, whatever pytest runs in parallel."""

import contextlib
import fcntl
import os
import pathlib
import subprocess

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
    # Variables of an outer `make test` must not reach this one, but for the compiler.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    with locked():
        done = subprocess.run(["make", *arguments], cwd=TOP, env=environment, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise BuildError(f"make {' '.join(arguments)} failed:\n{done.stdout}")
    return done.stdout


def system(config):
    """Builds the system of a DTS (path from the top of the tree) and returns its output folder."""
    make(f"CONFIG={config}")
    folder = BUILD / pathlib.Path(config).stem
    if bochsrc(folder) or modules(folder):
        make(f"CONFIG={config}", "iso")
    return folder


def qemu_arguments(folder):
    """The QEMU arguments of a built system's board, as a list."""
    return (folder / "gen/qemu.args").read_text(encoding="ascii").split("\n")[:-1]


def modules(folder):
    """The files of a built system's boot modules, as far as they are there."""
    names = (folder / "gen/modules.list").read_text(encoding="ascii").split()
    return [folder / "modules" / name for name in names if (folder / "modules" / name).exists()]


def bochsrc(folder):
    """Bochs' configuration of a built system's board; empty when it is not for Bochs."""
    return (folder / "gen/bochsrc").read_text(encoding="ascii")
