# SPDX-License-Identifier: MIT
"""Who is measured.

In a command, {source} is the tree, {destination} the directory it goes to, {target} the tree's
name there, {scratch} an empty directory, {cpus} how many processors there are and {haul} the
program under test.
"""

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from .command import find, first_line
from .volume import Place
from .work import Work

PIPELINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pipeline.py")
PYTHON = shlex.quote(sys.executable)
BASELINES = {"copy": "cp", "move": "mv", "delete": "rm", "verify": "diff"}


def shares_extents(_work: Work, source: Place, destination: Place, is_same: bool) -> bool:
    return is_same and destination.kind in ("xfs", "btrfs") and source == destination


def is_one_file(work: Work, *_places: object) -> bool:
    return work.dataset == "large"


@dataclass(frozen=True)
class Peer:
    """`needs` is the program that must be installed, where it isn't the command's first word."""

    command: str
    needs: str = ""
    suits: Callable[[Work, Place, Place, bool], bool] = field(default=lambda *_all: True)

    def arguments(self, places: dict[str, str]) -> list[str]:
        return [word.format(**places) for word in shlex.split(self.command)]

    def missing(self, haul: str) -> str | None:
        """What isn't there for it to run."""
        program = self.needs or shlex.split(self.command)[0].format(haul=haul)
        if program.startswith("python3:"):
            module = program.partition(":")[2]
            return None if first_line(sys.executable, "-c", f"import {module}; print(1)") else \
                f"Python's {module}"
        return None if find(program) else program


COPY = {
    "haul": Peer("{haul} cp -a {source} {destination}/"),
    "cp": Peer("cp -a {source} {destination}/"),
    "cp-reflink": Peer("cp -a --reflink=always {source} {destination}/", suits=shares_extents),
    "rsync": Peer("rsync -a {source} {destination}/"),
    "tar": Peer("sh -c 'tar -C {source}/.. -cf - tree | tar -C {destination} -xpf -'",
                needs="tar"),
    "fpsync": Peer("fpsync -n {cpus} -d {scratch} -t {scratch} {source}/ {target}/"),
    "rclone": Peer("rclone copy --links --metadata --create-empty-src-dirs --config /dev/null "
                   "--transfers {cpus} {source} {target}"),
    "dd": Peer("sh -c 'mkdir {target} && "
               "dd bs=1M if={source}/file of={target}/file'", suits=is_one_file),
    "dd-direct": Peer("sh -c 'mkdir {target} && dd bs=4M iflag=direct oflag=direct "
                      "if={source}/file of={target}/file'", suits=is_one_file),
    "xcp": Peer("xcp --recursive --no-progress --workers 0 {source} {destination}/"),
    "fcp": Peer("fcp {source} {target}"),
    "cpz": Peer("cpz {source} {target}"),
    "python-threads": Peer(f"{PYTHON} {PIPELINE} threads {{source}} {{target}}"),
    "python-processes": Peer(f"{PYTHON} {PIPELINE} processes {{source}} {{target}}"),
    "python-gevent": Peer(f"{PYTHON} {PIPELINE} gevent {{source}} {{target}}",
                          needs="python3:gevent"),
}
MOVE = {
    "haul": Peer("{haul} mv {source} {destination}/"),
    "mv": Peer("mv {source} {destination}/"),
    "rsync": Peer("sh -c 'rsync -a --remove-source-files {source} {destination}/ && "
                  "find {source} -type d -delete'", needs="rsync"),
}
DELETE = {
    "haul": Peer("{haul} rm -r {target}"),
    "rm": Peer("rm -rf {target}"),
    "find": Peer("find {target} -delete"),
    "rmz": Peer("rmz {target}"),
    "rsync": Peer("sh -c 'mkdir {scratch}/empty && "
                  "rsync -a --delete {scratch}/empty/ {target}/ && rmdir {target}'",
                  needs="rsync"),
}
VERIFY = {
    "haul": Peer("{haul} verify {source} {target}"),
    "diff": Peer("diff -r --no-dereference {source} {target}"),
    "rsync": Peer("rsync -aHAXn --checksum --itemize-changes --delete {source}/ {target}/"),
}
PEERS = {"copy": COPY, "move": MOVE, "delete": DELETE, "verify": VERIFY}
NAMES = list(dict.fromkeys(name for table in PEERS.values() for name in table))


def parse_extra(text: str) -> tuple[str, Peer]:
    """NAME=COMMAND: another copier, for trying things out."""
    name, separator, command = text.partition("=")
    if not separator or not name or not command:
        raise ValueError(f"{text}: not NAME=COMMAND")
    return name, Peer(command)
