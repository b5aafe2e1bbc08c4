"""The report's files: Markdown, one HTML page that needs no other file, the contrasts' table, pictures."""

import base64
import re
from collections.abc import Mapping

from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from analysis import figures
from analysis.contrasts import contrast_table
from analysis.report.findings import Findings
from analysis.report.page import page

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
    """All files by name: report.md, report.html, contrasts.csv and each picture as PNG and SVG."""
    pictures = _pictures(found)
    text = page(found, {name: shows for name, (_, shows) in pictures.items()})
    drawn = {
        f"{name}.{kind}": figures.rendered(figure, kind)
        for name, (figure, _) in pictures.items()
        for kind in ("svg", "png")
    }
    return {
        "report.md": text.encode(),
        "report.html": _html(found.name, text, drawn).encode(),
        "contrasts.csv": contrast_table(found.judged).to_csv(index=False).encode(),
        **drawn,
    }


def _pictures(found: Findings) -> dict[str, tuple[Figure, str]]:
    """Every picture and what it shows, by file name without its ending."""
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
        name = re.sub(r"[^A-Za-z0-9]+", "-", f"paired-{contrast.treatment}-{contrast.baseline}").strip("-")
        pictures[name] = (
            figures.paired(of_contrast, arms),
            f"{contrast}: every seed's baseline and treatment, joined; dark where the treatment is ahead",
        )
    if found.parts:
        pictures["claim"] = (figures.parts_of_claim(found.parts), "The claim's parts, one after the other")
    if any(one.overhead is not None for one in found.priced):
        pictures["cost"] = (
            figures.cost_plane(found.priced, arms, outcome.margin_pp),
            "Gain against time per epoch, with 95 % intervals: up and to the left is better",
        )
    metric = outcome.metric.replace("test_", "validation_")
    if not found.curves.empty and (found.curves["metric"] == metric).any():
        pictures["curves"] = (
            figures.mean_curves(found.curves, found.runs, found.study.labels(), arms, metric),
            f"Mean {metric.replace('_', ' ')} of each arm over epochs, with 95 % bands over seeds",
        )
    return pictures


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
