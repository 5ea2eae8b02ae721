# SPDX-License-Identifier: MIT
"""How many system calls a peer makes, counted by strace. What goes through a ring isn't counted:
only the calls that submit and reap it."""

from pathlib import Path

from .command import find


def is_available() -> bool:
    return find("strace") is not None


def counting(command: list[str], table: str) -> list[str]:
    """The command that runs another one and leaves strace's table in a file."""
    return ["strace", "--follow-forks", "--quiet=all", "--summary-only", f"--output={table}",
            *command]


def total(table: str) -> int:
    """The number of calls in strace's table: the fourth column of its last line."""
    return int(Path(table).read_text().splitlines()[-1].split()[3])
