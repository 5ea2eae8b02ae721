# SPDX-License-Identifier: MIT
"""One peer does one cell's work once, and is believed only when the result is right."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import calls, measure, tally
from .grid import Cell
from .peer import Peer
from .result import PeerResult, Run
from .stage import Scene, Stage


@dataclass(frozen=True)
class Conditions:
    haul: str
    scratch: str
    timeout_seconds: float
    count_calls: bool = False


def places(scene: Scene, conditions: Conditions) -> dict[str, str]:
    return {"haul": conditions.haul, "source": scene.source, "destination": scene.destination,
            "target": scene.target, "scratch": f"{conditions.scratch}/peer",
            "cpus": str(len(os.sched_getaffinity(0)))}


def check(cell: Cell, scene: Scene) -> None:
    """Every run: is everything there, or gone, that has to be?"""
    operation = cell.work.operation
    if operation in ("copy", "move"):
        found = tally.count(scene.target)
        if found.content() != scene.tally.content():
            raise measure.PeerError(f"wrong result: {found} instead of {scene.tally}")
    if operation == "move" and os.path.lexists(scene.source):
        raise measure.PeerError("the source is still there")
    if operation == "delete" and os.path.lexists(scene.target):
        raise measure.PeerError("it is still there")


@contextmanager
def on_stage(stage: Stage, cell: Cell, conditions: Conditions) -> Iterator[Scene]:
    """A fresh scene, and an empty scratch directory for the peer."""
    scratch = f"{conditions.scratch}/peer"
    os.makedirs(scratch)
    try:
        with stage.scene(cell) as scene:
            yield scene
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def perform(stage: Stage, cell: Cell, peer: Peer, conditions: Conditions,
            rehearsal: PeerResult | None = None) -> Run:
    """A run on a fresh scene. A rehearsal also looks at memory, and at what the copy has lost."""
    with on_stage(stage, cell, conditions) as scene:
        usage = measure.run(peer.arguments(places(scene, conditions)), conditions.timeout_seconds,
                            rehearsal is not None)
        begin = time.perf_counter()
        scene.volume.sync()
        synced = time.perf_counter() - begin
        check(cell, scene)
        if rehearsal is not None:
            rehearsal.memory_bytes = usage.memory_bytes
            if cell.work.operation == "copy":
                rehearsal.losses = tally.losses(scene.source, scene.target)
    return Run(usage.seconds, synced, usage.cpu_seconds)


def count_calls(stage: Stage, cell: Cell, peer: Peer, conditions: Conditions) -> int:
    """A run of its own, since strace makes everything slow."""
    table = f"{conditions.scratch}/calls"
    with on_stage(stage, cell, conditions) as scene:
        command = calls.counting(peer.arguments(places(scene, conditions)), table)
        measure.run(command, conditions.timeout_seconds)
    return calls.total(table)
