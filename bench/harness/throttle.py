# SPDX-License-Identifier: MIT
"""Makes a block device as slow as a USB stick, with the kernel's own means.

With cgroup v1, a rule applies to the processes of one group: the harness's own, and the root
group, whose kernel threads write back dirty pages. With cgroup v2 write-back counts for the group
that dirtied the pages, so the harness moves itself to a group that has the rule.
"""

import os
from pathlib import Path

V1 = Path("/sys/fs/cgroup/blkio")
V2 = Path("/sys/fs/cgroup")
READ_BYTES_PER_S = 40_000_000
WRITE_BYTES_PER_S = 15_000_000


class Unavailable(Exception):
    """This machine can't do it; says why."""


def own_group(controller: str) -> str:
    """This process's cgroup of a controller ("" is cgroup v2), as a path without the first /."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path.lstrip("/")
    return ""


def limit_v1(device: str, read: int, write: int) -> None:
    for group in {V1, V1 / own_group("blkio")}:
        (group / "blkio.throttle.read_bps_device").write_text(f"{device} {read}")
        (group / "blkio.throttle.write_bps_device").write_text(f"{device} {write}")


def limit_v2(device: str, read: str, write: str) -> None:
    group = V2 / "haul-bench"
    (V2 / "cgroup.subtree_control").write_text("+io")
    group.mkdir(exist_ok=True)
    (group / "io.max").write_text(f"{device} rbps={read} wbps={write}")
    (group / "cgroup.procs").write_text(str(os.getpid()))


def slow_down(device: str) -> None:
    """`device` is MAJOR:MINOR."""
    try:
        if V1.is_dir():
            limit_v1(device, READ_BYTES_PER_S, WRITE_BYTES_PER_S)
        else:
            limit_v2(device, str(READ_BYTES_PER_S), str(WRITE_BYTES_PER_S))
    except OSError as error:
        raise Unavailable(f"no throttled device: {error}") from error


def release(device: str) -> None:
    """Devices keep their rules when they are detached, so this must follow."""
    if V1.is_dir():
        limit_v1(device, 0, 0)
    else:
        limit_v2(device, "max", "max")
