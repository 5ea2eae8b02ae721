# SPDX-License-Identifier: MIT
"""What raw runs say: medians, spread and ratios."""

import statistics
from dataclasses import dataclass

from .peer import BASELINES
from .result import CellResult, PeerResult

SUBJECT = "haul"


@dataclass(frozen=True)
class Line:
    """One peer in one cell. Ratios are to the baseline (cp, mv, rm, diff)."""

    name: str
    seconds: float
    low: float
    high: float
    synced: float
    cpu: float
    ratio: float | None
    synced_ratio: float | None
    memory_bytes: int | None
    losses: list[str]
    calls: int | None


def median(result: PeerResult, synced: bool) -> float:
    return statistics.median(run.seconds + (run.sync_seconds if synced else 0)
                             for run in result.runs)


def finished(cell: CellResult) -> dict[str, PeerResult]:
    return {name: result for name, result in cell.peers.items()
            if result.runs and not result.failure}


def ratio(cell: CellResult, name: str, synced: bool = False) -> float | None:
    """A peer's time by the baseline's."""
    done = finished(cell)
    baseline = done.get(BASELINES[cell.operation])
    if baseline is None or name not in done:
        return None
    return median(done[name], synced) / median(baseline, synced)


def lines(cell: CellResult) -> list[Line]:
    """The peers of a cell, the fastest first."""
    found = []
    for name, result in finished(cell).items():
        seconds = [run.seconds for run in result.runs]
        found.append(Line(
            name, median(result, False), min(seconds), max(seconds), median(result, True),
            statistics.median(run.cpu_seconds for run in result.runs),
            ratio(cell, name), ratio(cell, name, True), result.memory_bytes, result.losses,
            result.calls))
    return sorted(found, key=lambda line: line.seconds)


def best_rival(cell: CellResult, synced: bool = False) -> tuple[str, float] | None:
    """The fastest peer that isn't haul, and haul's time by its time."""
    done = finished(cell)
    rivals = {name: median(result, synced) for name, result in done.items()
              if not name.startswith(SUBJECT)}
    if SUBJECT not in done or not rivals:
        return None
    name = min(rivals, key=lambda rival: rivals[rival])
    return name, median(done[SUBJECT], synced) / rivals[name]
