# SPDX-License-Identifier: Apache-2.0
"""What only SMP guests can try: NMIs, CPUs that go and come back, and the counters that follow."""

import re

import pytest

from harness import board, build
from harness.systems import start


@pytest.fixture(name="machine", params=["qemu-x86-duo", "bochs-x86-duo", "bochs-x86-amd"])
def running_duo(request):
    """Two cells with two CPUs each, linux0's shell ready."""
    with start(build.system(f"configs/{request.param}.dts")) as machine:
        machine.wait_cell("linux0", "linux0:~#")
        yield machine


def test_guests_can_send_nmis_and_restart_cpus(machine):
    """An NMI backtrace reaches the cell's other CPU; CPU 1 goes off line (INIT) and comes back (SIPI), ten times."""
    machine.shell("linux0", 0, "echo l > /proc/sysrq-trigger; grep NMI: /proc/interrupts | sed s/^/after:/",
                  r"after: *NMI: +[0-9]+ +[0-9]+")
    text = machine.cell_text("linux0")
    assert re.search(r"NMI backtrace for cpu [01]", text)
    counts = re.findall(r"after: *NMI: +(\d+) +(\d+)", text)[-1]
    assert sum(map(int, counts)) >= 1
    machine.shell("linux0", 0, "cd /sys/devices/system/cpu/cpu1; for i in 1 2 3 4 5 6 7 8 9 10; do echo 0 > online; "
                  "echo 1 > online; done; cd /; echo on''line $(nproc)", r"^online 2$", timeout=300)
    machine.shell("linux0", 0, "taskset -c 1 sh -c 'echo runs on $(cut -d\" \" -f39 /proc/self/stat)'", r"^runs on 1$")
    counters = machine.counters()
    assert counters["linux0", 0]["ipi"] > 20
    assert {"pio", "identify", "sysreg", "mmio"} <= set(counters["linux1", 0])


@pytest.mark.parametrize("system, port, memory, reasons", [
    ("qemu-x86-duo", 23456, 511, r"pio=\d+ .*identify=\d+"),
    ("qemu-loongarch-duo", 23457, 512, r"mmio=\d+ .*identify=\d+"),
])
def test_gdb_shows_cells_vcpus_exits_and_log(system, port, memory, reasons):
    """`make gdb`: the commands read the running hypervisor from outside, whatever its CPUs are doing.

    On QEMU alone: Bochs' stub for gdb and its emulation of several processors exclude each other.
    """
    import pexpect
    board.needs_emulator("gdb reads QEMU's memory")
    build.system(f"configs/{system}.dts")
    gdb = pexpect.spawn("make", ["gdb", f"CONFIG=configs/{system}.dts", f"GDB_PORT={port}"], cwd=str(build.TOP),
                        encoding="utf-8", timeout=60)
    try:
        if gdb.expect([r"\(gdb\)", "error: no gdb here knows LoongArch; Debian 13's package gdb-multiarch does"]):
            assert system == "qemu-loongarch-duo"
            pytest.skip("Debian 12's gdb knows no LoongArch, and make gdb says so")
        gdb.sendline("continue")
        console = build.BUILD / system / "console.txt"
        for _ in range(120):
            if console.exists() and b"Run /init" in console.read_bytes():
                break
            gdb.expect(pexpect.TIMEOUT, timeout=1)
        gdb.sendintr()
        gdb.expect("SIGINT.*\\(gdb\\)")
        gdb.sendline("bulkhead cells")
        gdb.expect(f"cell 0 linux0: CELL_RUNNING, 2 CPUs, {memory} MiB, started 1 times")
        gdb.sendline("bulkhead vcpus")
        gdb.expect(r"linux1/1 on CPU 3 \(id 3\): running")
        gdb.sendline("bulkhead exits")
        gdb.expect(rf"linux1/0: total=\d+ .*{reasons}")
        gdb.sendline("bulkhead log")
        gdb.expect("cell linux1: starts on 2 CPUs")
    finally:
        gdb.close(force=True)
