"""`python -m benchmarks`: every section's ratios as one table, and as JSON."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from spectra_tune.design import InvalidStudy
from spectra_tune.errors import nearest
from spectra_tune.loading import collect_seldom

if TYPE_CHECKING:
    from benchmarks.row import Row

SECTIONS = (
    *("gpu", "engine", "recurrent", "penalty", "operators", "encoder", "statistics", "tracking"),
    *("alternatives", "searching", "whole_path"),
)
"""Modules beside this one, each with measure(tiny) -> rows; those that start Ray come last.

"gpu" is among those that are measured where nothing is named only where there is one."""

INTERRUPTED = 130

WIDTH = 160
"""Columns of the table where there is no terminal."""


class _Parser(argparse.ArgumentParser):
    """argparse whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        raise InvalidStudy(f"{message}; see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """All options."""
    one = _Parser(prog="python -m benchmarks", description="What spectra-tune costs, against its alternatives.")
    one.add_argument(
        "--tiny", action="store_true", help="tiny sizes: seconds, to see that it runs; figures mean nothing"
    )
    one.add_argument("--only", metavar="SECTION,…", help=f"some of {', '.join(SECTIONS)}")
    one.add_argument("--output", type=Path, default=Path("benchmarks.json"), help="default: ./benchmarks.json")
    return one


def main(arguments: list[str] | None = None) -> int:
    """Measures; returns the exit code: 0 done (targets missed or not), 1 not measured, 2 refused, 130 interrupted."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    collect_seldom()  # as a study's own command does
    try:
        given = parser().parse_args(arguments)
        sections = _chosen(given.only)
        _check_writable(given.output)
    except InvalidStudy as error:
        return _said(error, 2)
    from benchmarks.row import NotMeasured

    try:
        return _measured(sections, given.tiny, given.output)
    except (InvalidStudy, NotMeasured) as error:
        return _said(error, 1)
    except KeyboardInterrupt:
        return _said("interrupted", INTERRUPTED)


def _measured(sections: tuple[str, ...], tiny: bool, output: Path) -> int:
    from rich.console import Console

    from benchmarks import machine
    from benchmarks.table import table

    aside = Console(stderr=True)
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    facts = machine.facts()
    rows: list[Row] = []
    with aside.status("starting") as status:
        for section in sections:
            status.update(section)
            measure: Callable[..., Iterator[Row]] = import_module(f"benchmarks.{section}").measure
            for row in measure(tiny=tiny):
                rows.append(row)
                status.update(f"{section}: {row.case}: {row.median:.2f}")
    console.print(table(rows, facts))
    output.write_text(
        json.dumps({"machine": facts, "tiny": tiny, "rows": [row.record() for row in rows]}, indent=2) + "\n"
    )
    console.print(f"written to {output}", highlight=False)
    return 0


def _chosen(only: str | None) -> tuple[str, ...]:
    """The sections to measure, in their own order."""
    if only is None:
        import torch

        return tuple(name for name in SECTIONS if name != "gpu" or torch.cuda.is_available())
    named = tuple(only.split(","))
    for name in named:
        if name not in SECTIONS:
            raise InvalidStudy(f"no section is called {name!r}; {nearest(name, SECTIONS)}")
    return tuple(name for name in SECTIONS if name in named)


def _check_writable(output: Path) -> None:
    place = output if output.exists() else output.parent
    if output.is_dir() or not (output.is_file() or place.is_dir()) or not os.access(place, os.W_OK):
        raise InvalidStudy(f"--output must be a file that can be written, got {output}")


def _said(message: object, code: int) -> int:
    print(f"benchmarks: {' '.join(str(message).split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
