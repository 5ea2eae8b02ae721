# SPDX-License-Identifier: MIT
"""The report, as Markdown."""

from collections.abc import Iterator

from .result import CellResult, Results
from .summary import Line, best_rival, lines, ratio

GB, MIB = 1000**3, 1024**2


def number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def seconds(value: float) -> str:
    return number(value, 2 if value >= 1 else 3)


def table(header: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" + "---:|" * (len(header) - 1)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def machine(results: Results) -> Iterator[str]:
    facts = results.machine
    yield (f"{facts['processor']}, {facts['cpus']} CPUs, {facts['memory_bytes'] / 2**30:.0f} GiB; "
           f"Linux {facts['kernel']}, {facts['system']}; disk: {facts['disk']}.")
    yield (f"{results.rounds} rounds, scale {results.scale:g}, seed {results.seed}; load average "
           f"{facts['load_average']:.1f} at the start, {results.load_average_end:.1f} at the end.")
    yield ""
    yield "Versions: " + "; ".join(f"{name}: {version}"
                                   for name, version in facts["versions"].items()) + "."
    yield ""


def overview(results: Results) -> Iterator[str]:
    """haul in every cell, at a glance."""
    rows = []
    for cell in results.cells:
        rival = best_rival(cell)
        synced_rival = best_rival(cell, synced=True)
        rows.append([cell.title(), number(ratio(cell, "haul")),
                     number(ratio(cell, "haul", synced=True)),
                     f"{rival[1]:.2f} ({rival[0]})" if rival else "–",
                     f"{synced_rival[1]:.2f} ({synced_rival[0]})" if synced_rival else "–"])
    yield "## haul's time, divided by another's"
    yield ""
    yield from table(["cell", "by the usual tool's", "with sync", "by the fastest peer's",
                      "with sync"], rows)


def row(line: Line, cell: CellResult) -> list[str]:
    memory = None if line.memory_bytes is None else line.memory_bytes / MIB
    gigabytes = cell.size / GB
    return [line.name, seconds(line.seconds), f"{seconds(line.low)}–{seconds(line.high)}",
            number(line.ratio), seconds(line.synced), number(line.synced_ratio), seconds(line.cpu),
            number(line.cpu / gigabytes if gigabytes > 0.001 else None),
            number(1e6 * line.seconds / cell.entries if cell.entries > 1 else None, 1),
            number(line.calls / cell.entries if line.calls else None, 1), number(memory, 1),
            ", ".join(line.losses) or "–"]


def cell_section(cell: CellResult) -> Iterator[str]:
    yield f"### {cell.title()}"
    yield ""
    yield f"{cell.files:,} files, {cell.entries:,} entries, {cell.size / GB:.2f} GB."
    yield ""
    yield from table(["peer", "s", "spread", "ratio", "s with sync", "ratio with sync", "CPU s",
                      "CPU s/GB", "µs/entry", "calls/entry", "peak MiB", "lost"],
                     [row(line, cell) for line in lines(cell)])
    for name, result in cell.peers.items():
        if result.failure:
            yield f"- **{name} failed**: {result.failure.replace('|', ' ')}"
    yield ""


def limits(results: Results) -> Iterator[str]:
    if not results.limits:
        return
    yield "## The limit"
    yield ""
    yield "What the machine allows, in GB/s, measured in the same run (one try each)."
    yield ""
    kinds = sorted({kind for rates in results.limits.values() for kind in rates})
    yield from table(["where", *kinds],
                     [[place, *(number(rates.get(kind)) for kind in kinds)]
                      for place, rates in results.limits.items()])


def null(results: Results) -> Iterator[str]:
    if not results.null:
        return
    yield ("haul's own cost, with reads and writes replaced by nothing (the null backend, on "
           "tmpfs, best of three):")
    yield ""
    kinds = list(next(iter(results.null.values())))
    yield from table(["what", *kinds], [[what, *(number(cost.get(kind), 3) for kind in kinds)]
                                        for what, cost in results.null.items()])


def left_out(results: Results) -> Iterator[str]:
    if not results.missing and not results.skipped:
        return
    yield "## Left out"
    yield ""
    for name, program in results.missing.items():
        yield f"- {name}: {program} is not installed"
    for cell, reason in results.skipped.items():
        yield f"- {cell}: {reason}"
    yield ""


def render(results: Results, charts: list[str]) -> str:
    """The whole report; `charts` are the names of SVG files beside it."""
    parts = ["# Benchmark report", "", *machine(results), *overview(results)]
    parts += [f"![{name}]({name})\n" for name in charts]
    parts += [*limits(results), *null(results), "## Cells", "",
              "Medians of wall-clock seconds. Ratios are to cp, mv, rm or diff. The sync that "
              "follows is measured apart. Memory (PSS of all processes) and what the copy lost "
              "(in rsync's eyes) are taken in an untimed rehearsal.", ""]
    for cell in results.cells:
        parts += cell_section(cell)
    parts += left_out(results)
    return "\n".join(parts)
