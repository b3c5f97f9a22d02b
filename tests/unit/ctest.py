# SPDX-License-Identifier: Apache-2.0
"""A pytest plugin that collects the cmocka tests of ``tests/unit/test_*.c``.

Each ``cmocka_unit_test...(name)`` of a C file becomes one pytest item. The file says in a comment
what it is linked from, relative to the project's root, and may add compiler flags::

    /* sources: src/vdev/ns16550.c tests/unit/fake_device.c */
    /* flags: -DNR_THINGS=3 */
    /* arch: loongarch */

The architecture, x86 unless named, is that of ``arch_*.h`` which core's headers include.

The program is built once into ``build/tests/``, run once a session (and process), and every item
judged by its own line of the program's TAP output.
"""
import fcntl
import hashlib
import json
import os
import re
import resource
import shlex
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build" / "tests"
FLAGS = ["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Wshadow",
         "-Wmissing-prototypes", "-Werror", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all", "-fno-omit-frame-pointer",
         "-Isrc", "-Itests/unit"]
CPU_SECONDS = 120  # for one program: a busy machine takes nothing from them
TIMEOUT = 900  # seconds for one that waits for something
# Linked into every program: a crash must not take the lines of the tests before it along.
LINE_BUFFERED = """#include <stdio.h>
__attribute__((constructor)) static void line_buffered(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}
"""

_TEST = re.compile(r"^\s*cmocka_unit_test\w*\(\s*(\w+)", re.MULTILINE)
_TAP = re.compile(r"^(ok|not ok) \d+ (- |# SKIP )(\w+)(.*)$", re.MULTILINE)


class CTestError(Exception):
    """A C test that cannot be built or did not pass; the text is the report."""


def _comment(text, keyword):
    """The words after ``keyword:`` in the comments of a C file."""
    words = []
    for body in re.findall(r"/\*\s*" + keyword + r":(.*?)\*/", text, re.DOTALL):
        words += shlex.split(body.replace("\n *", "\n"))
    return words


def _digest(path):
    """The hash of a file below the root, or None if there is none."""
    try:
        return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()
    except OSError:
        return None


def _dependencies(depfile):
    """The files that a make rule written by the compiler names as prerequisites."""
    text = depfile.read_text().replace("\\\n", " ")
    return sorted({word for line in text.splitlines() for word in line.partition(":")[2].split()})


def _is_current(program, stamp, command):
    """Whether the program was built by this command from files with these contents."""
    try:
        old = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return False
    return (program.exists() and old["command"] == command
            and all(_digest(path) == digest for path, digest in old["files"].items()))


def build(source):
    """Builds the program of a C test file unless it is current, and returns its path."""
    text = source.read_text()
    linked = _comment(text, "sources")
    program = OUT / source.stem
    stamp = OUT / (source.stem + ".json")
    name = os.path.relpath(source, ROOT)
    units = [os.path.relpath(source, ROOT), *_comment(text, "sources")]
    arch = _comment(text, "arch") or ["x86"]
    compiler = ["gcc", *FLAGS, f"-Isrc/arch/{arch[0]}/include", *_comment(text, "flags")]
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / (source.stem + ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current(program, stamp, [*compiler, *units]):
            with tempfile.TemporaryDirectory(dir=OUT) as directory:
                binary, files = _compile(compiler, units, Path(directory))
                os.replace(binary, program)
            stamp.write_text(json.dumps({"command": [*compiler, *units], "files": files}, indent=1))
    return program


def _compile(compiler, units, directory):
    """Builds a program in a directory; returns it and the hashes of the files it was made from."""
    files = {}
    objects = []
    for unit in units:
        obj = directory / f"{len(objects)}.o"
        depfile = obj.with_suffix(".d")
        _call([*compiler, "-MMD", "-MF", str(depfile), "-c", unit, "-o", str(obj)])
        files.update((path, _digest(path)) for path in _dependencies(depfile))
        objects.append(str(obj))
    extra = directory / "line_buffered.c"
    extra.write_text(LINE_BUFFERED)
    binary = directory / "program"
    _call([*compiler, *objects, str(extra), "-lcmocka", "-o", str(binary)])
    return binary, files


def _call(command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        raise CTestError(f"$ {shlex.join(command)}\n{done.stdout}")


def _limit():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def run(program):
    """Runs a test program; returns its exit status and all its output."""
    try:
        done = subprocess.run([program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT, check=False,
                              preexec_fn=_limit,
                              env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"})
    except subprocess.TimeoutExpired as error:
        return f"no end after {TIMEOUT} s", (error.stdout or b"").decode(errors="replace")
    status = done.returncode
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        status = f"{status}: no end after {CPU_SECONDS} s of its CPU"
    return status, done.stdout.decode(errors="replace")


def judge(name, names, status, output):
    """Raises CTestError unless test name, one of names, passed in this run of its program."""
    verdicts = {}
    for verdict, skip, test, rest in _TAP.findall(output):
        verdicts[test] = "skip" if "SKIP" in skip + rest else verdict
    verdict = verdicts.get(name, "did not report")
    if verdict == "skip":
        pytest.skip("skipped by the program")
    if verdict != "ok":
        raise CTestError(f"{name}: {verdict}; the program ended with status {status}\n{output}")
    # The status is the number of failed tests. Another end is the fault of the test that did not
    # report; if all did, it came after the last one, and nobody can be trusted.
    if set(names) <= set(verdicts) and status != list(verdicts.values()).count("not ok"):
        raise CTestError(f"{name}: ok, but the program ended with status {status}\n{output}")


class CFile(pytest.File):
    """One C file with cmocka tests."""

    names = ()
    result = None

    def collect(self):
        self.names = list(dict.fromkeys(_TEST.findall(self.path.read_text())))
        if not self.names:
            raise self.CollectError(f"{self.path}: no cmocka_unit_test() in it")
        for name in self.names:
            yield CItem.from_parent(self, name=name)

    def outcome(self):
        """Exit status and output of the program, which is built and run at the first call."""
        if self.result is None:
            try:
                self.result = run(build(self.path))
            except CTestError as error:
                self.result = error
        if isinstance(self.result, CTestError):
            raise self.result
        return self.result


class CItem(pytest.Item):
    """One cmocka test."""

    def runtest(self):
        judge(self.name, self.parent.names, *self.parent.outcome())

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, CTestError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.name


def pytest_collect_file(file_path, parent):
    """Takes the C test files that pytest comes across."""
    if file_path.suffix == ".c" and file_path.name.startswith("test_"):
        return CFile.from_parent(parent, path=file_path)
    return None
