"""What was compared with what, how often and under which conditions."""

from dataclasses import fields

from analysis.figures.units import behind, named
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Section
from spectra_tune.design import Arm, Treatment


def section(found: Findings) -> Section:
    """The design as a table."""
    study, outcome, runs = found.study, found.study.outcome, found.runs
    confirmed = runs[runs["stage"] == "confirm"]
    statuses = confirmed["status"].value_counts()
    seeds = sorted(set(confirmed["seed"]))
    budget = "none: no hyperparameter was searched, on either side"
    if study.search is not None:
        budget = (
            f"each side of each Condition: {study.search.configurations} configurations on {len(study.seeds.search)} "
            f"search seeds, sampler {study.search.sampler}; {len(found.searched)} rows of search runs in all"
        )
    epochs = ", ".join(map(str, sorted(confirmed["epochs"].unique())))
    unpaired = sum(len(one.differences.unpaired_seeds) for one in found.judged if one.differences is not None)
    lines = ["## Design", "", "| | |", "|---|---|"]
    lines += [f"| arm **{name}** | {described(arm)} |" for name, arm in study.arms]
    lines += [
        "| matched within a seed | data, initial weights, order of batches, optimizer, epochs, evaluation: all but the "
        "Treatment and what a contrast declares |",
        f"| Conditions | {len(study.conditions)}: {'; '.join(study.labels().values())} |",
        f"| seeds | {len(seeds)} planned for each arm and Condition, all fresh; {unpaired} seeds could not be paired |",
        f"| epochs | {epochs} |",
        f"| tuning budget | {budget} |",
        f"| outcome | {named(outcome.measured)}, margin ±{outcome.margin_in_unit:g}{behind(found.metric)} |",
        f"| family | m = {study.tests} tests at a family-wise alpha of {outcome.alpha:g}, fixed before the first run |",
        f"| runs | {len(confirmed)}: {statuses.get('ok', 0)} ok, {statuses.get('diverged', 0)} diverged, "
        f"{statuses.get('failed', 0)} failed (the last two count as the best constant predictor) |",
        f"| environment | {', '.join(sorted(set(runs['environment'])))} |",
        "",
    ]
    return Section(lines=lines)


def described(arm: Arm) -> str:
    """An arm in words: its Treatment, its changes, its stream."""
    treatment = arm.treatment
    if treatment == Treatment.none():
        words = ["no regularizer"]
    else:
        defaults = Treatment(strength=1.0, sigma_end=1.0)
        shown = ["strength", "schedule", "sigma_end", *(item.name for item in fields(Treatment))]
        words = [
            f"{name.replace('_', ' ')} {getattr(treatment, name)}"
            for name in dict.fromkeys(shown)
            if (name in shown[:3] or getattr(treatment, name) != getattr(defaults, name))
            and not _is_absent(treatment, name)
        ]
    words += [f"{name} set to {value}" for name, value in arm.changes]
    words += [f"random stream {arm.stream}"] if arm.stream else []
    return ", ".join(words)


def _is_absent(treatment: Treatment, name: str) -> bool:
    """Whether a Treatment has no such setting: what has no target has no schedule of it."""
    return getattr(treatment, name) is None or (name == "schedule" and treatment.sigma_end is None)
