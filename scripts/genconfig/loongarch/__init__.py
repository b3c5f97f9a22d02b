# SPDX-License-Identifier: Apache-2.0
"""LoongArch boards and cells."""
