# SPDX-License-Identifier: Apache-2.0
"""How the first vCPU of a PC cell starts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """The part of struct arch_cell_config that the kernel's format decides; guest-physical."""

    mode: str  # enum x86_entry_mode
    argument: int
    page_table: int
    gdt: int
