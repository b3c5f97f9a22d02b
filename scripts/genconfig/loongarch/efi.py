# SPDX-License-Identifier: Apache-2.0
"""The fake EFI tables by which Linux finds its device tree (UEFI 2.10, sections 4.3 and 4.6).

One blob at guest.TABLES in the RAM of a cell: the system table, its configuration tables, and what they point to. There
are no services behind it, and $a0 = 0 says so at the entry.
"""

from __future__ import annotations

import struct
import uuid
import zlib
from typing import Optional

from .guest import FDT, TABLES, Initrd

SIGNATURE = 0x5453595320494249  # "IBI SYST"
REVISION = 2 << 16 | 100  # UEFI 2.10
SYSTEM_TABLE = struct.Struct("<QIIIIQI4xQQQQQQQQQQ")
CRC_OFFSET = 16
CONFIG_TABLE = struct.Struct("<16sQ")

# Linux, include/linux/efi.h: DEVICE_TREE_GUID, LINUX_EFI_BOOT_MEMMAP_GUID, LINUX_EFI_INITRD_MEDIA_GUID,
# LINUX_EFI_RANDOM_SEED_TABLE_GUID
DEVICE_TREE = uuid.UUID("b1b621d5-f19c-41a5-830b-d9152c69aae0")
BOOT_MEMMAP = uuid.UUID("800f683f-d08b-423a-a293-965c3c6fe2b4")
INITRD = uuid.UUID("5568e427-68fc-4f3d-ac74-ca555231cc68")
RANDOM_SEED = uuid.UUID("1ce1e5bc-7ceb-42f2-81e5-8aadf180f57b")

# struct linux_efi_random_seed: a size and as many bytes, which the hypervisor fills (LOONGARCH_SEED_SIZE); 0: none.
SEED_SIZE = 36
BOOT_MEMMAP_HEADER = struct.Struct("<QQI4xQQ")  # struct efi_boot_memmap
DESCRIPTOR = struct.Struct("<I4xQQQQ")  # EFI_MEMORY_DESCRIPTOR, version 1
WRITE_BACK = 8  # EFI_MEMORY_WB
EFI_PAGE = 4096

VENDOR = "Bulkhead"


class Tables:
    """The blob, and where what the kernel is told about lies in it."""

    def __init__(
        self, base: int, bootargs: str, memory: list[tuple[int, int, int]], initrd: Optional[Initrd]
    ):
        self._data = bytearray(SYSTEM_TABLE.size)
        self.system_table = base + TABLES
        vendor = self._add((VENDOR + "\0").encode("utf-16-le"))
        # What $a1 points to. Linux reads it before it knows its device tree, to see whether it may
        # move itself; the bootargs there then take its place, and it is appended if it is not in them.
        self.command_line = self._add(bootargs.encode("ascii") + b"\0")
        entries = [(DEVICE_TREE, base + FDT), (BOOT_MEMMAP, self._add(boot_memmap(memory)))]
        self.seed = self._add(bytes(SEED_SIZE))
        entries.append((RANDOM_SEED, self.seed))
        if initrd:
            entries.append((INITRD, self._add(struct.pack("<QQ", initrd.base, initrd.size))))
        configuration = self._add(
            b"".join(CONFIG_TABLE.pack(name.bytes_le, address) for name, address in entries)
        )
        fields = [0] * 8  # handles, consoles, runtime and boot services
        SYSTEM_TABLE.pack_into(
            self._data, 0, SIGNATURE, REVISION, SYSTEM_TABLE.size, 0, 0, vendor, 1,
            *fields, len(entries), configuration,
        )  # fmt: skip
        crc = zlib.crc32(self._data[: SYSTEM_TABLE.size])
        struct.pack_into("<I", self._data, CRC_OFFSET, crc)

    def _add(self, data: bytes) -> int:
        """Append @data, 8-byte aligned; returns its guest-physical address."""
        self._data.extend(bytes(-len(self._data) % 8))
        address = self.system_table + len(self._data)
        self._data.extend(data)
        return address

    @property
    def data(self) -> bytes:
        """All of it."""
        return bytes(self._data)


def boot_memmap(memory: list[tuple[int, int, int]]) -> bytes:
    """struct efi_boot_memmap of Linux: its header, then one descriptor for each (start, size, type)."""
    descriptors = b"".join(
        DESCRIPTOR.pack(kind, start, 0, size // EFI_PAGE, WRITE_BACK) for start, size, kind in memory
    )
    size = len(descriptors)
    return BOOT_MEMMAP_HEADER.pack(size, DESCRIPTOR.size, 1, 0, size) + descriptors
