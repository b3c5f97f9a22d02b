# SPDX-License-Identifier: Apache-2.0
"""The rule engine and the list of all rules. The rules themselves are in the rules_* modules.

A rule has an id, a severity, a sentence for people and a check. A check looks at the whole model
and yields what it finds; it never stops the others. Later stages may rely on those before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, Optional

from .diag import ERROR, ConfigError, Diagnostic, Position
from .model import System

Check = Callable[[System], Iterator[Diagnostic]]

# The stages, in order: the board alone; cells against board; image files; after placement.
STAGES = ("board", "cells", "images", "placed")


@dataclass(frozen=True)
class Rule:
    """One rule; @check is None where a parser or loader reports it."""

    id: str
    severity: str
    text: str
    stage: str
    check: Optional[Check]


RULES: dict[str, Rule] = {}


def rule(identity: str, stage: str, text: str, severity: str = ERROR) -> Callable[[Check], Check]:
    """Decorator: makes a check a rule."""

    def register(check: Check) -> Check:
        _add(Rule(identity, severity, text, stage, check))
        return check

    return register


def declare(identity: str, stage: str, text: str, severity: str = ERROR) -> None:
    """A rule that a parser or a loader reports by itself."""
    _add(Rule(identity, severity, text, stage, None))


def _add(new: Rule) -> None:
    assert new.id not in RULES, new.id
    RULES[new.id] = new


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
        if each.stage == stage and each.check:
            for finding in each.check(system):
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
declare("image-empty", "images", "No image file is empty.")
declare(
    "kernel-format", "images", "A kernel is a 64-bit Linux bzImage or an x86 ELF with a PVH note."
)
declare("kernel-does-not-fit", "images", "A kernel fits into its cell's memory.")
declare("initrd-does-not-fit", "images", "An initrd fits into its cell's memory beside the kernel.")
declare("image-overlap", "images", "Nothing that is loaded into a cell overlaps.")
declare("bootargs-too-long", "images", "The kernel can take a command line of that length.")
declare("acpi-too-large", "images", "A cell's ACPI tables fit into its firmware area.")
declare("acpi-compile", "images", "iasl compiles the cell's DSDT without a remark.")
declare("memory-not-enough", "placed", "The board's RAM has room for every cell.")
