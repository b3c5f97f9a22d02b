# SPDX-License-Identifier: Apache-2.0
"""Every system of configs/, by its guests' own words."""

import re

import pytest

from expect import assert_cell, run_selfchecks
from harness import build
from harness.systems import bare_check, start

CLOUD = "vmlinuz-6.1-cloud-amd64"
GENERIC = "vmlinuz-6.1-amd64"

#: system -> cells in order: (name, CPUs, MiB, kernel)
SYSTEMS = {
    "qemu-x86-duo": [("linux0", 2, 512, CLOUD), ("linux1", 2, 512, CLOUD)],
    "qemu-x86-solo4": [("linux0", 4, 1024, CLOUD)],
    "qemu-x86-quad": [(f"linux{i}", 1, 256, CLOUD) for i in range(4)],
    "qemu-x86-large": [("linux0", 2, 5120, CLOUD), ("linux1", 2, 256, CLOUD)],
    "bochs-x86-1-cpu": [("linux0", 1, 512, CLOUD)],
    "bochs-x86-2-cpus": [("linux0", 1, 256, CLOUD), ("linux1", 1, 256, CLOUD)],
    "bochs-x86-duo": [("linux0", 2, 256, CLOUD), ("linux1", 2, 256, CLOUD)],
    "bochs-x86-amd": [("linux0", 2, 256, CLOUD), ("linux1", 2, 256, CLOUD)],
    "bochs-x86-solo4": [("linux0", 4, 512, CLOUD)],
    "bochs-x86-trio": [("linux0", 1, 128, CLOUD), ("linux1", 1, 128, CLOUD), ("linux2", 2, 128, CLOUD)],
    "qemu-x86-mixed": [("linux0", 2, 512, CLOUD), ("linux1", 2, 512, GENERIC)],
    "qemu-x86-mixed-bochs": [("linux0", 2, 256, CLOUD), ("linux1", 2, 256, GENERIC)],
}


def fewer_cpus(count, *cells):
    """A change of a DTS: its board has @count CPUs, and those of its cells are @cells, instead of what they were."""
    def change(text):
        absent = " ".join(f"/delete-node/ cpu@{n};" for n in range(count, 4))
        text = text.replace("\tbulkhead {", f"\tmodel = \"{count} CPU(s)\";\n\tcpus {{ {absent} }};\n\n\tbulkhead {{")
        given = iter(cells)
        text, changes = re.subn(r"cpus = <&.*>;", lambda _: f"cpus = <{next(given)}>;", text)
        assert changes == len(cells)
        return text

    return change


#: Those that are another's DTS on another board, as arguments of build.on_board(); the rest is in configs/. Not on
#: Bochs are qemu-x86-quad, for its HPET has three comparators, one short of four timed cells (bochs-x86-trio stands for
#: it), and qemu-x86-large: Bochs takes at most 2 GiB from its host, pages the rest to a file, and with 8 GiB does not
#: start.
ELSEWHERE = {
    "qemu-x86-mixed-bochs": ("configs/qemu-x86-mixed.dts", "bochs"),
    "bochs-x86-1-cpu": ("configs/bochs-x86-solo4.dts", "bochs", "1-cpu", fewer_cpus(1, "&cpu0")),
    "bochs-x86-2-cpus": ("configs/bochs-x86-duo.dts", "bochs", "2-cpus", fewer_cpus(2, "&cpu0", "&cpu1")),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_cells_are_what_the_dts_says(name):
    """Each cell sees its CPUs, memory, devices and a good clock, and no warning that bare metal does not show."""
    cells = SYSTEMS[name]
    folder = build.system(build.on_board(*ELSEWHERE[name]) if name in ELSEWHERE else f"configs/{name}.dts")
    bare = {kernel: bare_check(kernel, 2, folder) for *_, kernel in cells}
    with start(folder) as machine:
        checks = run_selfchecks(machine, [cell for cell, *_ in cells])
        # The cells have all of the board's CPUs.
        machine_is = rf", {sum(cpus for _, cpus, *_ in cells)} CPUs?, {len(cells)} cells?, TSC (\d+) kHz"
        measured = int(machine.wait_cell("bulkhead", machine_is)[1])
    for cell, cpus, memory, kernel in cells:
        assert_cell(checks[cell], cell, cpus, memory, bare[kernel])
        # The rate of the guest's clock is the one that the hypervisor measured, whatever the host's load.
        assert abs(int(checks[cell]["tsc_khz"][0]) - measured) <= measured // 10000
        flavour = "cloud-amd64" if kernel == CLOUD else "amd64"
        assert checks[cell]["kernel"][0].endswith(f"-{flavour}")


#: Fills @count MiB, in steps of 16 with a marker of its own each, and reads the markers back; sum: of their numbers.
FILL = ("mkdir /m; mount -t tmpfs -o size=5g,nr_inodes=0 none /m && cd /m && i=0 && while [ $i -lt {count} ]; do "
        "dd if=/dev/zero of=b$i bs=1M count=16 2>/dev/null; echo $i > m$i; echo -n .; i=$((i+16)); done; "
        "i=0; s=0; while read n < m$i && [ $n = $i ]; do s=$((s+n)); i=$((i+16)); done 2>/dev/null; cd /; umount /m; "
        "echo; echo filled $i su''m $s")


def test_a_large_cell_has_all_its_memory_in_large_pages():
    """5 GiB: what is below 1 MiB apart, whole GiB on both sides of 4 GiB, nearly all of which Linux then fills."""
    with start(build.system("configs/qemu-x86-large.dts")) as machine:
        machine.wait_cell("bulkhead", "cell linux0: mapped with 4 pages of 1 GiB, 511 of 2 MiB,")
        machine.wait_cell("bulkhead", "cell linux1: mapped with 0 pages of 1 GiB, 127 of 2 MiB,")
        machine.wait_cell("linux0", "Enter 'help' for a list")
        machine.shell("linux0", 0, FILL.format(count=4352), rf"filled 4352 sum {sum(range(0, 4352, 16))}$",
                      timeout=600)


#: Boot options that take something away: without SMP there is no I/O APIC either, and the 8259 interrupts.
REDUCED = ["nosmp", "noxsave", "maxcpus=1"]
#: Two CPUs for the first cell too, of which it is to leave one alone: one more than boards have.
FIFTH_CPU = "/ { cpus { cpu4: cpu@4 { device_type = \"cpu\"; reg = <4>; }; }; };\n"
#: What Linux says of the second CPU: that it is not wanted at all, that it could be brought up later.
LEFT_OUT = {"nosmp": "smpboot: 2 Processors exceeds max_cpus limit of 0",
            "maxcpus=1": "smpboot: Allowing 2 CPUs, 0 hotplug CPUs"}


@pytest.mark.parametrize("board", ["qemu", "bochs"])
def test_guests_that_do_with_less(board):
    """Kernels told to leave out SMP, XSAVE or their second CPU boot, each beside the others, with a working console."""
    def reduce(text):
        for number, option in enumerate(REDUCED):
            text = text.replace(f"bulkhead.cell=linux{number}", f"bulkhead.cell=linux{number} {option}")
        return text.replace("<&cpu0>", "<&cpu0 &cpu4>") + FIFTH_CPU

    with start(build.system(build.on_board("configs/bochs-x86-trio.dts", board, "reduced", reduce))) as machine:
        for number, option in enumerate(REDUCED):
            cell = f"linux{number}"
            machine.wait_cell("bulkhead", rf"cell {cell}: starts on {2 if option in LEFT_OUT else 1} CPU")
            machine.wait_cell(cell, "Enter 'help' for a list", timeout=600)
            found = machine.shell(cell, number, "echo less: $(grep -cw xsave /proc/cpuinfo) "
                                  "$(grep -cw avx /proc/cpuinfo) $(nproc) $(grep -w 4: /proc/interrupts)",
                                  r"^less: (\d+) (\d+) (\d+) 4: .* (\S+-A?PIC)")
            xsave = "0" if option == "noxsave" else "1"
            assert found.groups() == (xsave, xsave, "1", "XT-PIC" if option == "nosmp" else "IO-APIC")
            assert any(f" {option}" in line for line in machine.cell_lines(cell))
            assert LEFT_OUT.get(option, "") in machine.cell_text(cell)
        # Left out is not lost.
        machine.shell("linux2", 2, "echo 1 > /sys/devices/system/cpu/cpu1/online; echo later: $(nproc)", "^later: 2$")


@pytest.mark.parametrize("board", build.BOARDS)
def test_uart_passthrough_is_seen_in_its_cell_and_nowhere_else(board):
    """linux1 drives the physical COM2 by interrupt; linux0 finds nothing at COM2's ports."""
    folder = build.system(build.on_board("configs/qemu-x86-uart.dts", board))
    com2 = folder / "com2.txt"
    with start(folder, com2=com2) as machine:
        checks = run_selfchecks(machine, ["linux0", "linux1"])
        # The driver holds the interrupt only while the port is open.
        machine.shell("linux1", 1, "exec 3> /dev/ttyS1; for i in 1 2 3 4 5 6 7 8; do echo hello $i from linux1 >&3; "
                      "done; sleep 1; grep ttyS1 /proc/interrupts; exec 3>&-; echo do''ne", "^done")
        machine.shell("linux0", 0, "echo x > /dev/ttyS1; echo sta''tus $?", "status [1-9]")
        interrupts = re.findall(r"^ *3: +(\d+) +(\d+) .* ttyS1$", "\n".join(machine.cell_lines("linux1")), re.M)
    assert any(s.startswith("uart:16550A port:000002F8 irq:3 ") for s in checks["linux1"]["serial.1"])
    assert "serial.1" not in checks["linux0"]
    assert "hello 8 from linux1" in com2.read_text(encoding="latin1")
    assert sum(map(int, interrupts[-1])) > 0


def test_grub_boots_the_same_system():
    """The ISO image starts by GRUB and multiboot2, and both cells reach their shells.

    On Bochs every test is of this kind: its firmware knows no other way.
    """
    build.make("CONFIG=configs/qemu-x86-duo.dts", "iso")
    with start(build.BUILD / "qemu-x86-duo", loader="cdrom") as machine:
        machine.wait_cell("bulkhead", "multiboot2, AMD SVM, 4 CPUs, 2 cells")
        machine.wait_cell("linux0", "linux0:~#")
        machine.wait_cell("linux1", "2 CPU")
