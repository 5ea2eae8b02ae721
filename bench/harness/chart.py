# SPDX-License-Identifier: MIT
"""The report's charts, drawn by matplotlib where it is installed."""

import os

from .peer import BASELINES
from .result import CellResult, Results
from .summary import finished, ratio

FORMATS = ("svg", "png")
CELLS_MAX = 12
# Longer bars are cut off; their number tells.
SHOWN_MAX = 3.0
OWN_COLOUR, BASELINE_COLOUR = "#d1495b", "#6c757d"
OTHER_COLOURS = ("#2e86ab", "#7fb069", "#e6aa68", "#8e6c8a", "#4c9f9a", "#b5838d", "#5e60ce")


def colour(name: str, names: list[str]) -> str:
    if name == "haul":
        return OWN_COLOUR
    if name in BASELINES.values():
        return BASELINE_COLOUR
    others = [n for n in names if n != "haul" and n not in BASELINES.values()]
    return OTHER_COLOURS[others.index(name) % len(OTHER_COLOURS)]


def groups(results: Results) -> dict[str, list[CellResult]]:
    """The cells by operation and cache, in pages that can be read."""
    found: dict[str, list[CellResult]] = {}
    for cell in results.cells:
        found.setdefault(f"{cell.operation}-{cell.cache}", []).append(cell)
    paged = {}
    for name, cells in found.items():
        for page, start in enumerate(range(0, len(cells), CELLS_MAX)):
            paged[f"{name}-{page + 1}" if page else name] = cells[start:start + CELLS_MAX]
    return paged


def draw(pyplot, title: str, cells: list[CellResult]):  # type: ignore[no-untyped-def]
    """A group of bars per cell: each peer's time by the baseline's, with sync."""
    names = list(dict.fromkeys(name for cell in cells for name in finished(cell)))
    height = 0.8 / max(1, len(names))
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.22 * len(names) * len(cells)))
    for place, name in enumerate(names):
        positions = [index + place * height for index in range(len(cells))]
        values = [ratio(cell, name, synced=True) or 0 for cell in cells]
        bars = axes.barh(positions, [min(value, SHOWN_MAX) for value in values], height * 0.9,
                         label=name, color=colour(name, names))
        axes.bar_label(bars, [f"{value:.2f}" if value else "" for value in values], fontsize=7,
                       padding=2)
    axes.set_yticks([index + 0.4 - height / 2 for index in range(len(cells))],
                    [f"{cell.work}\n{cell.pair}" for cell in cells], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(1, color=BASELINE_COLOUR, linewidth=0.8)
    axes.set_xlabel(f"time by {BASELINES[cells[0].operation]}'s, final sync included (less is "
                    "better)", fontsize=8)
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    return figure


def write(results: Results, directory: str) -> list[str]:
    """Draws SVG and PNG files into the directory and names the SVG ones; none without
    matplotlib."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        return []
    matplotlib.rcParams["svg.hashsalt"] = "haul"
    written = []
    for name, cells in groups(results).items():
        figure = draw(pyplot, name.replace("-", ", cache "), cells)
        for kind in FORMATS:
            figure.savefig(os.path.join(directory, f"{name}.{kind}"), dpi=150)
        pyplot.close(figure)
        written.append(f"{name}.svg")
    return written
