# SPDX-License-Identifier: Apache-2.0
"""What the generator writes, how it writes it, and its command line."""

import os
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_gen_loongarch import linux_image  # noqa: E402
from test_gen_support import BASE, ROOT, VDEV, Bench, bzimage, edited, plan_of  # noqa: E402
from genconfig import pipeline, placement  # noqa: E402
from genconfig.diag import ConfigError  # noqa: E402
from genconfig.model import MIB, PAGE  # noqa: E402

COMPILE = [
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
    "-Wmissing-prototypes",
    "-Werror",
    "-ffreestanding",
    "-mgeneral-regs-only",
    "-fno-pic",
    "-mno-red-zone",
    "-mcmodel=small",
    "-O2",
    "-I" + os.path.join(ROOT, "src"),
]
CONFIGS = sorted(n for n in os.listdir(os.path.join(ROOT, "configs")) if n.endswith(".dts"))


@pytest.fixture
def bench(tmp_path, capsys):
    return Bench(tmp_path, capsys)


# ---- The C table ----


def compile_table(bench, compiler, arch="x86"):
    done = subprocess.run(
        [
            compiler,
            *COMPILE,
            f"-I{os.path.join(ROOT, 'src', 'arch', arch, 'include')}",
            "-c",
            os.path.join(bench.out, "partition.c"),
            "-o",
            os.path.join(bench.folder, "partition.o"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    "text",
    [
        BASE,
        edited(
            ("alpha {", "0-board {"),
            (
                'bootargs = "console=ttyS0";',
                "passthrough = <&com2>; on-fault = "
                '"restart"; on-violation = "report"; bootargs = "a\\"b\\\\c??/";',
            ),
        ),
        edited(
            (VDEV, "#address-cells = <2>; #size-cells = <1>;"),
            (VDEV, "#address-cells = <2>; #size-cells = <1>;"),
        ),
    ],
    ids=["pc", "odd names", "no devices"],
)
def test_the_c_table_compiles_without_a_warning(bench, compiler, text):
    assert bench.generate(text) == 0, bench.stderr
    compile_table(bench, compiler)


def test_images_are_embedded_once_and_found_by_the_linker(bench):
    assert bench.generate() == 0
    source = bench.read("images.S")
    assert source.count('images/vmlinuz"') == 1 and source.count("page-tables.bin") == 1
    subprocess.run(
        ["gcc", "-c", os.path.join(bench.out, "images.S"), "-o", os.path.join(bench.folder, "i.o")],
        check=True,
    )
    symbols = subprocess.run(
        ["nm", os.path.join(bench.folder, "i.o")], check=True, capture_output=True, text=True
    ).stdout
    wanted = set(re.findall(r"extern const uint8_t (\w+)\[\]", bench.read("partition.c")))
    assert wanted == set(re.findall(r" R (\w+)", symbols))


def test_two_files_of_one_name_get_two_symbols(bench):
    os.mkdir(os.path.join(bench.images, "other"))
    bench.image("other/vmlinuz", bzimage(payload=b"Q" * 4096))
    text = BASE[::-1].replace('kernel = "vmlinuz"'[::-1], 'kernel = "other/vmlinuz"'[::-1], 1)[::-1]
    assert bench.generate(text) == 0, bench.stderr
    assert (
        len(set(re.findall(r"extern const uint8_t (image_\d+_vmlinuz)", bench.read("partition.c"))))
        == 2
    )


def test_the_table_says_what_the_dts_says(bench):
    assert (
        bench.generate(
            edited(('bootargs = "console=ttyS0";', 'passthrough = <&com2>; on-fault = "restart";'))
        )
        == 0
    )
    table = bench.read("partition.c")
    for text in (
        ".first = 0x2f8, .last = 0x2ff",
        "{ .pin = 3, .level = false",
        ".on_fault = FAULT_RESTART",
        ".on_violation = VIOLATION_FAULT",
        ".comparator = 1",
        ".port = 0x3f8, .pin = 4",
        '.source = "sys.dts:10"',
        ".console_escape = 0x1d",
        ".parameter = 5",
        "struct cell cells[2];",
        "do not edit",
    ):
        assert text in table, text
    assert re.search(r"cell_beta_cpus\[\] = \{\s*2,\s*3,\s*\}", table)


def test_the_pool_has_the_pages_that_were_counted(bench):
    plan = plan_of(bench)
    counts = pipeline.read_pool_pages(pipeline.arch_header(plan.system))
    assert (
        plan.pool_pages
        == plan.stage2_pages + counts.fixed + 4 * counts.per_cpu + 2 * counts.per_cell
    )
    need = placement.hypervisor_need(plan.loaded, os.path.getsize, plan.pool_pages * PAGE)
    assert plan.system.hypervisor.memory.size >= need


def test_the_hypervisor_has_a_large_page_before_its_images():
    # hypervisor.ld begins the images at a large page, so that code and data take one, too.
    for pool, need in ((2 * MIB, 4), (2 * MIB + PAGE, 6), (3 * MIB, 6), (4 * MIB, 6)):
        assert placement.hypervisor_need([], os.path.getsize, pool) == need * MIB


def test_the_layout_and_qemus_arguments(bench):
    assert bench.generate() == 0
    assert "#define BULKHEAD_BASE 0x1000000\n" in bench.read("layout.h")
    assert (
        int(re.search(r"BULKHEAD_SIZE (0x[0-9a-f]+)\n", bench.read("layout.h"))[1], 16) % (2 * MIB)
        == 0
    )
    for line in ('SYSTEM "', 'CONSOLE "port 0x3f8, 115200 baud"\n'):
        assert f"#define BULKHEAD_{line}" in bench.read("layout.h")
    words = bench.read("qemu.args").splitlines()
    pairs = dict(zip(words[::2], words[1::2]))
    assert pairs["-machine"] == "q35" and pairs["-smp"] == "4" and pairs["-m"] == "2048"
    assert pairs["-global"] == "hpet.timers=4" and not any(
        "serial" in w or "display" in w for w in words
    )


def test_the_report_names_owners_and_what_is_shared(bench):
    assert bench.generate(edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"))) == 0
    text = bench.read("report.txt")
    for pattern in (
        r"cell alpha +64 MiB",
        r"hypervisor +4 MiB",
        r"CPU cpu3 \(id 3\) +beta +\S+sys.dts:2\d",
        r"com2: ports 0x2f8-0x2ff, pin 3 +alpha",
        r"com1 carries the consoles of alpha and beta",
        r"one pristine copy of vmlinuz is loaded into alpha and beta",
    ):
        assert re.search(pattern, text), (pattern, text)


# ---- Writing ----


def test_unchanged_output_keeps_its_time_and_a_stamp_tells_the_success(bench):
    assert bench.generate() == 0
    for name in bench.tree():
        os.utime(os.path.join(bench.out, name), (1000, 1000))
    changed = edited(("console=ttyS0", "console=ttyS0 quiet"))
    assert bench.generate(changed) == 0
    times = {name: os.stat(os.path.join(bench.out, name)).st_mtime for name in bench.tree()}
    fresh = {name for name, time in times.items() if time != 1000}
    assert fresh == {"blobs/alpha-cmdline.bin", "partition.c", "report.txt", "gen.stamp"}


def test_a_refused_configuration_leaves_the_old_output_alone(bench):
    assert bench.generate() == 0
    before = bench.tree()
    assert bench.generate(edited(("&cpu2 &cpu3", "&cpu1 &cpu3"))) == 1
    assert bench.tree() == before


def test_a_failed_write_leaves_the_old_output_and_no_temporary_files(bench, monkeypatch):
    assert bench.generate() == 0
    before = bench.tree()
    real = os.fdopen

    def failing(handle, *arguments):
        if failing.left == 0:
            os.close(handle)
            raise OSError(28, "No space left on device")
        failing.left -= 1
        return real(handle, *arguments)

    failing.left = 1
    monkeypatch.setattr("genconfig.output.os.fdopen", failing)
    assert bench.generate(edited(("console=ttyS0", "console=ttyS0 quiet"))) == 1
    assert "No space left" in bench.stderr and "(output)" in bench.stderr
    assert bench.tree() == before


def test_check_writes_nothing(bench):
    assert bench.run(bench.dts, "--check", "--images", bench.images) == 0
    assert not os.path.exists(bench.out)


def test_the_dependency_file_names_all_inputs_and_survives_deleted_ones(bench):
    dep = os.path.join(bench.folder, "dep.d")
    assert bench.generate(None, "--depfile", dep) == 0
    with open(dep, encoding="utf-8") as text:
        rules = text.read()
    for name in (
        "sys.dts",
        "boards/qemu-q35.dtsi",
        "pc-devices.dtsi",
        "images/vmlinuz",
        "images/initrd",
        "bindings/cell.yaml",
        "genconfig/x86/linux.py",
        "arch_partition.h",
    ):
        assert re.search(rf"{re.escape(name)} ?\\?\n", rules) and re.search(
            rf"{re.escape(name)}:\n", rules
        ), name
    with open(os.path.join(bench.folder, "Makefile"), "w", encoding="utf-8") as makefile:
        makefile.write(f"{bench.out}/gen.stamp:\n\t@echo rebuilt\ninclude {dep}\n")

    def make():
        return subprocess.run(
            ["make", "-f", os.path.join(bench.folder, "Makefile")],
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert "rebuilt" not in make()
    os.utime(os.path.join(bench.images, "vmlinuz"), (2e9, 2e9))
    assert "rebuilt" in make()
    os.unlink(os.path.join(bench.images, "initrd"))
    assert "rebuilt" in make()


# ---- The command line, the language, and the systems of the project ----


def test_images_are_listed_once_even_before_they_exist(bench):
    os.unlink(os.path.join(bench.images, "vmlinuz"))
    assert bench.run(bench.dts, "--list-images") == 0
    assert bench.stdout == "vmlinuz\ninitrd\n"


def test_images_are_found_beside_the_dts_when_the_image_folder_has_none(bench):
    os.rename(os.path.join(bench.images, "initrd"), os.path.join(bench.folder, "initrd"))
    assert bench.generate() == 0
    assert f'"{bench.folder}/initrd"' in bench.read("images.S")


def test_describe_prints_name_and_description(bench):
    assert bench.run(bench.dts, "--describe") == 0
    assert bench.stdout == "sys\ttwo cells for the tests\n"


def test_the_script_itself_runs_and_never_shows_a_traceback(bench):
    script = os.path.join(ROOT, "scripts", "gen_config.py")

    def run(*arguments):
        return subprocess.run(
            [sys.executable, script, *arguments], capture_output=True, text=True, check=False
        )

    assert run(bench.dts, "--describe").stdout.startswith("sys\t")
    for broken in (
        b"",
        b"\xff\xfe\0",
        b"/dts-v1/;",
        b"/dts-v1/;\n/ { };",
        b"#error no\n",
        b"/dts-v1/; / { model; };",
    ):
        with open(bench.dts, "wb") as out:
            out.write(broken)
        done = run(bench.dts, "--check")
        assert (
            done.returncode == 1 and "error: " in done.stderr and "Traceback" not in done.stderr
        ), done.stderr
    assert run().returncode == 2


def test_every_cut_of_a_system_is_refused_with_a_message(bench):
    lines = BASE.splitlines()
    for number in range(1, len(lines)):
        status = bench.generate("\n".join(lines[:number] + lines[number + 1 :]))
        assert status == 0 or re.search(
            r"^\S+: error: .*\([a-z0-9-]+\)$", bench.stderr, re.M
        ), bench.stderr


def test_the_documentation_is_the_one_that_the_bindings_give(bench):
    assert bench.run("--doc") == 0
    with open(os.path.join(ROOT, "docs", "configuration.md"), encoding="utf-8") as text:
        assert (
            text.read() == bench.stdout
        ), "run: scripts/gen_config.py --doc > docs/configuration.md"


def test_the_bindings_are_valid_schemas_and_describe_every_property():
    import jsonschema
    from genconfig.bindings import DECODERS, load_bindings

    for binding in load_bindings(os.path.join(ROOT, "configs", "bindings")):
        jsonschema.Draft7Validator.check_schema(binding.schema)
        assert set(binding.schema.get("required", [])) <= set(binding.properties)
        for name, spec in binding.properties.items():
            assert spec["description"].strip() and spec["x-dts"] in DECODERS, (binding.name, name)


def test_every_virtual_device_has_its_header(bench):
    from genconfig.bindings import load_bindings

    for binding in load_bindings(os.path.join(ROOT, "configs", "bindings")):
        if binding.device:
            with open(
                os.path.join(ROOT, "src", "vdev", binding.device["header"]), encoding="utf-8"
            ) as text:
                header = text.read()
            assert re.search(rf"{binding.device['state']} {{", header)
            assert re.search(rf"extern const struct device_ops {binding.device['ops']};", header)


@pytest.mark.parametrize("config", CONFIGS)
def test_the_systems_of_the_project_are_accepted(bench, config):
    for name in ("vmlinuz-6.1-cloud-amd64", "vmlinuz-6.1-amd64"):
        bench.image(name, bzimage(payload=name.encode() * 1000))
    bench.image("vmlinuz-loong64", linux_image())
    bench.image("initramfs.cpio.gz", b"initramfs" * 1000)
    bench.image("initramfs-loong64.cpio.gz", b"initramfs" * 1000)
    path = os.path.join(ROOT, "configs", config)
    assert bench.run(path, "--out", bench.out, "--images", bench.images) == 0, bench.stderr
    assert bench.stderr == ""
    compile_table(bench, "gcc", "loongarch" if "loong" in config else "x86")


def test_errors_carry_rule_position_and_severity():
    with pytest.raises(ConfigError) as refused:
        pipeline.parse("/nowhere/x.dts")
    assert (
        refused.value.diagnostics[0].lines()[0]
        == "gen_config: error: there is no configuration /nowhere/x.dts (config-missing)"
    )
