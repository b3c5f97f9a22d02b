# SPDX-License-Identifier: Apache-2.0
"""Examples of the rules about devices and images, which test_gen_rules.py runs with its own."""

import os
import sys
from dataclasses import dataclass, field

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_gen_support import BASE, bzimage, edited, elf  # noqa: E402


@dataclass
class Example:
    """@bad breaks the rule and @good, which is as near to it as may be, does not."""

    rule: str
    bad: str
    says: str  # a pattern of the error's line
    good: str = BASE
    at: str = ""  # text of the line that the error points to, if it is in the DTS
    nth: int = 0
    note: str = ""  # a pattern of the notes
    images: dict = field(default_factory=dict)  # files of the bad example
    good_images: dict = field(default_factory=dict)


A_MEMORY = "memory = <0 0x4000000>;"
B_MEMORY = "memory = <0 0x8000000>;"
VDEV = '#include "pc-devices.dtsi"'
BUS = "#address-cells = <2>; #size-cells = <1>;"
DEVICE = """
/ { isa { %s { compatible = "bulkhead,simple-device"; %s }; }; };
"""


def given(board_device, properties, *more):
    """BASE with a further device `dev` on the board, given to cell alpha; @more: further edits."""
    gift = ('bootargs = "console=ttyS0";', "passthrough = <&dev>;")
    return edited(gift, *more, append=DEVICE % ("dev: " + board_device, properties))


DEVICE_AND_IMAGE_EXAMPLES = [
    # Devices
    Example(
        "passthrough-reference",
        edited(('bootargs = "console=ttyS0";', "passthrough = <&hpet>;")),
        "it belongs to the hypervisor",
        at="<&hpet>",
        note="&com2",
        good=edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;")),
    ),
    Example(
        "passthrough-reference",
        edited(('bootargs = "console=ttyS0";', "passthrough = <&cpu0>;")),
        "is no device of the board",
    ),
    Example(
        "passthrough-console",
        edited(('bootargs = "console=ttyS0";', "passthrough = <&com1>;")),
        "it is the hypervisor's console",
        at="<&com1>",
        nth=1,
        note="made the console here",
    ),
    Example(
        "passthrough-twice",
        edited(
            ('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
            (B_MEMORY, B_MEMORY + "passthrough = <&com2>;"),
        ),
        "com2 is given to cell beta, but belongs to cell alpha already",
        at="<&com2>",
        nth=1,
        note="given to alpha here",
    ),
    Example(
        "passthrough-twice",
        edited(('bootargs = "console=ttyS0";', "passthrough = <&com2 &com2>;")),
        "belongs to cell alpha already",
    ),
    Example(
        "passthrough-page",
        given("dev@0,d0000000", "reg = <0 0xd0000000 0x100>;"),
        "is not whole pages",
        good=given("dev@0,d0000000", "reg = <0 0xd0000000 0x1000>;"),
        note="given to alpha here",
    ),
    Example(
        "passthrough-hypervisor",
        given("dev@1,600", "reg = <1 0x600 8>;"),
        "has registers of the power-off",
        good=given("dev@1,600", "reg = <1 0x700 8>;"),
    ),
    Example(
        "passthrough-hypervisor",
        given("dev@0,fed00000", "reg = <0 0xfed00000 0x1000>;"),
        "has registers of the HPET",
    ),
    Example(
        "passthrough-collision",
        edited(
            ('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
            (
                VDEV,
                VDEV + '\nu2 { compatible = "ns16550a"; reg = <1 0x2f8 8>; ' "interrupts = <5>; };",
            ),
        ),
        r"com2 collide with the virtual device u2",
        note="u2 is here",
        good=edited(
            ('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
            (
                VDEV,
                VDEV + '\nu2 { compatible = "ns16550a"; reg = <1 0x2e8 8>; interrupts = <5>; };',
            ),
        ),
    ),
    Example(
        "passthrough-collision",
        given(
            "dev@0,80000000",
            "reg = <0 0x80000000 0x1000>;",
            (A_MEMORY, "memory = <0 0xc0000000>;"),
        ),
        "would lie in RAM of cell alpha",
        good=given("dev@0,80000000", "reg = <0 0x80000000 0x1000>;"),
    ),
    Example(
        "pin-twice",
        edited(
            ('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
            append="&com2 { interrupts = <4 1>; };",
        ),
        "interrupt pin 4 of com2 of cell alpha is used by the hypervisor's console already",
        note="has it here",
        good=edited(append="&com2 { interrupts = <4 1>; };"),
    ),
    Example(
        "pin-twice",
        edited(
            ('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
            append="&com2 { interrupts = <21 1>; };",
        ),
        "is used by HPET comparator 1",
        good=edited(
            ('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
            append="&com2 { interrupts = <22 1>; };",
        ),
    ),
    Example(
        "passthrough-interrupt",
        edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"), (VDEV, BUS)),
        "com2 interrupts, but cell alpha has no virtual I/O APIC",
        note="pc-devices.dtsi",
        good=edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;")),
    ),
    Example(
        "passthrough-interrupt",
        edited(
            ('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
            append="&com2 { interrupts = <8 1>; };",
        ),
        "is also that of the virtual device rtc@1,70",
        note="has it here",
    ),
    Example(
        "passthrough-interrupt",
        edited(
            ('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
            append="&com2 { interrupts = <2 1>; };",
        ),
        "is also that of the virtual device timer@1,40",
    ),
    Example(
        "vdev-register",
        edited(
            (
                VDEV,
                BUS + 'rtc { compatible = "motorola,mc146818"; reg = <1 0x70 4>; '
                "interrupts = <8>; };",
            )
        ),
        "must be 0x2 bytes of ports",
    ),
    Example(
        "vdev-register",
        edited((VDEV, BUS + 'i { compatible = "intel,ioapic"; reg = <0 0xfec00800 0x1000>; };')),
        "is at 0xfec00800, which is not aligned",
    ),
    Example(
        "vdev-single",
        edited((VDEV, VDEV + '\nother { compatible = "bulkhead,post-port"; reg = <1 0x84 1>; };')),
        "two virtual devices bulkhead,post-port",
        at="other {",
        note="post-port@1,80 is here",
        good=edited(
            (
                VDEV,
                VDEV + '\nother { compatible = "ns16550a"; reg = <1 0x2f8 8>; interrupts = <3>; };',
            )
        ),
    ),
    Example(
        "vdev-overlap",
        edited(
            (
                VDEV,
                VDEV + '\nu { compatible = "ns16550a"; reg = <1 0x3f1 8>; ' "interrupts = <3>; };",
            )
        ),
        "in cell alpha, u at .* overlaps serial@1,3f8",
        note="serial@1,3f8 is here",
        good=edited(
            (VDEV, VDEV + '\nu { compatible = "ns16550a"; reg = <1 0x3f0 8>; interrupts = <3>; };')
        ),
    ),
    Example(
        "vdev-overlap",
        edited((VDEV, BUS + 'i { compatible = "intel,ioapic"; reg = <0 0x3fff000 0x1000>; };')),
        "lies in RAM of cell alpha",
        good=edited(
            (VDEV, BUS + 'i { compatible = "intel,ioapic"; reg = <0 0x4000000 0x1000>; };')
        ),
    ),
    Example(
        "vdev-line",
        edited(
            (
                VDEV,
                VDEV + '\nu { compatible = "ns16550a"; reg = <1 0x2f8 8>; ' "interrupts = <8>; };",
            )
        ),
        "u and rtc@1,70 both have interrupt line 8",
        note="rtc@1,70 has it here",
        good=edited(
            (VDEV, VDEV + '\nu { compatible = "ns16550a"; reg = <1 0x2f8 8>; interrupts = <7>; };')
        ),
    ),
    Example(
        "vdev-line",
        edited(
            (
                VDEV,
                VDEV + '\nu { compatible = "ns16550a"; reg = <1 0x2f8 8>; ' "interrupts = <2>; };",
            )
        ),
        "interrupt line 2, which is the cascade",
    ),
    Example(
        "vdev-line",
        edited(
            (
                VDEV,
                BUS + 'p { compatible = "intel,i8259"; reg = <1 0x20 2 1 0xa0 2 1 0x4d0 2>; };'
                'u { compatible = "ns16550a"; reg = <1 0x2f8 8>; interrupts = <16>; };',
            )
        ),
        "interrupt line 16, which exists on an I/O APIC only",
    ),
    Example(
        "vdev-no-controller",
        edited(
            (VDEV, BUS + 'u { compatible = "ns16550a"; reg = <1 0x3f8 8>; ' "interrupts = <4>; };")
        ),
        "cell alpha has no interrupt controller",
        note="cell alpha is here",
        good=edited(
            (
                VDEV,
                BUS + 'u { compatible = "ns16550a"; reg = <1 0x3f8 8>; interrupts = <4>; };'
                'i { compatible = "intel,ioapic"; reg = <0 0xfec00000 0x1000>; };',
            )
        ),
    ),
    Example(
        "timer-comparators",
        edited(append="&hpet { comparators = <1>; };"),
        r"cell beta needs an HPET comparator .* all 1 of /timer@fed00000 are taken",
        note="the board's HPET is here",
        good=edited(append="&hpet { comparators = <2>; };"),
    ),
    # Images
    Example(
        "image-missing",
        edited(('initrd = "initrd"', 'initrd = "nothing"')),
        "the initrd nothing of cell alpha is in none",
        at='"nothing"',
        note="make images",
    ),
    Example("image-empty", BASE, "initrd is empty", at='initrd = "initrd"', images={"initrd": b""}),
    Example(
        "kernel-format",
        BASE,
        "neither a Linux bzImage nor an ELF",
        images={"vmlinuz": b"#!/bin/sh\n" * 200},
        at='kernel = "vmlinuz"',
        note="take a Linux bzImage",
    ),
    Example(
        "kernel-format",
        BASE,
        "boot protocol 2.11",
        images={"vmlinuz": bzimage(version=0x20B)},
        good_images={"vmlinuz": bzimage(version=0x20C)},
    ),
    Example("kernel-format", BASE, "no 64-bit entry", images={"vmlinuz": bzimage(xloadflags=2)}),
    Example("kernel-format", BASE, "cut short", images={"vmlinuz": bzimage(payload=b"")}),
    Example(
        "kernel-format",
        BASE,
        "no PVH entry note",
        images={"vmlinuz": elf(note=17)},
        good_images={"vmlinuz": elf()},
    ),
    Example(
        "kernel-format", BASE, "ELF for another processor", images={"vmlinuz": elf(machine=258)}
    ),
    Example("kernel-format", BASE, "cut short or damaged", images={"vmlinuz": elf()[:70]}),
    Example(
        "kernel-format", BASE, "PVH entry at 0x99, outside", images={"vmlinuz": elf(entry=0x99)}
    ),
    Example(
        "kernel-does-not-fit",
        BASE,
        "needs memory up to 0x4000001",
        images={"vmlinuz": bzimage(init_size=0x3000001)},
        at='kernel = "vmlinuz"',
        note="at least 66 MiB",
        good_images={"vmlinuz": bzimage(init_size=0x2F00000)},
    ),
    Example(
        "kernel-does-not-fit",
        BASE,
        "where cell alpha has no RAM",
        images={"vmlinuz": elf(segments=((0x3FFF000, b"x", 0x1001),), entry=0x3FFF000)},
        good_images={
            "vmlinuz": elf(segments=((0x3FF0000, b"x", 0x1000),), entry=0x3FF0000),
            "initrd": b"small",
        },
    ),
    Example(
        "initrd-does-not-fit",
        BASE,
        r"initrd \(1 MiB\) does not fit into cell alpha",
        images={"vmlinuz": bzimage(init_size=0x2F00001), "initrd": bytes(1 << 20)},
        at='initrd = "initrd"',
        good_images={"vmlinuz": bzimage(init_size=0x2F00000), "initrd": bytes(1 << 20)},
        note="give the cell more memory",
    ),
    Example(
        "image-overlap",
        BASE,
        r"the PVH start info at \[0x1000, .* overlaps the kernel",
        images={"vmlinuz": elf(segments=((0x1010, b"code" * 64, 0x100),), entry=0x1010)},
        good_images={"vmlinuz": elf(segments=((0x8000, b"code" * 64, 0x100),), entry=0x8000)},
    ),
    Example(
        "image-overlap",
        BASE,
        r"kernel \(zeroed part\)|PVH start info",
        images={"vmlinuz": elf(segments=((0x500, b"x", 0x1000),), entry=0x500)},
    ),
    Example(
        "bootargs-too-long",
        edited(("console=ttyS0", "x" * 101)),
        "have 101 characters.*at most 100",
        images={"vmlinuz": bzimage(cmdline_size=100)},
        good=edited(("console=ttyS0", "x" * 100)),
        good_images={"vmlinuz": bzimage(cmdline_size=100)},
        at="bootargs",
    ),
    Example(
        "bootargs-too-long",
        edited(("console=ttyS0", "x" * 4096)),
        "have 4096 characters.*at most 4095",
        images={"vmlinuz": elf()},
        good=edited(("console=ttyS0", "x" * 4095)),
        good_images={"vmlinuz": elf()},
    ),
]
