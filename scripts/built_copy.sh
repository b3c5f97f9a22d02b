#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Programs that this project needs with patches of its own: Debian's source package, patched and
# built once for each content of the recipe.

set -euo pipefail

readonly SUITE=trixie
readonly SECONDS_BETWEEN=2

usage()
{
	cat <<END
usage: built_copy.sh RECIPE_FOLDER

Builds what the folder describes into \$XDG_CACHE_HOME/bulkhead/NAME-HASH (default ~/.cache; no root
needed), unless it is there already, and prints that folder. HASH is of all files of the recipe.
NAME is the folder's. It has

  recipe.sh     sets SOURCE (a source package of Debian $SUITE) and TOOLS (programs needed), and
                defines build OUT, run in the source's folder with its stdout and stderr in a log;
                \$apt_fetch is scripts/apt_fetch.sh, \$suite the suite, \$jobs how many to run at once;
                it may define check_source, run there before any patch, which says on stderr what is
                wrong with the source
  *.patch       applied in the order of their names; they may lie in a folder patches

Exit status: 0 done; 1 failed, with a message.
END
}

die()
{
	printf 'built_copy.sh: error: %s\n' "$*" >&2
	exit 1
}

say()
{
	printf '  %-7s %s\n' "$1" "${*:2}" >&2
}

# Sets files to what the recipe consists of, and key to a hash of what the result depends on.
hash_recipe()
{
	mapfile -t files < <(cd "$recipe" && find . -maxdepth 2 -type f \
		\( -path ./recipe.sh -o -name '*.patch' \) | LC_ALL=C sort)
	key=$(cd "$recipe" && printf '%s\n' "$SUITE" "${files[@]}" | cat - "${files[@]}" | sha256sum)
	key=${key:0:16}
}

unpack_and_patch()
{
	local archive patch

	"$apt_fetch" --source "$SUITE" "$work/archives" "$SOURCE" || die "no source of $name"
	mkdir "$work/source"
	for archive in "$work/archives"/*.orig.tar.*; do
		[[ $archive != *.asc ]] || continue # a signature; apt has checked the package's own
		tar -xf "$archive" -C "$work/source" --strip-components=1 ||
			die "cannot unpack ${archive##*/}"
	done
	[[ -n $(ls -A "$work/source") ]] || die "no upstream source in the source package $SOURCE"
	if declare -F check_source >/dev/null; then
		(cd "$work/source" && check_source) ||
			die "Debian $SUITE's source package $SOURCE is not the one that $name is for"
	fi
	for patch in "${files[@]}"; do
		[[ $patch == *.patch ]] || continue
		patch -d "$work/source" -p1 --batch --forward --fuzz=0 --silent \
			<"$recipe/$patch" >&2 ||
			die "${patch##*/} does not fit $SOURCE of Debian $SUITE"
	done
}

# Says how many files are compiled, until killed.
tell_progress()
{
	local count

	while sleep $SECONDS_BETWEEN; do
		count=$(find "$work/source" -name '*.o' | wc -l)
		# Configuring a source compiles a file at times.
		if ((count > 1)); then
			say BUILD "$name: $count files compiled"
		else
			say BUILD "$name: being configured"
		fi
	done
}

build_it()
{
	local status=0

	say BUILD "$name, with this project's patches (once)"
	tell_progress &
	progress=$!
	(cd "$work/source" && exec bash -euc '. "$0/recipe.sh"; build "$1"' "$recipe" "$work/out") \
		>"$work/log" 2>&1 || status=$?
	kill "$progress"
	wait "$progress" 2>/dev/null || true
	if [[ $status -ne 0 ]]; then
		tail -n 20 "$work/log" | sed 's/^/    /' >&2
		die "could not build $name"
	fi
	mv -T "$work/out" "$root"
}

check_tools()
{
	local tool

	for tool in "${TOOLS[@]}" tar xz bzip2 patch sha256sum; do
		command -v "$tool" >/dev/null ||
			die "$tool is missing, which building $name needs: make setup installs it"
	done
}

# Whoever starts meanwhile waits.
make_copy()
{
	check_tools
	mkdir -p "$(dirname "$root")" || die "cannot make $(dirname "$root")"
	exec 8>"$root.lock" || die "cannot write $root.lock"
	flock -n 8 || {
		say WAIT "another process is building $name"
		flock 8
	}
	if [[ ! -d $root ]]; then
		work=$(mktemp -d "$root.XXXXXX")
		trap 'rm -rf "$work"' EXIT
		trap 'exit 130' INT TERM HUP
		mkdir "$work/out"
		unpack_and_patch 8>&-
		build_it 8>&-
	fi
	exec 8>&-
}

case ${1:---help} in
--help | -h)
	usage
	exit
	;;
esac
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
recipe=$(realpath "$1")
name=${recipe##*/}
[[ -r $recipe/recipe.sh ]] || die "there is no $1/recipe.sh"
export apt_fetch=$here/apt_fetch.sh suite=$SUITE
jobs=$(nproc)
export jobs
# shellcheck source=/dev/null
. "$recipe/recipe.sh"
hash_recipe
root=${XDG_CACHE_HOME:-${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache}/bulkhead/$name-$key
[[ -d $root ]] || make_copy
printf '%s\n' "$root"
