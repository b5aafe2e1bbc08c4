"""What a terminal shows of a judged study."""

import os
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table

from analysis.judging.contrasts import Judged
from analysis.judging.question import Question, question_of
from analysis.judging.sentences import decimals
from analysis.report.elements.arms import as_confirmed, remained
from spectra_tune import tracking
from spectra_tune.credentials import without_user
from studies.command import catalogue
from studies.command.console import WHOLE, carried, say
from studies.command.pasted import command
from studies.command.plan import with_unit

UI_PORT = int(os.environ.get("MLFLOW_PORT", "5000"))
"""Where `spectra-tune ui` serves and `run` links to; MLflow's own server reads the same variable."""

UI_BASE = f"http://127.0.0.1:{UI_PORT}"

MOST_LINKS = 30
"""Of a study: each is two lines of a terminal."""

VERDICT_COLUMNS = 16
"""That a verdict needs at least beside what it is about: fewer would be a word a line."""


def conclude(console: Console, named: catalogue.Named, judged: list[Judged], uri: str) -> None:
    """Prints the verdicts and where to look further."""
    say_verdicts(console, named.name, question_of(named.study), judged)
    links = tracking.links(named.name, uri, base_url(uri))
    if not uri.startswith("http"):
        look = command("ui", uri=uri)
        say(console, f"\nLook into it: {look}, then")
    for label, link in links[:MOST_LINKS]:
        console.print(f"  {label}: {link}", highlight=False, soft_wrap=True, markup=False)
    if len(links) > MOST_LINKS:
        more = len(links) - MOST_LINKS
        say(console, f"  {more} more Conditions: report.html, an artifact of the study's MLflow run, links to them")


def say_verdicts(console: Console, name: str, question: Question, judged: list[Judged]) -> None:
    """Prints what a search's sides were confirmed as, every verdict sentence, and all of them as a table."""
    for condition, arm, words in as_confirmed(judged):
        say(console, f"{condition}, {arm} was confirmed as: {words}")
    for condition, contrast, _, equal in remained(one for one in judged if one.compared and not one.compared.matched):
        say(console, f"{condition}, {contrast}: equal within a seed are {equal}")
    for one in judged:
        say(console, f"{one.condition}, {one.contrast}: {one.verdict.sentence}")
    say(console)
    say_at_a_glance(console, name, question, judged)


def say_at_a_glance(console: Console, name: str, question: Question, judged: list[Judged]) -> None:
    """All verdicts as a table, or where that would break cells, below their Conditions."""
    metric = question.measured.metric
    title = (
        f"{name}: {question.metric}, margin ±{with_unit(question)}, alpha {question.alpha:g} "
        f"over m = {question.tests} tests"
    )
    of_difference = f"{'difference' if metric.higher_is_better else 'gain'}, {metric.unit}".removesuffix(", ")
    headings = ("Condition", "contrast", f"{of_difference} [95 %]", "verdict")
    digits = decimals(metric, question.margin_in_unit)
    cells = [(one.condition, str(one.contrast), _difference(one, digits), _verdict(one)) for one in judged]
    rows = [tuple(carried(cell, console.encoding) for cell in row) for row in cells]
    say(console, title)
    table = _table(headings, rows)
    if _fits(console, table):
        console.print(table)
        return
    say(console, "; ".join(headings))
    columns = list(zip(*(row[1:] for row in rows), strict=True))
    for condition, below in groupby(rows, key=itemgetter(0)):
        say(console, condition)
        lines = [row[1:] for row in below]
        grid = Table.grid(*_columns(("", "", ""), columns), padding=(0, 2), pad_edge=True)
        for line in lines:
            grid.add_row(*line)
        if _fits(console, grid):
            console.print(grid)
            continue
        for contrast, difference, verdict in lines:
            say(console, f"  {contrast}")
            say(console, f"    {', '.join(filter(None, (difference, verdict)))}")


def _fits(console: Console, table: Table) -> bool:
    return Measurement.get(console, console.options.update(width=WHOLE), table).minimum <= console.width


def _columns(headings: Sequence[str], columns: Sequence[Sequence[str]]) -> list[Column]:
    """As wide as their cells, but for the last, the verdict, which wraps."""
    wide = [max(map(cell_len, (heading, *cells))) for heading, cells in zip(headings, columns, strict=True)]
    whole = [Column(heading, min_width=width, no_wrap=True) for heading, width in zip(headings, wide, strict=True)]
    return [*whole[:-1], Column(headings[-1], min_width=VERDICT_COLUMNS)]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A row per contrast and Condition: the verdict wraps, and nothing else."""
    table = Table(*_columns(headings, list(zip(*rows, strict=True))))
    before = None
    for condition, *cells in rows:
        if before not in (None, condition):
            table.add_section()
        table.add_row(condition if condition != before else "", *cells)
        before = condition
    return table


def _difference(one: Judged, digits: int) -> str:
    found = one.verdict.statistics
    if found.low is None:
        return ""
    return "{} [{}, {}]".format(*(f"{value:+z.{digits}f}" for value in (found.mean, found.low, found.high)))


def _verdict(one: Judged) -> str:
    return " ".join((one.verdict.name, *one.verdict.suffixes))


def base_url(uri: str) -> str:
    """Where MLflow's pages are: at the server, or where `spectra-tune ui` opens a store."""
    return without_user(uri) if uri.startswith("http") else UI_BASE  # a browser asks for credentials itself
