# SPDX-License-Identifier: Apache-2.0
"""scripts/built_copy.sh: builds once for each content of a recipe, and says what is wrong with a source."""

import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
RECIPE = """SOURCE=thing
TOOLS=(sh)
build()
{
	cat word >"$1/word"
}
"""
PATCH = """--- a/word
+++ b/word
@@ -1 +1 @@
-{}
+{}
"""
#: Stands for apt_fetch.sh --source SUITE FOLDER PACKAGE: the archive is what the test made.
FETCH = """#!/bin/sh
[ "$1 $2 $4" = "--source trixie $NAME" ] || exit 1
mkdir "$3"
cp {archive} "$3/" 2>/dev/null || exit 1
"""


@pytest.fixture(name="place")
def scripts_and_cache(tmp_path):
    """A folder with the script, an archive in place of Debian's, a recipe and an empty cache."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(TOP / "scripts/built_copy.sh", tmp_path / "scripts")
    fetch = tmp_path / "scripts/apt_fetch.sh"
    fetch.write_text(FETCH.format(archive=tmp_path / "thing_1.orig.tar.xz"), encoding="ascii")
    fetch.chmod(0o755)
    recipe = tmp_path / "thing"
    (recipe / "patches").mkdir(parents=True)
    (recipe / "recipe.sh").write_text(RECIPE, encoding="ascii")
    archive(tmp_path, word="one")
    return tmp_path


def archive(place, **files):
    """Makes the source package's archive of these files."""
    source = place / "thing-1"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    for name, text in files.items():
        (source / name).write_text(text + "\n", encoding="ascii")
    with tarfile.open(place / "thing_1.orig.tar.xz", "w:xz") as tar:
        tar.add(source, "thing-1")


def patch(place, name, old, new):
    """Writes a patch into the recipe."""
    (place / "thing" / name).write_text(PATCH.format(old, new), encoding="ascii")


def run(place, recipe=None, name="thing"):
    """Runs the script; returns (exit status, stdout, stderr)."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(place / "cache"), "NAME": name}
    done = subprocess.run([place / "scripts/built_copy.sh", recipe or place / "thing"], check=False, text=True,
                          timeout=60, capture_output=True, env=environment)
    return done.returncode, done.stdout.strip(), done.stderr


def built(place):
    """Runs the script, which must succeed; returns the word that the thing says."""
    status, folder, errors = run(place)
    assert status == 0, errors
    return (pathlib.Path(folder) / "word").read_text(encoding="ascii").strip()


def refused(place, *messages, **options):
    """Runs the script, which must fail with these messages and leave nothing but a lock in the cache."""
    status, out, errors = run(place, **options)
    assert status == 1 and out == ""
    for message in messages:
        assert message in errors
    assert "Traceback" not in errors
    assert [file.name for file in (place / "cache").glob("*/*") if file.suffix != ".lock"] == []


def test_it_is_built_once(place):
    """The second time the folder is there, and not even the source is fetched."""
    assert built(place) == "one"
    (place / "thing_1.orig.tar.xz").unlink()
    assert built(place) == "one"


def test_patches_are_applied_in_the_order_of_their_names(place):
    """Beside the recipe, or in its folder patches."""
    patch(place, "patches/0002.patch", "two", "three")
    patch(place, "patches/0001.patch", "one", "two")
    assert built(place) == "three"


def test_another_patch_is_another_build(place):
    """What is not part of the recipe does not count."""
    assert built(place) == "one"
    (place / "thing/README").write_text("read me", encoding="ascii")
    assert built(place) == "one"
    assert len(list((place / "cache").glob("*/thing-*[0-9a-f]"))) == 1
    patch(place, "patches/0001.patch", "one", "two")
    assert built(place) == "two"
    assert len(list((place / "cache").glob("*/thing-*[0-9a-f]"))) == 2


def test_a_source_that_cannot_be_fetched(place):
    """Debian has no such package, or the network is down."""
    (place / "thing_1.orig.tar.xz").unlink()
    refused(place, "built_copy.sh: error: no source of thing")


def test_an_archive_that_is_none(place):
    """Cut off, for instance."""
    (place / "thing_1.orig.tar.xz").write_bytes(b"nothing")
    refused(place, "built_copy.sh: error: cannot unpack thing_1.orig.tar.xz")


def test_a_patch_that_does_not_fit(place):
    """The message names it."""
    patch(place, "patches/0001.patch", "uno", "due")
    refused(place, "built_copy.sh: error: 0001.patch does not fit thing of Debian trixie")


def test_a_source_that_the_recipe_is_not_for(place):
    """check_source sees it before any patch does."""
    with open(place / "thing/recipe.sh", "a", encoding="ascii") as recipe:
        recipe.write("check_source()\n{\n\tgrep -q two word || { echo 'not two' >&2; return 1; }\n}\n")
    patch(place, "patches/0001.patch", "uno", "due")
    refused(place, "not two",
            "built_copy.sh: error: Debian trixie's source package thing is not the one that thing is for")


def test_a_build_that_fails(place):
    """The end of its log is shown."""
    with open(place / "thing/recipe.sh", "a", encoding="ascii") as recipe:
        recipe.write("build()\n{\n\techo 'no such luck'\n\treturn 3\n}\n")
    refused(place, "    no such luck", "built_copy.sh: error: could not build thing")


def test_a_tool_that_is_missing(place):
    """make setup has it."""
    text = (place / "thing/recipe.sh").read_text(encoding="ascii").replace("(sh)", "(sh no-such-tool)")
    (place / "thing/recipe.sh").write_text(text, encoding="ascii")
    refused(place, "no-such-tool is missing, which building thing needs")


def test_the_lvz_recipe_wants_its_qemu(place):
    """Its patches are for one version; another one is refused by name, not by the first patch that does not fit."""
    archive(place, VERSION="9.2.4")
    refused(place, "this is QEMU 9.2.4, but the patches are for 10.0", recipe=TOP / "tests/qemu-lvz", name="qemu")
