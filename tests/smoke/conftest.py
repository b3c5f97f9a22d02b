# SPDX-License-Identifier: Apache-2.0
"""Puts the harness on the path of the smoke tests."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
