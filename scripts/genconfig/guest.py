# SPDX-License-Identifier: Apache-2.0
"""Guest-physical memory of a cell: regions, second-stage tables, what is loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Iterable, Optional, Union

from .diag import Position, fail, range_text, size_text
from .model import GIB, LARGE_PAGE, PAGE, BoardDevice, Cell, Image

RAM_FLAGS = ("REGION_READ", "REGION_WRITE", "REGION_EXECUTE", "REGION_RAM")


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
    image: str = ""  # the image file that they are from, as the user names it


@dataclass(frozen=True)
class FilePart:
    """Bytes of an image file from @offset on; embedded, or brought by a boot module."""

    path: str
    offset: int
    module: Optional[str] = None
    unpacked: Optional[bytes] = None  # what the module brings in place of a packed file

    @classmethod
    def of(cls, image: Image, offset: int = 0, unpacked: Optional[bytes] = None) -> "FilePart":
        """The bytes of @image from @offset on."""
        assert image.path  # rule image-missing has made sure of it
        module = image.module.value if image.module else None
        return cls(os.path.abspath(image.path), offset, module, unpacked)


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

    entry: int
    mode: str  # how it is entered, for people
    segments: list[Segment]
    arch: Any  # what else the architecture must know: its cell_fields() reads it
    # Further files for people to look at, by their names below the output folder; they have a
    # comment with the banner where their text begins with the marker {banner}.
    files: dict[str, Union[str, bytes]] = field(default_factory=dict)


def device_regions(cell: Cell, devices: Iterable[BoardDevice]) -> list[Region]:
    """Register pages of passthrough devices: at the same address as on the board."""
    flags = ("REGION_READ", "REGION_WRITE", "REGION_DEVICE")
    return [
        Region(r.base, r.base, r.size, flags, r.pos)
        for device in devices
        for r in device.memory
        if cell.arch.maps(r)
    ]


def regions(cell: Cell, devices: Iterable[BoardDevice]) -> list[Region]:
    """Everything that is mapped for the cell, by guest-physical address."""
    return sorted(cell.arch.ram_regions(cell) + device_regions(cell, devices), key=lambda r: r.gpa)


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
                cure="link the kernel to another address",
            )
