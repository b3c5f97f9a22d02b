# SPDX-License-Identifier: Apache-2.0
"""The model: one system as dataclasses. Whatever came from the user keeps its position.

Sizes and addresses are bytes. The parser (dts, bindings) is on one side of it, rules and emitters
are on the other, and neither knows the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Optional, TypeVar

from .diag import Position

if TYPE_CHECKING:
    from .arch import Architecture

T = TypeVar("T")

MIB = 1 << 20
GIB = 1 << 30
PAGE = 4096
LARGE_PAGE = 2 * MIB


@dataclass(frozen=True)
class Sourced(Generic[T]):
    """A value and where the user wrote it."""

    value: T
    pos: Position


@dataclass(frozen=True)
class Range:
    """Addresses (or ports) [base, base + size)."""

    base: int
    size: int
    pos: Position

    @property
    def end(self) -> int:
        """The first address behind the range."""
        return self.base + self.size

    def overlaps(self, other: "Range") -> bool:
        """Whether the two have an address in common."""
        return self.base < other.end and other.base < self.end


@dataclass(frozen=True)
class Pin:
    """An input of the board's interrupt controller (a pin of an I/O APIC, or of a PCH-PIC)."""

    pin: int
    level: bool
    pos: Position
    controller: Optional[str] = None  # the path of the controller's node


@dataclass(frozen=True)
class Cpu:
    """A physical CPU."""

    name: str  # its label, or its node's name
    hwid: int  # the hardware's id: APIC id, or LoongArch's CSR.CPUID
    path: str
    pos: Position


@dataclass
class BoardDevice:
    """A device of the board that could be given to a cell."""

    name: str  # its label, or its node's name
    path: str
    compatible: str
    pos: Position
    ports: list[Range]
    memory: list[Range]
    pins: list[Pin]
    clock: int = 0  # UARTs: input clock in Hz
    baud: int = 0  # UARTs: bits per second
    compatibles: tuple[str, ...] = ()  # all of them, where there may be several
    dma: bool = False  # it can access memory by itself


@dataclass
class Qemu:
    """How QEMU makes the board."""

    machine: str
    cpu: str
    pos: Position
    memory: Sourced[int]  # MiB
    serial_ports: Sourced[int]
    arguments: list[str]


@dataclass
class Board:
    """The hardware."""

    model: str
    pos: Position
    cpus: list[Cpu]
    memory: list[Range]
    devices: list[BoardDevice]
    parts: Any  # what the architecture's boards have beside; its build_parts() made it
    qemu: Optional[Qemu] = None
    # Nodes that describe once more what there is once: (what, second, first).
    repeated: list[tuple[str, Position, Position]] = field(default_factory=list)

    def device(self, path: str) -> Optional[BoardDevice]:
        """The device whose node is at @path."""
        return next((d for d in self.devices if d.path == path), None)


@dataclass
class Reference:
    """A phandle as written, and the path of the node it names (None: no such node)."""

    path: Optional[str]
    pos: Position


@dataclass
class Hypervisor:
    """What Bulkhead keeps for itself."""

    pos: Position
    console: Reference
    escape: int
    memory: Optional[Range]  # None: to be computed by pipeline.size_hypervisor()
    need: int = 0  # bytes that code, images and page pool take, computed as well


@dataclass(frozen=True)
class DeviceRange:
    """A range that a virtual device answers; @id is its index in `reg`."""

    space: str  # "ports", "memory" or "iocsr"
    range: Range
    id: int


@dataclass
class VirtualDevice:
    """A virtual device of a cell."""

    name: str
    path: str
    compatible: str
    pos: Position
    ranges: list[DeviceRange]
    line: Optional[Sourced[int]]
    implementation: dict[str, Any]  # x-device of the binding
    timer: Optional[int] = None  # index of its timer in the cell

    def base(self, index: int) -> int:
        """The address of its range @index."""
        return self.ranges[index].range.base


@dataclass(frozen=True)
class Image:
    """An image file: as named by the user, and where it was found (None: nowhere)."""

    name: str
    pos: Position
    path: Optional[str] = None
    module: Optional[Sourced[str]] = None  # the boot module that brings it; None: it is embedded


@dataclass
class Cell:
    """A cell."""

    name: str
    path: str
    pos: Position
    cpus: list[Reference]
    size: Sourced[int]
    address: Optional[Sourced[int]]  # None: the generator chooses
    kernel: Image
    initrd: Optional[Image]
    bootargs: Sourced[str]
    passthrough: list[Reference]
    on_fault: str
    on_violation: str
    devices: list[VirtualDevice]
    arch: "Architecture"
    stray_modules: list[tuple[str, Position]] = field(default_factory=list)  # without an image
    timers: int = 0  # how many of the devices have a timer
    base: int = 0  # host-physical address, set by placement
    identity: bool = False  # guest-physical addresses are host-physical ones: it has a device with DMA

    def vdev(self, compatible: str) -> Optional[VirtualDevice]:
        """The first virtual device of that kind."""
        return next((d for d in self.devices if d.compatible == compatible), None)

    @property
    def images(self) -> list[tuple[str, Image]]:
        """Its kernel and, if it has one, its initrd."""
        both = [("kernel", self.kernel), ("initrd", self.initrd)]
        return [(what, image) for what, image in both if image]

    @property
    def host_range(self) -> Range:
        """The cell's host memory; valid once it is placed."""
        return Range(self.base, self.size.value, (self.address or self.size).pos)

    @property
    def low_base(self) -> int:
        """Where the RAM begins in which kernel, initrd and tables are, guest-physical."""
        return self.base if self.identity else 0

    @property
    def low_end(self) -> int:
        """Where it ends."""
        return self.low_base + (self.size.value if self.identity else min(self.size.value, self.arch.low_limit))


@dataclass
class System:
    """One DTS: a board, the hypervisor and the cells."""

    name: str
    file: str
    description: str
    arch: "Architecture"
    board: Board
    hypervisor: Hypervisor
    cells: list[Cell]
    inputs: list[str] = field(default_factory=list)

    def cell_cpus(self, cell: Cell) -> list[Cpu]:
        """The CPUs that @cell owns, as far as the board has them."""
        by_path = {cpu.path: cpu for cpu in self.board.cpus}
        return [by_path[r.path] for r in cell.cpus if r.path in by_path]

    def cell_devices(self, cell: Cell) -> list[tuple[Reference, BoardDevice]]:
        """The board devices that @cell owns, with the references that give them."""
        pairs = [(ref, self.board.device(ref.path or "")) for ref in cell.passthrough]
        return [(ref, device) for ref, device in pairs if device]

    @property
    def console(self) -> Optional[BoardDevice]:
        """The UART that the hypervisor uses."""
        return self.board.device(self.hypervisor.console.path or "")
