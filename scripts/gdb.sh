#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# gdb.sh FOLDER PORT QEMU ARGUMENT...: starts QEMU, with the built system in FOLDER, and gdb on it.
# The console goes to FOLDER/console.txt.

set -euo pipefail

folder=$1 port=$2
shift 2

scripts=$(dirname "$0")

# A gdb that knows the processor the system is for.
knows()
{
	command -v "$1" >/dev/null &&
		"$1" -nx -batch -ex "file $folder/bulkhead.elf" -ex "show architecture" 2>/dev/null | grep -qi "$processor"
}
processor=$(readelf -h "$folder/bulkhead.elf" | sed -n 's/^ *Machine: *//p')
case $processor in
*X86-64*) processor=x86-64 ;;
esac
gdb=
for program in gdb gdb-multiarch; do
	if [[ ! $gdb ]] && knows "$program"; then
		gdb=$program
	fi
done
[[ $gdb ]] || {
	echo "gdb.sh: error: no gdb here knows $processor; Debian 13's package gdb-multiarch does" >&2
	exit 1
}
# In a session of its own: Ctrl-C is for gdb.
setsid "$@" -display none -no-reboot -nic none -serial "file:$folder/console.txt" -gdb "tcp:127.0.0.1:$port" &
qemu=$!
trap 'kill "$qemu" 2>/dev/null || true' EXIT

printf '  GDB     console in %s; "help bulkhead" lists the commands\n' "$folder/console.txt"
arguments=(-q -iex "set pagination off" -ex "source $scripts/gdb_bulkhead.py" -ex "bulkhead connect $port")
"$gdb" "${arguments[@]}" "$folder/bulkhead.elf"
