"""Verdicts in words: every sentence carries its numbers in the metric's unit, and says where less is better."""

import math
from dataclasses import dataclass

import numpy
from numpy import ndarray

from analysis.judging.family import ContrastData, Statistics
from analysis.judging.measured import best_of, share_at_best
from analysis.judging.rules import FEWEST_SEEDS, Rules
from analysis.judging.verdict_name import AT_LEAST_THE_MARGIN, NEGLIGIBLE, SIZE_OPEN, VerdictName
from analysis.statistics.planning import sd_upper_limit, seeds_needed, seeds_needed_equivalence, seeds_to_reach
from analysis.statistics.significance import EXACT_UP_TO, smallest_attainable_p
from spectra_tune.design import Metric


def decimals(metric: Metric, margin: float) -> int:
    """Of differences in the metric's unit: two of percentage points, else two beyond the margin's first digit."""
    return 2 if metric.scale != 1 else max(2, 2 - math.floor(math.log10(margin)))


def format_p(p: float | None) -> str:
    """`p=0.0078`, `p=3.1e-05`, `p<1e-6`; never 0."""
    if p is None or numpy.isnan(p):
        return "p not defined"
    if p < 1e-6:
        return "p<1e-6"
    return f"p={p:.2g}"


@dataclass(frozen=True, slots=True)
class Sentences:
    """What is said of one contrast under a study's rules."""

    one: ContrastData
    rules: Rules

    def claim(self, name: VerdictName, found: Statistics) -> str:
        """The sentence of a verdict that the tests alone decided."""
        outcome, margin = self.one.metric.words, self.margin
        effect, tests = self.effect(found), self._tests(found)
        size = f"{self.amount(abs(found.mean or 0))} [{self._ordered(found)}]{self._direction}"
        bound = "" if found.bound is None else f", one-sided 95 % bound {self.amount(abs(found.bound))}"
        worse = "Reduces" if self.one.measured.higher_is_better else "Worsens"
        changes = f"{worse if (found.mean or 0) < 0 else 'Improves'} {outcome} by {size}"
        if name in AT_LEAST_THE_MARGIN:
            return f"{changes} ({tests}{bound})."
        if name in NEGLIGIBLE:
            return (
                f"{changes}: real but negligible, less than {margin} ({tests}, TOST {format_p(found.p_tost_adjusted)})."
            )
        if name in SIZE_OPEN:
            open_size = "is open" if self.rules.stage == "confirm" else "can only be shown on fresh seeds"
            return (
                f"{changes}; whether by {margin} or more {open_size} ({tests}, at least {margin} "
                f"{format_p(found.p_margin_adjusted)}, TOST {format_p(found.p_tost_adjusted)})."
            )
        if name == VerdictName.EQUIVALENT:
            return (
                f"No effect larger than ±{margin}: {self._gain(found)}, 90 % interval "
                f"[{self._number(found.low90)}, {self._number(found.high90)}]{self._direction}, adjusted TOST "
                f"{format_p(found.p_tost_adjusted)}, {self._seeds(found)}."
            )
        return f"Inconclusive: {effect} ({tests}). {self._seeds_still_needed(found)}"

    def effect(self, found: Statistics) -> str:
        """The mean with its interval; where less is better it is said to be a gain."""
        if found.mean is None:
            return "no difference could be computed"
        if found.low is None or found.high is None:
            return f"{self._gain(found)}{self._direction} at one seed"
        return f"{self._gain(found)} [{self._number(found.low)}, {self._number(found.high)}]{self._direction}"

    def underpowered(self, found: Statistics) -> str:
        alpha, tests = self.rules.alpha, self.rules.tests
        common, holm = _fewest_seeds(alpha), _fewest_seeds(alpha / tests)
        under_holm = f" ({holm} under Holm over {tests} comparisons)" if holm > common else ""
        seeds = "1 seed" if found.n == 1 else f"{found.n} seeds"
        cannot = f"cannot reach p<{alpha:g} with an exact test" if found.smallest_p > alpha else "are too few"
        return f"{seeds} {cannot}; at least {common} common seeds are needed{under_holm}. Seen: {self.effect(found)}."

    def learned_nothing(self, arms: tuple[ndarray, ndarray], constant: ndarray) -> str:
        both = " and ".join(self._score(values) for values in arms)
        scores = self._score(constant)
        learned = "learned the task" if self.one.measured.beside is None else "is better than a constant"
        return f"Nothing to compare: neither arm {learned} ({both}; a constant scores {scores})."

    def all_at_best(self) -> str:
        return f"Nothing to compare: at least half of the runs of both arms are at {self._best}; take a harder task."

    def ceiling(self) -> str:
        """Where at least half of the baseline's runs cannot be beaten, that; else an empty string."""
        values = self.one.baseline_values
        if len(values) and share_at_best(values, self.one.measured) >= 0.5:
            return f" Ceiling: at least half of the baseline's runs are at {self._best}."
        return ""

    @property
    def margin(self) -> str:
        return f"{self.rules.margin:g}{self._unit}"

    def amount(self, value: float | None) -> str:
        """A difference with its unit."""
        return f"{self._number(value)}{self._unit}"

    def _number(self, value: float | None) -> str:
        return f"{value:z.{decimals(self.one.measured, self.rules.margin)}f}"

    @property
    def _unit(self) -> str:
        return f" {self.one.measured.unit}" if self.one.measured.unit else ""

    @property
    def _direction(self) -> str:
        return "" if self.one.measured.higher_is_better else " (lower is better)"

    @property
    def _best(self) -> str:
        return f"{best_of(self.one.measured):g}{self.one.measured.symbol}"

    def _score(self, values: ndarray) -> str:
        """A mean value with its symbol: of percent one digit less than of a difference."""
        digits = decimals(self.one.measured, self.rules.margin) - (self.one.measured.scale != 1)
        return f"{values.mean():.{digits}f}{self.one.measured.symbol}"

    def _gain(self, found: Statistics) -> str:
        what = "" if self.one.measured.higher_is_better else "a gain of "
        return f"{what}{self.amount(found.mean)}"

    def _ordered(self, found: Statistics) -> str:
        """The interval of the effect's size: of a negative mean with both signs turned."""
        assert found.mean is not None
        assert found.low is not None
        assert found.high is not None
        low, high = (found.low, found.high) if found.mean >= 0 else (-found.high, -found.low)
        return f"{self._number(low)}, {self._number(high)}"

    def _tests(self, found: Statistics) -> str:
        adjusted = f"adjusted over {self.rules.tests} tests: " if self.rules.tests > 1 else ""
        exact = "exact" if found.n <= EXACT_UP_TO else "random"
        t = "t undefined without spread" if found.p_t_adjusted is None else f"t {format_p(found.p_t_adjusted)}"
        return f"{self._seeds(found)}; {adjusted}{t}, {exact} sign-flip {format_p(found.p_flip_adjusted)}"

    def _seeds(self, found: Statistics) -> str:
        checked = self.rules.matching == "checked"
        return f"{found.n} matched seeds" if checked else f"{found.n} seeds, declared matched"

    def _seeds_still_needed(self, found: Statistics) -> str:
        rules = self.rules
        if not found.sd or without_spread(found):
            return "The differences do not vary: a sample size cannot be planned from them."
        sd = sd_upper_limit(found.sd, found.n)
        level = f"{rules.alpha:g}" + (f"/{rules.tests}" if rules.tests > 1 else "")
        try:
            detect = seeds_needed(sd, rules.margin, rules.alpha / rules.tests, 0.8)
            equivalent = max(FEWEST_SEEDS, seeds_needed_equivalence(sd, rules.margin, 0.05, 0.9))
        except ValueError:
            too_far = f"The differences spread too far (sd up to {self.amount(sd)})"
            return f"{too_far} for any number of seeds to be worth planning."
        attainable = _fewest_seeds(rules.alpha * smallest_attainable_p(found.n) / found.smallest_p)
        detect = max(detect, attainable)
        more = f" ({detect - found.n} more, fresh)" if detect > found.n else ""
        return (
            f"Planning with the upper 80 % limit of the sd ({self.amount(sd)}), {detect} seeds in all{more} detect "
            f"{self.margin} at alpha {level} with 80 % power; {equivalent} give 90 % power for equivalence."
        )


def resolution(found: Statistics) -> str:
    if without_spread(found):
        return " Every seed shows the same difference: nothing finer than the metric's resolution is tested."
    return ""


def without_spread(found: Statistics) -> bool:
    return found.low is not None and found.low == found.high


def _fewest_seeds(alpha: float) -> int:
    """The smallest n, 5 or more, whose exact sign flip can reach alpha."""
    return max(FEWEST_SEEDS, seeds_to_reach(alpha))
