# SPDX-License-Identifier: Apache-2.0
"""What a Linux cell must say of itself, whatever the system."""

import re

from harness.machine import UNPACKING
from harness.selfcheck import new_warnings, parse

MIB = 1 << 20
LEGACY_HOLE_KB = (0x100000 - 0x9FC00) // 1024


def run_selfchecks(machine, cells):
    """Runs the self-check in the shells of all @cells at once; returns {cell: findings}."""
    for index, cell in enumerate(cells):
        machine.wait_cell(cell, "Linux version", timeout=600, stall=UNPACKING)
        machine.wait_cell(cell, "Enter 'help' for a list")
        machine.focus(index)  # first: an unfinished line, such as a prompt, shows only where the focus is
        machine.wait_cell(cell, rf"{cell}:~#")
        machine.send("selfcheck\r")
    for cell in cells:
        machine.wait_cell(cell, "BULKHEAD-CHECK-END", timeout=600)
    return {cell: parse(machine.cell_lines(cell)) for cell in cells}


#: LoongArch's ERR counts interrupts whose cause is gone when the CPU looks: another CPU has written to the UART
#: meanwhile, and its line is low again. The bare machine has one now and then, too.
LATE_INTERRUPTS = 5


def assert_cell(check, cell, cpus, memory_mib, bare, base=None):
    """
    Asserts everything that holds in any healthy cell, on the architecture that its CPUs have. @base: where all its
    memory is, if that is not as on other machines.
    """
    one = {key: values[0] for key, values in check.items()}
    assert one["selfcheck"] == "ok", one["selfcheck"]
    assert one["hostname"] == cell
    # CPUs: as many as the DTS gives, numbered densely, each really running.
    assert (one["cpus_online"], one["cpus_present"]) == (str(cpus), str(cpus))
    loongarch = one["cpu_vendor"] == "Loongson-64bit"
    identity = "hwid" if loongarch else "apicid"
    for cpu in range(cpus):
        assert one[f"cpu.{cpu}.{identity}"] == str(cpu)
        assert one[f"cpu.{cpu}.ran_on"] == str(cpu)
        assert int(one[f"cpu.{cpu}.timer_hz"]) > 20
    assert f"cpu.{cpus}.{identity}" not in one
    # Time: seconds are seconds by the RTC too, in one of the measurements: the guest sees the RTC's edges late when its
    # CPU had to wait for the host, but a wrong rate is wrong in all.
    uptime, seconds = int(one["clock.uptime_cs"]), int(one["clock.rtc_s"])
    assert seconds >= 2 and 90 * seconds <= uptime <= 110 * seconds, (uptime, seconds)
    assert int(one["irq.ERR"].split()[0]) <= (LATE_INTERRUPTS if loongarch else 0)
    if loongarch:
        assert_loongarch(check, one, cpus, memory_mib, base)
    else:
        assert_pc(check, one, cpus, memory_mib)
    warnings = new_warnings(check, bare)
    assert warnings == [], warnings


def assert_pc(check, one, cpus, memory_mib):
    """What holds in a cell that is a PC."""
    # Memory: what the DTS gives, less the hole and the ROM area of a PC.
    assert int(one["e820_usable_kb"]) == memory_mib * 1024 - LEGACY_HOLE_KB
    # The TSC keeps the time.
    assert one["clocksource"] == "tsc"
    # Devices: the UART is a 16550A driven by interrupt, the PCI bus has its host bridge and nothing else.
    assert one["serial.0"].startswith("uart:16550A port:000003F8 irq:4 ")
    assert sum(int(n) for n in one["irq.4"].split()[:cpus]) > 0
    assert check["pci"] == ["0000:00:00.0 1b36:0008:060000"]
    assert set(one["acpi_tables"].split()) >= {"APIC", "DSDT", "FACP"}


def assert_loongarch(check, one, cpus, memory_mib, base):
    """What holds in a cell that is a LoongArch machine with a device tree."""
    # Memory: all that the DTS gives, from 0 to at most 256 MiB, and from 2 GiB on.
    assert int(one["ram_kb"]) == memory_mib * 1024
    high = memory_mib - 256
    assert {line.split()[0] for line in check["iomem"] if line.endswith(" System RAM")} == {
        f"{base:08x}-{base + memory_mib * MIB - 1:08x}"} if base is not None else {
        f"00000000-{min(memory_mib, 256) * MIB - 1:08x}",
        *([f"80000000-{0x80000000 + high * MIB - 1:08x}"] if high > 0 else [])}
    # The stable counter keeps the time, and each CPU has its own timer.
    assert (one["clocksource"], one["clockevent"]) == ("Constant", "Constant")
    # Vectors are there, virtualization and what is off in the host is not.
    flags = set(one["cpu_flags"].split())
    assert {"fpu", "lsx", "lasx", "lspw"} <= flags, flags
    assert not flags & {"lvz", "ptw", "lbt_x86", "lbt_arm", "lbt_mips", "avecint"}, flags
    # Devices: the UART is a 16550A driven by interrupt, through PCH-PIC and extended I/O interrupts; no other.
    match = re.match(r"uart:16550A mmio:0x1FE001E0 irq:(\d+) ", one["serial.0"])
    interrupt = one[f"irq.{match[1]}"]
    assert interrupt.endswith(" PCH PIC 0 ttyS0")
    assert sum(int(n) for n in interrupt.split()[:cpus]) > 0
    assert one["acpi_tables"] == "none" and "pci" not in check
    # IPIs arrive: rescheduling and function calls, where there is somebody to send them.
    calls = sum(int(n) for label in ("IPI0", "IPI1") for n in one[f"irq.{label}"].split()[:cpus])
    assert (calls > 0) == (cpus > 1)
