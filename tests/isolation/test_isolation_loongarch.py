# SPDX-License-Identifier: Apache-2.0
"""The same as test_isolation.py on LoongArch: other kernels, the same judgement."""

import re

import pytest
from test_isolation import BOOTARGS, END, disturbances, victim_reports

from harness import board, build
from harness.machine import Bulkhead
from harness.systems import HEADLESS, QEMUS, start
from harness.transport import Emulator

CONFIG = "tests/isolation/attack-loongarch.dts"
#: A device with a page of registers: QEMU's second flash, which is nobody's.
FLASH = "1d000000"
FLASH_NODE = f"""
/ {{ soc {{ flash: flash@{FLASH} {{
	compatible = "bulkhead,simple-device";
	reg = <0 0x{FLASH} 0 0x1000>;
}}; }}; }};
"""
ALL = ["memory", "iocsrs", "ipis", "routes", "csrs", "insns", "user", "storm"]


def boot(config, image="bulkhead"):
    """Builds and starts an image of the attack system; the second UART exists and belongs to nobody."""
    if image != "bulkhead":
        board.needs_emulator("it has an image of its own")
    folder = build.system(config)
    if board.settings():
        return start(folder)
    build.make(f"CONFIG={config}", f"build/{folder.name}/{image}.elf")
    command = [QEMUS["loongarch"], *build.qemu_arguments(folder), *HEADLESS, "-serial", "mon:stdio", "-serial", "null",
               "-kernel", str(folder / f"{image}.elf")]
    return Bulkhead(Emulator(command), image)


def look_round(machine):
    """Waits for three more seconds of the victim, and returns all that it said."""
    seen = len(victim_reports(machine))
    machine.wait_until(lambda: len(victim_reports(machine)) >= seen + 3, "three more seconds of the victim")
    return victim_reports(machine)


def run_attack(image="bulkhead"):
    """Runs until the attack is complete; returns the machine's findings."""
    with boot(CONFIG, image) as machine:
        machine.wait_cell("attacker", "ATTACK COMPLETE", timeout=900)
        reports = look_round(machine)
        return machine, reports, {m[1]: m for m in map(END.search, machine.cell_lines("attacker")) if m}


def test_nothing_that_a_cell_was_not_given_can_be_reached():
    """All attacks run to their end, none gets through, and the hypervisor counted and reported them."""
    machine, reports, attacks = run_attack()
    assert list(attacks) == ALL
    assert all(int(m[2]) > 100 for m in attacks.values())
    assert disturbances(reports, attacks) == []
    assert any("violation on vCPU 0" in line and "0x8000000" in line for line in machine.cell_lines("bulkhead"))
    assert not any("FAULT" in line or "PANIC" in line for line in machine.cell_lines("bulkhead"))


@pytest.mark.parametrize("wall, trace", [
    ("page", "memory leaked|victim: [1-9]"),
    ("ipi", "unexpected"),
    ("window", "memory leaked"),
    ("lock", "us between two ticks"),
])
def test_a_missing_wall_is_found(wall, trace):
    """Without one wall (a page, the filter of IPIs, a UART, a lock for each cell), the same test finds the hole."""
    _, reports, attacks = run_attack(f"bulkhead-without-{wall}")
    found = "; ".join(disturbances(reports, attacks))
    assert re.search(trace, found), f"nothing found: {found!r}"


def single_attack(test):
    """The system with one attack that the default policy answers with a fault; returns its DTS."""
    text, changes = BOOTARGS.subn(f'bootargs = "tests={test}";', (build.TOP / CONFIG).read_text(encoding="utf-8"))
    assert changes == 1 and text.count('on-violation = "report";') == 1
    passthrough, node = ("passthrough = <&flash>;", FLASH_NODE) if test.endswith(FLASH) else ("", "")
    text = text.replace('on-violation = "report";', passthrough) + node
    file = build.WORK / "boards" / f"attack-loongarch-{test.replace('=', '-')}.dts"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return str(file.relative_to(build.TOP))


@pytest.mark.parametrize("test, touched, cure", [
    ("badread=b0000000", "touched: read at guest-physical 0xb0000000", "memory = <...>"),
    ("badwrite=b0000000", "touched: write at guest-physical 0xb0000000", "memory = <...>"),
    ("fetch=b0000000", "touched: instruction fetch at guest-physical 0xb0000000", "memory = <...>"),
    (f"fetch={FLASH}", f"touched: instruction fetch at guest-physical 0x{FLASH}", "passthrough = <&device>"),
    ("badll=b0000000", "touched: read at guest-physical 0xb0000000", "memory = <...>"),
    ("badwalk=8000000", r"touched: read \(walking the guest's page table\) at guest-physical 0x8000000",
     "memory = <...>"),
    ("badipi=2", "touched: an inter-processor interrupt", "cpus = <&cpu ...>"),
    ("crash=b0000000", "touched: instruction fetch at guest-physical 0xb0000000", "memory = <...>"),
])
def test_what_is_not_allowed_stops_that_cell_alone(test, touched, cure):
    """The report names cell, vCPU, PC, what was touched and the property that would allow it; the victim goes on."""
    with boot(single_attack(test)) as machine:
        machine.wait_cell("bulkhead", "cell attacker: failed")
        reports = look_round(machine)
        report = "\n".join(machine.cell_lines("bulkhead"))
        assert re.search(r"cell attacker: FAULT on vCPU 0 \(CPU 0\) at pc 0x[0-9a-f]+", report)
        assert re.search(touched, report)
        assert re.search(f"allow it: .*{re.escape(cure)}", report)
        assert disturbances(reports, {}) == []


def test_a_cell_that_leaves_everything_pending_finds_nothing_of_it_after_a_reset():
    """Interrupts of all kinds and set registers are gone in the next life; twice, and the victim goes on."""
    with boot(single_attack("stray")) as machine:
        machine.wait_until(lambda: machine.cell_text("attacker").count("stray: found") >= 3, "three lives")
        reports = look_round(machine)
        assert not [line for line in machine.cell_lines("attacker") if "STRAY" in line]
        assert all("found 0" in line for line in machine.cell_lines("attacker") if "stray: found" in line)
        assert disturbances(reports, {}) == []
        assert not any("PANIC" in line or "FAULT" in line for line in machine.cell_lines("bulkhead"))
