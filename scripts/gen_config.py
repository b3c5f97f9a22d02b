#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compile a system's DTS into Bulkhead's partition table; see docs/configuration.md.

All the work is done by the package genconfig beside this file.
"""

import sys

from genconfig.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
