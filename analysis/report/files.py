"""The report's files: Markdown, one HTML page that needs no other file, the contrasts' table, pictures."""

import base64
import re
from collections.abc import Mapping
from dataclasses import replace

from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from analysis import figures
from analysis.contrasts import contrast_table
from analysis.report.findings import Findings
from analysis.report.page import page
from spectra_tune.design import condition_signature
from spectra_tune.results import Tables

STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-size: 0.86rem; display: block; overflow-x: auto; }
th, td { border-bottom: 1px solid #ccc; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #666; }
img { max-width: 100%; height: auto; display: block; }
h2 { margin-top: 2.5rem; }
a { color: #0b5394; }
"""


def files(found: Findings) -> dict[str, bytes]:
    """All files by name: report.md, report.html, tables as CSV and each picture as PNG and SVG."""
    pictures = _pictures(found)
    text = page(found, {name: shows for name, (_, shows) in pictures.items()})
    drawn = {
        f"{name}.{kind}": figures.rendered(figure, kind)
        for name, (figure, _) in pictures.items()
        for kind in ("svg", "png")
    }
    tables = {
        "contrasts": contrast_table(found.judged),
        "descriptive": found.descriptive,
        "spread": found.spread,
        "probes": found.probes,
    }
    return {
        "report.md": text.encode(),
        "report.html": _html(found.name, text, drawn).encode(),
        **{f"{name}.csv": table.to_csv(index=False).encode() for name, table in tables.items() if not table.empty},
        **drawn,
    }


MOST_CONDITIONS = 24
"""That a picture shows: more are not readable."""


def _pictures(found: Findings) -> dict[str, tuple[Figure, str]]:
    """Every picture and what it shows, by file name without its ending; of many Conditions the first ones."""
    labels = dict(list(found.study.labels().items())[:MOST_CONDITIONS])
    drawn = _drawn(_cut(found, labels), labels)
    if len(labels) == len(found.study.conditions):
        return drawn
    note = f" (the first {len(labels)} of {len(found.study.conditions)} Conditions; contrasts.csv has all)"
    return {name: (figure, shows + note) for name, (figure, shows) in drawn.items()}


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
    outcome, arms = found.study.outcome, found.arms
    title = f"{found.name}: {outcome.metric.replace('_', ' ')}"
    pictures = {
        "forest": (
            figures.forest(found.judged, found.pooled, arms, outcome.margin_pp, title),
            "Every contrast: mean difference, 95 % interval, every seed, adjusted p and verdict",
        )
    }
    for contrast in found.study.contrasts:
        of_contrast = [one for one in found.judged if one.contrast == contrast]
        pictures[_file_name(f"paired-{contrast.treatment}-{contrast.baseline}")] = (
            figures.paired(of_contrast, arms),
            f"{contrast}: every seed's baseline and treatment, joined; dark where the treatment is ahead",
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
            figures.mean_curves(curves, runs, labels, arms, metric),
            f"Mean {metric.replace('_', ' ')} of each arm over epochs, with 95 % bands over seeds",
        )
    if "sigma_1" in metrics:
        pictures["sigmas"] = (
            figures.sigma_trajectories(curves, runs, labels, arms),
            "Spectral norm of each layer over epochs, with 95 % bands over seeds; dotted: the target",
        )
    if (shapes["figure"] == "spectrum").any():
        pictures["spectra"] = (
            figures.spectra(shapes, runs, labels, arms),
            "Singular values of each layer at the end, largest first: means of the first seeds",
        )
    for task, of_task in _planar(found, labels).items():
        pictures[_file_name(f"boundaries-{task}")] = (
            figures.boundaries(shapes, runs, of_task, arms),
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


def _html(name: str, text: str, drawn: Mapping[str, bytes]) -> str:
    """The Markdown page as HTML with its pictures inside."""
    body = MarkdownIt("commonmark").enable("table").render(text)
    for file, content in drawn.items():
        kind = "image/svg+xml" if file.endswith(".svg") else "image/png"
        body = body.replace(f'src="{file}"', f'src="data:{kind};base64,{base64.b64encode(content).decode()}"')
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{name}</title>\n'
        f"<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
