# SPDX-License-Identifier: Apache-2.0
"""Lay out a LoongArch cell: kernel (Image, EFI zboot, ELF), initrd, device tree, EFI tables.

Linux, Documentation/arch/loongarch/booting.rst (the header of an Image) and
drivers/firmware/efi/libstub/zboot-header.S (the header of a compressed one).
"""

from __future__ import annotations

import struct
import subprocess
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Union

from ..diag import ConfigError, fail, range_text, short_path, size_text
from ..guest import Blob, FilePart, Loaded, Segment, check_segments, place_initrd
from ..images import read_image
from ..model import MIB, Cell, Image, System
from . import efi, fdt
from .guest import FDT, TABLES, Initrd, memory_map, ram_areas

MAGIC = 0x818223CD  # of an Image, at MAGIC_OFFSET
MAGIC_OFFSET = 0x38
HEADER = struct.Struct("<8xQQQ")  # entry, size in memory, load offset
HEADER_SIZE = 0x40
ZBOOT_TYPE = b"zimg"  # at offset 4
ZBOOT = struct.Struct("<4x4sII8x")  # type, payload offset, payload size
ZBOOT_COMPRESSION = 0x18

ADDRESS = (1 << 48) - 1  # addresses may be those of a direct-mapped window
EM_LOONGARCH = 258
PT_LOAD = 1

KASLR_ROOM = 16 * MIB  # RANDOMIZE_BASE_MAX_OFFSET of Linux, unless it was configured
COMMAND_LINE_SIZE = 4096
CURE = "take a LoongArch Linux kernel (Image, vmlinuz) or an ELF"


@dataclass(frozen=True)
class Part:
    """A piece of a kernel: where it goes, and its bytes."""

    gpa: int
    size: int
    source: Union[Blob, FilePart, None]
    what: str = "kernel"


@dataclass(frozen=True)
class Kernel:
    """A kernel of either format, unpacked."""

    format: str
    entry: int
    parts: list[Part]
    relocates: bool  # whether it may move itself elsewhere (KASLR)

    @property
    def start(self) -> int:
        """Its lowest address."""
        return min(part.gpa for part in self.parts)

    @property
    def end(self) -> int:
        """The first address behind it."""
        return max(part.gpa + part.size for part in self.parts)


@dataclass(frozen=True)
class Entry:
    """The registers at the kernel's entry: $a0, $a1, $a2."""

    arguments: tuple[int, int, int]
    #: Where the hypervisor puts the seed of the kernel's random numbers.
    seed: int


def load(system: System, cell: Cell) -> Loaded:
    """Lay out @cell's memory."""
    kernel = _kernel(cell.kernel, read_image(cell.kernel), cell.low_base)
    size = len(read_image(cell.initrd)) if cell.initrd else 0
    room = _room(cell, kernel)
    initrd = Initrd(place_initrd(cell, size, room, cell.low_end), size) if cell.initrd else None
    if len(cell.bootargs.value) >= COMMAND_LINE_SIZE:
        raise fail(
            "bootargs-too-long",
            f"bootargs of cell {cell.name} have {len(cell.bootargs.value)} characters, but at most "
            f"{COMMAND_LINE_SIZE - 1} can be passed",
            cell.bootargs.pos,
            cure="shorten them",
        )
    tables = efi.Tables(cell.low_base, cell.bootargs.value, memory_map(cell), initrd)
    source = fdt.source(system, cell, initrd)
    tree = fdt.compile_tree(source, cell)
    segments = [
        Segment.of(cell.low_base + TABLES, Blob(f"{cell.name}-efi", tables.data), "EFI tables"),
        Segment.of(cell.low_base + FDT, Blob(f"{cell.name}-fdt", tree), "device tree"),
        *(Segment(part.gpa, part.size, part.source, part.what) for part in kernel.parts),
    ]
    if initrd and cell.initrd:
        segments.append(Segment(initrd.base, size, FilePart.of(cell.initrd), "initrd"))
    loaded = Loaded(
        kernel.entry,
        kernel.format,
        sorted(segments, key=lambda s: s.gpa),
        Entry((0, tables.command_line, tables.system_table), tables.seed),
        {f"fdt/{cell.name}.dts": f"/* {{banner}} */\n{source}"},
    )
    check_segments(cell, loaded)
    return loaded


def _room(cell: Cell, kernel: Kernel) -> int:
    """The end of what the kernel may use before it knows its memory; refuses what has no RAM."""
    areas = ram_areas(cell)
    for part in kernel.parts:
        if not any(gpa <= part.gpa and part.gpa + part.size <= gpa + size for gpa, size in areas):
            raise fail(
                "kernel-does-not-fit",
                f"{cell.kernel.name} has a segment at {range_text(part.gpa, part.size)}, where cell "
                f"{cell.name} has no RAM",
                cell.kernel.pos,
                notes=[(cell.size.pos, f"the cell's memory is {size_text(cell.size.value)}")],
                cure="give the cell more memory, or link the kernel to another address",
            )
    if not kernel.relocates or "nokaslr" in cell.bootargs.value.split():
        return kernel.end
    # It moves up by its own length and a random offset, and knows nothing of the end of RAM.
    end = kernel.end + kernel.end - kernel.start + KASLR_ROOM
    if end > cell.low_end:
        raise fail(
            "kernel-does-not-fit",
            f"{cell.kernel.name} may move itself up to {end:#x}, but cell {cell.name} ends at "
            f"{cell.low_end:#x}",
            cell.kernel.pos,
            notes=[(cell.size.pos, f"the cell's memory is {size_text(cell.size.value)}")],
            cure='give the cell more memory, or put "nokaslr" into its bootargs',
        )
    return end


# ---- Formats ----


def _kernel(image: Image, data: bytes, ram: int) -> Kernel:
    """The kernel for a cell whose RAM begins at @ram."""
    if data[:4] == b"\x7fELF":
        return _elf(image, data)
    if data[:2] == b"MZ" and data[4:8] == ZBOOT_TYPE:
        return _image(image, _unpack(image, data), ram, True)
    if data[:2] == b"MZ":
        return _image(image, data, ram, False)
    raise fail(
        "kernel-format",
        f"{image.name} is neither a Linux Image, nor an EFI zboot file, nor an ELF",
        image.pos,
        notes=[(image.pos, f"the file is {short_path(image.path or '')}")],
        cure=CURE,
    )


def _refusal(image: Image, why: str) -> ConfigError:
    return fail("kernel-format", f"{image.name} {why}", image.pos, cure=CURE)


def _image(image: Image, data: bytes, ram: int, packed: bool) -> Kernel:
    if len(data) < HEADER_SIZE or int.from_bytes(data[MAGIC_OFFSET : MAGIC_OFFSET + 4], "little") != MAGIC:
        raise _refusal(image, "is an EFI program, but no LoongArch Linux kernel")
    entry, size, base = (number & ADDRESS for number in HEADER.unpack_from(data))
    room = max(size, len(data))
    if not base <= entry < base + room:
        raise _refusal(image, f"has its entry at {entry:#x}, outside itself")
    source: Union[Blob, FilePart] = FilePart.of(image)
    if packed and image.module:
        source = FilePart.of(image, unpacked=data)
    elif packed:
        source = Blob("kernel-" + image.name.rsplit("/", 1)[-1], data, image.name)
    # The header has an offset in RAM and an address for RAM from 0 on; Linux finds out where it is.
    base, entry = base + ram, entry + ram
    parts = [Part(base, len(data), source)]
    if room > len(data):
        parts.append(Part(base + len(data), room - len(data), None, "kernel (zeroed part)"))
    return Kernel("EFI zboot" if packed else "Image", entry, parts, True)


def _unpack(image: Image, data: bytes) -> bytes:
    if len(data) < HEADER_SIZE:
        raise _refusal(image, "is cut short")
    _, offset, size = ZBOOT.unpack_from(data)
    name = data[ZBOOT_COMPRESSION : ZBOOT_COMPRESSION + 16].split(b"\0")[0].decode("ascii", "replace")
    payload = data[offset : offset + size]
    if not size or len(payload) < size:
        raise _refusal(image, "is cut short: its payload lies outside the file")
    if name == "gzip":
        try:
            return zlib.decompress(payload, 16 + zlib.MAX_WBITS)
        except zlib.error as error:
            raise _refusal(image, f"cannot be unpacked: {error}") from None
    if name == "zstd":
        return _unzstd(image, payload)
    raise fail(
        "kernel-format",
        f"{image.name} is packed with {name or 'nothing known'}; gzip and zstd can be unpacked",
        image.pos,
        cure="unpack it first, and name the Image",
    )


def _unzstd(image: Image, payload: bytes) -> bytes:
    try:
        return _run_zstd(payload)
    except OSError as error:
        raise fail(
            "tool-missing",
            f"cannot run zstd: {error.strerror}",
            image.pos,
            cure="install the Debian package zstd",
        ) from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _refusal(image, f"cannot be unpacked: {lines[-1] if lines else 'zstd failed'}") from None


@lru_cache(maxsize=4)
def _run_zstd(payload: bytes) -> bytes:
    """Several cells may use one kernel."""
    done = subprocess.run(["zstd", "-dcq"], input=payload, capture_output=True, check=True)
    return done.stdout


def _elf(image: Image, data: bytes) -> Kernel:
    """An ELF: its segments at their physical addresses, or where a direct-mapped window shows them."""
    try:
        wide, little = data[4] == 2, data[5] == 1
        (machine,) = struct.unpack_from("<H", data, 18)
        if not wide or not little or machine != EM_LOONGARCH:
            raise _refusal(image, "is an ELF for another processor")
        entry, phoff = struct.unpack_from("<QQ", data, 24)
        size, count = struct.unpack_from("<HH", data, 54)
        loads = []
        for number in range(count):
            kind, _, offset, _, address, in_file, in_memory = struct.unpack_from(
                "<IIQQQQQ", data, phoff + number * size
            )
            if kind == PT_LOAD and in_memory:
                loads.append((offset, address & ADDRESS, in_file, in_memory))
    except (struct.error, IndexError):
        raise _refusal(image, "is cut short or damaged: its headers point outside the file") from None
    if not loads:
        raise _refusal(image, "has nothing to load (no PT_LOAD program header)")
    parts = []
    for offset, address, in_file, in_memory in loads:
        if offset + in_file > len(data) or in_file > in_memory:
            raise _refusal(image, "is cut short or damaged: a segment lies outside the file")
        if in_file:
            parts.append(Part(address, in_file, FilePart.of(image, offset)))
        if in_memory > in_file:
            zeroed = in_memory - in_file
            parts.append(Part(address + in_file, zeroed, None, "kernel (zeroed part)"))
    entry &= ADDRESS
    if not any(address <= entry < address + size for _, address, _, size in loads):
        raise _refusal(image, f"has its entry at {entry:#x}, outside all its segments")
    return Kernel("ELF", entry, parts, _is_linux(data))


def _is_linux(data: bytes) -> bool:
    """Whether an ELF is a vmlinux, which may move itself as an Image does."""
    return b"Linux version " in data
