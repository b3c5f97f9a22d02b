# SPDX-License-Identifier: Apache-2.0
"""The command line of gen_config.py."""

from __future__ import annotations

import argparse
import os
import sys
import traceback

from . import document, images, output, pipeline
from .bindings import load_bindings
from .diag import ConfigError, Diagnostic


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gen_config.py",
        description="Check a system's DTS and compile it into a partition table.",
    )
    parser.add_argument(
        "config", nargs="*", metavar="CONFIG.dts", help="the system; --describe takes several"
    )
    parser.add_argument("--out", metavar="DIR", help="where the output goes")
    parser.add_argument(
        "--images", metavar="DIR", help="where kernels and initrds are looked for first"
    )
    parser.add_argument(
        "--modules", metavar="DIR", help="where the boot modules' files go (default: OUT/modules)"
    )
    parser.add_argument(
        "--depfile", metavar="FILE", help="also write what the output depends on, for make"
    )
    parser.add_argument(
        "--depfile-target",
        metavar="NAME",
        help=f"the target in the dependency file (default: {output.STAMP} in the output folder)",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="only check, write nothing")
    mode.add_argument(
        "--list-images", action="store_true", help="print the image files that the DTS names"
    )
    mode.add_argument(
        "--show-arch", action="store_true", help="print the architecture of the system's board"
    )
    mode.add_argument(
        "--describe", action="store_true", help="print name, tab, description of each system"
    )
    mode.add_argument("--doc", action="store_true", help="print docs/configuration.md")
    return parser


def main(arguments: list[str]) -> int:
    """Run; returns the exit status: 0 done, 1 refused, 2 wrong usage."""
    parser = _arguments()
    options = parser.parse_args(arguments)
    if not options.doc and not options.config:
        parser.error("which CONFIG.dts?")
    if len(options.config) > 1 and not options.describe:
        parser.error("one CONFIG.dts at a time")
    quiet = options.doc or options.describe or options.list_images or options.show_arch
    if not (quiet or options.check or options.out):
        parser.error("--out DIR is missing")
    try:
        return _run(options)
    except ConfigError as error:
        _print(error.diagnostics)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("gen_config: interrupted", file=sys.stderr)
    except OSError as error:
        print(f"gen_config: error: {error.filename or ''}: {error.strerror}", file=sys.stderr)
    except Exception as error:  # pylint: disable=broad-except
        if os.environ.get("GEN_CONFIG_DEBUG"):
            raise
        frame = traceback.extract_tb(error.__traceback__)[-1]
        print(
            f"gen_config: internal error: {type(error).__name__}: {error} at "
            f"{os.path.basename(frame.filename)}:{frame.lineno}; please report it "
            "(GEN_CONFIG_DEBUG=1 shows more)",
            file=sys.stderr,
        )
    return 1


def _run(options: argparse.Namespace) -> int:
    if options.doc:
        folder = os.path.join(pipeline.PROJECT, "configs")
        with open(os.path.join(folder, "qemu-x86-uart.dts"), encoding="utf-8") as text:
            sys.stdout.write(
                document.render(load_bindings(os.path.join(folder, "bindings")), text.read())
            )
    elif options.describe:
        for config in options.config:
            _, system, _ = pipeline.parse(config)
            print(f"{system.name}\t{system.description}")
    elif options.show_arch:
        print(pipeline.parse(options.config[0])[1].arch.name)
    elif options.list_images:
        _, system, _ = pipeline.parse(options.config[0])
        for name in images.image_names(system):
            print(name)
    else:
        _generate(options)
    sys.stdout.flush()
    return 0


def _generate(options: argparse.Namespace) -> None:
    plan = pipeline.plan(options.config[0], options.images)
    _print(plan.warnings)
    if options.check:
        return
    modules = options.modules or os.path.join(options.out, "modules")
    output.write_modules(modules, plan, options.out)
    output.write_all(options.out, output.files(plan, options.out))
    stamp = os.path.join(options.out, output.STAMP)
    output.touch(stamp)
    if options.depfile:
        folder, name = os.path.split(options.depfile)
        text = output.depfile(options.depfile_target or stamp, plan.depends)
        output.write_all(folder or ".", {name: text})


def _print(diagnostics: list[Diagnostic]) -> None:
    """Findings on standard error, in the order of the files, warnings among errors."""
    for diagnostic in diagnostics:
        for line in diagnostic.lines():
            print(line, file=sys.stderr)
