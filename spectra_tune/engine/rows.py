"""Rows of the run table: of runs that ended, and of those that could not be trained, with the same columns."""

import math
from collections.abc import Sequence
from typing import Any

import pandas

from spectra_tune.design import Block, Condition, Member, Treatment, called, flat, in_words, members
from spectra_tune.engine.environment import environment
from spectra_tune.engine.evaluating import Scores, evaluation_columns
from spectra_tune.engine.members.draws import Draw, digest_of
from spectra_tune.engine.members.phases import of_constant
from spectra_tune.engine.members.splits import splits_of
from spectra_tune.engine.members.trainer import Trainer
from spectra_tune.engine.probing import ProbeResults, columns
from spectra_tune.engine.size import capacity_ratio, parameter_count, regularized_layers
from spectra_tune.objectives import SPLITS, is_curriculum, objective_of
from spectra_tune.results import CONDITION, COST, SIGMA, column_of, run_table
from spectra_tune.tasks import is_one_split

SIZES = ("parameters", "capacity_ratio")


def protocol_of(condition: Condition, stream: int) -> dict[str, Any]:
    """A run's protocol as columns: its Condition's fields, changes carried out, and its network's.

    A full batch has batch_size 0.
    """
    protocol = flat(condition) | {"stream": stream, "task": called(condition.task)}
    protocol["batch_size"] = protocol["batch_size"] or 0
    protocol["learning_rate_schedule"] = str(protocol["learning_rate_schedule"])
    del protocol["network"], protocol["device"]  # the environment says what it was
    return {column_of(name): _cell(protocol[name]) for name in (*CONDITION, *protocol) if name in protocol}


def _cell(value: Any) -> Any:
    """A field as a table holds it: numbers and text as they are, all else by its name."""
    if value is None or isinstance(value, bool | int | float | str):
        return _or_nan(value)
    return called(value)


def arm_columns(member: Member, device: str) -> dict[str, Any]:
    """What all runs of a member's arm have in common."""
    return {
        "arm": member.arm,
        "stage": member.stage,
        "condition_signature": member.condition_signature,
        "environment": environment(device),
        **protocol_of(member.condition, member.stream),
        **{name: _cell(value) for name, value in in_words(member.treatment).items()},
    }


def draw_columns(member: Member, draw: Draw) -> dict[str, Any]:
    """Digest of a member's data, and scores of the best constant predictor: NaN where a split is not evaluated."""
    drawn = {split: draw.in_phases(split, member.seed) for split in splits_of(member)}
    row: dict[str, Any] = {"data_digest": digest_of([digest for of in drawn.values() for digest, _ in of])}
    scores = {split: [constant for _, constant in of] for split, of in drawn.items()}
    task = member.condition.task
    objective = objective_of(task)
    for one in objective.on(*SPLITS):
        of_split = scores[one.split][-1] if one.split in scores else {}
        row[one.of_constant] = of_split.get(one.metric.name, math.nan)
    if is_curriculum(task):
        of_phases = of_constant(scores["train"], scores.get("test"))
        row |= {one.of_constant: of_phases[one.metric.name] for one in objective.over_phases}
    return row


class Ends:
    """What a group's members are at the end of their training."""

    def __init__(self, trainer: Trainer, equal_bits: bool, results: ProbeResults):
        self._objective = objective_of(trainer.condition.task)
        self._equal_bits, self._results = equal_bits, results
        self._scores = {split: trainer.scores(split) for split in trainer.splits}
        self._sigmas = dict(zip(trainer.layers, trainer.sigmas(), strict=True))
        self._diverged, self._fallbacks = trainer.diverged, trainer.fallbacks()
        self._digests = trainer.init_digests
        self._over_phases = trainer.over_phases()

    def of(self, slot: int) -> dict[str, Any]:
        """Status, metrics and sigmas of one member; all NaN if it diverged."""
        loss = self._objective.loss.name
        finite = all(math.isfinite(of_split[loss][slot]) for of_split in self._scores.values())
        ok = slot not in self._diverged and finite
        row: dict[str, Any] = {"status": "ok" if ok else "diverged", "init_digest": self._digests[slot]}
        row |= {"diverged_at": float(self._diverged.get(slot, math.nan)), "sigma_fallbacks": self._fallbacks[slot]}
        row["equal_bits"] = self._equal_bits
        for one in self._objective.on(*SPLITS):
            known = ok and one.split in self._scores
            row[one.column] = float(self._scores[one.split][one.metric.name][slot]) if known else math.nan
        row |= {name: float(of[slot]) if ok else math.nan for name, of in self._over_phases.items()}
        for layer, values in self._sigmas.items():
            row[f"{SIGMA}{layer}"] = float(values[slot]) if ok else math.nan
        return row | (columns(self._results, slot) if self._results else {})


def cost_columns(seconds: float, device: str) -> dict[str, Any]:
    """What a run took, as far as its block knows: an arm's own costs are measured apart, see timing.py."""
    return {"seconds": seconds, "device": device} | dict.fromkeys(COST, math.nan)


def failed_runs(block: Block, *, device: str = "cpu") -> pandas.DataFrame:
    """The run table of a block whose training raised: status "failed", metrics NaN, the constant's scores as ever.

    Where the data cannot be drawn either, the constant's scores are NaN and nothing can be compared; where the network
    cannot be built, its parameters are not counted.
    """
    draw = Draw(block.condition.task)
    records = []
    of_arm = {name: _sizes(arm.condition(block.condition), arm.treatment) for name, arm in block.arms}
    for member in members(block):
        task = member.condition.task
        objective = objective_of(task)
        sizes, layers = of_arm[member.arm]
        row = arm_columns(member, device) | sizes
        row |= {"one_split": is_one_split(task)}
        row |= {"seed": member.seed, "signature": member.signature}
        try:
            row |= draw_columns(member, draw)
            row |= evaluation_columns(block.evaluations, member, draw, {})
        except Exception:  # what the user's task raises is what failed the block
            row |= {"data_digest": ""} | {one.of_constant: math.nan for one in objective.of(task)}
            row |= evaluation_columns(block.evaluations, member, None, {})
        row |= {"status": "failed", "init_digest": "", "diverged_at": math.nan, "sigma_fallbacks": 0}
        row |= {"equal_bits": True} | {one.column: math.nan for one in objective.of(task)}
        row |= {f"{SIGMA}{layer}": math.nan for layer in layers}
        records.append(row | cost_columns(0.0, device))
    return run_table(records)


def _sizes(condition: Condition, treatment: Treatment) -> tuple[dict[str, float], tuple[str, ...]]:
    """Size columns of an arm's network, and what tables call its regularized weights."""
    try:
        sizes = (parameter_count(condition.network, condition.task), capacity_ratio(condition))
        return dict(zip(SIZES, sizes, strict=True)), regularized_layers(condition.network, condition.task, treatment)
    except Exception:  # what the user's network raises is what failed the block
        return dict.fromkeys(SIZES, math.nan), ()


def table_of(
    block_members: Sequence[Member],
    draw: Draw,
    ends: Sequence[tuple[Ends, int]],
    sizes: Sequence[dict[str, float]],
    seconds: float,
    device: str,
    evaluations: Sequence[Any] = (),
    evaluated: Sequence[Scores] = (),
) -> pandas.DataFrame:
    """The run table of members that ended: ends, sizes, and of evaluations the scores, of each in their order."""
    about: dict[str, dict[str, Any]] = {}
    records = []
    for member, (end, slot), size in zip(block_members, ends, sizes, strict=True):
        if member.arm not in about:
            about[member.arm] = arm_columns(member, device)
            about[member.arm] |= size | {"one_split": is_one_split(member.condition.task)}
        of_end = end.of(slot)
        scores = evaluated[len(records)] if of_end["status"] == "ok" and evaluations else {}
        records.append(
            about[member.arm]
            | {"seed": member.seed, "signature": member.signature}
            | draw_columns(member, draw)
            | of_end
            | evaluation_columns(evaluations, member, draw, scores)
            | cost_columns(seconds / len(block_members), device)
        )
    return run_table(records)


def _or_nan(value: Any) -> Any:
    """None as NaN, so that a column's type does not depend on which arms a table holds."""
    return math.nan if value is None else value
