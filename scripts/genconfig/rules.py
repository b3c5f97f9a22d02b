# SPDX-License-Identifier: Apache-2.0
"""The rule engine and the list of all rules. The rules themselves are in the rules_* modules.

A rule has an id, a severity, a sentence for people and a check. A check looks at the whole model
and yields what it finds; it never stops the others. Later stages may rely on those before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Iterable, Iterator, Optional

from .diag import ERROR, WARNING, ConfigError, Diagnostic, Position
from .model import System

Check = Callable[[System], Iterator[Diagnostic]]

# The stages, in order: the board alone; cells against board; image files; after placement.
STAGES = ("board", "cells", "images", "placed")


@dataclass
class Rule:
    """One rule and its checks, each with the architecture that it is for ("": all of them).

    There is none where a parser or loader reports the rule.
    """

    id: str
    severity: str
    text: str
    stage: str
    checks: list[tuple[str, Check]] = field(default_factory=list)


RULES: dict[str, Rule] = {}


def rule(identity: str, stage: str, text: str, severity: str = ERROR) -> Callable[[Check], Check]:
    """Decorator: makes a check a rule."""
    declare(identity, stage, text, severity)
    return also(identity, "")


def also(identity: str, arch: str) -> Callable[[Check], Check]:
    """Decorator: adds a check for systems on @arch to a rule."""

    def register(check: Check) -> Check:
        RULES[identity].checks.append((arch, check))
        return check

    return register


def declare(identity: str, stage: str, text: str, severity: str = ERROR) -> None:
    """A rule whose checks are elsewhere: in a parser, a loader or an architecture."""
    assert identity not in RULES, identity
    RULES[identity] = Rule(identity, severity, text, stage)


def found(
    message: str,
    pos: Position,
    notes: Iterable[tuple[Optional[Position], str]] = (),
    cure: str = "",
) -> Diagnostic:
    """What a check yields; the engine adds the rule's id and severity."""
    return Diagnostic("", message, pos, list(notes), cure)


def run(stage: str, system: System) -> list[Diagnostic]:
    """Apply all rules of @stage; returns the warnings, raises ConfigError when there are errors."""
    findings = []
    for each in RULES.values():
        checks = [check for arch, check in each.checks if arch in ("", system.arch.name)]
        for finding in (f for check in checks if each.stage == stage for f in check(system)):
            finding.rule, finding.severity = each.id, each.severity
            findings.append(finding)
    if any(f.is_error for f in findings):
        raise ConfigError(findings)
    return findings


declare("config-missing", "parse", "The configuration file exists.")
declare("tool-missing", "parse", "cpp, dtc and iasl can be run.")
declare("cpp", "parse", "The C preprocessor accepts the file and all it includes.")
declare("dtc-syntax", "parse", "The file is device tree source.")
declare("dtc-phandle-references", "parse", "Every label that is referred to exists.")
declare("unknown-node", "language", "Every node is part of the language.")
declare("unknown-property", "language", "Every property is part of the language.")
declare("unknown-compatible", "language", "Every `compatible` is one that is known at its place.")
declare("missing-node", "language", "Nodes that must be there are there.")
declare(
    "missing-property",
    "language",
    "Properties that must be there are there; a cell needs CPUs, memory " "and a kernel.",
)
declare("bad-type", "language", "Every property has the form that the language says.")
declare("bad-value", "language", "Every value is one that the language allows.")
declare("board-uart", "board", "A UART of the board has the registers of a 16550.")
declare("board-incomplete", "board", "The board has what the hypervisor cannot do without.")
declare("board-bochs", "board", "Bochs makes a board with the memory and HPET that the board has.")
declare("board-line", "board", "Interrupts of devices end at a controller that the hypervisor drives.")
declare("board-power-off", "board", "The node that says how to power off names a register (LoongArch).")
declare("dma-address", "cells", "A cell that has a device with DMA has memory at a fixed address (LoongArch).")
declare("dma-unprotected", "cells", "No cell has a device with DMA that no IOMMU contains.", WARNING)
declare("vdev-chain", "cells", "Virtual interrupt controllers have the one that they are chained to (LoongArch).")
declare("passthrough-page", "cells", "Registers that are given away fill whole pages (on x86).")
declare(
    "timer-comparators",
    "cells",
    "The board's HPET has a comparator for every cell with a timed device.",
)
declare("image-empty", "images", "No image file is empty.")
declare(
    "kernel-format",
    "images",
    "A kernel has a format that can be started: on x86 a 64-bit Linux bzImage or an ELF with a PVH note, "
    "on LoongArch a Linux Image (also in an EFI zboot file) or an ELF.",
)
declare("kernel-does-not-fit", "images", "A kernel fits into its cell's memory.")
declare("initrd-does-not-fit", "images", "An initrd fits into its cell's memory beside the kernel.")
declare("image-overlap", "images", "Nothing that is loaded into a cell overlaps.")
declare("bootargs-too-long", "images", "The kernel can take a command line of that length.")
declare("acpi-too-large", "images", "A cell's ACPI tables fit into its firmware area.")
declare("acpi-compile", "images", "iasl compiles the cell's DSDT without a remark.")
declare("fdt-compile", "images", "dtc compiles the cell's device tree without a remark (LoongArch).")
declare("fdt-too-large", "images", "A cell's device tree fits below its kernel (LoongArch).")
declare("memory-not-enough", "placed", "The board's RAM has room for every cell.")
