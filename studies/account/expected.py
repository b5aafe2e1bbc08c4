"""What the map of conditions expects where no study asked, if its model is shown to be better than "no gain"."""

import ast
from pathlib import Path
from typing import Any

import pandas

from analysis.describing.gain_model import predicted, shown_better, spectral
from analysis.report import Findings
from spectra_tune import networks, tasks
from spectra_tune.design import SPLIT_METRICS, Condition, InvalidStudy, levels

STUDY = "condition_map"

FOLDER = Path(__file__).parent.parent / "results"

DIGITS = 4


def keep(found: Findings, folder: Path = FOLDER) -> None:
    """Keeps the map's gains and what its model was judged to be, as CSV."""
    spectral(found.gains).round(DIGITS).to_csv(folder / f"{STUDY}.gains.csv", index=False)
    found.gain_model.round(DIGITS).to_csv(folder / f"{STUDY}.gain_model.csv", index=False)


def expectations(*, task: str, network: str, width: int, epochs: int, folder: Path = FOLDER) -> list[str]:
    """A sentence for each metric whose gain the map can tell of such a condition, or one that says why for none."""
    judged = pandas.read_csv(folder / f"{STUDY}.gain_model.csv")
    able = [metric for metric in dict.fromkeys(judged["metric"]) if shown_better(judged, metric)]
    if not able:
        return [
            "the map of conditions says nothing here: its model is not shown to beat “no gain” on tasks and networks "
            "that it has not seen"
        ]
    gains = pandas.read_csv(folder / f"{STUDY}.gains.csv")
    kinds = sorted(set(gains["kind"]))
    if network not in kinds:
        return [f"the map of conditions has networks of the kinds {', '.join(kinds)}, and says nothing of {network}"]
    try:
        condition = Condition(task=task_of(task), network=getattr(networks, network)(width=width), epochs=epochs)
    except (InvalidStudy, TypeError) as error:
        return [f"the map of conditions says nothing of {task}: {error}"]
    (asked,) = levels([condition])
    return [_sentence(metric, condition, predicted(gains, judged, metric, asked)) for metric in able]


def _sentence(metric: str, condition: Condition, best: Any) -> str:
    unit = SPLIT_METRICS[metric].metric.unit
    treatment = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in best.treatment.items())
    return (
        f"the map of conditions expects a gain in {SPLIT_METRICS[metric].words} of {best.gain:+.1f} {unit} "
        f"[{best.low:+.1f}, {best.high:+.1f}] at learning rate {condition.learning_rate:g}, of all that it tried most "
        f"with {treatment}: no measurement, and an answer only if it lies above 0 whole"
    )


def task_of(text: str) -> Any:
    """The task that a run table calls so: constructors of spectra_tune.tasks with their settings, and nothing else."""
    try:
        return _built(ast.parse(text, mode="eval").body)
    except SyntaxError:
        raise InvalidStudy(f"a task is written as run tables write it, got {text!r}") from None


def _built(node: ast.expr) -> Any:
    name = node.func if isinstance(node, ast.Call) else node
    if not isinstance(name, ast.Name) or name.id not in tasks.__all__:
        raise InvalidStudy(f"{ast.unparse(node)} is no task of spectra_tune.tasks")
    constructor = getattr(tasks, name.id)
    if not isinstance(node, ast.Call):
        return constructor()
    settings = {str(word.arg): _value(word.value) for word in node.keywords}
    return constructor(*(_built(one) for one in node.args), **settings)


def _value(node: ast.expr) -> Any:
    """A setting; a word stands without quotes."""
    return node.id if isinstance(node, ast.Name) and node.id not in tasks.__all__ else ast.literal_eval(node)
