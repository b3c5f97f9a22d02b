# SPDX-License-Identifier: Apache-2.0
"""PCs: x86-64 boards, and cells that are PCs."""
