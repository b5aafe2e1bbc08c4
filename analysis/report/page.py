"""The report as one Markdown page, section by section."""

from collections.abc import Mapping, Sequence

from analysis.report.cells import difference
from analysis.report.findings import Findings
from analysis.report.sections import (
    claim,
    complexity,
    convergence,
    cost,
    descriptive,
    design,
    error_rates,
    how_to_read,
    limits,
    numbers,
    prediction,
    probes,
    search,
    spread,
    tasks,
    verdicts,
)

BEFORE = (verdicts, how_to_read, design, search, claim, error_rates)
"""Sections before the pictures."""

AFTER = (numbers, tasks, complexity, prediction, convergence, cost, descriptive, spread, probes, limits)


def overview(found: Findings) -> str:
    """Question and verdict of every contrast in Markdown, short enough for a description."""
    lines = [f"**{found.study.question}**", "", "| Condition | contrast | difference | verdict |", "|---|---|---|---|"]
    for one in found.judged:
        lines.append(f"| {one.condition} | {one.contrast} | {difference(one)} | {one.verdict.name} |")
    return "\n".join([*lines, "", "Sentences, design and figures: `report.html` among the artifacts."])


def page(found: Findings, pictures: Mapping[str, str], notes: Sequence[str] = ()) -> str:
    """The whole report; pictures: what each shows, by file name without its ending; notes: what they leave out."""
    sections = (
        [f"# {found.name}", "", f"**{found.study.question}**", ""],
        *(section.lines(found) for section in BEFORE),
        _pictures(pictures, notes),
        *(section.lines(found) for section in AFTER),
    )
    return "\n".join(line for section in sections for line in section)


def _pictures(pictures: Mapping[str, str], notes: Sequence[str]) -> list[str]:
    lines = ["## Pictures", ""]
    for file, shows in pictures.items():
        lines += [f"![{shows}]({file}.svg)", "", f"*{shows}*", ""]
    return [*lines, *(f"- {note}" for note in notes), *([""] if notes else [])]
