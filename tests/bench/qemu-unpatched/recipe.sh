# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The QEMU of tests/qemu-lvz without its patches (for built_copy.sh): what lvz.py compares with.

# shellcheck source=/dev/null
. "$(dirname "${BASH_SOURCE[0]}")/../../qemu-lvz/recipe.sh"
