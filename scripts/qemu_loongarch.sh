#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs a qemu-system-loongarch64 whose CPU has virtualization (LVZ): $QEMU_LOONGARCH, or this
# project's own, which is built on first use.

set -euo pipefail

readonly PROGRAM=qemu-system-loongarch64

usage()
{
	cat <<'END'
usage: qemu_loongarch.sh [QEMU ARGUMENT]...   run QEMU
       qemu_loongarch.sh --prepare            only make sure that there is one, building it if need be
       qemu_loongarch.sh --which              the same, and print its path

$QEMU_LOONGARCH is taken if it is set, and must have the CPU property that the board asks for
(-cpu la464,lvz=on); else Debian's QEMU with the patches in tests/qemu-lvz, built once into
$XDG_CACHE_HOME/bulkhead (default ~/.cache/bulkhead).
END
}

die()
{
	printf 'qemu_loongarch.sh: error: %s\n' "$*" >&2
	exit 1
}

# Sets program to the QEMU to use.
choose()
{
	local copy

	if [[ -n ${QEMU_LOONGARCH:-} ]]; then
		program=$(command -v "$QEMU_LOONGARCH") ||
			die "QEMU_LOONGARCH is set to '$QEMU_LOONGARCH', which is no program"
		return
	fi
	[[ -r $here/../tests/qemu-lvz/recipe.sh ]] ||
		die "this tree cannot build a QEMU with LVZ: set QEMU_LOONGARCH to one"
	copy=$("$here/built_copy.sh" "$here/../tests/qemu-lvz") || exit 1
	program=$copy/$PROGRAM
}

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
case ${1:-} in
--help | -h)
	usage
	;;
--prepare)
	choose
	;;
--which)
	choose
	printf '%s\n' "$program"
	;;
*)
	choose
	exec "$program" "$@"
	;;
esac
