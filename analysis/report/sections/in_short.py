"""What a reader sees first: what came out in all, every verdict at a glance, and the forest plot."""

from analysis.figures import forest
from analysis.figures.marks import MARKS, marked
from analysis.figures.units import named, of_gain
from analysis.judging.contrasts import Judged
from analysis.report.elements.findings import Findings
from analysis.report.elements.in_all import in_all
from analysis.report.elements.markdown import literal
from analysis.report.elements.section import Picture, Section
from analysis.report.elements.table import table
from analysis.report.elements.words import number

MOST_ROWS = 150
"""Of the forest plot."""

MOST_COLUMNS = 6
"""Of the matrix, where its other side is no shorter."""


def section(found: Findings) -> Section:
    """One sentence, a matrix of Conditions and contrasts, the forest plot."""
    question = found.question
    title = f"{found.name}: {named(question.measured)}"
    judged = [one for one in found.judged if one.condition_signature in found.shown.labels][:MOST_ROWS]

    def draw(*, narrow: bool = False):
        return forest(judged, found.pooled[:MOST_ROWS], found.arms, question, title, narrow=narrow)

    plot = Picture(
        draw=draw,
        draw_narrow=lambda: draw(narrow=True),
        shows="Every contrast: mean difference, 95 % interval, every seed, adjusted p and verdict" + found.shown.note,
    )
    notes = []
    if len(found.judged) > MOST_ROWS:
        notes.append(f"The forest plot has the first {MOST_ROWS} of {len(found.judged)} rows; contrasts.csv has all.")
    lines = ["## In short", "", f"**{literal(in_all(found.judged, question))}**", ""]
    lines += [f"Numbers: mean {of_gain(found.metric)}; positive is better. Sentences with intervals follow.", ""]
    lines += _matrix(found)
    return Section(lines=lines, pictures={"forest": plot}, notes=notes)


def _matrix(found: Findings) -> list[str]:
    """Condition × contrast, or the other way round where many contrasts meet few Conditions."""
    cells = {(one.condition, str(one.contrast)): _cell(found, one) for one in found.judged}
    conditions = list(dict.fromkeys(condition for condition, _ in cells))
    contrasts = list(dict.fromkeys(contrast for _, contrast in cells))
    if len(contrasts) > MOST_COLUMNS and len(contrasts) > len(conditions):
        rows = [[contrast, *(cells[condition, contrast] for condition in conditions)] for contrast in contrasts]
        return table(["contrast", *conditions], rows, "contrasts.csv")
    rows = [[condition, *(cells[condition, contrast] for contrast in contrasts)] for condition in conditions]
    return table(["Condition", *contrasts], rows, "contrasts.csv")


def _cell(found: Findings, one: Judged) -> str:
    mean = one.verdict.statistics.mean
    name = one.verdict.name
    return marked(name) if mean is None else f"{MARKS[name]} {number(mean, found.digits, sign=True)} {name}"
