# SPDX-License-Identifier: Apache-2.0
"""Linux bzImage: the 64-bit boot protocol (Linux Documentation/arch/x86/boot.rst).

Offsets below are those of struct boot_params and of the image file alike.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..diag import fail, size_text
from ..guest import Blob, FilePart, Loaded, Segment, check_segments, place_initrd
from ..model import LARGE_PAGE, PAGE, Cell, Image
from .entry import Entry
from .guest import memory_map

GDT = 0x1000
BOOT_PARAMS = 0x2000
CMDLINE = 0x3000
PAGE_TABLES = 0x4000
CMDLINE_ROOM = PAGE_TABLES - CMDLINE

ACPI_RSDP_ADDR = 0x70
E820_ENTRIES = 0x1E8
SETUP_HEADER = 0x1F1  # first byte of struct setup_header; it begins with setup_sects
BOOT_FLAG = 0x1FE
JUMP_LENGTH = 0x201  # the header ends at 0x202 plus this byte
MAGIC = 0x202
VERSION = 0x206
TYPE_OF_LOADER = 0x210
LOADFLAGS = 0x211
RAMDISK_IMAGE = 0x218
RAMDISK_SIZE = 0x21C
CMD_LINE_PTR = 0x228
INITRD_ADDR_MAX = 0x22C
XLOADFLAGS = 0x236
CMDLINE_SIZE = 0x238
PREF_ADDRESS = 0x258
INIT_SIZE = 0x260
E820_TABLE = 0x2D0
HEADER_BYTES = 0x264  # up to the end of init_size: what protocol 2.12 has

LOADER_UNDEFINED = 0xFF
LOADED_HIGH = 0x01
XLF_KERNEL_64 = 0x01
MIN_VERSION = 0x20C
ENTRY_64 = 0x200  # offset of startup_64 in the protected-mode kernel


@dataclass(frozen=True)
class BzImage:
    """What a bzImage's setup header says."""

    image: Image
    header: bytes  # from SETUP_HEADER on, as boot_params wants it
    payload_offset: int  # of the protected-mode kernel in the file
    payload_size: int
    pref_address: int
    init_size: int
    cmdline_size: int
    initrd_addr_max: int


def is_bzimage(head: bytes) -> bool:
    """Whether a file that begins with @head is a Linux kernel for x86."""
    return (
        len(head) >= MAGIC + 4
        and head[MAGIC : MAGIC + 4] == b"HdrS"
        and head[BOOT_FLAG : BOOT_FLAG + 2] == b"\x55\xaa"
    )


def parse(image: Image, head: bytes, file_size: int) -> BzImage:
    """Read the setup header; refuses kernels that cannot be entered in 64-bit mode."""

    def number(form: str, offset: int) -> int:
        return struct.unpack_from("<" + form, head, offset)[0]

    version = number("H", VERSION)
    if version < MIN_VERSION or len(head) < HEADER_BYTES:
        raise fail(
            "kernel-format",
            f"{image.name} speaks boot protocol {version >> 8}.{version & 0xff:02}, "
            "but 2.12 is the oldest that can be used",
            image.pos,
            cure="take Linux 3.8 or newer",
        )
    if not number("H", XLOADFLAGS) & XLF_KERNEL_64:
        raise fail(
            "kernel-format",
            f"{image.name} has no 64-bit entry (XLF_KERNEL_64 is clear)",
            image.pos,
            cure="take a kernel for x86-64",
        )
    offset = ((number("B", SETUP_HEADER) or 4) + 1) * 512
    if file_size <= offset + ENTRY_64:
        raise fail(
            "kernel-format",
            f"{image.name} is cut short: its kernel begins at byte {offset}, but "
            f"the file has {file_size}",
            image.pos,
            cure="get the file anew",
        )
    end = MAGIC + number("B", JUMP_LENGTH)
    return BzImage(
        image,
        head[SETUP_HEADER:end],
        offset,
        file_size - offset,
        number("Q", PREF_ADDRESS),
        number("I", INIT_SIZE),
        number("I", CMDLINE_SIZE),
        number("I", INITRD_ADDR_MAX),
    )


def load(cell: Cell, kernel: BzImage, initrd_size: int, acpi: list[Segment], rsdp: int) -> Loaded:
    """Lay out @cell's memory for Linux: tables below 1 MiB, kernel, initrd on top."""
    image = kernel.image
    room = max(kernel.init_size, kernel.payload_size)
    kernel_end = kernel.pref_address + room
    if kernel_end > cell.low_end:
        need = (kernel_end + LARGE_PAGE - 1) // LARGE_PAGE * LARGE_PAGE
        raise fail(
            "kernel-does-not-fit",
            f"{image.name} needs memory up to {kernel_end:#x} to unpack itself, but cell "
            f"{cell.name} "
            f"ends at {cell.low_end:#x}",
            image.pos,
            notes=[(cell.size.pos, f"the cell's memory is {size_text(cell.size.value)}")],
            cure=f"give the cell at least {size_text(need)}, and room for its initrd",
        )
    limit = min(kernel.cmdline_size, CMDLINE_ROOM - 1)
    if len(cell.bootargs.value) > limit:
        raise fail(
            "bootargs-too-long",
            f"bootargs of cell {cell.name} have {len(cell.bootargs.value)} characters, but "
            f"{image.name} takes at most {limit}",
            cell.bootargs.pos,
            cure="shorten them",
        )
    cmdline = cell.bootargs.value.encode("ascii") + b"\0"
    initrd = (
        place_initrd(cell, initrd_size, kernel_end, kernel.initrd_addr_max + 1)
        if cell.initrd
        else 0
    )
    params = boot_params(cell, kernel, initrd, initrd_size, rsdp)
    segments = [
        Segment.of(GDT, Blob("gdt", gdt()), "GDT"),
        Segment.of(BOOT_PARAMS, Blob(f"{cell.name}-boot-params", params), "boot parameters"),
        Segment.of(CMDLINE, Blob(f"{cell.name}-cmdline", cmdline), "command line"),
        Segment.of(PAGE_TABLES, Blob("page-tables", page_tables()), "page tables"),
        Segment(
            kernel.pref_address,
            kernel.payload_size,
            FilePart.of(image, kernel.payload_offset),
            "kernel",
        ),
    ]
    if cell.initrd:
        segments.append(Segment(initrd, initrd_size, FilePart.of(cell.initrd), "initrd"))
    mode = "X86_ENTRY_LINUX64"
    loaded = Loaded(
        kernel.pref_address + ENTRY_64,
        mode,
        sorted(segments + acpi, key=lambda s: s.gpa),
        Entry(mode, BOOT_PARAMS, PAGE_TABLES, GDT),
    )
    check_segments(cell, loaded)
    return loaded


def boot_params(cell: Cell, kernel: BzImage, initrd: int, initrd_size: int, rsdp: int) -> bytes:
    """The zero page: the kernel's own setup header, completed by what a boot loader fills in."""
    page = bytearray(PAGE)
    page[SETUP_HEADER : SETUP_HEADER + len(kernel.header)] = kernel.header
    struct.pack_into("<B", page, TYPE_OF_LOADER, LOADER_UNDEFINED)
    page[LOADFLAGS] |= LOADED_HIGH
    struct.pack_into("<II", page, RAMDISK_IMAGE, initrd, initrd_size)
    struct.pack_into("<I", page, CMD_LINE_PTR, CMDLINE)
    struct.pack_into("<Q", page, ACPI_RSDP_ADDR, rsdp)
    entries = memory_map(cell)
    page[E820_ENTRIES] = len(entries)
    for number, entry in enumerate(entries):
        struct.pack_into("<QQI", page, E820_TABLE + 20 * number, *entry)
    return bytes(page)


def gdt() -> bytes:
    """Null, null, 0x10 flat 64-bit code, 0x18 flat data: what the boot protocol asks for."""
    return struct.pack("<4Q", 0, 0, 0x00AF9B000000FFFF, 0x00CF93000000FFFF)


def page_tables() -> bytes:
    """Identity map of the first 4 GiB: PML4, PDPT and four page directories with 2 MiB pages."""
    present_writable, large = 0x3, 0x80
    tables = bytearray(6 * PAGE)
    struct.pack_into("<Q", tables, 0, PAGE_TABLES + PAGE | present_writable)
    for number in range(4):
        struct.pack_into(
            "<Q", tables, PAGE + 8 * number, PAGE_TABLES + (2 + number) * PAGE | present_writable
        )
    for number in range(4 * 512):
        struct.pack_into(
            "<Q", tables, 2 * PAGE + 8 * number, number * LARGE_PAGE | present_writable | large
        )
    return bytes(tables)
