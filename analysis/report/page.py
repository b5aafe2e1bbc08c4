"""The report as one Markdown page, section by section."""

from collections.abc import Mapping, Sequence

from analysis.figures.units import of_gain
from analysis.report.elements.arms import as_confirmed
from analysis.report.elements.cells import difference
from analysis.report.elements.findings import Findings
from analysis.report.elements.in_all import in_all
from analysis.report.elements.markdown import literal
from analysis.report.elements.section import Section
from analysis.report.elements.table import table


def overview(found: Findings) -> str:
    """Question and verdict of every contrast in Markdown, short enough for a description."""
    gain = "difference" if found.metric.higher_is_better else of_gain(found.metric)
    lines = [f"**{literal(found.question.text)}**", "", literal(in_all(found.judged, found.question)), ""]
    rows = [(one.condition, str(one.contrast), difference(found, one), one.verdict.name) for one in found.judged]
    lines += table(("Condition", "contrast", gain, "verdict"), rows)
    for condition, arm, words in as_confirmed(found.judged):
        lines += [f"{literal(condition)}, **{literal(arm)}** was confirmed as: {literal(words)}", ""]
    return "\n".join([*lines, "Sentences, design and figures: `report.html` among the artifacts."])


def page(found: Findings, sections: Sequence[Section], numbers: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """The whole report. numbers: of each picture, what those in it stand for."""
    lines = [f"# {literal(found.name)}", "", f"**{literal(found.question.text)}**", ""]
    for section in sections:
        lines += [*section.lines, *_pictures(section, numbers or {})]
    return "\n".join(lines)


def _pictures(section: Section, numbers: Mapping[str, Mapping[str, str]]) -> list[str]:
    lines = []
    for file, picture in section.pictures.items():
        shows = literal(picture.shows)
        lines += [f"![{shows}]({file}.svg)", "", f"*{shows}*", ""]
        if numbers.get(file):
            stand_for = "; ".join(f"{number} is {name}" for number, name in numbers[file].items())
            lines += [f"In the picture {literal(stand_for)}.", ""]
    return [*lines, *(f"- {note}" for note in section.notes), *([""] if section.notes else [])]
