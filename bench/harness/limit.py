# SPDX-License-Identifier: MIT
"""What the machine allows: the fastest that anything could be."""

import json
import time

from . import dataset, tally
from .command import CommandError, find, run
from .measure import run as measure_run
from .volume import Place, Room, Storage

GB = 1000**3
BLOCK_BYTES = 256 << 20
FILE_BYTES = 512 << 20
SLOW_FILE_BYTES = 64 << 20
TRIES = 3
NULL_DATASETS = {"small": 0.5, "large": 0.25}
NULL_SECONDS_MAX = 60


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


def null_backend(storage: Storage, program: str) -> dict[str, dict[str, float]]:
    """What haul costs when reading and writing cost nothing: seconds, wall-clock and of processors.
    Names and metadata are real, on tmpfs."""
    costs = {}
    for name, scale in NULL_DATASETS.items():
        room = dataset.DATASETS[name].room(scale)
        with storage.volume(Place.parse("tmpfs"), Room(room.size, 2 * room.files)).make() as volume:
            dataset.make(name, f"{volume.point}/tree", scale, 1)
            usages = []
            for turn in range(TRIES):
                usages.append(measure_run([program, f"{volume.point}/tree",
                                           f"{volume.point}/copy-{turn}"], NULL_SECONDS_MAX))
            best = min(usages, key=lambda usage: usage.seconds)
            found = tally.count(f"{volume.point}/tree")
            costs[f"{found.entries():,} entries, {found.size / GB:.2f} GB ({name})"] = {
                "s": best.seconds, "CPU s": best.cpu_seconds,
                "CPU µs/entry": 1e6 * best.cpu_seconds / found.entries(),
                "CPU s/GB": best.cpu_seconds / (found.size / GB)}
    return costs


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
