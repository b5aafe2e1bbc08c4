"""What networks made of tasks in the plane."""

from analysis.figures import boundaries
from analysis.figures.units import named
from analysis.report.elements.findings import Findings
from analysis.report.elements.section import Picture, Section
from analysis.report.elements.shown import file_names
from spectra_tune.design import SplitMetric, called, condition_signature, objective_of


def section(found: Findings) -> Section | None:
    """A picture of each task in the plane; nothing where there is none."""
    shown, pictures = found.shown, {}
    runs, _, shapes = shown.tables
    drawn = set(shapes.loc[shapes["figure"] == "boundary", "signature"])
    conditions = set(runs.loc[runs["signature"].isin(drawn), "condition_signature"])
    of_task: dict[str, tuple[SplitMetric, dict[str, str]]] = {}
    for condition in found.study.conditions:
        signature = condition_signature(condition)
        if signature in conditions:
            scored = SplitMetric("test", objective_of(condition.task).metrics[0])
            of_task.setdefault(called(condition.task), (scored, {}))[1][signature] = shown.labels[signature]
    named_by_task = file_names(of_task)
    for task, (scored, labels) in of_task.items():
        pictures[f"boundaries-{named_by_task[task]}"] = Picture(
            draw=lambda scored=scored, labels=labels: boundaries(shapes, runs, labels, shown.arms, scored),
            shows=f"{task}: the data of one seed and what each arm's network made of them, with its {named(scored)}"
            + shown.note,
        )
    if not pictures:
        return None
    return Section(lines=["## Decision boundaries", ""], pictures=pictures, notes=shown.notes)
