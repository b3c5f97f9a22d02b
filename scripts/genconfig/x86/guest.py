# SPDX-License-Identifier: Apache-2.0
"""Guest-physical memory of a PC cell: where its RAM is, and the memory map that it is told."""

from __future__ import annotations

import struct
from typing import Optional

from ..guest import RAM_FLAGS, Region
from ..model import GIB, Cell, Range

LOW_END = 0xA0000  # conventional memory ends, the legacy video hole begins
ROM = 0xC0000  # read-only memory for firmware tables
HIGH = 0x100000
MMIO = 0xC0000000  # RAM below 4 GiB ends here
ABOVE_4G = 4 * GIB

EBDA = 0x9FC00  # reserved, writable: holds the FACS
ROM_TABLES = 0xE0000  # reserved, read-only: holds the other ACPI tables
E820_USABLE = 1
E820_RESERVED = 2


def ram_regions(cell: Cell) -> list[Region]:
    """The cell's RAM."""
    size, base = cell.size.value, cell.base
    pos = (cell.address or cell.size).pos
    low = cell.low_end
    regions = [
        Region(0, base, LOW_END, RAM_FLAGS, pos),
        Region(ROM, base + ROM, HIGH - ROM, ("REGION_READ", "REGION_RAM"), pos),
        Region(HIGH, base + HIGH, low - HIGH, RAM_FLAGS, pos),
    ]
    if size > MMIO:
        regions.append(Region(ABOVE_4G, base + MMIO, size - MMIO, RAM_FLAGS, pos))
    return regions


def ecam(cell: Cell) -> Optional[Range]:
    """The memory-mapped PCI configuration space, if the cell has one."""
    pci = cell.vdev("bulkhead,pci-cam")
    return pci.ranges[1].range if pci and len(pci.ranges) > 1 else None


def memory_map(cell: Cell) -> list[tuple[int, int, int]]:
    """What the cell's kernel is told: (start, size, type) as in e820."""
    size = cell.size.value
    entries = [
        (0, EBDA, E820_USABLE),
        (EBDA, LOW_END - EBDA, E820_RESERVED),
        (ROM_TABLES, HIGH - ROM_TABLES, E820_RESERVED),
        (HIGH, cell.low_end - HIGH, E820_USABLE),
    ]
    window = ecam(cell)
    if window:  # Linux uses an ECAM only where the memory map reserves it
        entries.append((window.base, window.size, E820_RESERVED))
    if size > MMIO:
        entries.append((ABOVE_4G, size - MMIO, E820_USABLE))
    return entries


def pack_memory_map(cell: Cell, entry: str) -> bytes:
    """The memory map as an array of @entry (a struct format of start, size and type)."""
    return b"".join(struct.pack(entry, *e) for e in memory_map(cell))
