"""Lanes of a search: one side of one stratum each, with a sampler, a budget and rounds of its own."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
import pandas
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from ray.tune.search.optuna import OptunaSearch

from spectra_tune.configurations import Pack
from spectra_tune.design import Dimension, Search, Study, condition_signature
from spectra_tune.design.signature import digest

FIRST_SEEDS = 3
"""Seeds that every configuration of a race gets before any is eliminated; then one more at a time."""

Score = Callable[[Sequence[float]], float]
"""The objective of a configuration from its validation outcomes, one per search seed."""

Survivors = Callable[[Mapping[int, Sequence[float]]], list[int]]
"""Which configurations stay in a race, given every one's outcomes on the same seeds."""


AHEAD = 2
"""Rounds under way at a time: while one trains, the next is being suggested. A race has one."""


@dataclass(slots=True)
class _Round:
    """Configurations that were suggested together, and how many of its packs are not answered."""

    numbers: range
    open: int = 0


class Lane:
    """Rounds of one side of one stratum. Round k is suggested from the results of all rounds up to k - AHEAD.

    So what is suggested depends on nothing but results, whatever the number of workers or the order of their answers.
    """

    def __init__(self, study: Study, stratum: int, arm: str, score: Score, survivors: Survivors, pack: int):
        """pack: configurations of a trial at most; what is suggested, and every bit, is the same whatever it is."""
        assert study.search is not None
        self._pack = pack
        self.stratum, self.arm = stratum, arm
        self._search, self._seeds = study.search, study.seeds.search
        self._metric = validation(study.outcome.metric)
        self._score, self._survivors = score, survivors
        space = self._search.space(study.sides()[arm])
        key = f"{condition_signature(study.conditions[stratum])}{arm}{self._search.seed}"
        self._suggest = _suggester(self._search, space, int(digest(key)[:8], 16))
        self._values: dict[int, dict[str, Any]] = {}
        self._repeats: dict[int, int] = {}
        self._outcomes: dict[int, dict[int, float]] = {}  # by number and seed
        self._field: list[int] = []  # of a race: who is still in it
        self._queue: list[Pack] = []
        self._rounds: list[_Round] = []
        self.finished = False

    @property
    def racing(self) -> bool:
        return self._search.scheduler == "racing"

    @property
    def best(self) -> float | None:
        """The best mean outcome so far."""
        means = [sum(by_seed.values()) / len(by_seed) for by_seed in self._outcomes.values()]
        return max(means, default=None)

    @property
    def done(self) -> int:
        """Configurations with a result."""
        return len(self._outcomes) + sum(first in self._outcomes for first in self._repeats.values())

    def next(self) -> Pack | None:
        """A pack to train; None where results of others must come first, or all is done."""
        while not self._queue and self._may_begin():
            self._begin_round()
        return self._queue.pop(0) if self._queue else None

    def close(self, pack: Pack, runs: pandas.DataFrame) -> None:
        """Takes a pack's results; a run that did not end well counts as the constant predictor."""
        for row in runs.to_dict("records"):
            ended = row["status"] in ("ok", "stopped")
            value = row[self._metric] if ended else row[f"{self._metric}_of_constant"]
            self._outcomes.setdefault(int(row["configuration"]), {})[int(row["seed"])] = float(value)
        first = next(iter((*pack.values, *pack.repeats)))
        next(one for one in self._rounds if self.racing or first in one.numbers).open -= 1
        while self._rounds and not self._rounds[0].open:
            self._end_round(self._rounds.pop(0))
            if self._may_begin():
                self._begin_round()  # before the next round's results are told, even if they are in

    def _may_begin(self) -> bool:
        """Whether another round can be suggested now."""
        if self.racing:
            return not self._rounds and not self.finished
        return len(self._rounds) < AHEAD and len(self._values) < self._search.configurations

    def _begin_round(self) -> None:
        self._rounds.append(_Round(range(len(self._values), len(self._values))))
        if self._field:
            reached = len(self._outcomes[self._field[0]])
            last = None if len(self._field) == 1 else reached + 1  # a winner gets the seeds that are left at once
            return self._enqueue(self._field, {}, self._seeds[reached:last])
        left = self._search.configurations - len(self._values)
        asked = left if self.racing else min(left, self._search.batch)
        new, repeats = [], {}
        self._rounds[-1].numbers = range(len(self._values), len(self._values) + asked)
        for number in self._rounds[-1].numbers:
            values = self._suggest(number)
            first = next((known for known, its in self._values.items() if its == values), None)
            self._values[number] = values
            if first is None:
                new.append(number)
            else:
                repeats[number] = first
        self._repeats |= repeats
        seeds = self._seeds[:FIRST_SEEDS] if self.racing else self._seeds
        self._field = new if self.racing else []
        return self._enqueue(new, repeats, seeds)

    def _enqueue(self, numbers: Sequence[int], repeats: Mapping[int, int], seeds: tuple[int, ...]) -> None:
        size = 1 if self._search.scheduler in ("asha", "median") else self._pack
        parts = [numbers[start : start + size] for start in range(0, len(numbers), size)] or [[]]
        for part in parts:
            values = {number: self._values[number] for number in part}
            pack = Pack(stratum=self.stratum, arm=self.arm, values=values, repeats=repeats, seeds=seeds)
            self._queue.append(pack)
            self._rounds[-1].open += 1
            repeats = {}

    def _end_round(self, ended: _Round) -> None:
        if self.racing:
            outcomes = {number: list(self._outcomes[number].values()) for number in self._field}
            self._field = self._survivors(outcomes)
            self.finished = len(outcomes[self._field[0]]) == len(self._seeds)
            return
        for number in ended.numbers:
            outcomes = self._outcomes[self._repeats.get(number, number)]
            self._suggest.tell(number, self._score(list(outcomes.values())))
        self.finished = ended.numbers.stop == self._search.configurations


class _Sampled:
    """Suggestions of an Optuna sampler, as Ray Tune drives it."""

    def __init__(self, space: Mapping[str, BaseDistribution], sampler: optuna.samplers.BaseSampler):
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._search = OptunaSearch(space=dict(space), metric="objective", mode="max", sampler=sampler)

    def __call__(self, number: int) -> dict[str, Any]:
        return dict(self._search.suggest(str(number)) or {})

    def tell(self, number: int, objective: float) -> None:
        self._search.on_trial_complete(str(number), {"objective": objective})


class _Listed:
    """Suggestions that are known beforehand, again and again."""

    def __init__(self, points: list[dict[str, Any]]):
        self._points = points

    def __call__(self, number: int) -> dict[str, Any]:
        return dict(self._points[number % len(self._points)])

    def tell(self, number: int, objective: float) -> None:
        """Nothing to learn."""


def _suggester(search: Search, space: Sequence[tuple[str, Dimension]], seed: int) -> _Sampled | _Listed:
    if search.sampler == "grid" or not space:
        names = [name for name, _ in space]
        listed = itertools.product(*(dimension.points or () for _, dimension in space))
        return _Listed([dict(zip(names, values, strict=True)) for values in listed])
    samplers = {
        "tpe": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True),
        "gp": lambda: optuna.samplers.GPSampler(seed=seed, deterministic_objective=False),
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
    }
    return _Sampled({name: _distribution(dimension) for name, dimension in space}, samplers[search.sampler]())


def _distribution(dimension: Dimension) -> BaseDistribution:
    if dimension.choices:
        return CategoricalDistribution(dimension.choices)
    assert dimension.low is not None
    assert dimension.high is not None
    if dimension.whole:
        low, high, step = int(dimension.low), int(dimension.high), int(dimension.step or 1)
        return IntDistribution(low, high, log=dimension.log, step=step)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log, step=dimension.step)


def validation(metric: str) -> str:
    """What selects where `metric` will judge."""
    return metric.replace("test_", "validation_")
