# SPDX-License-Identifier: MIT
"""The machine's facts, without which a number means nothing."""

import os
import platform
from pathlib import Path

from .command import first_line, run

VERSIONS = {"cp": ["cp", "--version"], "rsync": ["rsync", "--version"],
            "tar": ["tar", "--version"], "rclone": ["rclone", "version"],
            "fpsync": ["dpkg-query", "-Wf", "fpart ${Version}", "fpart"],
            "xcp": ["xcp", "--version"], "cpz": ["cpz", "--version"],
            "fio": ["fio", "--version"], "mkfs.ext4": ["dpkg-query", "-Wf", "${Version}",
                                                       "e2fsprogs"],
            "mkfs.xfs": ["dpkg-query", "-Wf", "${Version}", "xfsprogs"],
            "mkfs.btrfs": ["dpkg-query", "-Wf", "${Version}", "btrfs-progs"]}


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def available_bytes() -> int:
    """What can still be used without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return memory_bytes()


def facts(haul: str, disk: str) -> dict[str, object]:
    versions = {name: first_line(*command) for name, command in VERSIONS.items()}
    versions["haul"] = first_line(haul, "--version")
    return {
        "kernel": platform.release(),
        "system": first_line("sh", "-c", ". /etc/os-release && echo $PRETTY_NAME"),
        "processor": processor(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_bytes": memory_bytes(),
        "load_average": os.getloadavg()[0],
        "disk": " ".join(run("findmnt", "--noheadings", "--target", disk, "--output",
                             "SOURCE,FSTYPE").split()),
        "versions": {name: version for name, version in versions.items() if version},
    }
