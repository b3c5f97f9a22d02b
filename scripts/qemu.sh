#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs qemu-system-x86_64 of a version that can do what Bulkhead needs (10 or later: the TCG of
# older ones has no x2APIC), wherever it comes from: $QEMU, the system's, or a private copy fetched
# on first use.

set -euo pipefail

readonly MIN_MAJOR=10
readonly SUITE=trixie # the Debian release the private copy is taken from
readonly PACKAGE=qemu-system-x86
readonly LAYOUT=2 # part of the private copy's name: change it when fetch_private() changes
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

# Sets command to how the private copy in folder $1 is run: by its own dynamic linker and
# libraries, so that it works on a system with other ones. Its folder of libraries is $libraries.
private_command()
{
	local root=$1 triplet loader

	case $host_arch in
	amd64) triplet=x86_64-linux-gnu loader=usr/lib64/ld-linux-x86-64.so.2 ;;
	arm64) triplet=aarch64-linux-gnu loader=usr/lib/$triplet/ld-linux-aarch64.so.1 ;;
	*) die "no private QEMU for $host_arch machines: install QEMU $MIN_MAJOR and set QEMU" ;;
	esac
	libraries=$root/usr/lib/$triplet
	command=("$root/$loader" --library-path "$libraries" --argv0 "$PROGRAM"
		"$root/usr/bin/$PROGRAM")
}

# Fetches the private copy to $1. Whoever starts meanwhile waits; a copy that does not run is
# never installed.
fetch_private()
{
	local root=$1 part=$1.part

	mkdir -p "$(dirname "$root")" || die "cannot make $(dirname "$root")"
	exec 8>"$root.lock" || die "cannot write $root.lock"
	flock -n 8 || {
		printf '  WAIT    another process is fetching QEMU\n' >&2
		flock 8
	}
	if [[ ! -d $root ]]; then
		printf '  FETCH   QEMU %s or later for this project alone (once)\n' $MIN_MAJOR >&2
		rm -rf "$part"
		"$here/apt_fetch.sh" --arch "$host_arch" --with-depends --extract \
			"$SUITE" "$part" "$PACKAGE" 8>&- ||
			die "could not fetch QEMU; install QEMU $MIN_MAJOR or later, or set QEMU"
		private_command "$part"
		# If "qemu-bundle" exists beside QEMU's executable (here the dynamic linker), QEMU
		# takes its modules and firmware from below it. Without it, it would find the
		# modules of a system QEMU of another version, and abort.
		ln -s ../../.. "$libraries/qemu-bundle"
		is_new_enough "${command[@]}" || {
			"${command[@]}" --version >&2 || true
			die "the QEMU fetched to $part does not run here"
		}
		mv -T "$part" "$root"
	fi
	exec 8>&-
}

# Sets command to the QEMU to use.
choose()
{
	local root cache

	if [[ -n ${QEMU:-} ]]; then
		command -v "$QEMU" >/dev/null || die "QEMU is set to '$QEMU', which is no program"
		command=("$QEMU")
		return
	fi
	command=("$PROGRAM")
	if command -v "$PROGRAM" >/dev/null && is_new_enough "$PROGRAM"; then
		return
	fi
	command -v dpkg >/dev/null ||
		die "QEMU $MIN_MAJOR or later is needed: install it, or set QEMU to its path"
	host_arch=$(dpkg --print-architecture)
	cache=${XDG_CACHE_HOME:-${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache}
	root=$cache/bulkhead/qemu-$SUITE-$host_arch-$LAYOUT
	[[ -d $root ]] || fetch_private "$root"
	private_command "$root"
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
