# SPDX-License-Identifier: Apache-2.0
"""ELF kernels with a PVH entry note.

Sources: Xen docs/misc/pvh.pandoc and xen/include/public/arch-x86/hvm/start_info.h.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Optional

from ..diag import ConfigError, fail, range_text, size_text
from ..guest import Blob, FilePart, Loaded, Segment, check_segments, place_initrd
from ..model import Cell, Image
from .entry import Entry
from .guest import ABOVE_4G, memory_map, pack_memory_map, ram_regions

START_INFO = 0x1000
CMDLINE = 0x3000
CMDLINE_ROOM = 0x1000

START_INFO_MAGIC = 0x336EC578
PHYS32_ENTRY = 18  # XEN_ELFNOTE_PHYS32_ENTRY
PT_LOAD, PT_NOTE = 1, 4
EM_386, EM_X86_64 = 3, 62


@dataclass(frozen=True)
class Load:
    """A PT_LOAD program header."""

    offset: int
    address: int
    file_size: int
    memory_size: int


@dataclass(frozen=True)
class PvhKernel:
    """What is needed of an ELF with a PVH note."""

    image: Image
    entry: int
    loads: list[Load]


def is_elf(head: bytes) -> bool:
    """Whether a file that begins with @head is an ELF."""
    return head[:4] == b"\x7fELF"


def parse(image: Image, data: bytes) -> PvhKernel:
    """Read program headers and the entry note; refuses what is no x86 PVH kernel."""
    try:
        headers = _program_headers(image, data)
        entry = next(
            (
                e
                for kind, load in headers
                if kind == PT_NOTE
                for e in [_find_note(data, load)]
                if e is not None
            ),
            None,
        )
    except struct.error:
        raise _refusal(
            image, "is cut short or damaged: its headers point outside the file"
        ) from None
    loads = [load for kind, load in headers if kind == PT_LOAD and load.memory_size]
    if entry is None:
        raise _refusal(image, "has no PVH entry note (XEN_ELFNOTE_PHYS32_ENTRY)")
    if not loads:
        raise _refusal(image, "has nothing to load (no PT_LOAD program header)")
    for load in loads:
        if load.offset + load.file_size > len(data) or load.file_size > load.memory_size:
            raise _refusal(image, "is cut short or damaged: a segment lies outside the file")
    return PvhKernel(image, entry, loads)


def _refusal(image: Image, why: str) -> ConfigError:
    return fail(
        "kernel-format",
        f"{image.name} {why}",
        image.pos,
        cure="take a Linux bzImage, or an x86 ELF with a PVH entry note",
    )


def _program_headers(image: Image, data: bytes) -> list[tuple[int, Load]]:
    little, wide = data[5] == 1, data[4] == 2
    machine = struct.unpack_from("<H", data, 18)[0]
    if not little or machine not in (EM_386, EM_X86_64):
        raise _refusal(image, "is an ELF for another processor")
    (phoff,) = struct.unpack_from("<Q" if wide else "<I", data, 32 if wide else 28)
    size, count = struct.unpack_from("<HH", data, 54 if wide else 42)
    headers = []
    for number in range(count):
        at = phoff + number * size
        if wide:  # type, flags, offset, vaddr, paddr, filesz, memsz
            kind, _, offset, _, address, in_file, in_memory = struct.unpack_from(
                "<IIQQQQQ", data, at
            )
        else:  # type, offset, vaddr, paddr, filesz, memsz
            kind, offset, _, address, in_file, in_memory = struct.unpack_from("<IIIIII", data, at)
        headers.append((kind, Load(offset, address, in_file, in_memory)))
    return headers


def _find_note(data: bytes, segment: Load) -> Optional[int]:
    at, end = segment.offset, segment.offset + segment.file_size
    while at + 12 <= end:
        name_size, size, kind = struct.unpack_from("<III", data, at)
        name = at + 12
        value = name + (name_size + 3) // 4 * 4
        if kind == PHYS32_ENTRY and data[name : name + name_size] == b"Xen\0" and size in (4, 8):
            return struct.unpack_from("<I" if size == 4 else "<Q", data, value)[0]
        at = value + (size + 3) // 4 * 4
    return None


def _check(cell: Cell, kernel: PvhKernel) -> None:
    """What @cell must be able to hold: segments, the entry in one of them, the command line."""
    image = kernel.image
    ram = [r for r in ram_regions(cell) if "REGION_WRITE" in r.flags]
    for part in kernel.loads:
        if not any(
            r.gpa <= part.address and part.address + part.memory_size <= r.gpa + r.size for r in ram
        ):
            raise fail(
                "kernel-does-not-fit",
                f"{image.name} has a segment at {range_text(part.address, part.memory_size)}, "
                "where "
                f"cell {cell.name} has no RAM",
                image.pos,
                notes=[(cell.size.pos, f"the cell's memory is {size_text(cell.size.value)}")],
                cure="give the cell more memory, or link the kernel to another address",
            )
    if not any(p.address <= kernel.entry < p.address + p.memory_size for p in kernel.loads):
        raise _refusal(image, f"has its PVH entry at {kernel.entry:#x}, outside all its segments")
    if len(cell.bootargs.value) >= CMDLINE_ROOM:
        raise fail(
            "bootargs-too-long",
            f"bootargs of cell {cell.name} have {len(cell.bootargs.value)} characters, but at most "
            f"{CMDLINE_ROOM - 1} can be passed",
            cell.bootargs.pos,
            cure="shorten them",
        )


def load(cell: Cell, kernel: PvhKernel, initrd_size: int, acpi: list[Segment], rsdp: int) -> Loaded:
    """Lay out @cell's memory for a PVH kernel."""
    _check(cell, kernel)
    image = kernel.image
    floor = max(
        (p.address + p.memory_size for p in kernel.loads if p.address < ABOVE_4G), default=0
    )
    initrd = place_initrd(cell, initrd_size, floor, ABOVE_4G) if cell.initrd else 0
    info = start_info(cell, initrd, initrd_size, rsdp)
    segments = [
        Segment.of(START_INFO, Blob(f"{cell.name}-start-info", info), "PVH start info"),
        Segment.of(
            CMDLINE,
            Blob(f"{cell.name}-cmdline", cell.bootargs.value.encode("ascii") + b"\0"),
            "command line",
        ),
    ]
    segments += [
        Segment(p.address, p.file_size, FilePart.of(image, p.offset), "kernel")
        for p in kernel.loads
        if p.file_size
    ]
    # RAM is not cleared before the first start, so what an ELF file leaves to the loader is ours.
    segments += [
        Segment(p.address + p.file_size, p.memory_size - p.file_size, None, "kernel (zeroed part)")
        for p in kernel.loads
        if p.memory_size > p.file_size
    ]
    if cell.initrd:
        segments.append(Segment(initrd, initrd_size, FilePart.of(cell.initrd), "initrd"))
    mode = "X86_ENTRY_PVH"
    loaded = Loaded(
        kernel.entry,
        mode,
        sorted(segments + acpi, key=lambda s: s.gpa),
        Entry(mode, START_INFO, 0, 0),
    )
    check_segments(cell, loaded)
    return loaded


def start_info(cell: Cell, initrd: int, initrd_size: int, rsdp: int) -> bytes:
    """struct hvm_start_info version 1, followed by the module list and the memory map."""
    modules = struct.pack("<QQQQ", initrd, initrd_size, 0, 0) if cell.initrd else b""
    header_size = 56
    module_list = START_INFO + header_size
    memmap = module_list + len(modules)
    header = struct.pack(
        "<IIII4QII",
        START_INFO_MAGIC,
        1,
        0,
        1 if modules else 0,
        module_list if modules else 0,
        CMDLINE,
        rsdp,
        memmap,
        len(memory_map(cell)),
        0,
    )
    assert len(header) == header_size
    return header + modules + pack_memory_map(cell, "<QQI4x")
