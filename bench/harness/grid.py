# SPDX-License-Identifier: MIT
"""Which cells are measured: work × cache × pair of filesystems, each with all its peers."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .peer import NAMES, PEERS, Peer
from .volume import Place
from .work import Work, WORKS

CACHES = ("cold", "warm")


@dataclass(frozen=True)
class Pair:
    """Where things come from and go to. `is_same`: one filesystem for both."""

    source: Place
    destination: Place
    is_same: bool = False

    @staticmethod
    def parse(text: str) -> "Pair":
        source, separator, destination = text.partition(":")
        if not separator:
            raise ValueError(f"{text}: not SOURCE:DESTINATION, such as ext4@ram:xfs@ram")
        if destination == "same":
            return Pair(Place.parse(source), Place.parse(source), True)
        return Pair(Place.parse(source), Place.parse(destination))

    def __str__(self) -> str:
        return f"{self.source}:{'same' if self.is_same else self.destination}"


@dataclass(frozen=True)
class Cell:
    work_name: str
    cache: str
    pair: Pair

    @property
    def work(self) -> Work:
        return WORKS[self.work_name]

    def place(self) -> Pair | Place:
        """Where the work happens: a deletion has no source."""
        return self.pair if self.work.reads_source() else self.pair.destination

    def __str__(self) -> str:
        return f"{self.work_name}, {self.cache}, {self.place()}"

    def impossible(self) -> str | None:
        """Why this cell can't be measured on any machine, if so."""
        read_from = self.pair.source if self.work.reads_source() else self.pair.destination
        if self.cache == "cold" and read_from.kind == "tmpfs":
            return "what lies in tmpfs is never cold"
        if self.pair.is_same and self.work.operation != "copy":
            return "only a copy stays on one filesystem"
        if {"vfat", "exfat"} & {self.pair.source.kind, self.pair.destination.kind} and \
                self.work.dataset in ("large", "sparse", "real", "small"):
            return "FAT can't hold this dataset"
        return None


@dataclass
class Grid:
    works: list[str]
    caches: list[str]
    pairs: list[Pair]
    peers: list[str]
    rounds: int
    scale: float
    extra_peers: dict[str, Peer] = field(default_factory=dict)

    def cells(self) -> Iterator[Cell]:
        """All cells; those that share a source dataset follow each other. A deletion has no
        source, so destinations that several pairs share come once."""
        seen = set()
        for work in self.works:
            for pair in self.pairs:
                for cache in self.caches:
                    cell = Cell(work, cache, pair)
                    if str(cell) not in seen:
                        seen.add(str(cell))
                        yield cell

    def peers_of(self, cell: Cell) -> dict[str, Peer]:
        """Those that can do this cell's work, in the table's order."""
        table = dict(PEERS[cell.work.operation])
        if cell.work.operation == "copy":
            table |= self.extra_peers
        pair = cell.pair
        return {name: peer for name, peer in table.items()
                if (name in self.peers or name in self.extra_peers)
                and peer.suits(cell.work, pair.source, pair.destination, pair.is_same)}


SMALL = Grid(works=["copy-small", "copy-large", "delete-wide"], caches=list(CACHES),
             pairs=[Pair.parse("ext4@ram:xfs@ram")],
             peers=["haul", "cp", "rsync", "tar", "rm", "dd-direct", "diff"], rounds=3, scale=0.15)
FULL = Grid(works=list(WORKS), caches=list(CACHES),
            pairs=[Pair.parse(pair) for pair in (
                "ext4@ram:xfs@ram", "xfs@ram:ext4@ram", "ext4@ram:btrfs@ram", "tmpfs:ext4@ram",
                "ext4@ram:tmpfs", "tmpfs:tmpfs", "xfs@ram:same", "btrfs@ram:same",
                "ext4@disk:ext4@disk", "ext4@ram:ext4@slow", "ext4@slow:ext4@ram")],
            peers=NAMES, rounds=5, scale=1.0)
GRIDS = {"small": SMALL, "full": FULL}
