# SPDX-License-Identifier: MIT
"""What is moved: trees that depend on a seed and a scale alone.

A dataset's function fills an existing, empty directory. The scale multiplies the number of files,
or, where there is one, its size.
"""

import os
import random
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .command import run
from .volume import Room

KB, MB = 1000, 1000 * 1000
MIB, GIB = 1 << 20, 1 << 30
POOL_BYTES = 8 * MIB
# Sizes of the files of a source tree: half of them below 3 KB, a few of hundreds of KB.
MEDIAN_BYTES, SIGMA, MAX_BYTES = 3000, 1.7, MB
REAL_SOURCES = ("/usr/include", "/usr/share/doc", "/usr/lib/python3", "/usr/share/perl",
                "/usr/share")
REAL_FILES = 23_000


@dataclass(frozen=True)
class Dataset:
    """`size` is what it may occupy; who fills a sparse file's holes runs out of room."""

    make: Callable[[str, float, random.Random], None]
    summary: str
    size: int
    files: int

    def room(self, scale: float) -> Room:
        return Room(int(self.size * scale), int(self.files * scale))


class Content:
    """Random bytes, cheap enough for gigabytes: pieces of a pool."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._pool = memoryview(source.randbytes(POOL_BYTES))

    def write(self, descriptor: int, size: int) -> None:
        while size > 0:
            start = self._source.randrange(POOL_BYTES // 2)
            size -= os.write(descriptor, self._pool[start:start + size])

    def file(self, name: str, size: int, directory: int | None = None) -> None:
        descriptor = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644, dir_fd=directory)
        try:
            self.write(descriptor, size)
        finally:
            os.close(descriptor)


def directories(top: str, count: int, source: random.Random) -> Iterator[str]:
    """Makes `count` directories that nest as a source tree's do."""
    made = [top]
    for number in range(count):
        parent = made[source.randrange(max(0, len(made) - 40), len(made))]
        path = f"{parent}/directory-{number}"
        os.mkdir(path)
        made.append(path)
        yield path


def small(top: str, scale: float, source: random.Random) -> None:
    files = int(20_000 * scale)
    content = Content(source)
    places = list(directories(top, max(1, files // 12), source))
    for number in range(files):
        size = min(int(source.lognormvariate(0, SIGMA) * MEDIAN_BYTES), MAX_BYTES)
        content.file(f"{source.choice(places)}/file-{number}.c", size)
    for number in range(files // 200):
        os.symlink(f"file-{number}.c", f"{source.choice(places)}/link-{number}")


def real(top: str, scale: float, _source: random.Random) -> None:
    """Copies pieces of the machine's own trees until there are enough files."""
    wanted = int(REAL_FILES * scale)
    for tree in filter(os.path.isdir, REAL_SOURCES):
        target = os.path.join(top, tree.replace("/", "-")[1:])
        os.mkdir(target)
        for name in sorted(os.listdir(tree)):
            if wanted <= 0:
                return
            run("cp", "-a", f"{tree}/{name}", f"{target}/")
            wanted -= sum(len(found) for _, _, found in os.walk(f"{tree}/{name}"))


def flat(top: str, scale: float, source: random.Random) -> None:
    content = Content(source)
    directory = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    for number in range(int(100_000 * scale)):
        content.file(f"file-{number}", 10 * KB, directory)
    os.close(directory)


def media(top: str, scale: float, source: random.Random) -> None:
    content = Content(source)
    for number in range(max(1, int(200 * scale))):
        content.file(f"{top}/video-{number}", 25 * MB)


def large(top: str, scale: float, source: random.Random) -> None:
    Content(source).file(f"{top}/file", int(4 * GIB * scale))


def sparse(top: str, scale: float, source: random.Random) -> None:
    content = Content(source)
    descriptor = os.open(f"{top}/file", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    size = int(16 * GIB * scale)
    for offset in range(0, size, 16 * MIB):
        os.lseek(descriptor, offset, os.SEEK_SET)
        content.write(descriptor, MIB)
    os.truncate(descriptor, size)
    os.close(descriptor)


def empty_files(parent: str, count: int) -> None:
    directory = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    for number in range(count):
        os.mknod(f"file-{number}", stat.S_IFREG | 0o644, dir_fd=directory)
    os.close(directory)


def empty(top: str, scale: float, _source: random.Random) -> None:
    for number in range(int(1000 * scale)):
        parent = f"{top}/{number % 10}/{number}"
        os.makedirs(parent)
        empty_files(parent, 1000)


def wide(top: str, scale: float, _source: random.Random) -> None:
    for number in range(int(200 * scale)):
        os.mkdir(f"{top}/{number}")
        empty_files(f"{top}/{number}", 500)


def deep(top: str, scale: float, source: random.Random) -> None:
    content = Content(source)
    for chain in range(int(100 * scale)):
        path = f"{top}/{chain}"
        for level in range(150):
            os.makedirs(path)
            for number in range(5):
                content.file(f"{path}/{number}", 1000)
            path = f"{path}/level-{level}"


DATASETS = {
    "small": Dataset(small, "20,000 files as in a source tree, from a seed", 300 * MB, 22_000),
    "real": Dataset(real, "23,000 files of the machine's own /usr", 700 * MB, 60_000),
    "flat": Dataset(flat, "100,000 files of 10 KB in one directory", 1300 * MB, 100_000),
    "media": Dataset(media, "200 files of 25 MB", 5000 * MB, 200),
    "large": Dataset(large, "one file of 4 GiB", 4 * GIB, 1),
    "sparse": Dataset(sparse, "one file of 16 GiB with 1 GiB of data", 2 * GIB, 1),
    "empty": Dataset(empty, "1,000,000 empty files", 0, 1_002_000),
    "wide": Dataset(wide, "200 directories of 500 files", 0, 101_000),
    "deep": Dataset(deep, "100 chains of 150 directories", 350 * MB, 90_000),
}


def make(name: str, top: str, scale: float, seed: int) -> None:
    os.mkdir(top)
    try:
        DATASETS[name].make(top, scale, random.Random(f"{seed}/{name}"))
    except BaseException:
        shutil.rmtree(top, ignore_errors=True)
        raise
