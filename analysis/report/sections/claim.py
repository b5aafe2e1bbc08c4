"""A claim of others, taken apart."""

from analysis.describing.claim_parts import parts_of_claim
from analysis.figures import parts_of_claim as parts_in_order
from analysis.figures.units import behind
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import Markdown, literal
from analysis.report.elements.section import Picture, Section
from analysis.report.elements.table import table
from analysis.report.elements.words import estimate, number


def section(found: Findings) -> Section | None:
    """The parts of each Condition; nothing without a claim."""
    parts_by_label = parts_of_claim(found.study, found.runs)
    if not parts_by_label:
        return None
    metric = found.metric
    lines = ["## The claim taken apart", ""]
    for label, parts in parts_by_label.items():
        lines += [f"**{literal(label)}**: {number(parts.claimed, sign=True)}{behind(metric)} were claimed.", ""]
        rows = [(part.name, estimate(part.effect, sign=True), f"{part.effect.n}") for part in parts.parts]
        rows.append((Markdown("**sum: the claim**"), Markdown(f"**{number(parts.claimed, sign=True)}**"), ""))
        together = (estimate(parts.reproduced, sign=True), f"{parts.reproduced.n}")
        rows.append(("found here, all steps together", *together))
        lines += table(("part", f"{metric.unit or 'effect'} [95 %]", "seeds"), rows)
    lines += ["The order of the steps is a choice; a part that spans epochs is never a verdict.", ""]
    picture = Picture(
        draw=lambda: parts_in_order(parts_by_label, metric),
        shows="The claim's parts, one after the other" + found.shown.note,
    )
    return Section(lines=lines, pictures={"claim": picture})
