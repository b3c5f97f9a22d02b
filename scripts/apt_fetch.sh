#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Downloads Debian packages of any suite without root and without touching the system's own apt
# configuration: apt works on private state, and checks signatures as always.

set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
readonly here
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
readonly APT_HELPER=/usr/lib/apt/apt-helper
readonly INDEX_MINUTES=1440 # how long a package index is used before it is fetched again

usage()
{
	cat <<'END'
usage: apt_fetch.sh [OPTION]... SUITE DEST PACKAGE...

Puts the .deb files of PACKAGEs, as they are in Debian's SUITE (bookworm, trixie, sid, ...), into
the folder DEST. A DEST that does not exist yet appears only when it is complete.

  --arch ARCH      architecture of the packages (default: this machine's)
  --with-depends   all they depend on too (no recommended packages)
  --meta           PACKAGEs are meta packages: take the one package each depends on instead
  --source         PACKAGEs are source packages: their tar archives, as they are
  --extract        unpack the packages into DEST instead of keeping them; DEST/.packages lists
                   what was unpacked (names of the .deb files: package, version, architecture)
  --refresh        fetch the package index even when the cached one is less than a day old
  --help           this text

Environment:
  BULKHEAD_MIRROR  URL of a Debian archive (default: the one this machine's apt uses)
  XDG_CACHE_HOME   the package index is kept in $XDG_CACHE_HOME/bulkhead (default: ~/.cache)

Exit status: 0 done; 1 failed, with a message; 2 wrong usage.
END
}

say()
{
	printf '  FETCH   %s\n' "$*" >&2
}

die()
{
	printf 'apt_fetch.sh: error: %s\n' "$*" >&2
	exit 1
}

bad_usage()
{
	printf 'apt_fetch.sh: %s (see --help)\n' "$*" >&2
	exit 2
}

# The archives to try, best first. Nothing is assumed about their names: apt knows where it got
# indices that call themselves Debian's. Where it has fetched none yet, the configured archive
# whose path says so is taken.
find_mirrors()
{
	if [[ -n ${BULKHEAD_MIRROR:-} ]]; then
		printf '%s\n' "${BULKHEAD_MIRROR%/}"
		return
	fi
	{
		# The format is apt's own $(VARIABLE) language.
		# shellcheck disable=SC2016
		apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 2>/dev/null |
			sed -n 's/^Debian|Debian|//p'
		apt-get update --print-uris 2>/dev/null |
			sed -n "s,^'\(.*/debian\)/*/dists/.*,\1,p"
	} | sed 's,/*$,,' | grep -v '^cdrom:' | awk '!seen[$0]++' || true
}

# Writes apt's whole private world for one mirror below $state.
write_apt_config()
{
	local mirror=$1

	mkdir -p "$state/lists/partial" "$state/none"
	: >"$state/status"
	if [[ -n $source ]]; then
		printf 'deb-src [target=Sources signed-by=%s] %s %s main\n' \
			"$KEYRING" "$mirror" "$suite" >"$state/sources.list"
	else
		printf 'deb [arch=%s target=Packages signed-by=%s] %s %s main\n' \
			"$arch" "$KEYRING" "$mirror" "$suite" >"$state/sources.list"
	fi
	# This is read after the system's configuration, whose proxies and credentials it keeps and
	# whose hooks, pins and choice of release it drops.
	cat >"$state/apt.conf" <<END
#clear APT::Architectures;
#clear APT::Default-Release;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Update::Post-Invoke-Stats;
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Get::AllowUnauthenticated "false";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "root"; // of no effect for ordinary users; root's cache is closed to _apt
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "2";
Dir::Cache "$state/";
Dir::Cache::archives "$work/debs/";
Dir::Cache::pkgcache "$state/pkgcache.bin";
Dir::Cache::srcpkgcache "";
Dir::Etc::preferences "$state/none/preferences";
Dir::Etc::preferencesparts "$state/none/";
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "$state/none/";
Dir::State "$state/";
Dir::State::lists "$state/lists/";
Dir::State::status "$state/status";
END
}

# Runs an apt tool on the private state. What it says goes to the terminal, if there is one, as
# progress; else it is kept for the case of failure, and a line now and then says how far it is.
private_apt()
{
	if [[ -t 2 ]]; then
		"$@" >&2
	else
		"$@" 2>&1 | "$here/apt_progress.sh" FETCH "$work/log"
	fi
}

apt_get()
{
	apt-get -c "$state/apt.conf" --yes "$@"
}

explain_failure()
{
	[[ -s $work/log ]] && tail -n 20 "$work/log" | sed 's/^/    /' >&2
	return 0
}

index_is_fresh()
{
	[[ -z $refresh && -n $(find "$state/updated" -mmin -$INDEX_MINUTES 2>/dev/null) ]]
}

# Brings $state up to date for the first mirror that answers; an index that is merely old is better
# than none.
update_index()
{
	local mirror mirrors

	mapfile -t mirrors < <(find_mirrors)
	if [[ ${#mirrors[@]} -eq 0 ]]; then
		die "this machine's apt knows no Debian archive:" \
			"set BULKHEAD_MIRROR to the URL of one"
	fi

	for mirror in "${mirrors[@]}"; do
		select_mirror "$mirror"
		index_is_fresh && return
		say "package index of $suite/$kind"
		if private_apt apt_get update; then
			touch "$state/updated"
			return
		fi
		explain_failure
	done

	for mirror in "${mirrors[@]}"; do
		select_mirror "$mirror"
		if [[ -e $state/updated ]]; then
			say "cannot refresh the index of $suite/$kind: using the one from" \
				"$(date -r "$state/updated" +%F)"
			return
		fi
	done
	die "no package index of $suite/$kind: is the network up, and is there such a suite?" \
		"(BULKHEAD_MIRROR chooses another Debian archive)"
}

# Every mirror has its own state, used by one process at a time (lock on descriptor 9).
select_mirror()
{
	local id

	id=$(printf '%s' "$1" | cksum | cut -d' ' -f1)
	state=$cache/apt/$suite-$kind-$id
	mkdir -p "$state"
	exec 9>"$state/lock"
	flock 9
	write_apt_config "$1"
}

# Prints the one package that meta package $1 depends on.
resolve_meta()
{
	local depends

	mapfile -t depends < <(apt-cache -c "$state/apt.conf" depends "$1" 2>/dev/null |
		sed -n 's/^  Depends: //p')
	if [[ ${#depends[@]} -ne 1 || ${depends[0]} == '<'* ]]; then
		die "'$1' is no meta package of $suite/$arch: it does not depend on exactly one" \
			"package"
	fi
	printf '%s\n' "${depends[0]}"
}

resolve_packages()
{
	local package real

	wanted=()
	for package in "${packages[@]}"; do
		if [[ -n $meta ]]; then
			real=$(resolve_meta "$package") || exit 1
			package=$real
		fi
		wanted+=("$package")
	done
}

# Lists what would be downloaded as lines "'URI' FILE SIZE HASH".
list_files()
{
	if [[ -n $source ]]; then
		# Not the description, which not every mirror keeps: the index has its contents.
		apt_get -qq source --download-only --print-uris "${wanted[@]}" | grep '\.tar\.'
	elif [[ -n $with_depends ]]; then
		apt_get -qq install --download-only --print-uris "${wanted[@]}"
	else
		(cd "$work/debs" && apt_get -qq download --print-uris "${wanted[@]}")
	fi
}

# Downloads the source archives of $work/list; the hashes are the signed index's.
download_sources()
{
	local uri file hash

	while read -r uri file _ hash; do
		uri=${uri#\'}
		private_apt "$APT_HELPER" -c "$state/apt.conf" download-file "${uri%\'}" \
			"$work/debs/$file" "$hash" || return 1
	done <"$work/list"
}

# Downloads the packages into $work/debs; fails without a message of its own.
download()
{
	local count bytes

	resolve_packages
	list_files >"$work/list" 2>"$work/log" || return 1
	read -r count bytes < <(awk '$3 > 0 { n++; sum += $3 } END { print n + 0, sum + 0 }' \
		"$work/list")
	[[ $count -gt 0 ]] || return 1

	say "${wanted[*]} of $suite/$kind: $count file(s), $(((bytes + 999999) / 1000000)) MB"
	if [[ -n $source ]]; then
		download_sources || return 1
	elif [[ -n $with_depends ]]; then
		private_apt apt_get install --download-only "${wanted[@]}" || return 1
	else
		(cd "$work/debs" && private_apt apt_get download "${wanted[@]}") || return 1
	fi
	[[ $(find "$work/debs" -maxdepth 1 -name '*.deb' -o -name '*.tar.*' | wc -l) -eq $count ]]
}

# Moves the result, unpacked if so wished, to $dest.
deliver()
{
	local deb

	mkdir "$work/out"
	if [[ -z $extract ]]; then
		find "$work/debs" -maxdepth 1 -type f -name '*.*' -exec mv -t "$work/out" {} +
	else
		say "unpacking"
		for deb in "$work/debs"/*.deb; do
			dpkg -x "$deb" "$work/out" || die "cannot unpack ${deb##*/}"
			printf '%s\n' "${deb##*/}" >>"$work/out/.packages"
		done
	fi
	chmod 755 "$work/out"
	if [[ ! -e $dest ]]; then
		mv -T "$work/out" "$dest"
	else
		cp -a "$work/out/." "$dest/"
	fi
}

parse_arguments()
{
	arch='' with_depends='' meta='' extract='' source='' refresh=''
	while [[ $# -gt 0 ]]; do
		case $1 in
		--arch)
			[[ $# -ge 2 ]] || bad_usage "--arch needs a value"
			arch=$2
			shift
			;;
		--with-depends) with_depends=1 ;;
		--meta) meta=1 ;;
		--extract) extract=1 ;;
		--source) source=1 ;;
		--refresh) refresh=1 ;;
		--help | -h)
			usage
			exit 0
			;;
		-*) bad_usage "unknown option $1" ;;
		*) break ;;
		esac
		shift
	done
	[[ $# -ge 3 ]] || bad_usage "SUITE, DEST and at least one PACKAGE are needed"
	[[ -z $source || -z $with_depends$meta$extract ]] ||
		bad_usage "--source goes with none of --with-depends, --meta and --extract"
	suite=$1 dest=$2
	shift 2
	packages=("$@")
	[[ $suite =~ ^[a-z][a-z0-9-]*$ ]] || bad_usage "'$suite' is no name of a suite"
	[[ ! -e $dest || -d $dest ]] || bad_usage "'$dest' is in the way and is no folder"
}

check_tools()
{
	local tool

	for tool in apt-get apt-cache dpkg flock; do
		command -v "$tool" >/dev/null ||
			die "$tool is missing: this needs Debian or a distribution made from it"
	done
	[[ -r $KEYRING ]] || die "$KEYRING is missing: install debian-archive-keyring"
	: "${arch:=$(dpkg --print-architecture)}"
	[[ $arch =~ ^[a-z0-9-]+$ ]] || bad_usage "'$arch' is no name of an architecture"
	kind=${source:+source}
	: "${kind:=$arch}"
}

main()
{
	parse_arguments "$@"
	check_tools
	cache=${XDG_CACHE_HOME:-${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}/.cache}/bulkhead
	mkdir -p "$cache/apt" "$(dirname "$dest")" ||
		die "cannot make $cache or the folder of $dest"

	# The working folder is beside DEST, so that the last step is a rename.
	work=$(mktemp -d "$(dirname "$dest")/.apt_fetch.XXXXXX") || die "cannot write beside $dest"
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM HUP
	work=$(realpath "$work")
	mkdir -p "$work/debs/partial"

	update_index
	if ! download; then
		# Likely an index older than the archive: take a new one, once.
		refresh=1
		find "$work/debs" -maxdepth 1 -type f -delete
		update_index
		if ! download; then
			explain_failure
			die "cannot download ${packages[*]} of $suite/$arch"
		fi
	fi
	exec 9>&-
	deliver
}

main "$@"
