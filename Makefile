# SPDX-License-Identifier: Apache-2.0
#
# Bulkhead. `make help` lists what can be made. Everything made goes below build/:
#
#   build/obj-<architecture>-<compiler>/   objects that all systems of it share
#   build/<system>/         one folder a system: gen/ (from its DTS), bulkhead.elf, .iso, .efi, .usb.img, .itb;
#                           modules/, if boot modules bring images of its cells
#   build/images/           guest kernels and initramfs (images/Makefile)
#   build/tests/            test programs
#
# V=1 shows the commands. What is slow to get is cached outside the tree, in ~/.cache/bulkhead.

# The board of CONFIG says which architecture it is (images.mk below tells); ARCH alone chooses the
# default system.
CONFIG ?= configs/qemu-$(or $(ARCH),x86)-duo.dts
NEEDS_CONFIG := $(filter-out help list clean setup images update-images test lint docs qemu-lvz,$(or $(MAKECMDGOALS),all))
CC_x86 := gcc
CC_loongarch := clang-19
CC = $(CC_$(ARCH))
BUILD := build
VERSION := 0.1.0
# Debian's own Python: its packages (libfdt, jsonschema, pytest) come from apt.
PYTHON ?= /usr/bin/python3

SYSTEM := $(basename $(notdir $(CONFIG)))
OUT := $(BUILD)/$(SYSTEM)
GEN := $(OUT)/gen
.DEFAULT_GOAL := all
ifneq ($(NEEDS_CONFIG),)
-include $(OUT)/images.mk
endif
ARCH ?= $(or $(SYSTEM_ARCH),x86)
ifneq ($(filter-out $(ARCH),$(SYSTEM_ARCH)),)
$(error $(CONFIG) is a system for $(SYSTEM_ARCH), not for $(ARCH): leave ARCH out)
endif
OBJ := $(BUILD)/obj-$(ARCH)-$(notdir $(CC))

# What must be installed; LoongArch needs more to build, and its own QEMU is built, too, unless there is one.
SETUP_BUILD := $(BUILD)/.setup-build $(if $(filter loongarch,$(ARCH)),$(BUILD)/.setup-loongarch)
SETUP_QEMU_LOONGARCH := $(BUILD)/.setup-loongarch $(if $(QEMU_LOONGARCH),,$(BUILD)/.setup-qemu-lvz)
SETUP_RUN := $(if $(filter loongarch,$(ARCH)),$(SETUP_QEMU_LOONGARCH),$(BUILD)/.setup-run)

Q := $(if $(filter-out 0,$(V)),,@)
say = @printf '  %-7s %s\n' $(1) '$(2)'

.PHONY: all
all: $(OUT)/bulkhead.elf

include images/Makefile

# --- The hypervisor -----------------------------------------------------------------------------

EFI_DIR := src/arch/$(ARCH)/efi
CORE_SOURCES := $(sort $(wildcard src/core/*.c))
VDEV_SOURCES := $(sort $(wildcard src/vdev/*.c))
ARCH_SOURCES := $(filter-out $(EFI_DIR)/%,$(sort $(wildcard src/arch/$(ARCH)/*.[cS] src/arch/$(ARCH)/*/*.[cS])))
OBJECTS := $(patsubst %,$(OBJ)/%.o,$(CORE_SOURCES) $(VDEV_SOURCES) $(ARCH_SOURCES))

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Werror
CPPFLAGS := -Isrc -Isrc/arch/$(ARCH) -Isrc/arch/$(ARCH)/include -DBULKHEAD_VERSION='"$(VERSION)"'
# No floating point or vector registers: those stay the guest's. x86: no red zone, as exceptions use
# the same stack. LoongArch: clang needs to know the target, and links with LLVM's linker.
CLANG_TARGET := $(if $(findstring clang,$(notdir $(CC))),--target=loongarch64-linux-gnusf)
TARGET_x86 :=
TARGET_loongarch = $(CLANG_TARGET) -mabi=lp64s -msoft-float
TARGET = $(TARGET_$(ARCH))
CODE_x86 := -mcmodel=small -mgeneral-regs-only -mno-red-zone -fcf-protection=none
CODE_loongarch = $(if $(CLANG_TARGET),-fdirect-access-external-data,-mdirect-extern-access)
LINK_x86 :=
LINK_loongarch = $(if $(CLANG_TARGET),-fuse-ld=lld)
# -Os: a quarter smaller than -O2.
CFLAGS := -std=c11 -Os -g $(WARNINGS) $(TARGET) -ffreestanding -fno-pic $(CODE_$(ARCH)) -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing -fno-common -ffunction-sections
LDFLAGS := -nostdlib -static $(TARGET) $(LINK_$(ARCH)) -Wl,--build-id=none -Wl,-z,noexecstack \
	-Wl,-z,max-page-size=4096 -Wl,--gc-sections

$(OBJ)/%.c.o: %.c | $(SETUP_BUILD)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(OBJ)/%.S.o: %.S | $(SETUP_BUILD)
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TARGET) $(CPPFLAGS) -g -MMD -MP -c $< -o $@

-include $(OBJECTS:.o=.d)

# Smaller than -Os and slower: for what no guest waits for.
COLD := $(addprefix src/core/,acpi.c board.c boot_info.c calendar.c cell.c console_format.c cpio.c fault.c fdt.c \
	format.c modules.c stage2.c stage2_cell.c status.c) $(addprefix src/vdev/,ls7a_rtc.c mc146818.c) \
	$(addprefix src/arch/$(ARCH)/,acpi.c board.c board_devices.c boot.c boot_info.c) src/arch/loongarch/cpu.c
$(patsubst %,$(OBJ)/%.o,$(COLD)): CFLAGS += -Oz

# Objects depend on the flags above.
$(OBJECTS): Makefile

# --- From the DTS -------------------------------------------------------------------------------

GENERATOR := scripts/gen_config.py $(wildcard scripts/genconfig/*.py scripts/genconfig/*/*.py configs/bindings/*.yaml \
	configs/bindings/*/*.yaml)
GEN_CONFIG := $(PYTHON) scripts/gen_config.py $(CONFIG)

# partition.c stands for all that the generator writes. It keeps its time stamp when nothing changed, so
# a second file remembers that the generator ran.
$(GEN)/.done: $(CONFIG) $(GENERATOR) $(OUT)/images.mk | $(SETUP_BUILD)
	$(call say,GEN,$(CONFIG))
	@mkdir -p $(GEN)
	$(Q)$(GEN_CONFIG) --out $(GEN) --images $(IMAGES_DIR) --modules $(OUT)/modules --depfile $(GEN)/.done.d
	@touch $@

$(GEN)/partition.c $(GEN)/images.S $(GEN)/layout.h $(GEN)/qemu.args $(GEN)/bochsrc: $(GEN)/.done ;

# Which guest images the DTS names, which must exist before the generator reads them, and which
# architecture its board is.
$(OUT)/images.mk: $(CONFIG) $(wildcard configs/*.dtsi configs/boards/*.dtsi) | $(BUILD)/.setup-build
	@mkdir -p $(@D)
	$(Q)$(GEN_CONFIG) --list-images > $@.names && $(GEN_CONFIG) --show-arch > $@.arch || { rm -f $@.names $@.arch; exit 1; }
	@sed -e '\|/|!s|^|$(IMAGES_DIR)/|' -e 's|^|$(GEN)/.done: |' $@.names > $@.tmp
	@sed -e 's/^/SYSTEM_ARCH := /' $@.arch >> $@.tmp && mv $@.tmp $@ && rm $@.names $@.arch

ifneq ($(NEEDS_CONFIG),)
-include $(GEN)/.done.d
endif

$(OUT)/partition.o: $(GEN)/partition.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) -I$(GEN) $(CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/images.o: $(GEN)/images.S $(GEN)/.done
	$(call say,AS,$<)
	$(Q)$(CC) $(TARGET) -I$(GEN) -c $< -o $@

$(OUT)/hypervisor.ld: src/arch/$(ARCH)/hypervisor.ld $(GEN)/layout.h
	$(Q)$(CC) $(TARGET) -E -P -x c -I$(GEN) $< -o $@

-include $(OUT)/partition.d

# Is there if the latest image is this compiler's. Its objects may be older than another one's image.
LINKED := $(OUT)/linked-by-$(notdir $(CC))
$(LINKED):
	@mkdir -p $(@D)
	@rm -f $(OUT)/linked-by-*
	@touch $@

$(OUT)/bulkhead.elf: $(OUT)/hypervisor.ld $(OBJECTS) $(OUT)/partition.o $(OUT)/images.o $(LINKED)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -T $(OUT)/hypervisor.ld $(filter %.o,$^) -o $@.tmp
	@mv $@.tmp $@

# --- The same as an EFI application -------------------------------------------------------------

# A small program of its own that carries bulkhead.elf; position independent, see efi.ld.
EFI_SOURCES_x86 := $(addprefix src/arch/x86/,processor.c svm/features.c vmx/controls.c)
EFI_SOURCES_loongarch := src/arch/loongarch/processor.c
EFI_SOURCES := $(wildcard $(EFI_DIR)/*.[cS] src/core/efi/*.c) $(EFI_SOURCES_$(ARCH)) \
	$(addprefix src/core/,boot_info.c cpio.c format.c string.c)
EFI_OBJECTS := $(patsubst %,$(OBJ)/efi/%.o,$(EFI_SOURCES))
EFI_CFLAGS := $(filter-out -g -fno-pic -mcmodel=small,$(CFLAGS)) -fpie -fvisibility=hidden
EFI_LDFLAGS := -nostdlib -pie $(TARGET) $(LINK_$(ARCH)) -Wl,--no-dynamic-linker -Wl,--build-id=none -Wl,-z,noexecstack -Wl,--gc-sections \
	-Wl,-z,norelro
OBJCOPY_x86 := objcopy
OBJCOPY_loongarch := llvm-objcopy-19
OBJCOPY := $(OBJCOPY_$(ARCH))

$(OBJ)/efi/%.c.o: %.c | $(SETUP_BUILD)
	$(call say,CC,$< (EFI))
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(EFI_CFLAGS) -MMD -MP -c $< -o $@

$(OBJ)/efi/%.S.o: %.S | $(SETUP_BUILD)
	$(call say,AS,$< (EFI))
	@mkdir -p $(@D)
	$(Q)$(CC) $(TARGET) $(CPPFLAGS) -MMD -MP -c $< -o $@

-include $(EFI_OBJECTS:.o=.d)
$(EFI_OBJECTS): Makefile

$(OUT)/payload.elf: $(OUT)/bulkhead.elf
	$(Q)$(OBJCOPY) --strip-all $< $@

$(OUT)/payload.o: src/core/efi/payload.S $(OUT)/payload.elf $(GEN)/layout.h
	$(call say,AS,$<)
	$(Q)$(CC) $(TARGET) -I$(GEN) -DPAYLOAD='"$(OUT)/payload.elf"' -c $< -o $@

$(OBJ)/efi/efi.ld: src/core/efi/efi.ld src/arch/$(ARCH)/include/arch_efi.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(TARGET) $(CPPFLAGS) -E -P -x c $< -o $@

$(OUT)/bulkhead.efi: $(OBJ)/efi/efi.ld $(EFI_OBJECTS) $(OUT)/payload.o
	$(call say,EFI,$@)
	$(Q)$(CC) $(EFI_LDFLAGS) -T $< $(filter %.o,$^) -o $(OUT)/efi.elf
	$(Q)$(OBJCOPY) -O binary $(OUT)/efi.elf $@.tmp
	@mv $@.tmp $@

.PHONY: efi
efi: $(OUT)/bulkhead.efi
	@if $(with_modules); then echo '          goes into one folder with the files of $(OUT)/modules/'; fi

# --- For U-Boot ---------------------------------------------------------------------------------

# The EFI application in a FIT image for bootm: with hashes, and signed where a key is given, that is
# SIGN_KEY_DIR/SIGN_KEY_NAME.key and .crt. SIGN_DTB: a device tree blob that gets the public key.
SIGN_KEY_DIR ?=
SIGN_KEY_NAME ?=
SIGN_ALGO ?= sha256,rsa2048
SIGN_DTB ?=
ifneq ($(SIGN_KEY_DIR)$(SIGN_KEY_NAME)$(SIGN_DTB),)
SIGN_KEY := $(addprefix $(SIGN_KEY_DIR)/$(SIGN_KEY_NAME),.key .crt)
SIGN_ITS := -DKEY_NAME='"$(SIGN_KEY_NAME)"' -DSIGN_ALGO='"$(SIGN_ALGO)"'
SIGN_ITB := -k $(SIGN_KEY_DIR) $(if $(SIGN_DTB),-K $(SIGN_DTB)) -r
endif

# What bootm starts: on x86 the EFI application, on LoongArch the bare image with its device tree.
FIT_FILE_x86 := bulkhead.efi
FIT_FILE_loongarch := bulkhead.bin
FIT_FILE := $(FIT_FILE_$(ARCH))
FIT_ITS_x86 := -DFIT_TYPE='"kernel_noload"' -DFIT_ARCH='"x86_64"' -DFIT_OS='"efi"' -DFIT_LOAD=0 -DFIT_ENTRY=0
FIT_ITS_loongarch = -DFIT_TYPE='"kernel"' -DFIT_ARCH='"loongarch"' -DFIT_OS='"linux"' -DFIT_LOAD=BULKHEAD_BASE \
	-DFIT_ENTRY=$$(od -An -tu4 -j8 -N4 $(OUT)/bulkhead.bin | tr -d ' ')
# With boot modules, the initrd is in the FIT image, too.
BOOTM_ARGUMENTS_loongarch = $$(if $(with_modules); then echo '$${loadaddr}'; else echo -; fi) \$${fdtcontroladdr}

# The hypervisor without its ELF headers: it begins with the header that booti looks for.
$(OUT)/bulkhead.bin: $(OUT)/bulkhead.elf
	$(call say,BIN,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

# Written at each run, and left alone when it says the same: what it is made of stands on the command line.
$(OUT)/bulkhead.its: images/uboot/bulkhead.its $(GEN)/layout.h $(OUT)/$(FIT_FILE) FORCE
	$(Q)$(CC) -E -P -x assembler-with-cpp -undef -nostdinc -DSYSTEM='"$(SYSTEM)"' -DSYSTEM_NODE=$(SYSTEM) \
		-DDESCRIPTION='"Bulkhead $(VERSION): $(SYSTEM)"' $$($(with_modules) && echo -DWITH_MODULES) -I$(GEN) \
		-DFIT_FILE='"$(FIT_FILE)"' $(FIT_ITS_$(ARCH)) $(SIGN_ITS) $< -o $@.tmp
	@echo '/* signed: $(SIGN_KEY_DIR) $(SIGN_DTB) */' >> $@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@

$(GEN)/modules.cpio: $(GEN)/.done
	$(Q)cd $(OUT)/modules 2>/dev/null || cd $(GEN); cpio --quiet --reproducible -o -H newc \
		<$(CURDIR)/$(GEN)/modules.list >$(CURDIR)/$@.tmp && mv $(CURDIR)/$@.tmp $(CURDIR)/$@

$(OUT)/bulkhead.itb: $(OUT)/bulkhead.its $(GEN)/modules.cpio $(OUT)/$(FIT_FILE) $(SIGN_KEY) $(SIGN_DTB) | $(BUILD)/.setup-test
	$(call say,FIT,$@$(if $(SIGN_KEY), (signed: $(SIGN_KEY_NAME))))
	$(Q)mkimage -f $< $(SIGN_ITB) $@.tmp >$@.log 2>&1 || { cat $@.log; rm -f $@.tmp; exit 1; }
	@touch $@.tmp && mv $@.tmp $@ && rm $@.log # younger than SIGN_DTB, which mkimage has written

$(SIGN_KEY) $(SIGN_DTB):
	@echo '$@: no such file (key and certificate are SIGN_KEY_DIR/SIGN_KEY_NAME.key and .crt)' >&2; exit 1

# Debian's mkimage has no name for LoongArch yet; U-Boot does not look at a script's.
SCRIPT_ARCH_x86 := x86
SCRIPT_ARCH_loongarch := invalid
$(OUT)/boot.scr: images/uboot/boot.cmd $(GEN)/.done | $(BUILD)/.setup-test
	$(call say,SCR,$@)
	@sed "s/bootm \$${loadaddr}/& $(BOOTM_ARGUMENTS_$(ARCH))/" $< > $@.cmd
	$(Q)mkimage -A $(SCRIPT_ARCH_$(ARCH)) -T script -C none -n Bulkhead -d $@.cmd $@.tmp >$@.log 2>&1 || \
		{ cat $@.log; exit 1; }
	@mv $@.tmp $@ && rm $@.log $@.cmd

# U-Boot as QEMU's firmware, of Debian 13: to try these, and for the tests.
$(BUILD)/u-boot.rom:
	$(Q)images/fetch_file.sh trixie amd64 u-boot-qemu usr/lib/u-boot/qemu-x86_64/u-boot.rom $@

# EDK II as QEMU's firmware on LoongArch.
$(BUILD)/edk2-loongarch.fd:
	$(Q)images/fetch_file.sh trixie all qemu-efi-loongarch64 usr/share/qemu-efi-loongarch64/QEMU_EFI.fd $@

.PHONY: itb
itb: $(OUT)/bulkhead.itb $(OUT)/boot.scr

# --- Test kernels, a loader and deliberately faulty hypervisors ---------------------------------

# Hands over as U-Boot's LoongArch port does, for tests on machines without that U-Boot.
LOADER_OBJECTS := $(addprefix $(OBJ)/,$(addsuffix .o,tests/loaders/loongarch/start.S tests/loaders/loongarch/main.c \
	src/core/string.c))
-include $(LOADER_OBJECTS:.o=.d)

$(BUILD)/tests/loader-loongarch.bin: tests/loaders/loongarch/loader.ld $(LOADER_OBJECTS)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -T $< $(filter %.o,$^) -o $(@:.bin=.elf)
	$(Q)$(OBJCOPY) -O binary $(@:.bin=.elf) $@

define isolation
$(BUILD)/tests/isolation-$(1)/%.elf: FORCE | $(BUILD)/.setup-$(2)
	$$(Q)$$(MAKE) -s -C tests/isolation ARCH=$(1) O=$$(CURDIR)/$$(BUILD)/tests/isolation-$(1) \
		CC=$$(if $$(filter $(1),$$(ARCH)),$$(CC),$$(CC_$(1))) V=$$(if $$(Q),0,1) $$(CURDIR)/$$@
endef
$(eval $(call isolation,x86,build))
$(eval $(call isolation,loongarch,loongarch))

# bulkhead-without-x.elf lacks the wall, or the right value, that walls/x.c replaces.
wrapped-page := guest_init_cell
wrapped-port := guest_init_ports
wrapped-icr := guest_send_ipi
wrapped-rflags := vmx_enter
wrapped-vpid := vmx_enter
wrapped-ipi := iocsr_access
wrapped-window := cell_access
wrapped-lock := cell_handle_exit

$(OUT)/bulkhead-without-%.elf: tests/isolation/$(ARCH)/walls/%.c $(OUT)/bulkhead.elf
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -Wmissing-prototypes,$(CFLAGS)) -c $< -o $(OUT)/without-$*.o
	$(Q)$(CC) $(LDFLAGS) -Wl,--wrap=$(wrapped-$*) -T $(OUT)/hypervisor.ld $(OBJECTS) $(OUT)/partition.o \
		$(OUT)/images.o $(OUT)/without-$*.o -o $@

.PHONY: FORCE
FORCE:

# --- Running ------------------------------------------------------------------------------------

QEMU_x86 := scripts/qemu.sh
QEMU_loongarch := scripts/qemu_loongarch.sh
QEMU := $(QEMU_$(ARCH))
qemu_args = $$(cat $(GEN)/qemu.args)
# By -kernel, QEMU cannot name boot modules. A system that has some starts from its ISO image on x86; on LoongArch it
# gets them as an archive, by -initrd.
with_modules = [ -s $(GEN)/modules.list ]
MODULES_x86 := iso
MODULES_loongarch := $(GEN)/modules.cpio
boot_args_x86 = -cdrom $(OUT)/bulkhead.iso
boot_args_loongarch = -kernel $(OUT)/bulkhead.elf -initrd $(GEN)/modules.cpio
boot_args = $$(if $(with_modules); then echo $(boot_args_$(ARCH)); else echo -kernel $(OUT)/bulkhead.elf; fi)

BOCHS := scripts/bochs.py

# In the emulator that the board names.
.PHONY: run
run: $(OUT)/bulkhead.elf | $(SETUP_RUN)
	$(Q)if [ -s $(GEN)/qemu.args ]; then $(MAKE) -s run-qemu; elif [ -s $(GEN)/bochsrc ]; then $(MAKE) -s run-bochs; \
		else echo '$(CONFIG): the board has neither a qemu nor a bochs node: no emulator makes it' >&2; exit 1; fi

.PHONY: run-qemu
run-qemu: $(OUT)/bulkhead.elf
	$(Q)$(QEMU) --prepare
	$(Q)if $(with_modules); then $(MAKE) -s $(MODULES_$(ARCH)); fi
	@printf '  RUN     %s  (Ctrl-A X leaves QEMU, Ctrl-] ? helps)\n' '$(SYSTEM)'
	$(Q)$(QEMU) $(qemu_args) -nographic -no-reboot -nic none $(boot_args) $(QEMU_EXTRA)

.PHONY: run-bochs
run-bochs: $(OUT)/bulkhead.iso
	@printf '  RUN     %s  (Ctrl-A X leaves Bochs, Ctrl-] ? helps)\n' '$(SYSTEM)'
	$(Q)$(BOCHS) $(GEN)/bochsrc $<

# The running system under gdb: QEMU waits in the background until gdb lets it go.
GDB_PORT ?= 1234
.PHONY: gdb
gdb: $(OUT)/bulkhead.elf | $(SETUP_RUN) $(BUILD)/.setup-test
	$(Q)if $(with_modules); then $(MAKE) -s $(MODULES_$(ARCH)); fi
	$(Q)scripts/gdb.sh $(OUT) $(GDB_PORT) $(QEMU) $(qemu_args) $(boot_args)

# GRUB's rescue image: starts from CD and USB stick, by BIOS and by UEFI.
.PHONY: iso
iso: $(OUT)/bulkhead.iso
ifneq ($(ARCH),x86)
ifneq ($(filter iso %.iso,$(MAKECMDGOALS)),)
$(error GRUB starts Bulkhead on x86 only; make efi, usb and itb are for $(ARCH), too)
endif
endif
$(OUT)/%.iso: $(OUT)/%.elf images/grub.cfg | $(BUILD)/.setup-test
	$(call say,ISO,$@)
	@rm -rf $@.d && mkdir -p $@.d/boot/grub
	@cp $< $@.d/boot/bulkhead.elf
	@if $(with_modules); then cp -r $(OUT)/modules $@.d/boot/; fi
	@sed 's|.*|\tmodule2 --nounzip /boot/modules/& &|' $(GEN)/modules.list | sed '/multiboot2/r /dev/stdin' images/grub.cfg \
		>$@.d/boot/grub/grub.cfg
	$(Q)grub-mkrescue -o $@.tmp $@.d >$@.log 2>&1 || { cat $@.log; exit 1; }
	@mv $@.tmp $@ && rm -rf $@.d $@.log

# A disk image whose EFI system partition has the application; to be copied to a USB stick as it is.
.PHONY: usb
usb: $(OUT)/bulkhead.usb.img
$(OUT)/bulkhead.usb.img: $(OUT)/bulkhead.efi scripts/usb_image.sh | $(BUILD)/.setup-test
	$(call say,USB,$@)
	$(Q)scripts/usb_image.sh $@ $< $$(sed 's|^|$(OUT)/modules/|' $(GEN)/modules.list)

.PHONY: list
list: | $(BUILD)/.setup-build
	@for dts in configs/*.dts; do $(PYTHON) scripts/gen_config.py $$dts --describe; done | \
		awk -F'\t' '{ printf "  %-22s %s\n", $$1, $$2 } END { print "\nmake run CONFIG=configs/NAME.dts starts one." }'

# --- Tools --------------------------------------------------------------------------------------

.PHONY: setup
setup: $(BUILD)/.setup-build $(BUILD)/.setup-run $(BUILD)/.setup-test $(BUILD)/.setup-loongarch $(BUILD)/.setup-qemu-lvz

$(BUILD)/.setup-%: scripts/setup.sh
	@mkdir -p $(@D)
	@scripts/setup.sh $*
	@touch $@

# --- Tests --------------------------------------------------------------------------------------

# T=unit, T=smoke, T=isolation, T=qemu-lvz or T=lint runs a part; T=lvz is qemu-lvz with all that takes long.
T ?=
T_or_all = $(or $(T),all)
with_lvz = $(filter all qemu-lvz lvz,$(T_or_all))
.PHONY: test
test: | $(BUILD)/.setup-build $(BUILD)/.setup-run $(BUILD)/.setup-test $(BUILD)/.setup-loongarch
test: | $(if $(with_lvz),$(BUILD)/.setup-qemu-lvz) $(if $(filter-out unit lint,$(T_or_all)),$(SETUP_QEMU_LOONGARCH))
	@$(if $(filter-out unit lint qemu-lvz lvz,$(T_or_all)),$(QEMU_x86) --prepare && $(BOCHS) --prepare && \
		scripts/built_copy.sh scripts/uboot-tools >/dev/null && $(QEMU_loongarch) --prepare)
	@$(if $(with_lvz),scripts/built_copy.sh tests/qemu-lvz >/dev/null)
	$(Q)$(if $(filter command,$(origin CC)),CC=$(CC)) PYTHONPATH=scripts $(if $(filter lvz,$(T)),LVZ_FULL=1) \
		$(PYTHON) -m pytest -p no:cacheprovider -n 2 -q \
		$(if $(T),tests/$(patsubst lvz,qemu-lvz,$(T)),tests) $(PYTEST_ARGS)

# QEMU with the LoongArch machine that has LVZ: built once, prints where it is (tests/qemu-lvz).
.PHONY: qemu-lvz
qemu-lvz: | $(BUILD)/.setup-qemu-lvz
	@scripts/built_copy.sh tests/qemu-lvz

# What it costs, on the architecture ARCH: its emulators are measured, and the default system's size.
BENCH_EXITS_x86 := SVM VMX
BENCH_EXITS_loongarch := LVZ
BENCH_MORE_x86 := tests/bench/bochs.py
BENCH_MORE_loongarch := tests/bench/loongarch.py tests/bench/shared.py
.PHONY: bench
bench: $(BUILD)/qemu-$(ARCH)-duo/bulkhead.elf | $(SETUP_BUILD) $(SETUP_RUN) $(BUILD)/.setup-test
	$(Q)$(PYTHON) tests/bench/boot_instructions.py $(ARCH)
	$(Q)$(PYTHON) tests/bench/exits.py $(BENCH_EXITS_$(ARCH))
	$(Q)for script in $(BENCH_MORE_$(ARCH)); do $(PYTHON) $$script || exit 1; done
	$(Q)tests/bench/size.sh $(BUILD)/qemu-$(ARCH)-duo/bulkhead.elf

.PHONY: docs
docs: | $(BUILD)/.setup-build
	$(call say,DOC,docs/configuration.md)
	$(Q)$(PYTHON) scripts/gen_config.py --doc > docs/configuration.md.tmp && mv docs/configuration.md.tmp docs/configuration.md

.PHONY: clean
clean:
	$(Q)rm -rf $(BUILD)

.PHONY: help
help:
	@echo 'make                       builds the default system, $(CONFIG)'
	@echo 'make run                   builds it, guests and all, and starts it in QEMU (or Bochs)'
	@echo 'make run ARCH=loongarch    the same on LoongArch: $(subst x86,loongarch,$(CONFIG))'
	@echo 'make CONFIG=configs/x.dts  builds another one (with run, gdb, iso, efi, usb, itb: uses it)'
	@echo 'make list                  names the systems and says what each shows'
	@echo 'make gdb                   starts it under gdb: "help bulkhead" there lists the commands'
	@echo 'make iso                   makes build/<system>/bulkhead.iso, which GRUB boots, by BIOS and UEFI'
	@echo 'make efi                   makes build/<system>/bulkhead.efi, which UEFI firmware starts'
	@echo '                           (boot modules, if the system has any, are in build/<system>/modules/)'
	@echo 'make usb                   makes build/<system>/bulkhead.usb.img, a disk image for UEFI (modules included); never a device'
	@echo 'make itb                   makes build/<system>/bulkhead.itb and boot.scr, for U-Boot (docs/boards.md)'
	@echo 'make test [T=unit|smoke|isolation|qemu-lvz|lint]   runs the tests, or a part; T=lvz: qemu-lvz, many times'
	@echo 'make qemu-lvz              builds QEMU with a LoongArch machine that has LVZ, and says where it is'
	@echo 'make bench                 measures: instructions of a boot, exits per second, size (also with ARCH=loongarch)'
	@echo 'make images                makes the guest images alone'
	@echo 'make docs                  writes docs/configuration.md anew from the bindings'
	@echo 'make clean                 removes build/; downloads stay in ~/.cache/bulkhead'
	@echo
	@echo 'V=1 shows the commands, CC=clang uses another compiler, -j2 builds in parallel.'
