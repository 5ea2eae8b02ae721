# SPDX-License-Identifier: MIT
"""What the machine allows: the fastest that anything could be."""

import json
import time

from .command import CommandError, find, run
from .volume import Place, Room, Storage

GB = 1000**3
BLOCK_BYTES = 256 << 20
FILE_BYTES = 512 << 20
SLOW_FILE_BYTES = 64 << 20
TRIES = 3


def memory_copy() -> float:
    """GB/s of one CPU that copies from memory to memory."""
    source, target = bytes(BLOCK_BYTES), bytearray(BLOCK_BYTES)
    target[:] = source
    best = float("inf")
    for _ in range(TRIES):
        begin = time.perf_counter()
        memoryview(target)[:] = source
        best = min(best, time.perf_counter() - begin)
    return BLOCK_BYTES / best / GB


def fio(directory: str, size: int, direction: str) -> float:
    """GB/s of large sequential direct I/O at depth. Writing ends with a sync."""
    output = run("fio", "--name=limit", f"--filename={directory}/fio", f"--rw={direction}",
                 f"--size={size}", "--bs=1M", "--iodepth=16", "--ioengine=io_uring", "--direct=1",
                 "--end_fsync=1", "--invalidate=1", "--output-format=json")
    return float(json.loads(output)["jobs"][0][direction]["bw_bytes"]) / GB


def device(storage: Storage, place: Place) -> dict[str, float]:
    size = SLOW_FILE_BYTES if place.device == "slow" else FILE_BYTES
    with storage.volume(place, Room(size, 1)).make() as volume:
        return {kind: fio(volume.point, size, kind) for kind in ("write", "read")}


def measure(storage: Storage, places: set[Place]) -> dict[str, dict[str, float]]:
    limits = {"memory, one CPU": {"copy": memory_copy()}}
    if not find("fio"):
        return limits
    for place in sorted(places, key=str):
        try:
            limits[str(place)] = device(storage, place)
        except CommandError:
            continue
    return limits
