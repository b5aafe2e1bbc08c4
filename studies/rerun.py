"""Train a recorded arm again, and say whether the bits agree."""

from dataclasses import replace

import pandas
from rich.console import Console

from spectra_tune import tracking
from spectra_tune.design import InvalidStudy, condition_signature
from spectra_tune.results import unmeasured
from studies import catalogue

MOST_NAMED = 5
"""Columns or seeds that a line names."""


def rerun(run_id: str, *, tracking_uri: str | None) -> int:
    """Trains all seeds of an arm's MLflow run in this process; returns the exit code, 1 where bits differ."""
    uri = tracking.absolute_tracking_uri(tracking_uri or tracking.default_tracking_uri())
    tracking.check_reachable(uri)
    recorded = tracking.find_arm(run_id, uri)
    typed = recorded.typed.removesuffix(" --smoke")
    named = catalogue.load(typed, smoke=recorded.typed.endswith(" --smoke"))
    if named.study.signature() != recorded.study_signature:
        raise InvalidStudy(f"study {recorded.study!r} has changed since it was recorded in {uri}: undo the change")
    runs = tracking.read_tables(recorded.study, uri).runs
    mine = runs[(runs["condition_signature"] == recorded.condition_signature) & (runs["arm"] == recorded.arm)]
    (block,) = (
        block for block in named.study.blocks() if condition_signature(block.condition) == recorded.condition_signature
    )
    from spectra_tune.blocks import run_block  # loads torch

    again = run_block(replace(block, arms=[(name, arm) for name, arm in block.arms if name == recorded.arm]))
    console = Console()
    what = f"{recorded.study}, {recorded.condition}, {recorded.arm}: {len(again)} runs trained again"
    differing = differences(mine, again)
    if not differing:
        console.print(f"{what}, bits agree in every column", highlight=False, soft_wrap=True)
        return 0
    environments = set(mine["environment"]) | set(again["environment"])
    why = f"; the environments differ: {' and '.join(sorted(environments))}" if len(environments) > 1 else ""
    listed = ", ".join(differing[:MOST_NAMED]) + (", …" if len(differing) > MOST_NAMED else "")
    console.print(f"{what}, bits DIFFER in {listed}{why}", highlight=False, soft_wrap=True)
    return 1


def differences(recorded: pandas.DataFrame, again: pandas.DataFrame) -> list[str]:
    """Columns in which two run tables of the same runs differ, beside those that are measured."""
    one, other = (unmeasured(table).sort_values("seed").reset_index(drop=True) for table in (recorded, again))
    columns = list(dict.fromkeys((*one.columns, *other.columns)))
    return [name for name in columns if name not in one or name not in other or not one[name].equals(other[name])]
