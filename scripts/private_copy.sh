#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Programs of another Debian release, for this project alone: fetched once, run by their own dynamic
# linker and libraries, so that they work on a system that has other ones.

set -euo pipefail

readonly SUITE=trixie
readonly LAYOUT=3 # part of the copy's name: change it when what is fetched or how changes

usage()
{
	cat <<END
usage: private_copy.sh PACKAGE...

Fetches Debian $SUITE's PACKAGEs with all they depend on into
\$XDG_CACHE_HOME/bulkhead/FIRST-PACKAGE-$SUITE-... (default ~/.cache; no root needed), unless they
are there already. Prints two lines: the folder, and the folder of its libraries. Programs in it are
run as

  FOLDER/usr/lib64/ld-linux-x86-64.so.2 --library-path LIBRARIES FOLDER/usr/bin/PROGRAM
END
}

die()
{
	printf 'private_copy.sh: error: %s\n' "$*" >&2
	exit 1
}

# Fetches "$@" to $root. Whoever starts meanwhile waits.
fetch()
{
	local part=$root.part

	mkdir -p "$(dirname "$root")" || die "cannot make $(dirname "$root")"
	exec 8>"$root.lock" || die "cannot write $root.lock"
	flock -n 8 || {
		printf '  WAIT    another process is fetching %s\n' "$1" >&2
		flock 8
	}
	if [[ ! -d $root ]]; then
		printf '  FETCH   %s of Debian %s for this project alone (once)\n' "$1" $SUITE >&2
		rm -rf "$part"
		"$here/apt_fetch.sh" --arch "$arch" --with-depends --extract "$SUITE" "$part" "$@" \
			8>&- || die "could not fetch $1"
		mv -T "$part" "$root"
	fi
	exec 8>&-
}

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
case ${1:---help} in
--help | -h)
	usage
	exit
	;;
esac
command -v dpkg >/dev/null || die "$1 is needed, and this is no Debian that could fetch it"
arch=$(dpkg --print-architecture)
[[ $arch == amd64 ]] || die "there is no private $1 for $arch machines: install it yourself"
cache=${XDG_CACHE_HOME:-${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache}
root=$cache/bulkhead/$1-$SUITE-$arch-$LAYOUT
[[ -d $root ]] || fetch "$@"
printf '%s\n%s\n' "$root" "$root/usr/lib/x86_64-linux-gnu"
