"""What MLflow's pages show of a judged study."""

import pandas

from analysis.contrasts import Judged, arm_summaries


def for_children(judged: list[Judged], runs: pandas.DataFrame):
    """What a child of the tracker shows: its arm's means, its gain over each baseline, the verdicts."""
    summaries = arm_summaries(runs)
    tags: dict[tuple[str, str], dict[str, str]] = {key: {} for key in summaries}
    for one in judged:
        key = (one.condition_signature, one.contrast.treatment)
        over = one.contrast.baseline
        tags[key][f"verdict over {over}"] = one.verdict.name
        tags[key][f"sentence over {over}"] = one.verdict.sentence
        note = f"- over **{over}**: {one.verdict.name}. {one.verdict.sentence}\n"
        tags[key]["mlflow.note.content"] = tags[key].get("mlflow.note.content", "") + note
        numbers = one.verdict.statistics
        if numbers is not None:
            shown = {"": numbers.mean, "_low": numbers.low, "_high": numbers.high, "_p_adjusted": numbers.p_adjusted}
            summaries[key] |= {f"gain_over_{over}{end}": value for end, value in shown.items() if value is not None}
    return summaries, tags


def counts(judged: list[Judged]) -> dict[str, float]:
    """How many contrasts got each verdict."""
    names = [one.verdict.name for one in judged]
    return {f"verdicts/{name.replace(',', '')}": float(names.count(name)) for name in sorted(set(names))}
