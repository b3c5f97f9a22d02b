# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# QEMU's LoongArch machine with the virtualization extension LVZ (for built_copy.sh): patches/ adds
# it to QEMU 10.0. Only what that machine needs is built, and plugins, which count instructions.
# Meson is newer than Debian 12's, and with pycotap it is nothing but Python, so it comes from the
# same suite as the source.

SOURCE=qemu
VERSION=10.0
TOOLS=(gcc ninja pkg-config python3)

# $1 is what the library's users include; pkg-config knows where its headers are, if $2 is given.
need_library()
{
	local flags=

	[[ -z ${2:-} ]] || flags=$(pkg-config --cflags "$2") || true
	# shellcheck disable=SC2086
	gcc -E $flags -include "$1" -x c /dev/null >/dev/null 2>&1 || {
		echo "the library of <$1> is missing: scripts/setup.sh qemu-lvz installs it"
		return 1
	}
}

check_source()
{
	[[ -r VERSION && $(<VERSION) == "$VERSION".* ]] || {
		echo "this is QEMU $(cat VERSION 2>/dev/null || echo "of no version"), but the patches are for $VERSION" >&2
		return 1
	}
}

build()
{
	need_library glib.h glib-2.0
	need_library pixman.h pixman-1
	need_library libfdt.h
	"$apt_fetch" --extract "$suite" tools meson python3-pycotap
	PYTHONPATH=$PWD/tools/usr/lib/python3/dist-packages
	export PYTHONPATH PATH=$PWD/tools/usr/bin:$PATH
	# Debian's source has no firmware images.
	sed -i 's/unpack_edk2_blobs = bzip2.found()/unpack_edk2_blobs = false/' meson.build
	cat >configs/devices/loongarch64-softmmu/lvz.mak <<-END
		CONFIG_LOONGARCH_VIRT=y
		CONFIG_VIRTIO_BLK=y
		CONFIG_VIRTIO_NET=y
	END
	mkdir build
	cd build || return
	../configure --python=/usr/bin/python3 --target-list=loongarch64-softmmu \
		--without-default-features --without-default-devices --with-devices-loongarch64=lvz \
		--enable-system --enable-tcg --enable-plugins --enable-fdt=system --enable-pixman \
		--disable-docs --disable-tools --disable-debug-info --disable-werror --disable-download \
		--disable-install-blobs
	ninja -j"$jobs" qemu-system-loongarch64
	strip -o "$1/qemu-system-loongarch64" qemu-system-loongarch64
}
