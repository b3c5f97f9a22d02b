# SPDX-License-Identifier: Apache-2.0
"""A test kernel attacks everything it was not given, beside a victim that notices any disturbance.

The same judgement is applied to hypervisors that lack one wall on purpose: there it must find something.
"""

import re

import pytest

from harness import build
from harness.machine import Bulkhead
from harness.systems import HEADLESS, QEMU

CONFIG = "tests/isolation/attack.dts"
ALL = ["memory", "ports", "msrs", "x2apic", "icr", "storm", "svm", "insns"]
END = re.compile(r"attack (\w+) end tried=(\d+) denied=(\d+) leaked=(\d+)")
VICTIM = re.compile(r"victim t=(\d+) ticks=(\d+) passes=(\d+) errors=(\d+) unexpected=(\d+) maxgap_us=(\d+)$")
TICKS_PER_SECOND = 100


def boot(image):
    """Starts @image of the attack system; COM2 exists and belongs to nobody."""
    folder = build.BUILD / "attack"
    command = [QEMU, *build.qemu_arguments(folder), *HEADLESS, "-serial", "mon:stdio", "-serial", "null",
               "-kernel", str(folder / image)]
    return Bulkhead(command, image)


def run_attack(image):
    """Runs until the attack is complete and the victim has looked round once more; returns the machine's findings."""
    with boot(image) as machine:
        machine.wait_cell("attacker", "ATTACK COMPLETE", timeout=600)
        seen = len(victim_reports(machine))
        machine.wait_until(lambda: len(victim_reports(machine)) >= seen + 3, "three more seconds of the victim")
        return machine, victim_reports(machine), {m[1]: m for m in map(END.search, machine.cell_lines("attacker")) if m}


def victim_reports(machine):
    """The victim's whole lines as tuples of numbers."""
    matches = map(VICTIM.search, machine.cell_lines("victim"))
    return [tuple(map(int, m.groups())) for m in matches if m]


def disturbances(reports, attacks):
    """What got through, in words; empty when every wall held."""
    found = [f"{name} leaked {m[4]}" for name, m in attacks.items() if int(m[4])]
    second, ticks, passes, errors, unexpected, _ = reports[-1]
    if errors or unexpected:
        found.append(f"victim: {errors} errors, {unexpected} unexpected interrupts")
    if ticks > (second + 2) * TICKS_PER_SECOND:
        found.append(f"victim: {ticks} ticks in {second} s, more than its own timer makes")
    if not passes or reports[-1][1] <= reports[0][1]:
        found.append("victim: stands still")
    return found


def test_nothing_that_a_cell_was_not_given_can_be_reached():
    """All attacks run to their end, none gets through, and the hypervisor counted and reported them."""
    build.make(f"CONFIG={CONFIG}")
    machine, reports, attacks = run_attack("bulkhead.elf")
    assert list(attacks) == ALL
    assert all(int(m[2]) > 100 for m in attacks.values())
    assert disturbances(reports, attacks) == []
    assert any("violation on vCPU 0" in line and "0xa0000" in line for line in machine.cell_lines("bulkhead"))
    assert not any("FAULT" in line or "PANIC" in line for line in machine.cell_lines("bulkhead"))


@pytest.mark.parametrize("wall, trace", [
    ("page", "memory leaked|victim: [1-9]"),
    ("port", "ports leaked"),
    ("icr", "icr leaked|unexpected"),
])
def test_a_missing_wall_is_found(wall, trace):
    """Without one wall (a page, a port, the ICR filter), the same test finds the hole."""
    build.make(f"CONFIG={CONFIG}", f"build/attack/bulkhead-without-{wall}.elf")
    _, reports, attacks = run_attack(f"bulkhead-without-{wall}.elf")
    found = "; ".join(disturbances(reports, attacks))
    assert re.search(trace, found), f"nothing found: {found!r}"
