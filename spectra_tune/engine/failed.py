"""The rows of runs that could not be trained: by intention to treat they stay in the table."""

import math
from typing import Any

import pandas

from spectra_tune.design import Block, members
from spectra_tune.engine.environment import environment
from spectra_tune.engine.protocol import protocol_of
from spectra_tune.engine.samples import cached_draws, digest_of
from spectra_tune.results import COST, METRICS, TREATMENT, run_table

SPLITS = {"search": ("train", "validation"), "confirm": ("train", "validation", "test")}


def failed_runs(block: Block, *, device: str = "cpu") -> pandas.DataFrame:
    """The run table of a block whose training raised: status "failed", metrics NaN, the constant's scores as ever.

    Where the data cannot be drawn either, the constant's scores are NaN and nothing can be compared.
    """
    draw, splits = cached_draws(block.condition.task), SPLITS[block.stage]
    records = []
    for member in members(block):
        row: dict[str, Any] = {"arm": member.arm, "seed": member.seed, "stage": member.stage, "status": "failed"}
        row |= {"signature": member.signature, "condition_signature": member.condition_signature}
        row |= {"environment": environment(device)} | protocol_of(member)
        row |= {name: _or_nan(getattr(member.treatment, name)) for name in TREATMENT}
        row |= dict.fromkeys(METRICS, math.nan) | {f"{name}_of_constant": math.nan for name in METRICS}
        try:
            drawn = {split: draw(split, member.seed) for split in splits}
        except Exception:  # what the user's task raises is what failed the block
            drawn = {}
        for split, samples in drawn.items():
            row |= {f"{split}_{measure}_of_constant": score for measure, score in samples.scores_of_constant.items()}
        row["data_digest"] = digest_of(list(drawn.values())) if drawn else ""
        row |= {"init_digest": "", "one_split": bool(getattr(block.condition.task, "fixed", False))}
        row |= {"diverged_at": math.nan, "sigma_fallbacks": 0, "equal_bits": True}
        records.append(row | {"seconds": 0.0, "device": device} | dict.fromkeys(COST, math.nan))
    return run_table(records)


def _or_nan(value: Any) -> Any:
    return math.nan if value is None else value
