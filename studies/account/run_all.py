"""Run every study that is not yet finished, and keep each one's tables in studies/results as it ends."""

import argparse
import sys

from rich.console import Console

from spectra_tune import tracking
from spectra_tune.design import InvalidStudy
from spectra_tune.results import Tables
from studies.command import archive, catalogue, places
from studies.command.report import RESULTS
from studies.command.run import run


def account(names: list[str]) -> int:
    """Runs and keeps these studies; returns the exit code of the first that did not end well, else 0."""
    console = Console()
    for number, name in enumerate(names, start=1):
        console.rule(f"{name} ({number} of {len(names)})")
        code = run(
            name,
            smoke=False,
            resume=True,
            quiet=True,
            accept_changes=False,
            address=None,
            storage=None,
            tracking_uri=None,
        )
        if code != 0:
            return code
        named = catalogue.load(name)
        tables = tracking.read_tables(name, places.store(None))
        if named.study.factors:  # so many Conditions that nobody looks at each one's curves and pictures
            tables = Tables(tables.runs, tables.curves.iloc[:0], tables.figures.iloc[:0])
        archive.write(RESULTS, name, named.study.signature(), tables)
    return 0


def main(arguments: list[str] | None = None) -> int:
    """All studies, or those that are named."""
    parser = argparse.ArgumentParser(prog="python -m studies.account.run_all", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    given = parser.parse_args(arguments)
    try:
        return account(given.names or list(catalogue.listed()))
    except InvalidStudy as error:
        print(f"studies: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
