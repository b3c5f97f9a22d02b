# SPDX-License-Identifier: Apache-2.0
"""The life of cells: crash, restart and power-off of one, while the other goes on; refusal of a wrong machine."""

import re

import pytest

from harness import build
from harness.systems import start

QEMU_DUO = "configs/qemu-x86-duo.dts"
BOCHS_DUO = "configs/bochs-x86-duo.dts"
BOCHS_AMD = "configs/bochs-x86-amd.dts"
LOONGARCH_DUO = "configs/qemu-loongarch-duo.dts"
#: An address that no cell owns: no RAM, no device; on a PC in the hole below the I/O APIC, on LoongArch above the RAM.
NOBODYS = 0xD0000000


@pytest.fixture(name="machine", params=[QEMU_DUO, BOCHS_DUO, BOCHS_AMD, LOONGARCH_DUO])
def running_duo(request):
    """Two cells of two CPUs each, both shells ready: on AMD SVM (QEMU, Bochs), Intel VMX (Bochs) and LVZ (QEMU)."""
    with start(build.system(request.param)) as machine:
        machine.wait_cell("linux0", "linux0:~#")
        machine.focus(1)
        machine.wait_cell("linux1", "linux1:~#")
        yield machine


def counted(machine, cell):
    """The numbers that the cell's counter has printed so far."""
    text = "\n".join(machine.cell_lines(cell))
    return [int(n) for n in re.findall(r"^counter (\d+)$", text, re.M)]


def start_counter(machine):
    """Lets linux1 count aloud."""
    machine.focus(1)
    machine.send("counter\r")
    machine.wait_cell("linux1", r"^counter 5$")


def assert_counter_goes_on(machine, more=15):
    """linux1 counts on, without a gap."""
    reached = counted(machine, "linux1")[-1]
    machine.wait_cell("linux1", rf"^counter {reached + more}$")
    numbers = counted(machine, "linux1")
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_crash_stops_one_cell_and_is_reported(machine):
    """An access to nobody's memory ends linux0 with a report a person can act on; linux1 counts on."""
    start_counter(machine)
    machine.focus(0)
    machine.send(f"devmem {NOBODYS:#x} 32\r")
    machine.wait_cell("bulkhead", "cell linux0: failed")
    report = "\n".join(machine.cell_lines("bulkhead"))
    assert re.search(r"cell linux0: FAULT on vCPU [01] \(CPU [01]\) at pc 0x[0-9a-f]+: accessed memory", report)
    assert f"touched: read at guest-physical {NOBODYS:#x}" in report
    assert "memory = <...>" in report and "passthrough = <&device>" in report
    assert re.search(rf"configured at: configs/{machine.name}.dts:\d+", report)
    assert_counter_goes_on(machine)
    assert "linux0: failed" in "\n".join(machine.command("c", "cell 1"))


def test_reboot_restarts_one_cell_alone(machine):
    """`reboot` in linux0 starts that cell again from its pristine images; linux1 counts on."""
    start_counter(machine)
    machine.focus(0)
    machine.send("echo changed > /marker; reboot -f\r")
    machine.wait_cell("bulkhead", "cell linux0: starts again on 2 CPUs")
    started = len(machine.cell_lines("linux0"))
    machine.wait_cell("linux0", "linux0:~#", start=started - 1)
    machine.shell("linux0", 0, "ls /marker; nproc | sed s/^/cpus=/", "^cpus=2$")
    assert any("No such file" in line for line in machine.cell_lines("linux0")[started:])
    assert_counter_goes_on(machine)


def test_power_off_of_all_cells_ends_the_machine(machine):
    """Each `poweroff` halts its own cell; the last one switches the machine off."""
    machine.focus(0)
    machine.send("poweroff -f\r")
    machine.wait_cell("bulkhead", "cell linux0: halted")
    machine.shell("linux1", 1, "echo still $((40 + 2))", "^still 42$")
    machine.send("poweroff -f\r")
    machine.wait_cell("bulkhead", "all cells have ended")
    machine.wait_end()


@pytest.mark.parametrize("config, change, says", [
    (QEMU_DUO, {"-smp": "2"}, r"CPU with APIC id 3: not in this machine, which has 2 CPUs"),
    (QEMU_DUO, {"-m": "1024"}, r"RAM 0x22300000 to 0x421fffff \(linux1, .*\): the machine has no usable RAM at 0x3f"),
    (QEMU_DUO, {"-cpu": "max,-svm"}, r"lacks a virtualisation extension"),
    (QEMU_DUO, {"-cpu": "max,-npt"}, r"lacks nested paging"),
    (QEMU_DUO, {"-cpu": "max,-x2apic"}, r"lacks x2APIC"),
    (QEMU_DUO, {"-machine": "q35,hpet=off"}, r"HPET at 0xfed00000: there is none"),
    (QEMU_DUO, {"-global": "hpet.hpet-intcap=0x104"},
     r"HPET comparator 1 \(for cell linux1\): cannot .* pin 21 .* 0x104"),
    (BOCHS_DUO, {"count=4": "count=2"}, r"CPU with APIC id 3: not in this machine, which has 2 CPUs"),
    (BOCHS_DUO, {"megs: 1024": "megs: 512"},
     r"RAM 0x12300000 to 0x221fffff \(linux1, .*\): the machine has no usable RAM at 0x1f"),
    (BOCHS_DUO, {"ignore_bad_msrs=1": "ignore_bad_msrs=1, exclude_features=vmx"}, r"lacks a virtualisation extension"),
    (BOCHS_DUO, {"corei7_haswell_4770": "core2_penryn_t9600"}, r"lacks EPT"),
    (BOCHS_DUO, {"corei7_haswell_4770": "corei5_lynnfield_750"}, r"lacks unrestricted guest"),
    (BOCHS_DUO, {"ignore_bad_msrs=1": "ignore_bad_msrs=1, exclude_features=x2apic"}, r"lacks x2APIC"),
    (LOONGARCH_DUO, {"-smp": "2"}, r"CPU with id 3: not in this machine, which has 2 CPUs"),
    (LOONGARCH_DUO, {"-m": "1024"},
     r"RAM 0xb0000000 to 0xbfffffff \(linux1, .*\): the machine has no usable RAM at 0xb0000000"),
    (LOONGARCH_DUO, {"-cpu": "la464,lvz=off"}, r"lacks the virtualization extension LVZ"),
])
def test_a_wrong_board_is_refused(config, change, says):
    """A machine that differs from the DTS's board is named and not started."""
    with start(build.system(config), replace=change) as machine:
        machine.wait_cell("bulkhead", says)
        machine.wait_cell("bulkhead", "this machine is not the board .* configs/")
        machine.wait_cell("bulkhead", "refused to start; Bulkhead stops here")
        assert not machine.cell_lines("linux0")
