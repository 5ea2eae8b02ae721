# SPDX-License-Identifier: MIT
"""Goes through a grid: for each cell a rehearsal of every peer, then the rounds, peers in turn."""

import os
from collections.abc import Callable

from . import limit, machine
from .command import CommandError
from .dataset import DATASETS
from .grid import Cell, Grid
from .measure import PeerError
from .peer import Peer
from .result import CellResult, PeerResult, Results
from .stage import Stage
from .throttle import Unavailable
from .trial import Conditions, count_calls, perform
from .volume import Storage

Say = Callable[[str], None]


class Session:
    def __init__(self, grid: Grid, results: Results, storage: Storage, conditions: Conditions,
                 say: Say) -> None:
        self._grid, self._results, self._storage = grid, results, storage
        self._conditions, self._say = conditions, say
        self._stage: Stage | None = None
        self._stage_key = ""

    def measure_limits(self) -> None:
        self._say("the limit")
        places = {place for pair in self._grid.pairs for place in (pair.source, pair.destination)}
        self._results.limits = limit.measure(
            self._storage, {place for place in places if not place.missing()})
        program = os.path.join(os.path.dirname(self._conditions.haul), "bench/null")
        if not os.path.exists(program):
            self._results.missing["the null backend"] = program
            return
        try:
            self._results.null = limit.null_backend(self._storage, program)
        except (CommandError, PeerError) as error:
            self._results.missing["the null backend"] = str(error)

    def run(self) -> None:
        """Fills the results, cell by cell, so that they are worth something when interrupted."""
        for cell in self._grid.cells():
            reason = self._obstacle(cell)
            if reason:
                self._results.skipped[str(cell)] = reason
                continue
            try:
                self._measure(cell)
            except (CommandError, Unavailable) as error:
                self._results.skipped[str(cell)] = str(error)
        if self._stage:
            self._stage.close()
        self._results.load_average_end = os.getloadavg()[0]

    def _obstacle(self, cell: Cell) -> str | None:
        room = DATASETS[cell.work.dataset].room(self._grid.scale)
        needed = 3 * (room.size + room.files * 2048)
        missing = cell.pair.source.missing() or cell.pair.destination.missing()
        if missing:
            return f"{missing} is not installed"
        if needed > machine.available_bytes():
            return f"needs {needed / 2**30:.0f} GiB of free memory"
        return cell.impossible()

    def _present_peers(self, cell: Cell) -> dict[str, Peer]:
        present = {}
        for name, peer in self._grid.peers_of(cell).items():
            missing = peer.missing(self._conditions.haul)
            if missing:
                self._results.missing[name] = missing
            else:
                present[name] = peer
        return present

    def _stage_for(self, cell: Cell) -> Stage:
        """One dataset at a time is kept."""
        key = f"{cell.work.dataset}"
        if self._stage is None or self._stage_key != key:
            if self._stage:
                self._stage.close()
            self._stage = Stage(self._storage, key, self._grid.scale, self._results.seed)
            self._stage_key = key
        return self._stage

    def _measure(self, cell: Cell) -> None:
        stage, peers = self._stage_for(cell), self._present_peers(cell)
        result = CellResult(cell.work_name, cell.work.operation, cell.cache, str(cell.place()))
        for name, peer in peers.items():
            self._say(f"{cell}: rehearsal of {name}")
            result.peers[name] = self._rehearse(stage, cell, peer)
        tally = stage.tally
        result.files, result.entries, result.size = tally.files, tally.entries(), tally.size
        for turn in range(self._grid.rounds):
            self._say(f"{cell}: round {turn + 1} of {self._grid.rounds}")
            self._round(stage, cell, peers, result)
        self._results.cells.append(result)

    def _rehearse(self, stage: Stage, cell: Cell, peer: Peer) -> PeerResult:
        result = PeerResult()
        try:
            perform(stage, cell, peer, self._conditions, result)
            if self._conditions.count_calls:
                result.calls = count_calls(stage, cell, peer, self._conditions)
        except PeerError as error:
            result.failure = str(error)
        return result

    def _round(self, stage: Stage, cell: Cell, peers: dict[str, Peer], result: CellResult) -> None:
        for name, peer in peers.items():
            peer_result = result.peers[name]
            if peer_result.failure:
                continue
            try:
                peer_result.runs.append(perform(stage, cell, peer, self._conditions))
            except PeerError as error:
                peer_result.failure = str(error)
