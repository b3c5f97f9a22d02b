# SPDX-License-Identifier: Apache-2.0
"""The conformance program on this project's own emulator: every check of it passes."""

import fnmatch
import re
import socket
import subprocess
import time

import pytest

from harness import build
import lvz

# One instruction takes 8 ns of the machine's time, however busy this one is.
COUNTED = ("-icount", "shift=3,sleep=off")

#: What another public emulator gets wrong, and the checks, or tests of this folder, that find it
MISTAKES = [(number, what, re.findall(r"`([^`]+)`", checks)) for number, what, checks in re.findall(
    r"^\| (\d+) \| (.*) \| (`.*`) \|$", (build.TOP / "docs/lvz-conformance.md").read_text(encoding="utf-8"), re.M)]
#: How many mistakes are known, by number
KNOWN = 18
#: How many checks there are at least: they do not get lost
CHECKS = 357


@pytest.fixture(name="result", scope="module")
def whole_run():
    """The checks' results, of one run."""
    return lvz.checks(lvz.run("-m", "1G", "-kernel", lvz.conformance(), *COUNTED))


def test_every_check_passes(result):
    """None fails, none is skipped, and there are not suddenly fewer."""
    assert [name for name, passed in result.items() if not passed] == []
    assert len(result) >= CHECKS


def test_known_mistakes_are_not_made(result):
    """Each has checks, by name, which ran and passed; or tests that there are."""
    tests = "".join(file.read_text(encoding="utf-8") for file in lvz.HERE.glob("test_*.py"))
    assert {int(number) for number, _, _ in MISTAKES} == set(range(1, KNOWN + 1))
    for number, what, checks in MISTAKES:
        assert checks, what
        for check in checks:
            assert f"def {check}(" in tests if check.startswith("test_") else result.get(check), (number, what, check)


def test_the_assumptions_are_about_checks(result):
    """docs/lvz-conformance.md's list of what is assumed names checks that there are."""
    text = (build.TOP / "docs/lvz-conformance.md").read_text(encoding="utf-8")
    table = text[text.index("| what is assumed |"):text.index("## Sending")]
    names = [name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall("`([^`]+)`", row)]
    assert names
    assert [name for name in names if not fnmatch.filter(result, name)] == []
    assert f"| {len(result)} | {len(result)} | 0 |" in text


def test_several_cpus_with_threads_of_their_own():
    """The program runs on one of four; time is the real one."""
    result = lvz.checks(lvz.run("-m", "1G", "-smp", 4, "-accel", "tcg,thread=multi", "-kernel", lvz.conformance()))
    # On a busy machine a guest may wait for its time slice longer than a short timer's time.
    assert [name for name, passed in result.items() if not passed and "timer" not in name and "tval" not in name] == []


def test_lvz_is_off_unless_asked_for():
    """A CPU without LVZ says so, and the program skips everything."""
    text = lvz.run("-m", "1G", "-kernel", lvz.conformance(), cpu="la464")
    assert "1..0 # SKIP this CPU has no LVZ" in text


def test_a_32_bit_cpu_has_no_lvz():
    """The property is la464's."""
    with pytest.raises(AssertionError, match="Property.*lvz.*not found"):
        lvz.run("-m", "1G", cpu="la132,lvz=on")


def ask(monitor, text):
    """A command to QEMU's monitor, and its answer."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(lvz.STALL)
        client.connect(str(monitor))
        answer = b""
        for line in (b"", text.encode() + b"\n"):
            client.sendall(line)
            prompts = answer.count(b"(qemu) ") + 1
            while answer.count(b"(qemu) ") < prompts:
                new = client.recv(65536)
                assert new, "the monitor has ended"
                answer += new
        return answer.decode(errors="replace")


def wait_for(condition, what):
    """Until condition() holds."""
    deadline = time.monotonic() + lvz.STALL
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def a_slice(monitor):
    """Lets the machine run for a moment."""
    ask(monitor, "cont")
    time.sleep(0.01)
    ask(monitor, "stop")
    return True


def test_state_survives_migration_in_the_middle(tmp_path):
    """Saved wherever it is, and loaded again, the program goes on as if nothing had been."""
    arguments = ("-m", "128M", "-kernel", lvz.conformance(), "-icount", "shift=7", "-serial")
    monitor, first, second, state = (tmp_path / name for name in ("monitor", "first", "second", "state"))
    line = lvz.machine(*arguments, f"file:{first}", "-S", "-monitor", f"unix:{monitor},server,nowait")
    with subprocess.Popen(line, stdin=subprocess.DEVNULL) as source:
        try:
            wait_for(monitor.exists, "there is no monitor")
            # The whole program takes less than a second: it runs in slices, as this one may be kept waiting longer.
            wait_for(lambda: a_slice(monitor) and first.stat().st_size >= 3000, "the program does not get on")
            ask(monitor, f"migrate file:{state}")
            wait_for(lambda: "completed" in ask(monitor, "info migrate"), "the state is not saved")
        finally:
            source.kill()
            monitor.unlink(missing_ok=True)
    line = lvz.machine(*arguments, f"file:{second}", "-monitor", f"unix:{monitor},server,nowait", "-incoming",
                       f"file:{state}")
    with subprocess.Popen(line, stdin=subprocess.DEVNULL) as target:
        try:
            wait_for(monitor.exists, "there is no monitor")
            # What was stopped stays so when it is loaded.
            wait_for(lambda: "VM status: paused" in ask(monitor, "info status"), "the state is not loaded")
            ask(monitor, "cont")
            assert target.wait(lvz.STALL) == 0
        finally:
            target.kill()
    text = (first.read_bytes() + second.read_bytes()).decode().replace("\r", "")
    assert len(second.read_bytes()) > 3000, "it was over already"
    result = lvz.checks(text)
    assert [name for name, passed in result.items() if not passed] == []
    assert len(result) >= CHECKS
