# SPDX-License-Identifier: Apache-2.0
"""What the tests on emulated machines share: building a system, running it, reading its cells' consoles."""
