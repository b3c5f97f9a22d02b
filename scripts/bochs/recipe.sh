# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# Bochs 3, which emulates Intel VMX and AMD SVM (for built_copy.sh). The options are those of Debian's
# package, but without debugger and instrumentation, which more than halve its speed, and without
# the display of the instruction rate: its signal handler writes to the log, and waits for itself
# for ever when it interrupts a writer of the log.

SOURCE=bochs
TOOLS=(gcc g++ make)

build()
{
	./configure --with-nogui --disable-docbook --disable-show-ips --enable-3dnow \
		--enable-a20-pin --enable-all-optimizations --enable-amx --enable-avx \
		--enable-cdrom --enable-cet --enable-cpu-level=6 --enable-evex --enable-fpu \
		--enable-handlers-chaining --enable-memtype --enable-pci --enable-protection-keys \
		--enable-repeat-speedups --enable-smp --enable-svm --enable-uintr --enable-vmx=2 \
		--enable-x86-64 CFLAGS=-O2 CXXFLAGS=-O2
	make -j"$jobs" bochs
	strip -o "$1/bochs" bochs
	"$apt_fetch" --extract "$suite" packages bochsbios vgabios
	cp packages/usr/share/bochs/BIOS-bochs-latest "$1/"
	cp packages/usr/share/vgabios/vgabios.bin "$1/VGABIOS-lgpl-latest"
}
