# SPDX-License-Identifier: Apache-2.0
"""What an architecture adds to the generator: the narrow interface of x86/ and loongarch/.

The rest of the generator knows none of them. A board belongs to the architecture whose CPUs it has
(`compatible` of its cpu nodes), and with it the systems on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Optional, Union

from .diag import Position
from .model import Board, BoardDevice, Cell, Pin, Range, System, VirtualDevice

if TYPE_CHECKING:
    from .bindings import Decoded
    from .dts import Node, Tree
    from .emit_c import Arrays, Value
    from .guest import Loaded, Region

# A node that describes once more what a board has once: (what, second, first).
Repeated = tuple[str, Position, Position]


class Architecture(ABC):
    """One architecture. What is a plain number or word stands here, the rest in methods."""

    name: str  # of its folders: here, in src/arch and in configs/bindings
    title: str  # for people
    cpus: tuple[str, ...]  # the `compatible`s of its cpu nodes; an empty one is a node without

    # The board.
    first_ram: int  # RAM below it belongs to firmware
    first_ram_text: str
    last_cpu: int  # the highest hardware id of a CPU
    last_cpu_text: str  # why: "..., which ..."
    bus: str  # where the devices that can be given away are

    # The hypervisor.
    hypervisor_base: int  # where it is linked unless the DTS says otherwise
    hypervisor_limit: int  # it must end below
    hypervisor_limit_text: str
    fit_loadable: bool  # U-Boot puts the archive of boot modules to an agreed place; else it is the initrd

    # A cell: RAM from 0 on ends at low_limit at the latest, and goes on at high_base.
    low_limit: int
    high_base: int
    controller: str  # `compatible` of the virtual controller that takes a physical interrupt
    controller_text: str
    devices_file: str  # what to include into a cell's vdev node

    # ---- Reading ----

    @abstractmethod
    def device_nodes(self, tree: "Tree") -> list["Node"]:
        """The nodes of devices that cells may get."""

    @abstractmethod
    def board_parts(self, tree: "Tree", decoded: Mapping[str, "Decoded"]) -> tuple[Any, list[Repeated]]:
        """What becomes Board.parts, and nodes that there are too many of."""

    def pin_of(self, device: VirtualDevice) -> Optional[int]:
        """The input of the virtual interrupt controller at which the device's line arrives."""
        return device.line.value if device.line else None

    # ---- Checking: what the rules ask ----

    @abstractmethod
    def own_paths(self, board: Board) -> set[str]:
        """Nodes that the hypervisor keeps for itself."""

    @abstractmethod
    def own_ranges(self, system: System) -> dict[str, list[tuple[str, Range]]]:
        """The hypervisor's registers, with names, by space ("ports", "memory")."""

    @abstractmethod
    def inputs(self, board: Board, pin: Pin) -> Optional[tuple[str, int, Position]]:
        """The interrupt controller that @pin is on: name, number of inputs, position."""

    def fixed_input(self, board: Board, pin: Pin) -> Optional[int]:
        """The input at which a cell must see @pin of the board; None if the generator can choose."""
        del board
        return pin.pin

    def pin_claims(self, system: System) -> list[tuple[Pin, str, Position]]:
        """Inputs that the hypervisor uses beside its console's: pin, user, where that is said."""
        del system
        return []

    # ---- A cell's memory ----

    @abstractmethod
    def ram_regions(self, cell: Cell) -> list["Region"]:
        """The cell's RAM. Host memory is contiguous: base + offset in the cell's RAM."""

    def maps(self, area: Range) -> bool:
        """Whether the second stage maps @area of a passthrough device into its cell."""
        del area
        return True

    @abstractmethod
    def load(self, system: System, cell: Cell) -> "Loaded":
        """Lay out the cell's memory: kernel, initrd and what describes the machine to them."""

    # ---- Emitting ----

    @abstractmethod
    def board_fields(self, system: System, arrays: "Arrays") -> dict[str, "Value"]:
        """struct arch_board."""

    @abstractmethod
    def cell_fields(
        self, system: System, cell: Cell, loaded: "Loaded", arrays: "Arrays"
    ) -> dict[str, "Value"]:
        """struct arch_cell_config."""

    def parameter(self, cell: Cell, kind: str) -> Optional[int]:
        """The value of a device's `parameter`, as its binding names it; None: unknown here."""
        return len(cell.cpus) if kind == "vcpus" else None

    def layout_defines(self, system: System) -> list[tuple[str, Union[str, int]]]:
        """Further names of layout.h."""
        del system
        return []

    def emulator_files(self, system: System) -> dict[str, str]:
        """Files for emulators other than QEMU."""
        del system
        return {}

    def report_owners(self, system: System) -> list[tuple[str, str, str]]:
        """Further rows of "Who owns what"."""
        del system
        return []

    def report_shared(self, system: System) -> list[str]:
        """Further lines of "What is shared"."""
        del system
        return []


def device_text(device: BoardDevice, pin_word: str = "pin") -> list[str]:
    """The parts of a device, for people."""
    parts = [f"ports {r.base:#x}-{r.end - 1:#x}" for r in device.ports]
    parts += [f"registers [{r.base:#x}, {r.end:#x})" for r in device.memory]
    return parts + [f"{pin_word} {p.pin}" for p in device.pins]


def once(
    kinds: Mapping[str, str], nodes: Iterable["Node"], decoded: Mapping[str, "Decoded"]
) -> tuple[dict[str, "Node"], list[Repeated]]:
    """The first node of each compatible of @kinds, by the name it has there; and the others."""
    found: dict[str, "Node"] = {}
    repeated: list[Repeated] = []
    for node in nodes:
        kind = decoded[node.path].binding.compatible if node.path in decoded else None
        if kind not in kinds:
            continue
        first = found.setdefault(kinds[kind], node)
        if first is not node:
            repeated.append((kind, node.pos, first.pos))
    return found, repeated
