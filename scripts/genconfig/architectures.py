# SPDX-License-Identifier: Apache-2.0
"""The architectures there are, and which of them a tree is for."""

from __future__ import annotations

from .arch import Architecture
from .diag import did_you_mean, fail
from .dts import Tree
from .loongarch.machine import LoongArch
from .x86.machine import X86

ARCHITECTURES: tuple[Architecture, ...] = (X86(), LoongArch())


def of_tree(tree: Tree) -> Architecture:
    """The architecture of the board's CPUs; a tree without CPUs counts as x86's: its binding complains."""
    cpus = tree.root.child("cpus")
    for node in cpus.children if cpus else []:
        given = node.properties.get("compatible")
        names = given.value.rstrip(b"\0").decode("ascii", "replace").split("\0") if given else [""]
        for arch in ARCHITECTURES:
            if set(names) & set(arch.cpus):
                return arch
        known = [name for arch in ARCHITECTURES for name in arch.cpus if name]
        raise fail(
            "unknown-compatible",
            f'{node.path}: a CPU "{names[0]}" is not known',
            node.pos_of("compatible"),
            cure=did_you_mean(names[0], known) or f"known here: {', '.join(known)}, or none for x86",
        )
    return ARCHITECTURES[0]
