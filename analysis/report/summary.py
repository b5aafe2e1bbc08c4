"""What came out, in short, as a part of somebody else's page: a notebook's cell."""

from analysis.figures import legible, rendered
from analysis.report.elements.findings import Findings
from analysis.report.html import fragment
from analysis.report.page import page
from analysis.report.sections import in_short, verdicts


def summary(found: Findings) -> str:
    """The report's first sections as HTML: the question, the verdicts at a glance, the forest plot, every sentence."""
    sections = [in_short.section(found), verdicts.section(found)]
    numbers, drawn = {}, {}
    for name, picture in [one for section in sections for one in section.pictures.items()]:
        figure = picture.draw()
        numbers[name] = legible(figure, found.names)
        drawn[f"{name}.svg"] = rendered(figure, "svg")
    return fragment(page(found, sections, numbers), drawn)
