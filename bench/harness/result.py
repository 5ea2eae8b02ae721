# SPDX-License-Identifier: MIT
"""Raw results, as they are kept in the JSON file."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Run:
    """One timed run. `sync_seconds` is the sync that followed it, not part of `seconds`."""

    seconds: float
    sync_seconds: float
    cpu_seconds: float


@dataclass
class PeerResult:
    runs: list[Run] = field(default_factory=list)
    memory_bytes: int | None = None
    losses: list[str] = field(default_factory=list)
    calls: int | None = None
    failure: str | None = None


@dataclass
class CellResult:
    work: str
    operation: str
    cache: str
    pair: str
    files: int = 0
    entries: int = 0
    size: int = 0
    peers: dict[str, PeerResult] = field(default_factory=dict)

    def title(self) -> str:
        return f"{self.work}, {self.cache}, {self.pair}"


@dataclass
class Results:
    machine: dict[str, Any]
    rounds: int
    scale: float
    seed: int
    cells: list[CellResult] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    limits: dict[str, dict[str, float]] = field(default_factory=dict)
    null: dict[str, dict[str, float]] = field(default_factory=dict)
    load_average_end: float = 0.0

    def save(self, path: str) -> None:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
            file.write("\n")


def load(path: str) -> Results:
    with open(path, encoding="utf-8") as file:
        raw = json.load(file)
    for cell in raw["cells"]:
        for peer in cell["peers"].values():
            peer["runs"] = [Run(**run) for run in peer["runs"]]
        cell["peers"] = {name: PeerResult(**peer) for name, peer in cell["peers"].items()}
    raw["cells"] = [CellResult(**cell) for cell in raw["cells"]]
    return Results(**raw)
