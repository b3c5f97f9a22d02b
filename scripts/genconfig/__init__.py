# SPDX-License-Identifier: Apache-2.0
"""The configuration generator: device tree source in, checked partition table out.

The stages, in order, and where they live:

=============  ==========================================================================
dts            cpp, dtc and pylibfdt: a tree whose nodes and properties know file and line
bindings       is every node and property part of the language, and of the right type?
model, build   the tree as dataclasses; every value keeps its position
rules*         what must hold within and across cells, the hypervisor and the board
images         kernels and initramfs: found and read
placement      host memory for each cell and for the hypervisor
emit_*         the output files; output writes them all or none
=============  ==========================================================================

arch.py is what these ask of the system's architecture; x86/ and loongarch/ answer: what their
boards have, their rules, how kernels are laid out in a cell's memory and what tables describe the
machine to them.
"""
