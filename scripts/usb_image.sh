#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Writes a disk image that UEFI firmware starts an application from.

set -euo pipefail

readonly MIB=1048576
readonly START_MIB=1 # of the partition; the GPT's copy takes less than as much at the end
readonly LEAST_MIB=64 # FAT32 wants 65525 clusters (Microsoft's FAT specification, "FAT Type Determination")

usage()
{
	cat <<'END'
usage: usb_image.sh IMAGE APPLICATION [FILE]...

Writes the file IMAGE: a GPT disk with one EFI system partition (FAT32), on which APPLICATION is
EFI/BOOT/BOOTX64.EFI (or BOOTLOONGARCH64.EFI, as its header says) and FILEs stand beside it under
their own names. Never writes to a device: that is left to you, with what your system has for it. An IMAGE that is there already is replaced
when the new one is complete.
END
}

die()
{
	printf 'usb_image.sh: error: %s\n' "$*" >&2
	exit 1
}

# Prints the size of the file system in MiB: files, their rounding up to clusters, and room for more.
size_of()
{
	local file bytes=0

	for file in "$@"; do
		bytes=$((bytes + $(stat -Lc %s "$file")))
	done
	bytes=$((bytes / MIB + 16))
	printf '%d\n' $((bytes < LEAST_MIB ? LEAST_MIB : bytes))
}

# Prints the name by which firmware finds the application (UEFI Specification 2.10, 3.5.1.1), from
# the machine that its PE header names.
default_name()
{
	local header machine

	header=$(od -An -tu4 -j60 -N4 "$1") && machine=$(od -An -tx2 -j$((header + 4)) -N2 "$1") ||
		machine=''
	case ${machine// /} in
	8664) printf 'BOOTX64.EFI\n' ;;
	6264) printf 'BOOTLOONGARCH64.EFI\n' ;;
	*) die "$1 is no EFI application for a machine that Bulkhead knows" ;;
	esac
}

case ${1:---help} in
--help | -h)
	usage
	exit
	;;
esac
[[ $# -ge 2 ]] || die "IMAGE and APPLICATION are needed (see --help)"
image=$1
shift
[[ ! -e $image || -f $image ]] || die "$image is no file; this writes image files only"
for file in "$@"; do
	[[ -f $file ]] || die "there is no file $file"
done
sfdisk=$(PATH=$PATH:/usr/sbin:/sbin command -v sfdisk) || die "sfdisk is missing: make setup installs it"
command -v mformat >/dev/null || die "mtools are missing: make setup installs them"

name=$(default_name "$1") || exit 1

part=$image.part
trap 'rm -f "$part"' EXIT
trap 'exit 130' INT TERM HUP
mib=$(size_of "$@")
rm -f "$part"
truncate -s $(((START_MIB + mib + 1) * MIB)) "$part"
printf 'label: gpt\nstart=%dMiB, size=%dMiB, type=uefi, name=BULKHEAD\n' $START_MIB "$mib" |
	"$sfdisk" --quiet --no-tell-kernel "$part" >&2
volume=$part@@${START_MIB}M
mformat -i "$volume" -F -v BULKHEAD -H $((START_MIB * 2048)) -h 255 -s 63 -T $((mib * 2048)) ::
mmd -i "$volume" ::/EFI ::/EFI/BOOT
mcopy -i "$volume" "$1" "::/EFI/BOOT/$name"
shift
[[ $# -eq 0 ]] || mcopy -i "$volume" "$@" ::/EFI/BOOT/
mv "$part" "$image"
