# SPDX-License-Identifier: Apache-2.0
"""Puts the harness, and this folder's own modules, on the path."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import lvz  # noqa: E402

#: Linux's source is 165 MB, and they take half an hour.
collect_ignore = [] if lvz.FULL else ["test_selftests.py"]
