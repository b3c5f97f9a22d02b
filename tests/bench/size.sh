#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# size.sh ELF: bytes of the hypervisor's text and rodata (the guests' images apart), and source lines by folder.
set -eu
size -A -d "$1" | awk '
	{ bytes[$1] = $2 }
	END {
		sum = bytes[".text"] + bytes[".rodata"]
		printf "text %d + rodata %d = %.1f KiB", bytes[".text"], bytes[".rodata"], sum / 1024
		printf "; data %d, bss %d\n", bytes[".data"], bytes[".bss"]
	}'
cd "$(dirname "$0")/../.."
for folder in src/core src/vdev src/arch/x86 src/arch/loongarch scripts images tests; do
	find "$folder" -name '*.[chS]' -o -name '*.py' -o -name '*.sh' -o -name '*.ld' | grep "^$folder" | sort |
		xargs cat | awk -v f="$folder" 'NF { n++ } END { printf "%-18s %6d lines that are not blank\n", f, n }'
done
