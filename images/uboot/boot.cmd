# SPDX-License-Identifier: Apache-2.0
#
# U-Boot runs this as boot.scr: from the disk where it lies, start bulkhead.itb beside it. Nothing
# else is tried when U-Boot refuses that image, as it may be refused for its hash or signature.
if test -z "${devtype}"; then
	echo "Bulkhead: set devtype, devnum and distro_bootpart to the disk with bulkhead.itb"
elif load ${devtype} ${devnum}:${distro_bootpart} ${loadaddr} ${prefix}bulkhead.itb; then
	bootm ${loadaddr}
	echo "Bulkhead: U-Boot does not start bulkhead.itb; its reason stands above"
else
	echo "Bulkhead: no bulkhead.itb beside boot.scr"
fi
