#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The services that people build by hand in Python, with their progress on Redis for Socket.IO.

pipeline_live.py threads|processes|gevent SOURCE TARGET REDIS-SOCKET JOB

As many workers as there are processors copy what lies in SOURCE, each with shutil. They report each
file to the main process, which publishes twenty times a second how many are done, in the format of
Socket.IO's Redis adapter.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone

import msgpack
import redis

INTERVAL_S = 0.05
WORKERS = os.cpu_count() or 1

Report = Callable[[], None]


class Progress:
    """How far it is, and who is told."""

    def __init__(self, path: str, job: str) -> None:
        self.client = redis.Redis(unix_socket_path=path)
        self.job = job
        self.done = 0
        self.running = True

    def count(self) -> None:
        self.done += 1

    def publish(self, name: str, state: str) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
        event = {"event": name, "job": self.job, "time": now, "state": state, "done": self.done}
        packet = {"type": 2, "data": [name, event], "nsp": "/"}
        options: dict[str, object] = {"rooms": [], "flags": {}, "except": []}
        self.client.publish("socket.io#/#", msgpack.packb(["emitter", packet, options]))

    def run(self) -> None:
        while self.running:
            self.publish("progress", "running")
            time.sleep(INTERVAL_S)


def copy_some(source: str, target: str, names: list[str], report: Report) -> None:
    def copy(one: str, other: str) -> str:
        result = shutil.copy2(one, other, follow_symlinks=False)
        report()
        return result

    for name in names:
        one, other = os.path.join(source, name), os.path.join(target, name)
        if os.path.isdir(one) and not os.path.islink(one):
            shutil.copytree(one, other, symlinks=True, copy_function=copy)
        else:
            copy(one, other)


def shares(source: str) -> list[list[str]]:
    names = sorted(os.listdir(source))
    return [names[at::WORKERS] for at in range(WORKERS)]


def with_threads(source: str, target: str, progress: Progress) -> None:
    from threading import Thread
    workers = [Thread(target=copy_some, args=(source, target, names, progress.count))
               for names in shares(source)]
    Thread(target=progress.run, daemon=True).start()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def with_gevent(source: str, target: str, progress: Progress) -> None:
    from gevent import monkey
    monkey.patch_all()
    import gevent
    gevent.spawn(progress.run)
    gevent.joinall([gevent.spawn(copy_some, source, target, names, progress.count)
                    for names in shares(source)])


def with_processes(source: str, target: str, progress: Progress) -> None:
    from multiprocessing import Process, SimpleQueue
    from threading import Thread
    queue: SimpleQueue[int] = SimpleQueue()
    workers = [Process(target=copy_some, args=(source, target, names, lambda: queue.put(1)))
               for names in shares(source)]
    for worker in workers:
        worker.start()

    def count() -> None:
        while queue.get():
            progress.count()

    counter = Thread(target=count)
    counter.start()
    Thread(target=progress.run, daemon=True).start()
    for worker in workers:
        worker.join()
    queue.put(0)
    counter.join()


FLAVOURS = {"threads": with_threads, "processes": with_processes, "gevent": with_gevent}


def main() -> None:
    flavour, source, target, path, job = sys.argv[1:]
    progress = Progress(path, job)
    os.makedirs(target)
    FLAVOURS[flavour](source, target, progress)
    progress.running = False
    progress.publish("progress", "done")
    progress.publish("job", "done")


if __name__ == "__main__":
    main()
