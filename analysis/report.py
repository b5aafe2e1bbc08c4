"""The report of a finished study: sentences first, then the design, then every number."""

import pandas

from analysis.contrasts import Judged, contrast_table, descriptive_table
from analysis.figures import forest, rendered
from spectra_tune.design import Study

HOW_TO_READ = """\
Each contrast subtracts a baseline arm from a treatment arm, seed by seed: both had the same data, the same initial
weights and the same batch order. "Supported" needs the paired t test and the exact sign-flip test to agree after
correction for every test of the study. "Equivalent" means shown to differ by less than the margin; "inconclusive"
means that these seeds cannot tell; "uninformative" that neither arm learned the task.
"""


def overview(study: Study, judged: list[Judged]) -> str:
    """Question and verdict of every contrast in Markdown, short enough for a description."""
    lines = [f"**{study.question}**", "", "| Condition | contrast | difference | verdict |", "|---|---|---|---|"]
    for one in judged:
        found = one.verdict.statistics
        interval = "" if found.low is None else f"{found.mean:.2f} pp [{found.low:.2f}, {found.high:.2f}]"
        lines.append(f"| {one.condition} | {one.contrast} | {interval} | {one.verdict.name} |")
    return "\n".join([*lines, "", "Sentences, design and figure: `report.md` among the artifacts."])


def markdown(name: str, study: Study, judged: list[Judged], runs: pandas.DataFrame) -> str:
    """The report as one Markdown page."""
    outcome = study.outcome
    seeds = study.seeds.confirm
    failed = int((runs["status"] != "ok").sum())
    environments = ", ".join(sorted(set(runs["environment"])))
    lines = [f"# {name}", "", f"**{study.question}**", "", "## Verdicts", ""]
    lines += ["| Condition | contrast | verdict | |", "|---|---|---|---|"]
    for one in judged:
        suffix = f" {' '.join(one.verdict.suffixes)}" if one.verdict.suffixes else ""
        lines.append(f"| {one.condition} | {one.contrast} | **{one.verdict.name}**{suffix} | {one.verdict.sentence} |")
    lines += ["", HOW_TO_READ, *_descriptive(study, runs)]
    lines += [
        "## Design",
        "",
        f"- arms: {', '.join(arm for arm, _ in study.arms)}; {len(seeds)} matched seeds per Condition",
        f"- outcome: {outcome.metric} on held-out data, margin ±{outcome.margin_pp:g} pp, family-wise "
        f"alpha {outcome.alpha:g} over m = {study.tests} tests",
        f"- runs: {len(runs)}, of which {failed} diverged or failed (counted as the best constant predictor)",
        f"- environment: {environments}",
        "",
    ]
    return "\n".join(lines)


def _descriptive(study: Study, runs: pandas.DataFrame) -> list[str]:
    """The descriptive outcomes, where the study lists some: estimates and intervals without a verdict."""
    table = descriptive_table(study, runs)
    if table.empty:
        return []
    lines = ["## Descriptive outcomes (no test, no verdict)", ""]
    lines += ["| outcome | Condition | contrast | difference | seeds |", "|---|---|---|---|---|"]
    for row in table.to_dict("records"):
        known = row.get("n") == row.get("n") and row.get("n") is not None
        shown = (
            f"{row['mean']:.3g} {row['unit']} [{row['low']:.3g}, {row['high']:.3g}] | {row['n']:.0f}" if known else "| "
        )
        lines.append(f"| {row['metric']} | {row['condition']} | {row['contrast']} | {shown} |")
    return [*lines, ""]


def files(name: str, study: Study, judged: list[Judged], runs: pandas.DataFrame) -> dict[str, bytes]:
    """The report, its table and its figure, by file name."""
    figure = forest(judged, study.outcome.margin_pp, f"{name}: {study.outcome.metric}")
    page = markdown(name, study, judged, runs) + "\n![Forest plot of all contrasts](forest.png)\n"
    return {
        "report.md": page.encode(),
        "contrasts.csv": contrast_table(judged).to_csv(index=False).encode(),
        "forest.png": rendered(figure, "png"),
        "forest.svg": rendered(figure, "svg"),
    }
