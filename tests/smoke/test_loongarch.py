# SPDX-License-Identifier: Apache-2.0
"""LoongArch systems, by their guests' own words: on QEMU's virt machine with LVZ, or on $QEMU_LOONGARCH."""

import re

import pytest

from expect import assert_cell, run_selfchecks
from harness import board, build
from harness.systems import bare_check, start

KERNEL = "vmlinuz-loong64"
DUO = "configs/qemu-loongarch-duo.dts"

#: system -> cells in order: (name, CPUs, MiB)
SYSTEMS = {
    "qemu-loongarch-duo": [("linux0", 2, 512), ("linux1", 2, 512)],
    "qemu-loongarch-solo4": [("linux0", 4, 1024)],
    "qemu-loongarch-quad": [(f"linux{i}", 1, 384) for i in range(4)],
}


#: What is measured, or the test's own.
MEASURED = re.compile(r"clock\.|cpu\.\d+\.timer_hz|mem_total_kb|hostname|cmdline")
#: What a cell lacks of the machine: the UARTs that are not its own.
OTHERS = {"serial.1", "serial.2", "serial.3", "iomem"}
OTHERS_REGISTERS = {"1fe002e0-1fe003df serial", "1fe003e0-1fe004df serial", "1fe004e0-1fe005df serial"}


def view(check):
    """A self-check without what differs from boot to boot: counts, places that the kernel chooses."""
    result = {}
    for key, values in check.items():
        if key.startswith("irq."):
            values = [re.sub(r"^(\d+ ?)+", "", values[0])]
        if key.startswith("serial."):
            values = [re.sub(r" tx:.*", "", values[0])]
        if key == "iomem":
            values = [value for value in values if not re.search(r" (Reserved$|Kernel )", value)]
        if not MEASURED.match(key):
            result[key] = values
    return result


def assert_looks_like(check, bare):
    """The guest sees what it sees on the bare machine with as many CPUs and as much memory; all else is explained."""
    cell, machine = view(check), view(bare)
    assert {key for key in {*cell, *machine} if cell.get(key) != machine.get(key)} == OTHERS
    assert set(machine["iomem"]) ^ set(cell["iomem"]) == OTHERS_REGISTERS
    assert not {"serial.1", "serial.2", "serial.3"} & set(cell)
    # What is there for use depends on where tables and initrd lie, by pages.
    assert abs(int(check["mem_total_kb"][0]) / int(bare["mem_total_kb"][0]) - 1) < 0.01


@pytest.mark.parametrize("name", SYSTEMS)
def test_cells_are_what_the_dts_says(name):
    """Each cell sees its CPUs, memory, devices and a good clock, and no warning that bare metal does not show."""
    cells = SYSTEMS[name]
    folder = build.system(f"configs/{name}.dts")
    bare = bare_check(KERNEL, 2, folder)
    with start(folder) as machine:
        checks = run_selfchecks(machine, [cell for cell, *_ in cells])
    for cell, cpus, memory in cells:
        assert_cell(checks[cell], cell, cpus, memory, bare)
        assert checks[cell]["kernel"][0].endswith("-loong64")
        if (cpus, memory) == (2, 512) and not board.settings():  # the bare machine is QEMU's
            assert_looks_like(checks[cell], bare)


def test_uart_passthrough_is_seen_in_its_cell_and_nowhere_else():
    """linux1 drives the second physical UART by interrupt; for linux0 there is none."""
    folder = build.system("configs/qemu-loongarch-uart.dts")
    output = folder / "uart1.txt"
    with start(folder, com2=output) as machine:
        checks = run_selfchecks(machine, ["linux0", "linux1"])
        # The driver holds the interrupt only while the port is open.
        machine.shell("linux1", 1, "exec 3> /dev/ttyS1; for i in 1 2 3 4 5 6 7 8; do echo hello $i from linux1 >&3; "
                      "done; sleep 1; grep ttyS1 /proc/interrupts; exec 3>&-; echo do''ne", "^done")
        machine.shell("linux0", 0, "echo x > /dev/ttyS1; echo sta''tus $?", "status [1-9]")
        interrupts = re.findall(r"^ *\d+: +(\d+) +(\d+) +PCH PIC +\d+ +ttyS1$",
                                "\n".join(machine.cell_lines("linux1")), re.M)
        machine.shell("linux0", 0, "ls /sys/firmware/devicetree/base | grep -c serial@ | sed s/^/uarts=/", "^uarts=1$")
    assert any(s.startswith("uart:16550A mmio:0x1FE002E0 irq:") for s in checks["linux1"]["serial.1"])
    assert "serial.1" not in checks["linux0"]
    assert "hello 8 from linux1" in output.read_text(encoding="latin1")
    assert sum(map(int, interrupts[-1])) > 0


@pytest.fixture(name="machine", scope="module")
def running_duo():
    """Two cells with two CPUs each, both shells ready."""
    with start(build.system(DUO)) as machine:
        machine.wait_cell("linux0", "linux0:~#")
        machine.focus(1)
        machine.wait_cell("linux1", "linux1:~#")
        yield machine


def test_random_numbers_have_a_seed_from_the_start(machine):
    """What the hypervisor makes of the firmware's: without, each number costs a kernel thousands of instructions."""
    for index, cell in enumerate(("linux0", "linux1")):
        machine.shell(cell, index, "dmesg | sed -n 's/^.*crng init done/crng done, line /p;/Kernel command line/q;' ; "
                      "echo ke''yed", "^keyed$")
        assert any("crng done, line" in line for line in machine.cell_lines(cell)[-5:])


def test_vector_registers_are_each_process_own(machine):
    """Two processes on each CPU of both cells keep patterns in all vector registers; none changes."""
    watch = ("for cpu in 0 1; do for n in 1 2; do taskset -c $cpu vectors 10 {seed}$cpu$n & done; done; wait; "
             "echo wat''ched")
    for index, cell in enumerate(("linux0", "linux1")):
        machine.focus(index)
        machine.send(watch.format(seed=index + 1) + "\r")
    for cell in ("linux0", "linux1"):
        machine.wait_cell(cell, "^watched$", timeout=200)
        lines = machine.cell_lines(cell)
        found = [m for m in (re.match(r"vectors: (\d+) rounds of 32 registers of 256 bits: ok", s) for s in lines) if m]
        assert len(found) == 4 and all(int(match[1]) > 100 for match in found)
        assert not any("has changed" in line for line in lines)


def test_all_cpus_work_for_a_minute(machine):
    """60 seconds of load on all CPUs of both cells, with processes that wander and talk to each other by pipes."""
    load = ("t=$(cut -d. -f1 /proc/uptime); for i in 1 2 3; do while [ $(($(cut -d. -f1 /proc/uptime) - t)) -lt 60 ]; "
            "do yes | head -c 100000 | xxd | wc -l; done >/tmp/rounds$i & done; wait; "
            "bad=$(dmesg -r | grep -cE '^<[0-4]>.*(rcu|stall|LOCKUP|hung)'); "
            "echo loa''ded $(($(cut -d. -f1 /proc/uptime) - t)) bad $bad lines $(cat /tmp/rounds* | sort -u)")
    for index in (0, 1):
        machine.focus(index)
        machine.send(load + "\r")
    for cell in ("linux0", "linux1"):
        match = machine.wait_cell(cell, r"^loaded (\d+) bad (\d+) lines (.*)$", timeout=300, stall=200)
        # In time, without a complaint of the kernel, and each pipe through three processes gave the same.
        assert 60 <= int(match[1]) <= 75 and match.groups()[1:] == ("0", "6250")
