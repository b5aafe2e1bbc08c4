"""What a reader is told before the numbers come."""

from analysis.figures.units import IN_FULL
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from spectra_tune.design import Metric

MATCHED = """\
both were trained on the same data, from the same initial weights,
in the same order, but for what a contrast declares, so what is left is the treatment and chance."""

TUNED = """\
both were trained on the same data. *Tuned against tuned*, each
side has the settings that suit it best, so what is left is what tuning it is worth, and chance; against *the same
configuration without its penalty* all else is equal, so what is left is the penalty, and chance. Design says what each
side was confirmed as."""

UNTUNED = """\
both were trained on the same data, from the same initial weights,
in the same order. The treatment was tuned and nothing else, so what is left is the tuned treatment and chance."""

HOW_TO_READ = """\
Every contrast subtracts a *baseline* from a *treatment*, seed by seed: {matched}
The mean of these differences is the effect, in {unit}.{turned}

- The **interval** [low, high] is where the true effect plausibly lies: a method that makes such intervals is right 95
  times in 100.
- **p** is how often chance alone would give so large a difference. It is *adjusted*: a study that asks many questions
  finds something by luck, and the adjustment pays for that. Two tests must agree, one by a formula (t) and one by
  counting (sign flip).
- **supported** means: there is a gain, and chance is not a good explanation; **harmful**: there is a loss. Both say of
  its size what is shown: **at least the margin**, **but negligible** (smaller than the margin), or neither of the two:
  **size open**.
- **equivalent** means: shown to be too small to matter. **inconclusive** means neither: more seeds are needed, and the
  sentence says how many. It does *not* mean "no effect".
- **uninformative**: {nothing}, so nothing can be compared.
{failed}"""

OF_A_STUDY = {
    "nothing": "neither arm learned the task",
    "failed": "- A run that blew up is not dropped: it counts as the best guess that ignores the input.",
}

OF_A_DECLARED_TABLE = {
    "matched": "runs of one seed are taken to share\ndata, initial weights, order and budget, as was declared with the "
    "table, so what is left is the treatment and chance.",
    "nothing": "at least half of the runs of both arms are at the best that there is",
    "failed": "- No run of the table may have failed: what one counts as is not known. Whether the arms learned "
    "anything at all\n  is not asked, for the same reason.",
}


def section(found: Findings) -> Section:
    """The same for every study but for the unit of its outcome, and what is known of the matching."""
    metric = found.metric
    turned = "" if metric.higher_is_better else (
        f" Lower {metric.words} is better, so the\ndifference is turned round: a positive effect is a gain."
    )  # fmt: skip
    text = HOW_TO_READ.format(unit=_unit(metric), turned=turned, **_words(found))
    return Section(lines=["## How to read this", "", text, ""])


def _words(found: Findings) -> dict[str, str]:
    """What is known of the matching and of failed runs."""
    if found.declared is not None:
        return OF_A_DECLARED_TABLE
    search = found.study.search
    return OF_A_STUDY | {"matched": MATCHED if search is None else TUNED if search.nuisance_space else UNTUNED}


def _unit(metric: Metric) -> str:
    """The unit of an effect, and how it is written."""
    if metric.unit in IN_FULL:
        return f"{IN_FULL[metric.unit]} ({metric.unit})"
    return metric.unit or f"the unit of the {metric.words}"
