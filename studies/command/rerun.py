"""Train a recorded arm again, and say whether the bits agree."""

from dataclasses import replace

import pandas

from analysis.judging.compared import values_of
from spectra_tune import tracking
from spectra_tune.design import Block, InvalidStudy, Study, condition_signature
from spectra_tune.results import COMPLEXITY, unmeasured
from studies.command import catalogue, places
from studies.command.console import say, to_reader
from studies.command.search import confirmation_blocks
from studies.command.unchanged import changed_since

MOST_NAMED = 5
"""Columns or seeds that a line names."""


def rerun(run_id: str, *, tracking_uri: str | None) -> int:
    """Trains all seeds of an arm's MLflow run in this process; returns the exit code, 1 where bits differ."""
    uri = places.store(tracking_uri)
    recorded = tracking.find_arm(run_id, uri)
    named = catalogue.load_typed(recorded.typed)
    if named.study.signature() != recorded.study_signature:
        changed = changed_since(recorded.study, named.study, recorded.study_fields, uri)
        raise InvalidStudy(f"{changed}: undo the change")
    runs = tracking.read_tables(recorded.study, uri).runs.drop(columns=list(COMPLEXITY), errors="ignore")
    mine = runs[(runs["condition_signature"] == recorded.condition_signature) & (runs["arm"] == recorded.arm)]
    if recorded.configuration is None:
        mine, block = mine[mine["stage"] == "confirm"], _confirmed(named.study, runs, recorded)
    else:
        mine = mine[(mine["stage"] == "search") & (mine["configuration"] == recorded.configuration)]
        block = _searched(named.study, mine, recorded)
    from spectra_tune.engine import run_block  # loads torch

    again = run_block(block)
    again = again[again["arm"] == recorded.arm].reset_index(drop=True)
    if named.study.search is not None:
        again = again.assign(arm=recorded.arm, side=mine["side"].iloc[0], configuration=mine["configuration"].iloc[0])
    console = to_reader()
    what = f"{recorded.study}, {recorded.condition}, {recorded.arm}: {len(again)} runs trained again"
    differing = differences(mine, again)
    if not differing:
        say(console, f"{what}, bits agree in every column")
        return 0
    environments = set(mine["environment"]) | set(again["environment"])
    why = f"; the environments differ: {' and '.join(sorted(environments))}" if len(environments) > 1 else ""
    listed = ", ".join(differing[:MOST_NAMED]) + (", …" if len(differing) > MOST_NAMED else "")
    say(console, f"{what}, bits DIFFER in {listed}{why}")
    return 1


def _confirmed(study: Study, runs: pandas.DataFrame, recorded: tracking.RecordedArm) -> Block:
    """The block of one confirmed arm, and of `none` where its perturbations are tried on others."""
    searched = runs[runs["stage"] == "search"]
    blocks = study.blocks() if study.search is None else confirmation_blocks(study, searched)
    (block,) = (block for block in blocks if condition_signature(block.condition) == recorded.condition_signature)
    names = {recorded.arm} | ({"none"} if block.evaluations else set())
    return replace(block, arms=[(name, arm) for name, arm in block.arms if name in names])


def _searched(study: Study, rows: pandas.DataFrame, recorded: tracking.RecordedArm) -> Block:
    """The block of one configuration of a search, from the values that its rows record."""
    assert study.search is not None
    if rows["status"].eq("stopped").any():
        raise InvalidStudy(
            f"configuration {recorded.configuration} was stopped on its way: only whole runs are repeated"
        )
    space = study.space(recorded.arm)
    values = values_of(space, rows.iloc[0].to_dict())
    (condition,) = (one for one in study.conditions if condition_signature(one) == recorded.condition_signature)
    return Block(
        condition=condition,
        arms={recorded.arm: study.configured(recorded.arm, values)},
        seeds=[int(seed) for seed in rows["seed"]],
        stage="search",
        evaluations=study.outcome.selecting,
    )


def differences(recorded: pandas.DataFrame, again: pandas.DataFrame) -> list[str]:
    """Columns in which two run tables of the same runs differ, beside those that are measured.

    A table of other arms, too, has columns that these runs have nothing in: they are as if they were not there.
    """
    one, other = (unmeasured(table).sort_values("seed").reset_index(drop=True) for table in (recorded, again))
    one, other = (table.dropna(axis="columns", how="all") for table in (one, other))
    columns = list(dict.fromkeys((*one.columns, *other.columns)))
    return [name for name in columns if name not in one or name not in other or not one[name].equals(other[name])]
