#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs qemu-system-x86_64 of a version that can do what Bulkhead needs (10 or later: the TCG of
# older ones has no x2APIC), wherever it comes from: $QEMU, the system's, or a private copy fetched
# on first use.

set -euo pipefail

readonly MIN_MAJOR=10
readonly PACKAGE=qemu-system-x86
readonly PROGRAM=qemu-system-x86_64

usage()
{
	cat <<'END'
usage: qemu.sh [QEMU ARGUMENT]...     run QEMU (qemu.sh -help shows QEMU's own options)
       qemu.sh --prepare              only make sure that there is one, fetching it if need be
       qemu.sh --which                the same, and print the command that would be run

Taken is, in this order: $QEMU if it is set, whatever its version; qemu-system-x86_64 on the PATH if
it is version 10 or later; a private copy in $XDG_CACHE_HOME/bulkhead (default ~/.cache/bulkhead),
which is fetched as Debian packages on first use (38 MB, no root needed).
END
}

die()
{
	printf 'qemu.sh: error: %s\n' "$*" >&2
	exit 1
}

# Prints the major version of the QEMU that runs as "$@"; nothing if it does not run.
major_version()
{
	"$@" --version 2>/dev/null | sed -n '1s/^QEMU emulator version \([0-9]*\)\..*/\1/p'
}

is_new_enough()
{
	local major

	major=$(major_version "$@") || return 1
	[[ -n $major && $major -ge $MIN_MAJOR ]]
}

# Sets command to how the private copy is run, fetching it if need be.
choose_private()
{
	local copy root libraries

	copy=$("$here/private_copy.sh" "$PACKAGE") ||
		die "no QEMU $MIN_MAJOR here: install it, or set QEMU to its path"
	{ read -r root && read -r libraries; } <<<"$copy"
	command=("$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries"
		--argv0 "$PROGRAM" "$root/usr/bin/$PROGRAM")
	# If "qemu-bundle" exists beside QEMU's executable (here the dynamic linker), QEMU takes its
	# modules and firmware from below it. Without it, it would find the modules of a system QEMU
	# of another version, and abort.
	[[ -e $libraries/qemu-bundle ]] || ln -sfn ../../.. "$libraries/qemu-bundle"
	is_new_enough "${command[@]}" || {
		"${command[@]}" --version >&2 || true
		die "the QEMU fetched to $root does not run here"
	}
}

# Sets command to the QEMU to use.
choose()
{
	if [[ -n ${QEMU:-} ]]; then
		command -v "$QEMU" >/dev/null || die "QEMU is set to '$QEMU', which is no program"
		command=("$QEMU")
		return
	fi
	command=("$PROGRAM")
	if command -v "$PROGRAM" >/dev/null && is_new_enough "$PROGRAM"; then
		return
	fi
	choose_private
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
	printf '%s\n' "${command[*]@Q}"
	;;
*)
	choose
	exec "${command[@]}" "$@"
	;;
esac
