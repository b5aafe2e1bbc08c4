"""What was compared with what, how often and under which conditions."""

import pandas

from analysis.describing.tuning import untuned
from analysis.figures.units import behind, named
from analysis.judging.compared import shared
from analysis.report.elements.arms import as_confirmed, counted, described, remained
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import Markdown, literal
from analysis.report.elements.section import Section
from analysis.report.elements.table import table
from spectra_tune.design import SAME_CONFIGURATION, Arm, Study

ARMS = ("Condition", "arm", "confirmed as")
PAIRS = ("Condition", "contrast", "different, beside the Treatment", "equal within a seed")
"""Heads of a searching study's tables."""


def section(found: Findings) -> Section | None:
    """The design as a table, of a searching study also what each side was confirmed as; of a table from elsewhere see
    declared.py."""
    if found.declared is not None:
        return None
    study, outcome, runs = found.study, found.study.outcome, found.runs
    confirmed = runs[runs["stage"] == "confirm"]
    statuses = confirmed["status"].value_counts()
    seeds = sorted(set(confirmed["seed"]))
    epochs = ", ".join(map(str, sorted(confirmed["epochs"].unique())))
    unpaired = sum(len(one.differences.unpaired_seeds) for one in found.judged if one.differences is not None)
    rows = [(Markdown(f"arm **{literal(name)}**"), _arm(study, name, arm)) for name, arm in study.arms]
    rows += [
        ("matched within a seed", _matched(found, confirmed)),
        ("Conditions", f"{len(study.conditions)}: {'; '.join(study.labels().values())}"),
        (
            "seeds",
            f"{len(seeds)} planned for each arm and Condition, all fresh; {unpaired} seeds could not be paired",
        ),
        ("epochs", epochs),
        ("tuning budget", _budget(study, len(found.searched))),
        ("outcome", f"{named(outcome.measured)}, margin ±{outcome.margin_in_unit:g}{behind(found.metric)}"),
        *[("evaluations", "; ".join(map(str, outcome.evaluations)))] * bool(outcome.evaluations),
        (
            "family",
            f"m = {study.tests} tests at a family-wise alpha of {outcome.alpha:g}, fixed before the first run",
        ),
        (
            "runs",
            f"{len(confirmed)}: {statuses.get('ok', 0)} ok, {statuses.get('diverged', 0)} diverged, "
            f"{statuses.get('failed', 0)} failed (the last two count as the best constant predictor)",
        ),
        ("environment", ", ".join(sorted(set(runs["environment"])))),
    ]
    lines = ["## Design", "", *table(("", ""), rows)]
    if study.search is None:
        return Section(lines=lines)
    arms, pairs = as_confirmed(found.judged), remained(found.judged)
    lines += ["### As confirmed", "", *table(ARMS, arms, "confirmed.csv"), *table(PAIRS, pairs, "matched.csv")]
    tables = {
        "confirmed": pandas.DataFrame(arms, columns=list(ARMS)),
        "matched": pandas.DataFrame(pairs, columns=list(PAIRS)),
    }
    return Section(lines=lines, tables=tables)


def _arm(study: Study, name: str, arm: Arm) -> str:
    """An arm as declared, or where a search set it, where to look."""
    if study.search is None:
        return described(arm)
    if name == SAME_CONFIGURATION:
        return f"the candidate of {study.contrasts[0].treatment} without its penalty, all else equal: see As confirmed"
    if study.space(name):
        return "tuned for each Condition: see As confirmed"
    return f"{described(arm)}; untuned"


def _matched(found: Findings, confirmed: pandas.DataFrame) -> str:
    """What the pairs of all contrasts shared, by the run table, and what was set alike."""
    of_arm = dict(list(confirmed.groupby("arm")))
    none = confirmed.iloc[:0]
    pairs = [
        shared(of_arm.get(contrast.treatment, none), of_arm.get(contrast.baseline, none))
        for contrast in found.study.contrasts
    ]
    spanned = sorted({name for one in found.judged for name in (one.differences.spans if one.differences else ())})
    words = f"{counted(pairs)}; all settings but the Treatment"
    words += f" and, where a contrast spans them, {', '.join(spanned)}" if spanned else ""
    refused = sum(one.differences is None for one in found.judged)
    return words + (f"; {refused} of {len(found.judged)} rows could not be compared, see Verdicts" if refused else "")


def _budget(study: Study, rows: int) -> str:
    """What each side was given to be tuned with."""
    search = study.search
    if search is None:
        return "none: no hyperparameter was searched, on either side"
    left = untuned(study)
    warning = f"**WARNING**: {literal(left)}. " if left else ""
    return Markdown(
        f"{warning}each side of each Condition: {search.configurations} configurations on {len(study.seeds.search)} "
        f"search seeds, sampler {literal(search.sampler)}; {rows} rows of search runs in all"
    )
