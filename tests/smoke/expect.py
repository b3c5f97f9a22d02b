# SPDX-License-Identifier: Apache-2.0
"""What a Linux cell must say of itself, whatever the system."""

from harness.machine import UNPACKING
from harness.selfcheck import new_warnings, parse

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


def assert_cell(check, cell, cpus, memory_mib, bare):
    """Asserts everything that holds in any healthy cell."""
    one = {key: values[0] for key, values in check.items()}
    assert one["selfcheck"] == "ok", one["selfcheck"]
    assert one["hostname"] == cell
    # CPUs: as many as the DTS gives, numbered densely, each really running.
    assert (one["cpus_online"], one["cpus_present"]) == (str(cpus), str(cpus))
    for cpu in range(cpus):
        assert one[f"cpu.{cpu}.apicid"] == str(cpu)
        assert one[f"cpu.{cpu}.ran_on"] == str(cpu)
        assert int(one[f"cpu.{cpu}.timer_hz"]) > 20
    assert f"cpu.{cpus}.apicid" not in one
    # Memory: what the DTS gives, less the hole and the ROM area of a PC.
    assert int(one["e820_usable_kb"]) == memory_mib * 1024 - LEGACY_HOLE_KB
    # Time: the TSC keeps it, and two seconds are two seconds by the RTC too, in one of ten measurements: the guest
    # sees the RTC's edges late when its CPU had to wait for the host, but a wrong rate is wrong in all.
    assert one["clocksource"] == "tsc"
    uptime = int(one["clock.uptime_cs"])
    assert 180 <= uptime <= 220, uptime
    assert one["clock.rtc_s"] == "2"
    # Devices: the UART is a 16550A driven by interrupt, the PCI bus has its host bridge and nothing else.
    assert one["serial.0"].startswith("uart:16550A port:000003F8 irq:4 ")
    assert sum(int(n) for n in one["irq.4"].split()[:cpus]) > 0
    assert check["pci"] == ["0000:00:00.0 1b36:0008:060000"]
    assert set(one["acpi_tables"].split()) >= {"APIC", "DSDT", "FACP"}
    assert one["irq.ERR"].split()[0] == "0"
    warnings = new_warnings(check, bare)
    assert warnings == [], warnings
