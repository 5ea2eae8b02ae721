# SPDX-License-Identifier: MIT
"""The page cache before a run: cold or warm."""

import os
from pathlib import Path

BUFFER_BYTES = 1 << 20


def drop() -> None:
    """Forgets everything clean: pages, dentries, inodes. Sync or unmount first."""
    Path("/proc/sys/vm/drop_caches").write_text("3")


def warm(top: str) -> None:
    """Reads everything below `top`, names, inodes and data, so that it is in memory."""
    buffer = memoryview(bytearray(BUFFER_BYTES))
    for parent, _, names in os.walk(top):
        for name in names:
            path = f"{parent}/{name}"
            if os.path.islink(path):
                continue
            with open(path, "rb", buffering=0) as file:
                while file.readinto(buffer):
                    pass
