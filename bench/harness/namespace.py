# SPDX-License-Identifier: MIT
"""A mount namespace of the harness's own: whatever happens to it, its mounts go with it."""

import os
import sys
import tempfile

from .command import run

MARK = "HAUL_BENCH_NAMESPACE"


def enter() -> None:
    """Starts this program again in a private mount namespace, unless it is in one."""
    if os.environ.get(MARK) == str(os.getpid()):
        return
    if os.geteuid() != 0:
        sys.exit("bench/run: making filesystems needs root")
    os.environ[MARK] = str(os.getpid())
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private",
                          sys.executable, *sys.argv])


class Scratch:
    """A directory in memory for mount points and images. Use it in a `with`."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix="haul-bench.")

    def __enter__(self) -> "Scratch":
        run("mount", "-t", "tmpfs", "-o", "size=95%,nr_inodes=0", "haul-bench", self.path)
        return self

    def __exit__(self, *_exception: object) -> None:
        run("umount", "-l", self.path)
        os.rmdir(self.path)
