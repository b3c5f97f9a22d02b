# SPDX-License-Identifier: Apache-2.0
"""Images that boot modules bring: what is written for them, and examples of their rules."""

import hashlib
import os
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_gen_examples import A_MEMORY, B_MEMORY, Example  # noqa: E402
from test_gen_support import Bench, bzimage, edited, elf, plan_of  # noqa: E402

A_KERNEL = (A_MEMORY, A_MEMORY + ' kernel-module = "kernel";')
A_INITRD = (A_MEMORY, A_MEMORY + ' initrd-module = "ramdisk";')
B_KERNEL = (B_MEMORY, B_MEMORY + ' kernel-module = "kernel";')
B_OTHER = ('kernel = "vmlinuz";\n\t\t\tvdev', 'kernel = "other";\n\t\t\tvdev')
SHARED = edited(A_KERNEL, A_INITRD, B_KERNEL)


def named(name):
    """The base system with a module of that name."""
    return edited((A_MEMORY, f'{A_MEMORY} kernel-module = "{name}";'))


def many(cells):
    """@cells further cells with two modules each."""
    cpus = "".join(
        f'c{n}: cpu@{n} {{ device_type = "cpu"; reg = <{n}>; }};' for n in range(4, cells + 4)
    )
    nodes = "".join(
        f'm{n} {{ compatible = "bulkhead,cell"; cpus = <&c{n}>; memory = <0 0x2000000>; '
        f'kernel = "vmlinuz"; kernel-module = "k{n}"; initrd = "initrd"; '
        f'initrd-module = "i{n}"; }};\n'
        for n in range(4, cells + 4)
    )
    return edited(append=f"/ {{ cpus {{ {cpus} }}; cells {{\n{nodes} }}; }};")


MODULE_EXAMPLES = [
    Example(
        "bad-value",
        named("/boot/kernel"),
        '`kernel-module` of /cells/alpha is "/boot/kernel", which is no name',
        at="kernel-module",
        good=named("Kernel_6.1-9"),
    ),
    Example("bad-value", named("x" * 64), "is no name of that kind", good=named("x" * 63)),
    Example("bad-value", named("kernel."), "is no name of that kind", good=named("k.x")),
    Example("bad-value", named(".."), "is no name of that kind", good=named("0")),
    Example("bad-value", named(""), "is no name of that kind"),
    Example(
        "module-without-image",
        edited((B_MEMORY, B_MEMORY + ' initrd-module = "ramdisk";')),
        "cell beta has `initrd-module`, but no `initrd`",
        at='"ramdisk"',
        good=edited((B_MEMORY, B_MEMORY + ' initrd = "initrd"; initrd-module = "ramdisk";')),
    ),
    Example(
        "module-case",
        edited(A_KERNEL, (B_MEMORY, B_MEMORY + ' kernel-module = "Kernel";')),
        "the modules Kernel and kernel would be one file",
        at='"Kernel"',
        note="kernel is named here",
        good=SHARED,
    ),
    Example(
        "module-count",
        many(17),
        "module k20 is one too many: 34 are named, 32 can be used",
        at='"k20"',
        good=many(16),
    ),
    Example(
        "module-file",
        edited(A_KERNEL, B_KERNEL, B_OTHER),
        r"module kernel is to bring \S+/other here, but another file before",
        at='kernel-module = "kernel"',
        nth=1,
        note=r"it brings \S+/vmlinuz here",
        images={"other": bzimage()},
        good=edited(A_KERNEL, (B_MEMORY, B_MEMORY + ' kernel-module = "kernel-b";'), B_OTHER),
        good_images={"other": bzimage()},
    ),
    Example(
        "module-file",
        edited(A_KERNEL, (A_MEMORY, A_MEMORY + ' initrd-module = "kernel";')),
        r"module kernel is to bring \S+/initrd here",
        good=edited(A_KERNEL, B_KERNEL, ('kernel = "vmlinuz"', 'kernel = "./vmlinuz"')),
    ),
]


@pytest.fixture
def bench(tmp_path, capsys):
    return Bench(tmp_path, capsys)


def test_modules_are_files_and_not_embedded(bench):
    bench.image("vmlinuz", bzimage(payload=b"Q" * 5000))
    assert bench.generate(SHARED) == 0, bench.stderr
    assert bench.read("modules.list") == "kernel\nramdisk\n"
    for name, image in (("kernel", "vmlinuz"), ("ramdisk", "initrd")):
        with open(os.path.join(bench.images, image), "rb") as data:
            assert bench.read(f"modules/{name}", "rb") == data.read()
    source = bench.read("images.S")
    assert "vmlinuz" not in source and "images/initrd" not in source and "page-tables.bin" in source
    subprocess.run(
        ["gcc", "-c", os.path.join(bench.out, "images.S"), "-o", os.path.join(bench.folder, "i.o")],
        check=True,
    )
    dump = ["readelf", "-SW", os.path.join(bench.folder, "i.o")]
    sections = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    size = re.search(r" \.modules +NOBITS +\w+ \w+ (\w+) ", sections)[1]
    # One after the other, from page to page: 2048 + 5000 and 6000 bytes.
    assert int(size, 16) == 8192 + 6000


def test_the_table_has_length_hash_and_lines(bench):
    assert bench.generate(SHARED) == 0, bench.stderr
    table = bench.read("partition.c")
    with open(os.path.join(bench.images, "vmlinuz"), "rb") as data:
        kernel = data.read()
    digest = ", ".join(f"{byte:#04x}" for byte in hashlib.sha256(kernel).digest())
    assert f".sha256 = {{ {digest} }}" in table
    assert f".size = {len(kernel):#x}u,\n\t\t.sha256" in table
    assert ".data = module_0_kernel + 0x800" in table  # behind the bzImage's first sectors
    assert table.count("module_0_kernel + 0x800") == 2
    lines = [bench.line_of('kernel-module = "kernel"', nth) for nth in range(2)]
    for line in lines:
        assert f'.module = &modules[0], .what = "kernel", .source = "sys.dts:{line}"' in table
    assert '.module = &modules[1], .what = "initrd"' in table
    assert ".nr_modules = 2,\n};" in table
    assert bench.read("layout.h").count('BULKHEAD_MODULES "kernel", "ramdisk", ""\n') == 1


def test_a_system_without_modules_has_an_empty_list(bench):
    assert bench.generate() == 0
    assert bench.read("modules.list") == ""
    assert not os.path.exists(os.path.join(bench.out, "modules"))
    assert 'BULKHEAD_MODULES ""\n' in bench.read("layout.h")
    assert ".nr_modules = 0,\n};" in bench.read("partition.c")


@pytest.mark.parametrize("image", [bzimage(), elf()], ids=["bzimage", "elf"])
def test_memory_is_the_same_with_and_without_modules(bench, image):
    bench.image("vmlinuz", image)
    embedded, brought = plan_of(bench), plan_of(bench, SHARED)
    assert brought.system.hypervisor.memory.size == embedded.system.hypervisor.memory.size
    for left, right in zip(embedded.loaded, brought.loaded):
        assert left.entry == right.entry
        assert [(s.gpa, s.size, s.what) for s in left.segments] == [
            (s.gpa, s.size, s.what) for s in right.segments
        ]


def test_one_file_may_be_embedded_and_brought_under_two_names(bench):
    text = edited(A_KERNEL, A_INITRD, append='/ { cells { beta { initrd = "initrd"; }; }; };')
    text = text.replace('"ramdisk"', '"initrd-a"')
    assert bench.generate(text) == 0, bench.stderr
    assert bench.read("images.S").count('images/initrd"') == 1
    assert bench.read("images.S").count('images/vmlinuz"') == 1
    assert "one pristine copy" not in bench.read("report.txt")


def test_files_of_modules_that_are_none_any_more_go(bench):
    assert bench.generate(SHARED) == 0
    own = os.path.join(bench.out, "modules", "mine")
    with open(own, "wb") as out:
        out.write(b"not the generator's")
    assert bench.generate(edited(A_INITRD)) == 0
    assert sorted(os.listdir(os.path.join(bench.out, "modules"))) == ["mine", "ramdisk"]


def test_the_folder_of_modules_can_be_chosen(bench):
    folder = os.path.join(bench.folder, "elsewhere")
    assert bench.generate(SHARED, "--modules", folder) == 0
    assert sorted(os.listdir(folder)) == ["kernel", "ramdisk"]
    assert not os.path.exists(os.path.join(bench.out, "modules"))


def test_the_report_names_modules_and_their_users(bench):
    assert bench.generate(SHARED) == 0
    text = bench.read("report.txt")
    assert re.search(r"^kernel: 6144 bytes, for alpha \(kernel\) and beta \(kernel\)$", text, re.M)
    assert re.search(r"^ramdisk: 6000 bytes, for alpha \(initrd\)$", text, re.M)
    assert len(re.findall(r"SHA-256 [0-9a-f]{64}$", text, re.M)) == 2
    assert "one pristine copy of vmlinuz is loaded into alpha and beta" in text


def test_a_changed_image_changes_the_table(bench):
    assert bench.generate(SHARED) == 0
    before = bench.tree()
    bench.image("initrd", b"Initrd" * 1000)
    assert bench.generate(SHARED) == 0
    after = bench.tree()
    changed = {name for name in after if before.get(name) != after[name]}
    assert {"partition.c", "modules/ramdisk", "report.txt"} == changed
