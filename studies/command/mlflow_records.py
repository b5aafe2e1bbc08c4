"""What MLflow's pages show of a judged study."""

from analysis.judging.contrasts import Judged, arm_summaries
from analysis.report import Findings
from analysis.report.elements.markdown import literal
from analysis.statistics.estimate import Estimate
from spectra_tune import tracking

DIGITS = 6
"""That a page shows of a number; the tables among the artifacts have all."""


def for_children(found: Findings):
    """What a child of the tracker shows: its arm's means, its gain and its cost over each baseline, the verdicts."""
    summaries = arm_summaries(found.runs)
    tags: dict[tuple[str, str], dict[str, str]] = {key: {} for key in summaries}
    keys = tracking.keys_of(found.arms)
    for one in found.judged:
        key = (one.condition_signature, one.contrast.treatment)
        baseline = one.contrast.baseline
        over = keys[baseline]
        tags[key][f"verdict over {over}"] = one.verdict.name
        tags[key][f"sentence over {over}"] = one.verdict.sentence
        note = f"- over **{literal(baseline)}**: {one.verdict.name}. {literal(one.verdict.sentence)}\n"
        tags[key]["mlflow.note.content"] = tags[key].get("mlflow.note.content", _heading(found, one)) + note
        numbers = one.verdict.statistics
        if numbers is not None:
            shown = {"": numbers.mean, "_low": numbers.low, "_high": numbers.high, "_p_adjusted": numbers.p_adjusted}
            summaries[key] |= {f"gain_over_{over}{end}": value for end, value in shown.items() if value is not None}
    for one in found.priced:
        contrast = one.judged.contrast
        summaries[one.judged.condition_signature, contrast.treatment] |= _bounded(
            f"time_over_{keys[contrast.baseline]}", one.overhead
        )
    rounded = {
        key: {name: float(f"{value:.{DIGITS}g}") for name, value in of_child.items()}
        for key, of_child in summaries.items()
    }
    return rounded, tags


def _heading(found: Findings, one: Judged) -> str:
    """The first lines of a child's description: what its numbers are."""
    outcome = found.study.outcome
    return (
        f"**{literal(one.contrast.treatment)}** in {literal(one.condition)}, {one.verdict.statistics.n} matched seeds. "
        f"`gain_over_…`: {outcome.metric}, percentage points over that arm on the same seeds, with 95 % bounds and "
        f"the p adjusted over {found.study.tests} tests; `time_over_…`: time per epoch, a ratio.\n\n"
    )


def _bounded(name: str, estimate: Estimate | None) -> dict[str, float]:
    """An estimate and its bounds as metrics; none where there is no estimate."""
    if estimate is None:
        return {}
    shown = {"": estimate.estimate, "_low": estimate.low, "_high": estimate.high}
    return {f"{name}{end}": value for end, value in shown.items() if value is not None}


def counts(judged: list[Judged]) -> dict[str, float]:
    """How many contrasts got each verdict."""
    names = [one.verdict.name for one in judged]
    return {f"verdicts/{name.replace(',', '')}": float(names.count(name)) for name in sorted(set(names))}
