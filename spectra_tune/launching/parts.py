"""Blocks as workers get them: whole, or in parts, all arms of some seeds, whose tables are joined to the block's."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas

from spectra_tune import engine
from spectra_tune.design import Block
from spectra_tune.results import COST, Tables, joined


@dataclass(frozen=True, kw_only=True)
class Part:
    """Consecutive seeds of a block, with all its arms; a whole block has them all."""

    of: str  # the block's name
    whole: Block
    seeds: tuple[int, ...]

    @cached_property
    def name(self) -> str:
        """What its trial and its files are called: the block, and the first and the last of its seeds."""
        return self.of if self.seeds == self.whole.seeds else f"{self.of}-seeds{self.seeds[0]}-{self.seeds[-1]}"

    @cached_property
    def block(self) -> Block:
        """What a worker trains."""
        return replace(self.whole, seeds=self.seeds)

    @property
    def first(self) -> bool:
        """Whether it has the block's first seed: it times the arms, for all parts."""
        return self.seeds[0] == self.whole.seeds[0]


def named_parts(names: Iterable[str], blocks: Mapping[str, Block]) -> dict[str, Part]:
    """Those of the names that are a block's, or a part's of one, with what they say."""
    found = {}
    for name in names:
        of, _, seeds = name.rpartition("-seeds")
        if name in blocks:
            found[name] = Part(of=name, whole=blocks[name], seeds=blocks[name].seeds)
        elif of in blocks and (ends := re.fullmatch(r"(\d+)-(\d+)", seeds)):
            its = blocks[of].seeds
            if {int(end) for end in ends.groups()} <= set(its):
                first, last = (its.index(int(end)) for end in ends.groups())
                found[name] = Part(of=of, whole=blocks[of], seeds=its[first : last + 1])
    return found


def without(block: Block, trained: Iterable[Part]) -> list[tuple[int, ...]]:
    """Runs of consecutive seeds of a block that are in none of its parts; none where they have all."""
    has = {seed for part in trained for seed in part.seeds}
    found: list[list[int]] = [[]]
    for seed in block.seeds:
        if seed not in has:
            found[-1].append(seed)
        elif found[-1]:
            found.append([])
    return [tuple(seeds) for seeds in found if seeds]


def left(blocks: Mapping[str, Block], trained: Iterable[Part]) -> dict[str, list[tuple[int, ...]]]:
    """Of each block that its parts do not make up: the runs of seeds that are left."""
    by_block: dict[str, list[Part]] = {name: [] for name in blocks}
    for part in trained:
        by_block[part.of].append(part)
    found = {name: without(block, by_block[name]) for name, block in blocks.items()}
    return {name: seeds for name, seeds in found.items() if seeds}


def handed_out(
    blocks: Mapping[str, Block], seeds_left: Mapping[str, list[tuple[int, ...]]], workers: int, *, gpus: bool
) -> dict[str, Part]:
    """What is left of the blocks, in as many parts as keep all workers busy to the end; the longest first.

    gpus: whether workers have some. A block that needs too much memory is split as well. On a GPU stacked networks are
    not split for the time that they take: their programs are padded there.
    """
    pieces = [(name, replace(blocks[name], seeds=seeds)) for name, of in seeds_left.items() for seeds in of]
    on_gpu = [gpus and piece.condition.device != "cpu" for _, piece in pieces]
    seconds = [_seconds(piece, timed=not there) for (_, piece), there in zip(pieces, on_gpu, strict=True)]
    wanted = engine.fewest_parts(seconds, [len(piece.seeds) for _, piece in pieces], workers)
    found = []
    for (name, piece), needed, fewest, there in zip(pieces, seconds, wanted, on_gpu, strict=True):
        split = engine.parts(piece, 1 if there and engine.trains_stacked(piece) else fewest)
        found += [(needed / len(split), Part(of=name, whole=blocks[name], seeds=part.seeds)) for part in split]
    found.sort(key=lambda one: -one[0])
    return {part.name: part for _, part in found}


def _seconds(block: Block, *, timed: bool) -> float:
    """Estimate of a block's training; not timed where it will be on a GPU: this process need not have one."""
    try:
        in_turn = timed and not engine.trains_stacked(block)  # torch is loaded to time it
        return engine.rough_seconds(block, step=engine.timed_step(block.condition.task) if in_turn else None)
    except Exception:  # anything that a user's network or task may raise: the trial that trains it says so
        return 0.0


def whole_again(of_parts: Sequence[tuple[Part, Tables]], block: Block) -> Tables:
    """The tables of a block of which these parts are all; runs in its order, arm by arm and seed by seed."""
    if len(of_parts) == 1:
        return of_parts[0][1]
    in_order = sorted(of_parts, key=lambda one: block.seeds.index(one[0].seeds[0]))
    tables = joined(of_part for _, of_part in in_order)
    arms = {name: at for at, (name, _) in enumerate(block.arms)}
    seeds = {seed: at for at, seed in enumerate(block.seeds)}
    place = pandas.DataFrame({"arm": tables.runs["arm"].map(arms), "seed": tables.runs["seed"].map(seeds)})
    runs = tables.runs.loc[place.sort_values(["arm", "seed"]).index].reset_index(drop=True)
    return tables._replace(runs=_timed_once(runs))


def _timed_once(runs: pandas.DataFrame) -> pandas.DataFrame:
    """Runs with the costs of their arm, which one part has timed; those that failed have none."""
    ended = runs["status"] != "failed"
    of_arm = runs.groupby("arm")[list(COST)].transform("first")
    return runs.assign(**{name: of_arm[name].where(ended, math.nan) for name in COST})
