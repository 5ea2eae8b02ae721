# SPDX-License-Identifier: MIT
"""Runs a peer and takes its time, its processor time and, apart, its memory."""

import ctypes
import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
SAMPLE_SECONDS = 0.02
ERROR_CHARACTERS = 300


class PeerError(Exception):
    """A peer failed, or took too long; says how."""


@dataclass(frozen=True)
class Usage:
    seconds: float
    cpu_seconds: float
    memory_bytes: int | None = None


def adopt_orphans() -> None:
    """Descendants whose parent has died become ours, so that their time is counted, too."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def reap_orphans() -> None:
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a peer and what it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    reap_orphans()


def run(command: list[str], timeout_seconds: float, watch_memory: bool = False) -> Usage:
    """Runs a command to its end. Memory is watched in runs whose time doesn't count."""
    with tempfile.TemporaryFile() as messages:
        cpu_before, begin = children_seconds(), time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=messages, start_new_session=True)
        memory = MemoryWatch(process.pid) if watch_memory else None
        # Popen.wait would poll, by up to 50 ms, if it were given the time itself.
        alarm = threading.Timer(timeout_seconds, os.killpg, (process.pid, signal.SIGKILL))
        alarm.start()
        try:
            status = process.wait()
        finally:
            seconds = time.perf_counter() - begin
            alarm.cancel()
            peak = memory.finish() if memory else None
            stop(process)
        if seconds >= timeout_seconds:
            raise PeerError(f"took over {timeout_seconds:.0f} s")
        if status != 0:
            messages.seek(0)
            said = messages.read(ERROR_CHARACTERS).decode(errors="replace").strip()
            raise PeerError(f"status {status}: {said}")
    return Usage(seconds, children_seconds() - cpu_before, peak)


def descendants(process: int) -> Iterator[int]:
    """The process and everything below it, as far as it can still be seen."""
    yield process
    try:
        for task in os.listdir(f"/proc/{process}/task"):
            children = Path(f"/proc/{process}/task/{task}/children").read_text()
            for child in children.split():
                yield from descendants(int(child))
    except OSError:
        return


def proportional_bytes(process: int) -> int:
    """Resident memory, with each shared page divided among those who share it (PSS)."""
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


class MemoryWatch:
    """The peak of the memory that a process and all its descendants use together."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._peak = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def finish(self) -> int:
        self._end.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._end.wait(SAMPLE_SECONDS):
            total = sum(map(proportional_bytes, set(descendants(self._process))))
            self._peak = max(self._peak, total)
