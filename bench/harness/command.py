# SPDX-License-Identifier: MIT
"""Commands that the harness needs done: not those that it measures."""

import os
import shutil
import subprocess

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class CommandError(Exception):
    """A command that had to succeed did not; says which and what it wrote."""


def run(*command: str, env: dict[str, str] | None = None) -> str:
    """Runs a command to its end and gives its output."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace", check=False,
                          env={**os.environ, "PATH": PATH, "LC_ALL": "C", **(env or {})})
    if done.returncode != 0:
        raise CommandError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def find(program: str) -> str | None:
    """Where a program is, if it is installed."""
    return shutil.which(program, path=PATH)


def first_line(*command: str) -> str:
    """The first line that a command prints, or an empty one: for versions."""
    try:
        return (run(*command).splitlines() or [""])[0].strip()
    except (CommandError, OSError):
        return ""
