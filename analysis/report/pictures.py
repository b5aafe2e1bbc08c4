"""The report's pictures: which there are, what each shows, and what is left out where there would be too many."""

import re
from collections.abc import Mapping
from dataclasses import replace

from matplotlib.figure import Figure

from analysis import figures
from analysis.describing.sweep import sweeps
from analysis.figures.grid import spread
from analysis.judging.contrasts import arm_summaries
from analysis.report.findings import Findings
from spectra_tune.design import condition_signature
from spectra_tune.results import Tables

MOST_CONDITIONS = 24
"""That a picture shows: more are not readable."""


MOST_ROWS = 150
"""Of the forest plot."""

MOST_PAIRED = 12
"""Contrasts of a study up to which each has its paired plot."""

MOST_ARMS = 8
"""That a picture of single arms shows."""


def pictures_of(found: Findings) -> tuple[dict[str, tuple[Figure, str]], list[str]]:
    """Every picture and what it shows, by file name without its ending, and notes on what is left out.

    Of many Conditions, contrasts or arms some are drawn.
    """
    labels = dict(list(found.study.labels().items())[:MOST_CONDITIONS])
    drawn, notes = _drawn(_cut(found, labels), labels), []
    if len(found.study.contrasts) > MOST_PAIRED:
        notes.append(
            f"No paired plots: {len(found.study.contrasts)} contrasts are more than the {MOST_PAIRED} up to which each "
            "has one. The run table has every seed of every arm."
        )
    if len(found.arms) > MOST_ARMS:
        notes.append(f"Pictures of single arms show {MOST_ARMS} of the {len(found.arms)} arms, evenly chosen.")
    if len(found.judged) > MOST_ROWS:
        notes.append(f"The forest plot has the first {MOST_ROWS} of {len(found.judged)} rows; contrasts.csv has all.")
    if len(labels) < len(found.study.conditions):
        note = f" (the first {len(labels)} of {len(found.study.conditions)} Conditions; contrasts.csv has all)"
        drawn = {name: (figure, shows + note) for name, (figure, shows) in drawn.items()}
    return drawn, notes


def _some(arms: list[str]) -> list[str]:
    """The arms that a picture of single arms shows: of many, none and some evenly apart."""
    if len(arms) <= MOST_ARMS:
        return arms
    return ["none", *spread([arm for arm in arms if arm != "none"], MOST_ARMS - 1)]


def _cut(found: Findings, labels: Mapping[str, str]) -> Findings:
    """The findings of these Conditions only."""
    runs, curves, shapes = found.tables
    runs = runs[runs["condition_signature"].isin(list(labels))]
    signatures = set(runs["signature"])
    return replace(
        found,
        tables=Tables(runs, curves[curves["signature"].isin(signatures)], shapes[shapes["signature"].isin(signatures)]),
        judged=[one for one in found.judged if one.condition_signature in labels],
        priced=[one for one in found.priced if one.judged.condition_signature in labels],
        sensitivities=[one for one in found.sensitivities if one.condition in labels.values()],
    )


def _drawn(found: Findings, labels: dict[str, str]) -> dict[str, tuple[Figure, str]]:
    """Every picture of these Conditions and what it shows."""
    outcome, arms, some = found.study.outcome, found.arms, _some(found.arms)
    title = f"{found.name}: {outcome.metric.replace('_', ' ')}"
    pictures = {
        "forest": (
            figures.forest(found.judged[:MOST_ROWS], found.pooled[:MOST_ROWS], arms, outcome.margin_pp, title),
            "Every contrast: mean difference, 95 % interval, every seed, adjusted p and verdict",
        )
    }
    for contrast in found.study.contrasts if len(found.study.contrasts) <= MOST_PAIRED else ():
        of_contrast = [one for one in found.judged if one.contrast == contrast]
        pictures[_file_name(f"paired-{contrast.treatment}-{contrast.baseline}")] = (
            figures.paired(of_contrast, arms),
            f"{contrast}: every seed's baseline and treatment, joined; dark where the treatment is ahead",
        )
    for sweep in sweeps(found.study):
        pictures[_file_name(f"sweep-{sweep.field}")] = (
            figures.sweep_curves(sweep, arm_summaries(found.runs), labels, outcome.metric),
            f"Mean {outcome.metric.replace('_', ' ')} of each arm against {sweep.field.replace('_', ' ')}, with 95 % "
            "bands over seeds; dashed: none",
        )
    if found.task_gains:
        pictures["complexity"] = (
            figures.gain_and_complexity(found.task_gains, arms),
            "Mean gain on each task with its 95 % interval, against measures of the task's own boundary",
        )
    if found.sensitivities:
        pictures["tunability"] = (
            figures.tunability_curves(
                {(one.condition, one.arm): one.curve for one in found.sensitivities},
                arms,
                outcome.metric.replace("test_", "validation_"),
            ),
            "Search (exploratory): expected best validation outcome after so many configurations, with bootstrap bands",
        )
    if found.parts:
        pictures["claim"] = (figures.parts_of_claim(found.parts), "The claim's parts, one after the other")
    if any(one.overhead is not None for one in found.priced):
        pictures["cost"] = (
            figures.cost_plane(found.priced, arms, outcome.margin_pp),
            "Gain against time per epoch, with 95 % intervals: up and to the left is better",
        )
    metric = outcome.metric.replace("test_", "validation_")
    runs, curves, shapes = found.tables
    metrics = set(curves["metric"])
    if metric in metrics:
        pictures["curves"] = (
            figures.mean_curves(curves, runs, labels, some, metric),
            f"Mean {metric.replace('_', ' ')} of each arm over epochs, with 95 % bands over seeds",
        )
    if "sigma_1" in metrics:
        pictures["sigmas"] = (
            figures.sigma_trajectories(curves, runs, labels, some),
            "Spectral norm of each layer over epochs, with 95 % bands over seeds; dotted: the target",
        )
    if (shapes["figure"] == "spectrum").any():
        pictures["spectra"] = (
            figures.spectra(shapes, runs, labels, some),
            "Singular values of each layer at the end, largest first: means of the first seeds",
        )
    for task, of_task in _planar(found, labels).items():
        pictures[_file_name(f"boundaries-{task}")] = (
            figures.boundaries(shapes, runs, of_task, some),
            f"{task}: the data of one seed and what each arm's network made of them, with its test accuracy",
        )
    return pictures


def _planar(found: Findings, labels: dict[str, str]) -> dict[str, dict[str, str]]:
    """Labels of the Conditions that have boundaries, by task."""
    shapes = found.tables.figures
    drawn = set(shapes.loc[shapes["figure"] == "boundary", "signature"])
    conditions = set(found.runs.loc[found.runs["signature"].isin(drawn), "condition_signature"])
    by_task: dict[str, dict[str, str]] = {}
    for condition in found.study.conditions:
        signature = condition_signature(condition)
        if signature in conditions:
            by_task.setdefault(str(condition.task), {})[signature] = labels[signature]
    return by_task


def _file_name(words: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-")
