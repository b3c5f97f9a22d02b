#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what building, running and testing Bulkhead needs, and nothing that is there already.

set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
readonly here
readonly BUILD="gcc make binutils device-tree-compiler python3 python3-libfdt python3-yaml
	python3-jsonschema acpica-tools cpio gzip xz-utils"
# libc6-dev: gcc only recommends it, and the unit tests are programs of the host. g++, patch: to build Bochs;
# bison, flex, libssl-dev, bzip2: to build a program of U-Boot's.
readonly TEST="python3-pytest python3-pytest-xdist python3-pexpect libcmocka-dev libc6-dev g++ patch clang
	clang-tidy clang-tidy-19 cppcheck grub-pc-bin grub-efi-amd64-bin grub-common xorriso mtools fdisk ovmf
	u-boot-tools openssl sbsigntool bison flex libssl-dev bzip2 gdb-multiarch"
# clang and LLVM's linker have the LoongArch target; kernels are packed with zstd.
readonly LOONGARCH="clang-19 lld-19 llvm-19 zstd"
# To build the LoongArch machine with virtualization (tests/qemu-lvz), and what runs on it.
readonly LVZ="gcc ninja-build pkg-config python3 python3-venv libglib2.0-dev libpixman-1-dev libfdt-dev patch xz-utils
	clang-19 lld-19 zstd cpio"
readonly QEMU_PACKAGE=qemu-system-x86
readonly QEMU_MIN=1:10 # as a Debian version

usage()
{
	cat <<'END'
usage: setup.sh [--dry-run] [build|run|test|loongarch|qemu-lvz]...

Installs by apt, with sudo where needed, the packages that are missing for

  build   building the hypervisor and its guest images
  run     running it: QEMU 10, where this Debian has it (elsewhere, and for users who may not
          install packages, scripts/qemu.sh fetches a private copy)
  test    all tests and checks
  loongarch
          building for LoongArch, besides what "build" installs
  qemu-lvz
          the LoongArch machine of tests/qemu-lvz

Default: build and run. --dry-run only prints the packages that would be installed.
END
}

say()
{
	printf '  SETUP   %s\n' "$*" >&2
}

die()
{
	printf 'setup.sh: error: %s\n' "$*" >&2
	exit 1
}

# Prints those of "$@" that are not installed, in order.
missing_of()
{
	local -A installed=()
	local package status

	while read -r package status; do
		[[ $status == ii ]] && installed[$package]=1
	done < <(dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' "$@" 2>/dev/null || true)
	for package in "$@"; do
		[[ -n ${installed[$package]:-} ]] || printf '%s\n' "$package"
	done
}

# Prints the version of package $1 that apt would install; nothing if there is none.
candidate()
{
	LC_ALL=C apt-cache policy "$1" 2>/dev/null |
		sed -n 's/^  Candidate: //p' | grep -v '^(none)$' || true
}

# Sets as_root to the words that give a command root's rights; fails if there are none.
find_root()
{
	if [[ $(id -u) -eq 0 ]]; then
		as_root=()
	elif command -v sudo >/dev/null && sudo_works; then
		as_root=(sudo)
	else
		return 1
	fi
}

sudo_works()
{
	sudo -n true 2>/dev/null && return
	# A password can only be asked for on a terminal.
	[[ -t 0 && -t 2 ]] && sudo -v
}

# Runs apt-get as root: with its own progress on a terminal, elsewhere with a line now and then.
apt_get()
{
	local run=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
		apt-get -y -o DPkg::Lock::Timeout=300 "$@")

	if [[ -t 2 ]]; then
		"${run[@]}" </dev/null >&2
	else
		"${run[@]}" </dev/null 2>&1 | "$here/apt_progress.sh" SETUP "$log" || {
			tail -n 20 "$log" | sed 's/^/    /' >&2
			return 1
		}
	fi
}

update_index()
{
	say "apt-get update"
	# Some third party's archive may be down: what counts is whether the installation works.
	apt_get update || say "apt-get update failed; going on with the index there is"
	updated=1
}

# True if apt knows a candidate for each of "$@".
all_known()
{
	local package

	for package in "$@"; do
		[[ -n $(candidate "$package") ]] || return 1
	done
}

# Installs packages "$@" with the index as it is, and if that fails with a new one.
install()
{
	all_known "$@" || update_index
	say "installing $*"
	apt_get install --no-install-recommends "$@" && return
	[[ -z $updated ]] || return 1
	update_index
	apt_get install --no-install-recommends "$@"
}

require()
{
	local missing

	mapfile -t missing < <(missing_of "$@")
	[[ ${#missing[@]} -gt 0 ]] || return 0
	if [[ -n $dry_run ]]; then
		printf '%s\n' "${missing[@]}"
		return
	fi
	find_root || die "these packages are missing, and neither are you root nor does sudo" \
		"work here; have them installed by: apt-get install ${missing[*]}"
	install "${missing[@]}" || die "could not install: ${missing[*]}"
}

system_qemu_is_enough()
{
	local version

	version=$(dpkg-query -W -f '${Version} ${db:Status-Abbrev}' $QEMU_PACKAGE 2>/dev/null) ||
		return 1
	[[ $version == *' ii'* ]] && dpkg --compare-versions "${version%% *}" ge $QEMU_MIN
}

# True on a Debian release that is known to be too old for QEMU_MIN; spares the slow look into apt's
# index.
release_is_too_old()
{
	local id version

	# shellcheck source=/dev/null
	id=$(. /etc/os-release 2>/dev/null && printf '%s' "${ID:-}")
	# shellcheck source=/dev/null
	version=$(. /etc/os-release 2>/dev/null && printf '%s' "${VERSION_ID:-}")
	[[ $id == debian && $version =~ ^[0-9]+$ && $version -lt 13 ]]
}

# QEMU is installed only where the distribution's is new enough; nothing here is fatal, as
# scripts/qemu.sh can do without.
want_qemu()
{
	local version

	[[ -z ${QEMU:-} ]] || return 0
	if system_qemu_is_enough || release_is_too_old; then
		return
	fi
	version=$(candidate $QEMU_PACKAGE)
	if [[ -z $version && -z $dry_run ]]; then
		find_root || return 0
		update_index
		version=$(candidate $QEMU_PACKAGE)
	fi
	if [[ -z $version ]] || dpkg --compare-versions "$version" lt $QEMU_MIN; then
		return
	fi
	if [[ -n $dry_run ]]; then
		printf '%s\n' $QEMU_PACKAGE
	elif find_root; then
		install $QEMU_PACKAGE || say "no QEMU installed: scripts/qemu.sh will fetch its own"
	fi
}

main()
{
	local what parts=()
	local -a build test loongarch lvz
	read -r -d '' -a build <<<"$BUILD" || true
	read -r -d '' -a lvz <<<"$LVZ" || true
	read -r -d '' -a test <<<"$TEST" || true
	read -r -d '' -a loongarch <<<"$LOONGARCH" || true

	dry_run='' updated='' as_root=()
	for what in "$@"; do
		case $what in
		--help | -h)
			usage
			exit 0
			;;
		--dry-run) dry_run=1 ;;
		build | run | test | loongarch | qemu-lvz) parts+=("$what") ;;
		*)
			printf 'setup.sh: unknown argument %s (see --help)\n' "$what" >&2
			exit 2
			;;
		esac
	done
	[[ ${#parts[@]} -gt 0 ]] || parts=(build run)

	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		say "no apt here: install by your distribution's means" "${build[@]}" "${test[@]}"
		exit 0
	fi
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	trap 'exit 130' INT TERM HUP
	for what in "${parts[@]}"; do
		case $what in
		build) require "${build[@]}" ;;
		test) require "${test[@]}" ;;
		loongarch) require "${loongarch[@]}" ;;
		qemu-lvz) require "${lvz[@]}" ;;
		run) want_qemu ;;
		esac
	done
}

main "$@"
