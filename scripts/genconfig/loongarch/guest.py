# SPDX-License-Identifier: Apache-2.0
"""Guest-physical memory of a LoongArch cell, as on QEMU's virt machine and 7A boards."""

from __future__ import annotations

from dataclasses import dataclass
from ..guest import RAM_FLAGS, Region
from ..model import GIB, MIB, Cell

LOW_LIMIT = 256 * MIB  # bridge registers follow
HIGH = 2 * GIB

# Linux keeps the first 2 MiB to itself (memblock_init()): what describes the machine is there. All
# three are offsets in the cell's RAM, which for a cell with DMA does not begin at 0.
TABLES = 0x10000
FDT = 0x100000
KERNEL = 0x200000

LOADER_DATA = 2  # UEFI 2.10, table 7.10: memory types
CONVENTIONAL = 7
ACPI_RECLAIM = 9


@dataclass(frozen=True)
class Initrd:
    """Where the initial RAM disk is, guest-physical."""

    base: int
    size: int


def ram_areas(cell: Cell) -> list[tuple[int, int]]:
    """The cell's RAM: (guest-physical address, size)."""
    size = cell.size.value
    if cell.identity:
        return [(cell.base, size)]
    areas = [(0, cell.low_end)]
    return areas + ([(HIGH, size - LOW_LIMIT)] if size > LOW_LIMIT else [])


def ram_regions(cell: Cell) -> list[Region]:
    """The same with the host memory behind it."""
    pos, base = (cell.address or cell.size).pos, cell.base
    out = []
    for gpa, size in ram_areas(cell):
        out.append(Region(gpa, base, size, RAM_FLAGS, pos))
        base += size
    return out


def memory_map(cell: Cell) -> list[tuple[int, int, int]]:
    """What the cell's kernel is told: (start, size, EFI memory type)."""
    # Elsewhere than at 0, Linux must be told that these pages stay in use.
    kind = ACPI_RECLAIM if cell.identity else LOADER_DATA
    entries = [(cell.low_base, KERNEL, kind)]
    for gpa, size in ram_areas(cell):
        start = max(gpa, cell.low_base + KERNEL)
        if gpa + size > start:
            entries.append((start, gpa + size - start, CONVENTIONAL))
    return entries
