# SPDX-License-Identifier: Apache-2.0
"""Guest-physical memory of a PC cell: regions, memory map, second-stage tables, what is loaded."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from typing import Iterable, Optional, Union

from .diag import Position, fail, range_text, size_text
from .model import (
    GIB,
    GUEST_ABOVE_4G,
    GUEST_HIGH,
    GUEST_LOW_END,
    GUEST_MMIO,
    GUEST_ROM,
    LARGE_PAGE,
    PAGE,
    BoardDevice,
    Cell,
    Image,
)

EBDA = 0x9FC00  # reserved, writable: holds the FACS
ROM_TABLES = 0xE0000  # reserved, read-only: holds the other ACPI tables
RAM_FLAGS = ("REGION_READ", "REGION_WRITE", "REGION_EXECUTE", "REGION_RAM")
E820_USABLE = 1
E820_RESERVED = 2


@dataclass(frozen=True)
class Region:
    """A run of guest-physical memory and the host memory behind it (struct mem_region)."""

    gpa: int
    hpa: int
    size: int
    flags: tuple[str, ...]
    pos: Position


@dataclass(frozen=True)
class Blob:
    """Bytes that the generator made; kept as a file of that name."""

    name: str
    data: bytes


@dataclass(frozen=True)
class FilePart:
    """Bytes of an image file from @offset on; embedded, or brought by a boot module."""

    path: str
    offset: int
    module: Optional[str] = None

    @classmethod
    def of(cls, image: Image, offset: int = 0) -> "FilePart":
        """The bytes of @image from @offset on."""
        assert image.path  # rule image-missing has made sure of it
        module = image.module.value if image.module else None
        return cls(os.path.abspath(image.path), offset, module)


@dataclass(frozen=True)
class Segment:
    """Bytes copied into a cell before it starts (struct segment)."""

    gpa: int
    size: int
    source: Union[Blob, FilePart, None]  # None: zeroes
    what: str

    @classmethod
    def of(cls, gpa: int, blob: Blob, what: str) -> "Segment":
        """A segment that holds all of @blob."""
        return cls(gpa, len(blob.data), blob, what)


@dataclass
class Loaded:
    """How a cell's memory looks when its first CPU starts."""

    entry_mode: str  # enum x86_entry_mode
    entry: int
    argument: int
    page_table: int
    gdt: int
    segments: list[Segment]


def ram_regions(cell: Cell) -> list[Region]:
    """The cell's RAM. Host memory is contiguous: host address = base + offset in the cell's RAM."""
    size, base = cell.size.value, cell.base
    pos = (cell.address or cell.size).pos
    low = min(size, GUEST_MMIO)
    regions = [
        Region(0, base, GUEST_LOW_END, RAM_FLAGS, pos),
        Region(
            GUEST_ROM, base + GUEST_ROM, GUEST_HIGH - GUEST_ROM, ("REGION_READ", "REGION_RAM"), pos
        ),
        Region(GUEST_HIGH, base + GUEST_HIGH, low - GUEST_HIGH, RAM_FLAGS, pos),
    ]
    if size > GUEST_MMIO:
        regions.append(Region(GUEST_ABOVE_4G, base + GUEST_MMIO, size - GUEST_MMIO, RAM_FLAGS, pos))
    return regions


def device_regions(devices: Iterable[BoardDevice]) -> list[Region]:
    """Register pages of passthrough devices: at the same address as on the board."""
    flags = ("REGION_READ", "REGION_WRITE", "REGION_DEVICE")
    return [Region(r.base, r.base, r.size, flags, r.pos) for d in devices for r in d.memory]


def regions(cell: Cell, devices: Iterable[BoardDevice]) -> list[Region]:
    """Everything that is mapped for the cell, by guest-physical address."""
    return sorted(ram_regions(cell) + device_regions(devices), key=lambda r: r.gpa)


def memory_map(cell: Cell) -> list[tuple[int, int, int]]:
    """What the cell's kernel is told: (start, size, type) as in e820."""
    size = cell.size.value
    entries = [
        (0, EBDA, E820_USABLE),
        (EBDA, GUEST_LOW_END - EBDA, E820_RESERVED),
        (ROM_TABLES, GUEST_HIGH - ROM_TABLES, E820_RESERVED),
        (GUEST_HIGH, cell.low_end - GUEST_HIGH, E820_USABLE),
    ]
    if cell.ecam:  # Linux uses an ECAM only where the memory map reserves it
        entries.append((cell.ecam.base, cell.ecam.size, E820_RESERVED))
    if size > GUEST_MMIO:
        entries.append((GUEST_ABOVE_4G, size - GUEST_MMIO, E820_USABLE))
    return entries


def stage2_pages(mapped: Iterable[Region], large_1g: bool = True) -> int:
    """How many 4 KiB pages the second-stage tables of @mapped take: 4 levels of 512 entries.

    A leaf is 1 GiB (if @large_1g), 2 MiB or 4 KiB: the largest for which guest and host address are
    aligned and the rest of the region is long enough. src/core/stage2.c maps by the same rule.
    """
    tables: set[tuple[int, int]] = {(4, 0)}
    for region in mapped:
        gpa, hpa, end = region.gpa, region.hpa, region.gpa + region.size
        while gpa < end:
            tables.add((3, gpa // (512 * GIB)))
            if large_1g and (gpa | hpa) % GIB == 0 and end - gpa >= GIB:
                step = GIB
            else:
                tables.add((2, gpa // GIB))
                step = LARGE_PAGE
                if (gpa | hpa) % LARGE_PAGE or end - gpa < LARGE_PAGE:
                    # All 4 KiB leaves up to the next 2 MiB boundary share one table.
                    tables.add((1, gpa // LARGE_PAGE))
                    step = min(end, (gpa // LARGE_PAGE + 1) * LARGE_PAGE) - gpa
            gpa += step
            hpa += step
    return len(tables)


def place_initrd(cell: Cell, size: int, floor: int, limit: int) -> int:
    """The highest page for an initrd of @size bytes below @limit, but not below @floor."""
    top = min(cell.low_end, limit)
    gpa = (top - size) // PAGE * PAGE
    if gpa < floor:
        assert cell.initrd
        room = max(0, top - (floor + PAGE - 1) // PAGE * PAGE)
        raise fail(
            "initrd-does-not-fit",
            f"{cell.initrd.name} ({size_text(size)}) does not fit into cell {cell.name}: the "
            f"kernel leaves {size_text(room)}",
            cell.initrd.pos,
            notes=[(cell.size.pos, f"the cell's memory is {size_text(cell.size.value)}")],
            cure="give the cell more memory, or make the initrd smaller",
        )
    return gpa


def check_segments(cell: Cell, loaded: Loaded) -> None:
    """Nothing that is loaded may overlap."""
    extents = sorted((s.gpa, s.size, s.what) for s in loaded.segments)
    for (a, size, first), (b, size_b, second) in zip(extents, extents[1:]):
        if b < a + size:
            raise fail(
                "image-overlap",
                f"in cell {cell.name} the {first} at {range_text(a, size)} overlaps the {second} "
                "at "
                f"{range_text(b, size_b)}",
                cell.kernel.pos,
                cure="link the kernel to another address; 1 MiB is always good",
            )


def pack_memory_map(cell: Cell, entry: str) -> bytes:
    """The memory map as an array of @entry (a struct format of start, size and type)."""
    return b"".join(struct.pack(entry, *e) for e in memory_map(cell))
