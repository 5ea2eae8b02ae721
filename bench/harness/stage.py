# SPDX-License-Identifier: MIT
"""Sets the scene for a run: a tree where the work expects it, on filesystems nobody has used."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import cache, dataset, tally
from .command import run
from .grid import Cell
from .tally import Tally
from .volume import Place, Room, Storage, Volume

TREE = "tree"


@dataclass
class Scene:
    """Where a peer finds its work. `source` may be empty (a deletion)."""

    source: str
    destination: str
    volume: Volume
    tally: Tally

    @property
    def target(self) -> str:
        return f"{self.destination}/{TREE}"


class Stage:
    """Makes scenes of one dataset. Its tree is made once per place and kept as an image, which is
    mounted when it is only read, and copied when the work consumes it."""

    def __init__(self, storage: Storage, name: str, scale: float, seed: int) -> None:
        self._storage, self._name, self._scale, self._seed = storage, name, scale, seed
        self._originals: dict[Place, Volume] = {}
        self.tally = Tally()

    def close(self) -> None:
        for volume in self._originals.values():
            volume.close()
        self._originals.clear()

    def room(self) -> Room:
        return dataset.DATASETS[self._name].room(self._scale)

    @contextmanager
    def scene(self, cell: Cell) -> Iterator[Scene]:
        operation = cell.work.operation
        if operation == "delete" or cell.pair.is_same:
            scene = self._one_filesystem(cell)
        elif operation == "verify":
            scene = self._copy_beside(cell)
        else:
            scene = self._two_filesystems(cell)
        with scene as made:
            yield made

    @contextmanager
    def _one_filesystem(self, cell: Cell) -> Iterator[Scene]:
        with self._own_tree(cell.pair.destination) as volume:
            destination = volume.point
            if cell.work.operation == "copy":
                destination = f"{volume.point}/copy"
                run("mkdir", destination)
            self._set_cache(cell.cache, [volume])
            yield Scene(f"{volume.point}/{TREE}", destination, volume, self.tally)

    @contextmanager
    def _two_filesystems(self, cell: Cell) -> Iterator[Scene]:
        place = cell.pair.source
        source = self._own_tree(place) if cell.work.consumes() else self._original(place)
        try:
            self._mount(source)
            self._set_cache(cell.cache, [source])
            with self._fresh(cell.pair.destination, self.room()) as volume:
                yield Scene(f"{source.point}/{TREE}", volume.point, volume, self.tally)
        finally:
            if cell.work.consumes():
                source.close()

    @contextmanager
    def _copy_beside(self, cell: Cell) -> Iterator[Scene]:
        source = self._original(cell.pair.source)
        self._mount(source)
        with self._fresh(cell.pair.destination, self.room()) as volume:
            run("cp", "-a", f"{source.point}/{TREE}", f"{volume.point}/")
            volume.sync()
            self._set_cache(cell.cache, [source, volume])
            yield Scene(f"{source.point}/{TREE}", volume.point, volume, self.tally)

    def _original(self, place: Place) -> Volume:
        """The tree on a place, to be read only."""
        if place not in self._originals:
            self._originals[place] = self._fill(self._fresh(place, self.room(), copies=2))
        return self._originals[place]

    def _own_tree(self, place: Place) -> Volume:
        """The tree on a place, to do with as one likes."""
        if place.kind == "tmpfs":
            return self._fill(self._fresh(place, self.room(), copies=2))
        original = self._original(place)
        original.unmount()
        return original.clone(self._storage.point())

    def _fresh(self, place: Place, room: Room, copies: int = 1) -> Volume:
        return self._storage.volume(place, Room(room.size * copies, room.files * copies)).make()

    def _fill(self, volume: Volume) -> Volume:
        tree = f"{volume.point}/{TREE}"
        dataset.make(self._name, tree, self._scale, self._seed)
        volume.sync()
        self.tally = tally.count(tree)
        return volume

    @staticmethod
    def _mount(volume: Volume) -> None:
        if not volume.is_mounted:
            volume.mount()

    @staticmethod
    def _set_cache(state: str, volumes: list[Volume]) -> None:
        if state == "warm":
            for volume in volumes:
                cache.warm(volume.point)
            return
        on_device = [volume for volume in volumes if volume.place.kind != "tmpfs"]
        for volume in on_device:
            volume.unmount()
        cache.drop()
        for volume in on_device:
            volume.mount()
