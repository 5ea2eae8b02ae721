# SPDX-License-Identifier: MIT
"""What a tree holds, so that a copy that isn't one is never called fast."""

import os
import re
from dataclasses import dataclass

from .command import run

# The letters of rsync's --itemize-changes.
LOSSES = {"c": "content", "s": "size", "t": "times", "p": "mode", "o": "owner", "g": "group",
          "a": "ACLs", "x": "attributes"}
ITEM = re.compile(r"^(\*deleting|[<>.ch][fdLDS](?P<flags>[^ ]{9})) ")


@dataclass
class Tally:
    files: int = 0
    directories: int = 0
    links: int = 0
    size: int = 0
    allocated: int = 0

    def entries(self) -> int:
        return self.files + self.directories + self.links

    def content(self) -> tuple[int, int, int, int]:
        """What a copy must share with its source."""
        return self.files, self.directories, self.links, self.size


def count(top: str) -> Tally:
    """Counts what is below `top`. Nothing is counted where there is no such directory."""
    tally = Tally()
    waiting = [top] if os.path.isdir(top) else []
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                _add(tally, entry, waiting)
    return tally


def _add(tally: Tally, entry: os.DirEntry[str], waiting: list[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        tally.directories += 1
        waiting.append(entry.path)
    elif entry.is_symlink():
        tally.links += 1
    else:
        status = entry.stat(follow_symlinks=False)
        tally.files += 1
        tally.size += status.st_size
        tally.allocated += status.st_blocks * 512


def losses(source: str, copy: str) -> list[str]:
    """What the copy lacks in rsync's eyes, content read and compared: ["times", ...]."""
    output = run("rsync", "-aHAXn", "--checksum", "--itemize-changes", "--delete",
                 "--filter=-x trusted.SGI_ACL_*", f"{source}/", f"{copy}/")
    found = set()
    for line in output.splitlines():
        match = ITEM.match(line)
        if match and match["flags"]:
            flags = match["flags"]
            found |= {"entries"} if "+" in flags else {LOSSES[f] for f in flags if f in LOSSES}
        else:
            found.add("entries")
    return sorted(found)
