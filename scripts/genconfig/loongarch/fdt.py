# SPDX-License-Identifier: Apache-2.0
"""The device tree of a cell: DTS text for the devices it has, compiled by dtc.

The node names and properties are those that Linux' bindings ask for; CPU ids are dense, whatever the
hardware's are. What QEMU's virt machine has too is where it has it.
"""

from __future__ import annotations

import subprocess
from typing import Callable, Iterable, Optional

from ..diag import fail
from ..model import BoardDevice, Cell, Pin, System, VirtualDevice
from .guest import FDT, KERNEL, Initrd, ram_areas
from .lines import INPUTS, guest_inputs

IRQ_EDGE_RISING, IRQ_LEVEL_HIGH = 1, 4
# Linux gives the inputs of the PCH-PIC vectors from 0 on as it meets them; messages have those behind.
MSI_VECTOR, MSI_VECTORS = INPUTS, 256 - INPUTS
CPU_LINE = 3  # ESTAT.IS bit of HWI1, which is where Linux sends extended I/O interrupts
# The bytes of the power registers (what the ACPI generic event device of QEMU's virt machine has).
POWER_OFF, RESET = (0, 0x34), (2, 0x42)

# dtc's checks that ask for what a machine without buses does not have.
CHECKS_OFF = ("simple_bus_reg", "unit_address_format")


class Block:
    """A node as text."""

    def __init__(self, name: str, label: str = ""):
        self.head = f"{label}: {name}" if label else name
        self.lines: list[str] = []

    def add(self, name: str, *values: str) -> "Block":
        """A property; without values, an empty one."""
        self.lines.append(f"{name} = {', '.join(values)};" if values else f"{name};")
        return self

    def child(self, block: "Block") -> "Block":
        """A node below this one."""
        self.lines += ["", *block.text()] if self.lines else block.text()
        return self

    def text(self) -> list[str]:
        """Its lines."""
        return [self.head + " {", *(f"\t{line}" if line else "" for line in self.lines), "};"]


def cells(*numbers: int) -> str:
    """Numbers of 32 bits."""
    return "<" + " ".join(f"{number:#x}" if number > 9 else str(number) for number in numbers) + ">"


def wide(*numbers: int) -> str:
    """Numbers of 64 bits."""
    return cells(*(half for number in numbers for half in (number >> 32, number & 0xFFFFFFFF)))


def text(value: str) -> str:
    """A string."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def provider(block: Block, numbers: int) -> Block:
    """Makes @block an interrupt controller whose interrupts are @numbers cells."""
    block.add("interrupt-controller").add("#address-cells", "<0>")
    return block.add("#interrupt-cells", f"<{numbers}>")


def source(system: System, cell: Cell, initrd: Optional[Initrd]) -> str:
    """The whole tree."""
    given = [device for _, device in system.cell_devices(cell)]
    root = Block("/").add("#address-cells", "<2>").add("#size-cells", "<2>")
    root.add("compatible", text("bulkhead,loongarch-cell"))
    root.add("model", text(f"Bulkhead cell {cell.name}"))
    if cell.vdev("loongson,pch-pic-1.0"):
        root.add("interrupt-parent", "<&pic>")
    serials = _serials(cell, given)
    root.child(_aliases(serials))
    root.child(_chosen(cell, initrd, serials))
    root.child(_cpus(system, cell))
    for gpa, size in ram_areas(cell):
        node = Block(f"memory@{gpa:x}").add("device_type", text("memory"))
        root.child(node.add("reg", wide(gpa, size)))
    # Each CPU's own lines; the timer and the IPIs arrive there as well.
    controller = Block("interrupt-controller", "cpuic")
    controller.add("compatible", text("loongson,cpu-interrupt-controller"))
    root.child(provider(controller, 1))
    for device in cell.devices:
        for block in NODES[device.compatible](device):
            root.child(block)
    inputs = guest_inputs(system, cell)
    for board_device in given:
        root.child(_passthrough(board_device, inputs))
    return "/dts-v1/;\n\n" + "\n".join(root.text()) + "\n"


def _serials(cell: Cell, given: Iterable[BoardDevice]) -> list[str]:
    """The paths of the UARTs, ttyS0 first: the virtual one comes before those of the board."""
    virtual = [f"/serial@{d.base(0):x}" for d in cell.devices if d.compatible == "ns16550a"]
    own = [f"/serial@{d.memory[0].base:x}" for d in given if d.compatible == "ns16550a"]
    return virtual + own


def _aliases(serials: list[str]) -> Block:
    block = Block("aliases")
    for number, path in enumerate(serials):
        block.add(f"serial{number}", text(path))
    return block


def _chosen(cell: Cell, initrd: Optional[Initrd], serials: list[str]) -> Block:
    block = Block("chosen").add("bootargs", text(cell.bootargs.value))
    if serials:
        block.add("stdout-path", text("serial0"))
    if initrd:
        block.add("linux,initrd-start", wide(initrd.base))
        block.add("linux,initrd-end", wide(initrd.base + initrd.size))
    return block


def _cpus(system: System, cell: Cell) -> Block:
    block = Block("cpus").add("#address-cells", "<1>").add("#size-cells", "<0>")
    for number in range(len(cell.cpus)):
        cpu = Block(f"cpu@{number:x}").add("device_type", text("cpu"))
        cpu.add("compatible", text(system.board.parts.cpu_compatible))
        block.child(cpu.add("reg", cells(number)))
    return block


def _interrupt(device: VirtualDevice) -> str:
    assert device.line  # its binding requires it
    return cells(device.line.value, IRQ_LEVEL_HIGH)


def _eiointc(device: VirtualDevice) -> list[Block]:
    first = device.ranges[0].range
    block = Block(f"interrupt-controller@{first.base:x}", "eio")
    block.add("compatible", text("loongson,ls2k2000-eiointc"))
    block.add("reg", wide(first.base, first.size))
    provider(block, 1)
    return [block.add("interrupt-parent", "<&cpuic>").add("interrupts", cells(CPU_LINE))]


def _pch_pic(device: VirtualDevice) -> list[Block]:
    first = device.ranges[0].range
    block = Block(f"interrupt-controller@{first.base:x}", "pic")
    block.add("compatible", text("loongson,pch-pic-1.0"))
    block.add("reg", wide(first.base, first.size))
    provider(block, 2)
    return [block.add("interrupt-parent", "<&eio>").add("loongson,pic-base-vec", "<0>")]


def _pch_msi(device: VirtualDevice) -> list[Block]:
    first = device.ranges[0].range
    block = Block(f"msi-controller@{first.base:x}", "msi")
    block.add("compatible", text("loongson,pch-msi-1.0"))
    block.add("reg", wide(first.base, first.size))
    provider(block, 1).add("msi-controller").add("interrupt-parent", "<&eio>")
    block.add("loongson,msi-base-vec", f"<{MSI_VECTOR}>")
    return [block.add("loongson,msi-num-vecs", f"<{MSI_VECTORS}>")]


def _rtc(device: VirtualDevice) -> list[Block]:
    first = device.ranges[0].range
    block = Block(f"rtc@{first.base:x}").add("compatible", text("loongson,ls7a-rtc"))
    return [block.add("reg", wide(first.base, first.size)).add("interrupts", _interrupt(device))]


def _serial(device: VirtualDevice) -> list[Block]:
    first = device.ranges[0].range
    block = Block(f"serial@{first.base:x}").add("compatible", text("ns16550a"))
    block.add("reg", wide(first.base, first.size))
    block.add("clock-frequency", "<100000000>")
    return [block.add("interrupts", _interrupt(device))]


def _power(device: VirtualDevice) -> list[Block]:
    first = device.ranges[0].range
    block = Block(f"syscon@{first.base:x}", "power").add("compatible", text("syscon"))
    out = [block.add("reg", wide(first.base, first.size)).add("reg-io-width", "<1>")]
    for name, (offset, value) in (("poweroff", POWER_OFF), ("reboot", RESET)):
        node = Block(name).add("compatible", text(f"syscon-{name}")).add("regmap", "<&power>")
        out.append(node.add("offset", cells(offset)).add("value", cells(value)))
    return out


def _isa(device: VirtualDevice) -> list[Block]:
    """Linux maps port 0 and up here; without it, drivers that probe ports touch unmapped memory."""
    first = device.ranges[0].range
    block = Block(f"isa@{first.base:x}").add("compatible", text("isa"))
    block.add("#address-cells", "<2>").add("#size-cells", "<1>")
    return [block.add("ranges", f"<1 0 {first.base >> 32:#x} {first.base & 0xffffffff:#x} {first.size:#x}>")]


NODES: dict[str, Callable[[VirtualDevice], list[Block]]] = {
    "loongson,ls2k2000-eiointc": _eiointc,
    "loongson,pch-pic-1.0": _pch_pic,
    "loongson,pch-msi-1.0": _pch_msi,
    "loongson,ls7a-rtc": _rtc,
    "ns16550a": _serial,
    "bulkhead,syscon-power": _power,
    "bulkhead,isa-window": _isa,
}


def _passthrough(device: BoardDevice, inputs: dict[Pin, int]) -> Block:
    """A device of the board as the cell sees it: the same registers, and inputs of its own PCH-PIC."""
    names = [name for name in device.compatibles if not name.startswith("bulkhead,")]
    serial = device.compatible == "ns16550a"
    stem = "serial" if serial else device.path.rsplit("/", 1)[-1].split("@")[0]
    block = Block(f"{stem}@{device.memory[0].base:x}")
    block.add("compatible", *map(text, names or ["bulkhead,simple-device"]))
    block.add("reg", *(wide(area.base, area.size) for area in device.memory))
    if serial:
        block.add("clock-frequency", f"<{device.clock}>")
    if device.pins:
        triggers = ((inputs[p], IRQ_LEVEL_HIGH if p.level else IRQ_EDGE_RISING) for p in device.pins)
        block.add("interrupts", *(cells(*pair) for pair in triggers))
    return block


def compile_tree(dts: str, cell: Cell) -> bytes:
    """Run dtc; a warning of it is an error of this generator's."""
    checks = [word for name in CHECKS_OFF for word in ("-W", f"no-{name}")]
    command = ["dtc", "-I", "dts", "-O", "dtb", *checks]
    done = subprocess.run(command, input=dts.encode(), capture_output=True, check=False)
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode or said:
        raise fail(
            "fdt-compile",
            f"dtc does not accept the device tree of cell {cell.name}: {said}",
            cell.pos,
            cure="this is a mistake of the generator: please report it",
        )
    if len(done.stdout) > KERNEL - FDT:
        raise fail(
            "fdt-too-large",
            f"the device tree of cell {cell.name} has {len(done.stdout)} bytes, but only "
            f"{KERNEL - FDT} fit below 2 MiB",
            cell.pos,
            cure="give the cell fewer devices",
        )
    return done.stdout
