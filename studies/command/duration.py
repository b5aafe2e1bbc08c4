"""How long a study takes here: training by timing some of its blocks, the rest by what is started and written."""

import os
import time

import numpy

from spectra_tune.design import Block, Study
from spectra_tune.engine import fewest_parts, rough_seconds, trains_stacked

PATIENCE_S = 4.0
"""For timing blocks; those that are left lie between timed ones by their arithmetic."""

SHORT_S = 180.0
"""Below which seconds are said."""

START_S, BLOCK_S, TRIAL_S = 11.0, 0.35, 0.15
"""Measured on two processors: Ray, its workers and MLflow; a block beside its training, a search's trial beside its."""

RUN_S, RECORD_S, CONTRAST_S, REPORT_S = 0.0005, 0.006, 0.006, 9.0
"""Likewise, of what is judged and written: a run in tables, an arm's record in a Condition, a contrast, the report."""


def in_words(study: Study) -> str:
    """How long a study takes, or why that is not known: its blocks are timed, which takes seconds."""
    try:
        seconds, timed = _needed(study)
    except Exception as error:  # whatever a user's own network or task raises: running it will say so, too
        return f"not estimated, since {type(error).__name__}: {' '.join(str(error).split())}"
    about = f"{seconds:.0f} s" if seconds < SHORT_S else f"{seconds / 60:.0f} min"
    blocks = len(study.blocks())
    steps = "" if _stacked(study) else "a step of each network of "
    return f"about {about} on {os.cpu_count()} processors, by timing {steps}{timed} of {blocks} blocks here"


def _stacked(study: Study) -> bool:
    """Whether all its networks train as programs, which are timed for whole epochs."""
    return all(trains_stacked(block) for block in study.blocks())


def _needed(study: Study) -> tuple[float, int]:
    """Wall seconds of a study, and how many of its blocks were timed for that."""
    blocks = study.blocks()
    relative = [_relative(block) for block in blocks]
    timed = _timed(blocks, relative)
    seconds = [one + BLOCK_S for one in _of_all(timed, relative)]
    processors = os.cpu_count() or 1
    longest = max(_of_parts(blocks, seconds, processors))
    training = max(sum(seconds) / processors, longest)
    records = sum(len(block.arms) for block in blocks)
    runs = sum(len(block.arms) * len(block.seeds) for block in blocks)
    written = RUN_S * runs + RECORD_S * records + CONTRAST_S * study.tests + REPORT_S
    return START_S + training + _searching(study, sum(seconds), processors) + written, len(timed)


def _of_parts(blocks: tuple[Block, ...], seconds: list[float], processors: int) -> list[float]:
    """Seconds of a part of each block, where it goes out in several."""
    counts = fewest_parts(seconds, [len(block.seeds) for block in blocks], processors)
    return [one / count for one, count in zip(seconds, counts, strict=True)]


def _searching(study: Study, seconds: float, processors: int) -> float:
    """Wall seconds of a study's search, by what the runs of its confirmation take."""
    if study.search is None:
        return 0.0
    confirmed = sum(len(block.arms) * len(block.seeds) for block in study.blocks())
    trials = [study.search.configurations if study.space(arm) else 1 for _ in study.conditions for arm in study.sides()]
    runs = sum(trials) * len(study.seeds.search)
    return (seconds * runs / confirmed + TRIAL_S * sum(trials)) / processors


def _timed(blocks: tuple[Block, ...], relative: list[float]) -> dict[int, float]:
    """Seconds of one worker for the largest and the smallest block, and inwards for as many as patience allows."""
    by_size = sorted(range(len(blocks)), key=relative.__getitem__, reverse=True)
    inwards = [at for pair in zip(by_size, reversed(by_size), strict=True) for at in pair]
    timed: dict[int, float] = {}
    begin = time.perf_counter()
    for at in dict.fromkeys(inwards):
        if len(timed) >= 2 and time.perf_counter() - begin > PATIENCE_S:
            break
        timed[at] = _seconds_of(blocks[at])
    return timed


def _of_all(timed: dict[int, float], relative: list[float]) -> list[float]:
    """Seconds of every block: of one that was not timed between those of the next smaller and the next larger one."""
    known = sorted(timed, key=lambda at: relative[at])
    between = numpy.interp(relative, [relative[at] for at in known], [timed[at] for at in known])
    return [timed.get(at, float(seconds)) for at, seconds in enumerate(between)]


def _seconds_of(block: Block) -> float:
    from spectra_tune.engine import block_seconds  # loads torch

    return block_seconds(block)


def _relative(block: Block) -> float:
    """Roughly the seconds of one processor, by which blocks stand to each other."""
    from spectra_tune.engine import timed_step  # loads torch

    return rough_seconds(block, step=timed_step(block.condition.task))
