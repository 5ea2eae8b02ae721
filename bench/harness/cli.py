# SPDX-License-Identifier: MIT
"""The command line."""

import argparse
import contextlib
import os
import signal
import sys
from dataclasses import replace

from . import calls, chart, machine, measure, namespace, report, result
from .dataset import DATASETS
from .grid import CACHES, GRIDS, Grid, Pair
from .peer import NAMES, PEERS, parse_extra
from .session import Session
from .trial import Conditions
from .volume import DEVICES, KINDS, Storage
from .work import WORKS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")


def choice(names: list[str], what: str, text: str) -> list[str]:
    chosen = text.split(",")
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such {what}: {', '.join(unknown)}")
    return chosen


def pairs(text: str) -> list[Pair]:
    try:
        return [Pair.parse(pair) for pair in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="bench/run", description="Measures haul beside its peers, every run on a fresh "
        "filesystem. Read bench/README.md before believing a number.")
    made.add_argument("--grid", choices=GRIDS, default="small",
                      help="small ends in about two minutes, full takes hours (default: small)")
    made.add_argument("--work", type=lambda text: choice(list(WORKS), "work", text),
                      metavar="WORK,...", help="instead of the grid's")
    made.add_argument("--cache", type=lambda text: choice(list(CACHES), "cache", text),
                      metavar="cold,warm")
    made.add_argument("--pairs", type=pairs, metavar="FROM:TO,...",
                      help="filesystems, such as ext4@ram:xfs@disk,btrfs@ram:same")
    made.add_argument("--peers", type=lambda text: choice(NAMES, "peer", text),
                      metavar="PEER,...")
    made.add_argument("--add-peer", type=parse_extra, action="append", default=[],
                      metavar="NAME=COMMAND", help="another copier; {source} {destination} "
                      "{target} {haul} {cpus} are filled in")
    made.add_argument("--rounds", type=int)
    made.add_argument("--scale", type=float, help="size of the datasets, 1 is full size")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--timeout", type=float, default=900, metavar="SECONDS",
                      help="for one run of one peer (default: 900)")
    made.add_argument("--haul", default=os.path.join(BUILD, "haul"), metavar="PROGRAM")
    made.add_argument("--disk", default="/var/tmp", metavar="DIRECTORY",
                      help="on the real disk, for images (default: /var/tmp)")
    made.add_argument("--output", default=os.path.join(BUILD, "report"), metavar="DIRECTORY",
                      help="for results.json, report.md and charts (default: build/report)")
    made.add_argument("--calls", action="store_true",
                      help="also count system calls, in a run of its own, with strace")
    made.add_argument("--no-limit", action="store_true",
                      help="don't measure what the machine allows")
    made.add_argument("--render", metavar="RESULTS.JSON", help="only write the report again")
    made.add_argument("--list", action="store_true", help="name works, peers and devices")
    return made


def show_list() -> None:
    for name, work in WORKS.items():
        print(f"work    {name:16} {DATASETS[work.dataset].summary}")
    for operation, table in PEERS.items():
        for name, peer in table.items():
            print(f"peer    {name:16} {operation}: {peer.command}")
    for name, summary in DEVICES.items():
        print(f"device  {name:16} {summary}")
    print(f"filesystems: {', '.join(KINDS)}")


def chosen_grid(options: argparse.Namespace) -> Grid:
    named = {"works": options.work, "caches": options.cache, "pairs": options.pairs,
             "peers": options.peers, "rounds": options.rounds, "scale": options.scale}
    grid = replace(GRIDS[options.grid],
                   **{name: value for name, value in named.items() if value is not None})
    return replace(grid, extra_peers=dict(options.add_peer))


def write(results: result.Results, directory: str) -> None:
    os.makedirs(directory, exist_ok=True)
    results.save(os.path.join(directory, "results.json"))
    text = report.render(results, chart.write(results, directory))
    with open(os.path.join(directory, "report.md"), "w", encoding="utf-8") as file:
        file.write(text)
    print(f"{directory}/report.md")


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def measure_all(options: argparse.Namespace) -> tuple[result.Results, bool]:
    """The results, and whether they are all that was asked for."""
    grid = chosen_grid(options)
    results = result.Results(machine.facts(options.haul, options.disk), grid.rounds, grid.scale,
                             options.seed)
    with namespace.Scratch() as scratch, contextlib.ExitStack() as stack:
        session = Session(grid, results, Storage(scratch.path, options.disk, stack),
                          Conditions(options.haul, scratch.path, options.timeout,
                                     options.calls and calls.is_available()), say)
        try:
            if not options.no_limit:
                session.measure_limits()
            session.run()
        except KeyboardInterrupt:
            say("interrupted: the report has the cells that were finished")
            return results, False
    return results, True


def interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    options = parser().parse_args()
    if options.list:
        show_list()
        return
    if options.render:
        write(result.load(options.render), options.output)
        return
    namespace.enter()
    signal.signal(signal.SIGTERM, interrupt)
    measure.adopt_orphans()
    results, is_complete = measure_all(options)
    write(results, options.output)
    if not is_complete:
        sys.exit(128 + signal.SIGINT)
