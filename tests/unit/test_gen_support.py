# SPDX-License-Identifier: Apache-2.0
"""What the tests of the generator share: small images, a base system, a way to run it."""

import os
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

from genconfig import cli, guest, pipeline  # noqa: E402
from genconfig.diag import Position  # noqa: E402
from genconfig.model import MIB, Image  # noqa: E402
from genconfig.x86 import linux, pvh  # noqa: E402

BASE = """\
/dts-v1/;
#include "boards/qemu-q35.dtsi"
/ {
	description = "two cells for the tests";
	bulkhead {
		compatible = "bulkhead,hypervisor";
		console = <&com1>;
	};
	cells {
		alpha {
			compatible = "bulkhead,cell";
			cpus = <&cpu0 &cpu1>;
			memory = <0 0x4000000>;
			kernel = "vmlinuz";
			initrd = "initrd";
			bootargs = "console=ttyS0";
			vdev {
				#include "pc-devices.dtsi"
			};
		};
		beta {
			compatible = "bulkhead,cell";
			cpus = <&cpu2 &cpu3>;
			memory = <0 0x8000000>;
			kernel = "vmlinuz";
			vdev {
				#include "pc-devices.dtsi"
			};
		};
	};
};
"""


def bzimage(
    payload=b"K" * 4096,
    version=0x20F,
    xloadflags=1,
    pref_address=0x1000000,
    init_size=0x200000,
    cmdline_size=2047,
    initrd_addr_max=0x7FFFFFFF,
    setup_sects=3,
):
    """A file that looks like a Linux kernel as far as a boot loader looks."""
    image = bytearray((setup_sects + 1) * 512)
    image[0x1F1] = setup_sects
    image[0x1FE:0x200] = b"\x55\xaa"
    image[0x200:0x202] = b"\xeb\x6a"  # jmp over the header: it ends at 0x26c
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", image, 0x206, version)
    image[0x211] = 1
    struct.pack_into("<I", image, 0x22C, initrd_addr_max)
    struct.pack_into("<H", image, 0x236, xloadflags)
    struct.pack_into("<I", image, 0x238, cmdline_size)
    struct.pack_into("<QI", image, 0x258, pref_address, init_size)
    return bytes(image) + payload


def elf(
    segments=((0x100000, b"code" * 256, 0x2000),), entry=0x100010, wide=True, note=18, machine=62
):
    """An ELF with PT_LOADs (address, bytes, memory size) and a Xen note that holds @entry."""
    header_size, ph_size = (64, 56) if wide else (52, 32)
    note_data = struct.pack("<III4s", 4, 8 if wide else 4, note, b"Xen\0") + struct.pack(
        "<Q" if wide else "<I", entry
    )
    offset = header_size + ph_size * (len(segments) + 1)
    body, headers = b"", b""

    def program_header(kind, at, address, size, memory):
        if wide:
            return struct.pack("<IIQQQQQQ", kind, 7, at, address, address, size, memory, 4)
        return struct.pack("<IIIIIIII", kind, at, address, address, size, memory, 7, 4)

    for address, data, memory in segments:
        headers += program_header(1, offset + len(body), address, len(data), memory)
        body += data
    headers += program_header(4, offset + len(body), 0, len(note_data), len(note_data))
    body += note_data
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    rest = struct.pack(
        "<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH",
        2,
        machine,
        1,
        entry,
        header_size,
        0,
        0,
        header_size,
        ph_size,
        len(segments) + 1,
        0,
        0,
        0,
    )
    return ident + rest + headers + body


def edited(*edits, append="", base=BASE):
    """@base with each (old, new) replaced once and @append at its end; every edit must apply."""
    text = base
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text + append


class Bench:
    """A folder with a system and its images, and the generator run on it."""

    def __init__(self, folder, capsys):
        self.folder = str(folder)
        self.capsys = capsys
        self.images = os.path.join(self.folder, "images")
        self.out = os.path.join(self.folder, "out")
        self.dts = os.path.join(self.folder, "sys.dts")
        self.stdout = self.stderr = ""
        os.mkdir(self.images)
        self.image("vmlinuz", bzimage())
        self.image("initrd", b"initrd" * 1000)
        self.write(BASE)

    def image(self, name, data):
        """Make an image file."""
        with open(os.path.join(self.images, name), "wb") as out:
            out.write(data)

    def write(self, text):
        """Make the system's DTS."""
        with open(self.dts, "w", encoding="utf-8") as out:
            out.write(text)

    def run(self, *arguments):
        """Run with exactly these arguments; returns the exit status."""
        self.capsys.readouterr()
        status = cli.main(list(arguments))
        self.stdout, self.stderr = self.capsys.readouterr()
        return status

    def generate(self, text=None, *more):
        """Run the usual way on @text; returns the exit status."""
        if text is not None:
            self.write(text)
        return self.run(self.dts, "--out", self.out, "--images", self.images, *more)

    def read(self, name, mode="r"):
        """An output file's content."""
        with open(os.path.join(self.out, name), mode) as data:
            return data.read()

    def tree(self):
        """All output files with their contents."""
        found = {}
        for folder, _, names in os.walk(self.out):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as data:
                    found[os.path.relpath(path, self.out)] = data.read()
        return found

    def line_of(self, text, nth=0):
        """The line number of the @nth line of the DTS that contains @text."""
        with open(self.dts, encoding="utf-8") as dts:
            return [n for n, line in enumerate(dts, 1) if text in line][nth]


def image(name="kernel"):
    """An Image as the model has it."""
    return Image(name, Position("x.dts", 7), "/nowhere/" + name)


def plan_of(bench, text=BASE):
    """The checked system of @text with all that was computed for it."""
    bench.write(text)
    return pipeline.plan(bench.dts, bench.images)


def memory_of(loaded, modules=()):
    """A cell's memory below 64 MiB as the hypervisor would fill it, with a plan's @modules."""
    brought = {module.name: module.data for module in modules}
    memory = bytearray(b"\xa5" * (64 * MIB))  # RAM holds anything before the first start
    for segment in loaded.segments:
        if isinstance(segment.source, guest.Blob):
            data = segment.source.data
        elif segment.source is None:
            data = bytes(segment.size)
        elif segment.source.module in brought:
            data = brought[segment.source.module][segment.source.offset :][: segment.size]
        else:
            with open(segment.source.path, "rb") as image:
                data = image.read()[segment.source.offset : segment.source.offset + segment.size]
        assert len(data) == segment.size
        memory[segment.gpa : segment.gpa + segment.size] = data
    return memory


VDEV = '#include "pc-devices.dtsi"'
NO_DEVICES = (VDEV, "#address-cells = <2>; #size-cells = <1>;")
B_MEMORY = "memory = <0 0x8000000>;"
COM2 = ('bootargs = "console=ttyS0";', "passthrough = <&com2>;")


def test_the_fake_kernels_are_what_the_loaders_take_for_real_ones():
    data = bzimage()
    assert linux.is_bzimage(data)
    parsed = linux.parse(image(), data, len(data))
    assert (parsed.pref_address, parsed.init_size, parsed.payload_size) == (
        0x1000000,
        0x200000,
        4096,
    )
    for wide in (True, False):
        kernel = pvh.parse(image(), elf(wide=wide, machine=62 if wide else 3))
        assert kernel.entry == 0x100010
        assert [(p.address, p.file_size, p.memory_size) for p in kernel.loads] == [
            (0x100000, 1024, 0x2000)
        ]
