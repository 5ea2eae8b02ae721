#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The copying part of the services that people build by hand in Python, in three flavours.

pipeline.py threads|processes|gevent SOURCE TARGET

Each worker copies one file at a time and reports it to the main process, which counts.
"""

import os
import shutil
import sys
from collections.abc import Iterator

WORKERS = 8
CHUNK = 16


def walk(source: str, target: str) -> Iterator[tuple[str, str]]:
    """Makes the directories and gives the files to copy."""
    for parent, directories, names in os.walk(source):
        place = os.path.join(target, os.path.relpath(parent, source))
        os.makedirs(place, exist_ok=True)
        for name in names + [d for d in directories if os.path.islink(f"{parent}/{d}")]:
            yield os.path.join(parent, name), os.path.join(place, name)


def copy(item: tuple[str, str]) -> int:
    """Copies one file and tells its size."""
    source, target = item
    shutil.copy2(source, target, follow_symlinks=False)
    return os.lstat(target).st_size


def with_threads(source: str, target: str) -> int:
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(copy, walk(source, target)))


def with_processes(source: str, target: str) -> int:
    from multiprocessing import Pool
    with Pool(os.cpu_count()) as pool:
        return sum(pool.imap_unordered(copy, walk(source, target), CHUNK))


def with_gevent(source: str, target: str) -> int:
    from gevent import monkey
    monkey.patch_all()
    from gevent.pool import Pool
    return sum(Pool(WORKERS).imap_unordered(copy, walk(source, target)))


def finish(source: str, target: str) -> None:
    for parent, _, _ in os.walk(source, topdown=False):
        shutil.copystat(parent, os.path.join(target, os.path.relpath(parent, source)))


FLAVOURS = {"threads": with_threads, "processes": with_processes, "gevent": with_gevent}


def main() -> None:
    if len(sys.argv) != 4 or sys.argv[1] not in FLAVOURS:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(FLAVOURS)} SOURCE TARGET")
    flavour, source, target = sys.argv[1:]
    print(FLAVOURS[flavour](source, target))
    finish(source, target)


if __name__ == "__main__":
    main()
