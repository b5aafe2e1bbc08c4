"""What a treatment costs in time, and whether it is worth that."""

from analysis.describing.cost import ACCEPTED_OVERHEAD, gain_per_overhead
from analysis.figures import cost_plane
from analysis.figures.units import behind
from analysis.judging.contrasts import Judged
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import Markdown
from analysis.report.elements.section import Picture, Section
from analysis.report.elements.table import table
from analysis.report.elements.words import chance, estimate, number
from analysis.statistics.equivalence import non_inferiority
from analysis.statistics.estimate import Estimate
from spectra_tune.design import Outcome

LEVEL = 0.05
"""Of the test that a treatment is not worse."""


def section(found: Findings) -> Section | None:
    """Time ratios and decisions; nothing where no arm was timed."""
    timed = [one for one in found.priced if one.overhead is not None]
    if not timed:
        return None
    outcome, metric = found.study.outcome, found.metric
    margin = f"{outcome.margin_in_unit:g}{behind(metric)}"
    lines = [
        "## What it costs",
        "",
        f"Time per epoch, treatment over baseline, each arm timed alone and in turn; up to {ACCEPTED_OVERHEAD:g} needs "
        f"no further reason. Not worse (descriptive): whether a one-sided t test of non-inferiority at {100 * LEVEL:g} "
        f"% shows that a treatment loses less than the margin of {margin}; not adjusted, and no verdict rests on it.",
        "",
    ]
    heads = ("Condition", "contrast", "time ratio [95 %]", "n", f"{metric.unit or 'gain'} per 1 % of time")
    rows = []
    for one in timed:
        overhead, judged, numbers = one.overhead, one.judged, one.judged.verdict.statistics
        assert overhead is not None
        gain = Estimate(estimate=numbers.mean, low=numbers.low, high=numbers.high, n=numbers.n, method="gain")
        rate = number(gain_per_overhead(gain, overhead), 3)
        decided = (Markdown(f"**{one.decision.name}**"), one.decision.reason, _not_worse(judged, outcome))
        rows.append((judged.condition, str(judged.contrast), estimate(overhead), f"{overhead.n}", rate, *decided))
    plane = Picture(
        draw=lambda: cost_plane(
            [one for one in found.priced if one.judged.condition_signature in found.shown.labels], found.arms, outcome
        ),
        shows="Gain against time per epoch, with 95 % intervals: up and to the left is better" + found.shown.note,
    )
    return Section(
        lines=[*lines, *table((*heads, "worth using?", "because", "not worse"), rows)], pictures={"cost": plane}
    )


def _not_worse(judged: Judged, outcome: Outcome) -> str:
    """Whether a treatment is shown to lose less than the margin; a dash where nothing is tested."""
    pairs = judged.differences
    if pairs is None or len(pairs) < 2 or "epochs" in judged.contrast.differs:
        return "–"
    found = non_inferiority(pairs.gains, outcome.margin_in_unit)
    assert found.p is not None
    shown = "shown" if found.p < LEVEL else "not shown"
    return f"{shown}, p {chance(found.p)}"
