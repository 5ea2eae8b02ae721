# SPDX-License-Identifier: MIT
"""The benchmark harness: see bench/README.md."""
