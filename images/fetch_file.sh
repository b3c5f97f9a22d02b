#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Gets one file out of a Debian package, from a cache that outlives the build folder.

set -euo pipefail

usage()
{
	cat <<'END'
usage: fetch_file.sh [--meta] [--refresh] SUITE ARCH PACKAGE PATTERN DEST

PACKAGE may be one of apt's patterns that means one package. Writes the one file of it whose path matches PATTERN (such as 'boot/vmlinuz-*') to DEST, and
leaves a DEST alone that has this content already.

  --meta      PACKAGE is a meta package: take the package that it depends on
  --refresh   ask the archive for a newer version; if it cannot be reached, the cached one stays

The cache is $XDG_CACHE_HOME/bulkhead/images (default: ~/.cache/bulkhead/images).
END
}

die()
{
	printf 'fetch_file.sh: error: %s\n' "$*" >&2
	exit 1
}

# Fetches the package and puts its file to $cached, beside a note of where it is from.
fill_cache()
{
	local found

	work=$(mktemp -d "$cache/.fetch.XXXXXX") || die "cannot write in $cache"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM HUP
	"$apt_fetch" "${options[@]}" --arch "$arch" --extract "$suite" "$work/root" "$package" ||
		return 1
	mapfile -t found < <(cd "$work/root" && find . -type f -path "./$pattern")
	[[ ${#found[@]} -eq 1 ]] ||
		die "$package of $suite/$arch has ${#found[@]} files like '$pattern', not one"
	# The kernel's package keeps others from reading it; it is no secret.
	chmod 644 "$work/root/${found[0]}"
	mv "$work/root/.packages" "$cached.package" || die "cannot write $cached.package"
	mv "$work/root/${found[0]}" "$cached" || die "cannot write $cached"
	rm -rf "$work"
}

options=() refresh=''
while [[ ${1:-} == --* ]]; do
	case $1 in
	--meta) options+=(--meta) ;;
	--refresh) options+=(--refresh) refresh=1 ;;
	--help)
		usage
		exit 0
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
	shift
done
[[ $# -eq 5 ]] || {
	usage >&2
	exit 2
}
suite=$1 arch=$2 package=$3 pattern=$4 dest=$5

apt_fetch=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../scripts/apt_fetch.sh
cache=${XDG_CACHE_HOME:-${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache}
cache=$cache/bulkhead/images/$suite-$arch
cached=$cache/${package//[^a-zA-Z0-9.+-]/_}-${pattern//[^a-zA-Z0-9.-]/_}
mkdir -p "$cache" "$(dirname "$dest")" || die "cannot make $cache or the folder of $dest"

# One at a time: the second finds what the first has fetched.
exec 7>"$cached.lock" || die "cannot write $cached.lock"
flock 7
if [[ -n $refresh || ! -s $cached ]]; then
	fill_cache 7>&- || [[ -n $refresh && -s $cached ]] || exit 1
fi
printf '  COPY    %s from %s\n' "$dest" "$(cat "$cached.package")" >&2
if ! cmp -s "$cached" "$dest"; then
	cp "$cached" "$dest.part"
	mv "$dest.part" "$dest"
fi
