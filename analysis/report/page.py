"""The report as one Markdown page, section by section."""

from collections.abc import Sequence

from analysis.figures.units import of_gain
from analysis.report.elements.arms import as_confirmed
from analysis.report.elements.cells import difference
from analysis.report.elements.findings import Findings
from analysis.report.elements.in_all import in_all
from analysis.report.elements.section import Section


def overview(found: Findings) -> str:
    """Question and verdict of every contrast in Markdown, short enough for a description."""
    gain = "difference" if found.metric.higher_is_better else of_gain(found.metric)
    lines = [f"**{found.study.question}**", "", in_all(found.judged, found.study.outcome), ""]
    lines += [f"| Condition | contrast | {gain} | verdict |", "|---|---|---|---|"]
    for one in found.judged:
        lines.append(f"| {one.condition} | {one.contrast} | {difference(one)} | {one.verdict.name} |")
    for condition, arm, words in as_confirmed(found.judged):
        lines += ["", f"{condition}, **{arm}** was confirmed as: {words}"]
    return "\n".join([*lines, "", "Sentences, design and figures: `report.html` among the artifacts."])


def page(found: Findings, sections: Sequence[Section]) -> str:
    """The whole report."""
    lines = [f"# {found.name}", "", f"**{found.study.question}**", ""]
    for section in sections:
        lines += [*section.lines, *_pictures(section)]
    return "\n".join(lines)


def _pictures(section: Section) -> list[str]:
    lines = []
    for file, picture in section.pictures.items():
        lines += [f"![{picture.shows}]({file}.svg)", "", f"*{picture.shows}*", ""]
    return [*lines, *(f"- {note}" for note in section.notes), *([""] if section.notes else [])]
