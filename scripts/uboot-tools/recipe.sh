# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# U-Boot's own check of a signed FIT image as a program: Debian's u-boot-tools has mkimage, but not
# fit_check_sign. It is U-Boot's code for bootm, compiled for this machine. For built_copy.sh.

SOURCE=u-boot
TOOLS=(gcc make bison flex)

build()
{
	make tools-only_defconfig
	scripts/config -e TOOLS_LIBCRYPTO -d TOOLS_MKEFICAPSULE
	make olddefconfig
	make -j"$jobs" tools-only
	mkdir -p "$1"
	cp tools/fit_check_sign "$1"
}
