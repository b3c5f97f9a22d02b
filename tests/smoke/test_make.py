# SPDX-License-Identifier: Apache-2.0
"""Editing a DTS: what is rebuilt, and what a mistake leaves alone. No machine runs, so one board will do."""

import re

import pytest

from harness import build


@pytest.fixture(name="mine")
def own_copy(request):
    """A copy of the default system under a name of the test's own, built."""
    config = build.WORK / f"mine-{request.node.name.replace('_', '-')}.dts"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text((build.TOP / "configs/qemu-x86-duo.dts").read_text(encoding="utf-8"), encoding="utf-8")
    build.system(config.relative_to(build.TOP))
    return config


def made(config):
    """What `make` says it does for @config."""
    return build.make(f"CONFIG={config.relative_to(build.TOP)}")


def test_an_edit_rebuilds_what_depends_on_it_and_nothing_else(mine):
    """A changed command line compiles the table and links; nothing of src/ is compiled again."""
    assert "Nothing to be done" in made(mine)
    mine.write_text(mine.read_text(encoding="utf-8").replace("console=ttyS0", "console=ttyS0 quiet"), encoding="utf-8")
    output = made(mine)
    assert re.search(r"GEN .*mine-.*\n(.*\n)*.*LD .*bulkhead.elf", output)
    assert "src/" not in output
    assert "Nothing to be done" in made(mine)


def test_a_mistake_is_named_by_line_and_leaves_the_old_build_alone(mine):
    """The message has file and line of both offenders; the ELF file is not touched; the cure works."""
    elf = build.BUILD / mine.stem / "bulkhead.elf"
    before, right = elf.stat().st_mtime_ns, mine.read_text(encoding="utf-8")
    mine.write_text(right.replace("<&cpu2 &cpu3>", "<&cpu1 &cpu3>"), encoding="utf-8")
    with pytest.raises(build.BuildError) as failure:
        made(mine)
    name = re.escape(str(mine.relative_to(build.TOP)))
    said = str(failure.value)
    assert re.search(rf"^{name}:\d+: error: cell linux1 takes cpu1, which belongs to cell linux0", said, re.M)
    assert re.search(rf"^{name}:\d+: note: cpu1 is given to linux0 here$", said, re.M)
    assert "Traceback" not in said
    assert elf.stat().st_mtime_ns == before
    mine.write_text(right, encoding="utf-8")
    made(mine)
