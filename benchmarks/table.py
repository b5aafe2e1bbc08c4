"""The rows as one table in the terminal."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from benchmarks.row import Row

UNITS = {
    "_ms": " ms",
    "_s": " s",
    "_runs_per_s": " runs/s",
    "_gflop_per_s": " GFLOP/s",
    "_percent": " %",
    "_pp": " pp",
    "_runs": " runs",
}


def table(rows: Sequence[Row], machine: dict[str, Any]) -> Table:
    """A row per ratio: median, spread over the repeats, target, and the figures that it is made of."""
    title = (
        f"{machine['environment']}; {machine['cores']} cores, load {machine['load']:.1f}, {machine['threads']} thread"
    )
    shown = Table(title=title, title_justify="left")
    for heading in ("section", "case", "ratio", "spread", "target", "", "figures"):
        shown.add_column(heading, justify="right" if heading in ("ratio", "spread", "target") else "left")
    before = None
    for row in rows:
        if before is not None and row.section != before:
            shown.add_section()
        shown.add_row(
            row.section if row.section != before else "",
            row.case,
            f"{row.median:.2f}",
            f"{min(row.ratios):.2f}..{max(row.ratios):.2f}",
            "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g}",
            {None: "", True: "met", False: "missed"}[row.met],
            ", ".join(_figure(name, value) for name, value in row.figures.items()),
        )
        before = row.section
    return shown


def _figure(name: str, value: float) -> str:
    unit = max((ending for ending in UNITS if name.endswith(ending)), key=len)
    return f"{name.removesuffix(unit).replace('_', ' ')} {value:.3g}{UNITS[unit]}"
