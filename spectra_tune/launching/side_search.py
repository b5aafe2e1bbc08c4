"""The search of one side of one stratum (with nsga2 of all sizes): a sampler and rounds of its own."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
import pandas
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.study import StudyDirection

from spectra_tune.design import Condition, Dimension, Search, Study, condition_signature
from spectra_tune.design.signature import digest
from spectra_tune.engine import parameter_count
from spectra_tune.launching.configuration_batch import ConfigurationBatch
from spectra_tune.results import scored

FIRST_SEEDS = 3
"""Seeds that every configuration of a race gets before any is eliminated; then one more at a time."""

Score = Callable[[Sequence[float]], float]
"""The objective of a configuration from its validation outcomes, one per search seed; more is better in each."""

Survivors = Callable[[Mapping[int, Sequence[float]]], list[int]]
"""Which configurations stay in a race, given every one's outcomes on the same seeds; more is better in each."""


AHEAD = 2
"""Rounds under way at a time: while one trains, the next is being suggested. A race has one."""


GENERATIONS = 4
"""At least, of the nsga2 sampler's."""


@dataclass(slots=True)
class _Round:
    """Configurations that were suggested together, and how many of its batches are not answered."""

    places: range
    open: int = 0


class SideSearch:
    """Rounds of one side of one stratum. Round k is suggested from the results of all rounds up to k - AHEAD.

    So what is suggested depends on nothing but results, whatever the number of workers or the order of their answers.
    Several strata (nsga2) take turns: place p is configuration p // n of stratum p % n, each gets as many.
    """

    def __init__(self, study: Study, strata: Sequence[int], arm: str, score: Score, survivors: Survivors, most: int):
        """most: configurations of a trial; what is suggested, and every bit, is the same whatever it is."""
        assert study.search is not None
        self._most = most
        self.strata, self.arm = tuple(strata), arm
        self._search, self._seeds = study.search, study.seeds.search
        self._metric = study.outcome.measured.on("validation")
        self._score, self._survivors = score, survivors
        space = study.space(arm)
        self._wanted = self._search.configurations * len(self.strata)
        conditions = [study.conditions[stratum] for stratum in self.strata]
        key = f"{''.join(map(condition_signature, conditions))}{arm}{self._search.seed}"
        self._suggest = _suggester(self._search, space, int(digest(key)[:8], 16), self._wanted)
        self._parameters = list(map(_parameters, conditions)) if self._search.sampler == "nsga2" else []
        self._values: dict[int, dict[str, Any]] = {}  # this and what follows: by place
        self._first: dict[tuple[int, str], int] = {}  # place where these values came first
        self._repeats: dict[int, int] = {}
        self._outcomes: dict[int, dict[int, float]] = {}  # and by seed; signed so that more is better
        self._field: list[int] = []  # of a race: who is still in it
        self._queue: list[ConfigurationBatch] = []
        self._rounds: list[_Round] = []
        self.finished = False

    @property
    def racing(self) -> bool:
        return self._search.scheduler == "racing"

    def best_in(self, stratum: int) -> float | None:
        """The best mean outcome of a stratum so far."""
        ours = self.strata.index(stratum)
        of_stratum = (by_seed for place, by_seed in self._outcomes.items() if self._turn(place) == ours)
        means = [sum(by_seed.values()) / len(by_seed) for by_seed in of_stratum]
        return self._metric.metric.sign * max(means) if means else None

    def done_in(self, stratum: int) -> int:
        """Configurations of a stratum with a result."""
        ours = self.strata.index(stratum)
        known = [place for place in self._outcomes if self._turn(place) == ours]
        return len(known) + sum(
            first in self._outcomes for place, first in self._repeats.items() if self._turn(place) == ours
        )

    def finished_in(self, stratum: int) -> bool:
        """Whether a stratum's configurations have all ended."""
        return self.finished or (len(self.strata) > 1 and self.done_in(stratum) == self._search.configurations)

    def _turn(self, place: int) -> int:
        """Which of the strata a place belongs to."""
        return place % len(self.strata)

    def next(self) -> ConfigurationBatch | None:
        """A batch to train; None where results of others must come first, or all is done."""
        while not self._queue and self._may_begin():
            self._begin_round()
        return self._queue.pop(0) if self._queue else None

    def close(self, batch: ConfigurationBatch, runs: pandas.DataFrame) -> None:
        """Takes a batch's results; a run that did not end well counts as the constant predictor."""
        ours, turns = self.strata.index(batch.stratum), len(self.strata)
        if not runs.empty:
            values = self._metric.metric.sign * scored(runs, self._metric.column)
            for number, seed, value in zip(runs["configuration"], runs["seed"], values, strict=True):
                self._outcomes.setdefault(turns * int(number) + ours, {})[int(seed)] = float(value)
        first = turns * next(iter((*batch.values, *batch.repeats))) + ours
        next(one for one in self._rounds if self.racing or first in one.places).open -= 1
        while self._rounds and not self._rounds[0].open:
            self._end_round(self._rounds.pop(0))
            if self._may_begin():
                self._begin_round()  # before the next round's results are told, even if they are in

    def _may_begin(self) -> bool:
        """Whether another round can be suggested now."""
        if self.racing:
            return not self._rounds and not self.finished
        return len(self._rounds) < AHEAD and len(self._values) < self._wanted

    def _begin_round(self) -> None:
        self._rounds.append(_Round(range(len(self._values), len(self._values))))
        if self._field:
            reached = len(self._outcomes[self._field[0]])
            last = None if len(self._field) == 1 else reached + 1  # a winner gets the seeds that are left at once
            return self._enqueue(self._field, {}, self._seeds[reached:last])
        left = self._wanted - len(self._values)
        asked = left if self.racing else min(left, self._search.batch * len(self.strata))
        new, repeats = [], {}
        self._rounds[-1].places = range(len(self._values), len(self._values) + asked)
        for place in self._rounds[-1].places:
            values = self._values[place] = self._suggest(place)
            first = self._first.setdefault((self._turn(place), repr(sorted(values.items()))), place)
            if first == place:
                new.append(place)
            else:
                repeats[place] = first
        self._repeats |= repeats
        seeds = self._seeds[:FIRST_SEEDS] if self.racing else self._seeds
        self._field = new if self.racing else []
        return self._enqueue(new, repeats, seeds)

    def _enqueue(self, places: Sequence[int], repeats: Mapping[int, int], seeds: tuple[int, ...]) -> None:
        size = 1 if self._search.scheduler in ("asha", "median") else self._most
        turns = len(self.strata)
        for turn, stratum in enumerate(self.strata):
            mine = [place for place in places if self._turn(place) == turn]
            again = {place // turns: first // turns for place, first in repeats.items() if self._turn(place) == turn}
            parts = [mine[start : start + size] for start in range(0, len(mine), size)] or ([[]] if again else [])
            for part in parts:
                values = {place // turns: self._values[place] for place in part}
                self._queue.append(
                    ConfigurationBatch(stratum=stratum, arm=self.arm, values=values, repeats=again, seeds=seeds)
                )
                self._rounds[-1].open += 1
                again = {}

    def _end_round(self, ended: _Round) -> None:
        if self.racing:
            outcomes = {place: list(self._outcomes[place].values()) for place in self._field}
            self._field = self._survivors(outcomes)
            self.finished = len(outcomes[self._field[0]]) == len(self._seeds)
            return
        for place in ended.places:
            outcomes = self._outcomes[self._repeats.get(place, place)]
            size = [self._parameters[self._turn(place)]] if self._parameters else []
            self._suggest.tell(place, [self._score(list(outcomes.values())), *size])
        self.finished = ended.places.stop == self._wanted


class _Sampled:
    """Suggestions of an Optuna sampler, for the objective and, with nsga2, against the parameters."""

    def __init__(self, space: Mapping[str, BaseDistribution], sampler: optuna.samplers.BaseSampler):
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        several = isinstance(sampler, optuna.samplers.NSGAIISampler)
        goals = [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE][: 1 + several]
        self.study, self._space = optuna.create_study(directions=goals, sampler=sampler), dict(space)

    def __call__(self, place: int) -> dict[str, Any]:
        trial = self.study.ask(self._space)
        assert trial.number == place
        return trial.params

    def tell(self, place: int, objectives: Sequence[float]) -> None:
        self.study.tell(place, objectives)


class _Listed:
    """Suggestions that are known beforehand, again and again."""

    def __init__(self, points: list[dict[str, Any]]):
        self._points = points

    def __call__(self, place: int) -> dict[str, Any]:
        return dict(self._points[place % len(self._points)])

    def tell(self, place: int, objectives: Sequence[float]) -> None:
        """Nothing to learn."""


def _suggester(search: Search, space: Sequence[tuple[str, Dimension]], seed: int, wanted: int) -> _Sampled | _Listed:
    if search.sampler == "grid" or not space:
        names = [name for name, _ in space]
        listed = itertools.product(*(dimension.points or () for _, dimension in space))
        return _Listed([dict(zip(names, values, strict=True)) for values in listed])
    samplers = {
        "tpe": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True),
        "gp": lambda: optuna.samplers.GPSampler(seed=seed, deterministic_objective=False),
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        "nsga2": lambda: optuna.samplers.NSGAIISampler(seed=seed, population_size=_population(wanted)),
    }
    return _Sampled({name: _distribution(dimension) for name, dimension in space}, samplers[search.sampler]())


def _population(wanted: int) -> int:
    """Of a generation: Optuna's 50 where so many configurations make several generations."""
    return max(4, min(50, wanted // GENERATIONS))


def _parameters(condition: Condition) -> float:
    """Numbers that a network trains; infinitely many of one that cannot be made, whose runs fail."""
    try:
        return float(parameter_count(condition.network, condition.task))
    except Exception:  # anything that a user's network may raise: the trial that trains it says so
        return math.inf


def _distribution(dimension: Dimension) -> BaseDistribution:
    if dimension.choices:
        return CategoricalDistribution(dimension.choices)
    assert dimension.low is not None
    assert dimension.high is not None
    if dimension.whole:
        low, high, step = int(dimension.low), int(dimension.high), int(dimension.step or 1)
        return IntDistribution(low, high, log=dimension.log, step=step)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log, step=dimension.step)
