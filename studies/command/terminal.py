"""What a terminal shows of a judged study."""

import os

from rich.console import Console
from rich.table import Table

from analysis.judging.contrasts import Judged
from analysis.judging.question import Question, question_of
from analysis.judging.sentences import decimals
from analysis.report.elements.arms import as_confirmed, remained
from spectra_tune import tracking
from studies.command import catalogue
from studies.command.pasted import command
from studies.command.plan import with_unit

UI_PORT = int(os.environ.get("MLFLOW_PORT", "5000"))
"""Where `spectra-tune ui` serves and `run` links to; MLflow's own server reads the same variable."""

UI_BASE = f"http://127.0.0.1:{UI_PORT}"


def conclude(console: Console, named: catalogue.Named, judged: list[Judged], uri: str) -> None:
    """Prints the verdicts and where to look further."""
    say_verdicts(console, named.name, question_of(named.study), judged)
    links = tracking.links(named.name, uri, base_url(uri))
    if not uri.startswith("http"):
        look = command("ui", uri=uri)
        console.print(f"\nLook into it: {look}, then", highlight=False, soft_wrap=True, markup=False)
    for label, link in links:
        console.print(f"  {label}: {link}", highlight=False, soft_wrap=True, markup=False)


def say_verdicts(console: Console, name: str, question: Question, judged: list[Judged]) -> None:
    """Prints what a search's sides were confirmed as, every verdict sentence, and all of them as a table."""
    for condition, arm, words in as_confirmed(judged):
        console.print(f"{condition}, {arm} was confirmed as: {words}", highlight=False, markup=False)
    for condition, contrast, _, equal in remained(one for one in judged if one.compared and not one.compared.matched):
        console.print(f"{condition}, {contrast}: equal within a seed are {equal}", highlight=False, markup=False)
    for one in judged:
        console.print(f"{one.condition}, {one.contrast}: {one.verdict.sentence}", highlight=False, markup=False)
    console.print()
    console.print(_verdict_table(name, question, judged))


def _verdict_table(name: str, question: Question, judged: list[Judged]) -> Table:
    """The verdicts, a row per contrast and Condition."""
    metric = question.measured.metric
    table = Table(
        title=f"{name}: {question.metric}, margin ±{with_unit(question)}, alpha {question.alpha:g} "
        f"over m = {question.tests} tests",
        title_justify="left",
    )
    of_difference = f"{'difference' if metric.higher_is_better else 'gain'}, {metric.unit}".removesuffix(", ")
    for heading in ("Condition", "contrast", f"{of_difference} [95 %]", "verdict"):
        table.add_column(heading)
    digits = decimals(metric, question.margin_in_unit)
    before = None
    for one in judged:
        if before is not None and one.condition != before:
            table.add_section()
        found = one.verdict.statistics
        numbers = [] if found.low is None else [f"{one:+z.{digits}f}" for one in (found.mean, found.low, found.high)]
        difference = "{} [{}, {}]".format(*numbers) if numbers else ""
        verdict = " ".join((one.verdict.name, *one.verdict.suffixes))
        table.add_row(one.condition if one.condition != before else "", str(one.contrast), difference, verdict)
        before = one.condition
    return table


def base_url(uri: str) -> str:
    """Where MLflow's pages are: at the server, or where `spectra-tune ui` opens a store."""
    if not uri.startswith("http"):
        return UI_BASE
    scheme, _, rest = uri.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"  # a browser asks for credentials itself
