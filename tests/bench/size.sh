#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# size.sh ELF: bytes of the hypervisor's text and rodata (the guests' images apart), and source lines by folder.
set -eu
readelf -SW "$1" | awk '
	function size(line, n, f) { sub(/^ *\[ *[0-9]+\] */, "", line); n = split(line, f, / +/); return strtonum("0x" f[5]) }
	/ \.text /   { text = size($0) }
	/ \.rodata / { rodata = size($0) }
	/ \.data /   { data = size($0) }
	/ \.bss /    { bss = size($0) }
	END { printf "text %d + rodata %d = %.1f KiB; data %d, bss %d\n", text, rodata, (text + rodata) / 1024, data, bss }'
cd "$(dirname "$0")/../.."
for folder in src/core src/vdev src/arch/x86 scripts images tests; do
	find "$folder" -name '*.[chS]' -o -name '*.py' -o -name '*.sh' -o -name '*.ld' | grep "^$folder" | sort |
		xargs cat | awk -v f="$folder" 'NF { n++ } END { printf "%-14s %6d lines that are not blank\n", f, n }'
done
