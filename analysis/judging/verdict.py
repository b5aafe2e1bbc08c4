"""Verdicts: what a contrast may claim, in words. The first rule that holds decides."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from numpy import ndarray

from analysis.judging.family import ContrastData, Statistics, family_statistics
from analysis.statistics.planning import sd_upper_limit, seeds_needed, seeds_needed_equivalence, seeds_to_reach
from analysis.statistics.significance import EXACT_UP_TO, paired_t, smallest_attainable_p

FEWEST_SEEDS = 5
PROVISIONAL_BELOW = 8
SECONDARY_ALPHA = 0.05
"""Level of the margin and equivalence families, each Holm-adjusted."""

OUTCOME_IN_WORDS = {"test_accuracy": "held-out accuracy", "test_balanced_accuracy": "held-out balanced accuracy"}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the study fixed before its first run."""

    margin_pp: float
    alpha: float
    tests: int  # m, failed ones included
    stage: str = "confirm"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A name, a sentence that says it with its numbers, what limits it, and the numbers.

    complete_cases: the same numbers without the seeds at which a run diverged or failed; they decide nothing alone.
    """

    name: str
    sentence: str
    suffixes: tuple[str, ...]
    statistics: Statistics
    complete_cases: Statistics


def judge(family: Sequence[ContrastData], rules: Rules) -> list[Verdict]:
    """The verdicts of all contrasts of a study, in the order given. Refuses values that are not finite percent."""
    for one in family:
        if one.failure is None:
            _check_percent(one)
    everyone = family_statistics(family, rules.margin_pp, rules.tests)
    completed = [one.complete_cases() if one.failure is None else one for one in family]
    complete = family_statistics(completed, rules.margin_pp, rules.tests)
    return [
        decide(one, statistics, cases, rules) for one, statistics, cases in zip(family, everyone, complete, strict=True)
    ]


def decide(one: ContrastData, statistics: Statistics, complete_cases: Statistics, rules: Rules) -> Verdict:
    """The verdict of one contrast; complete_cases: the same statistics without the seeds at which a run diverged.

    In this order: not comparable, under-powered by design, uninformative, unsafe, supported (at least the margin;
    negligible; size open), harmful, equivalent, inconclusive.
    """
    name, sentence = _decided(one, statistics, complete_cases, rules)
    if name != "not comparable":
        sentence += _spanned(one)
        if name != "uninformative":
            sentence += _resolution(statistics) + _ceiling(one)
    return Verdict(
        name=name,
        sentence=sentence,
        suffixes=_suffixes(statistics, rules, one),
        statistics=statistics,
        complete_cases=complete_cases,
    )


def _decided(one: ContrastData, found: Statistics, complete: Statistics, rules: Rules) -> tuple[str, str]:
    if one.failure is not None:
        return "not comparable", f"Not comparable: {one.failure}. No test was made."
    if "epochs" in one.spans:
        return "not comparable", (
            f"The arms differ in {', '.join(one.spans)}: a part of a decomposition or a wall-time control, never a "
            f"verdict. {_effect(found)}."
        )
    if found.n < FEWEST_SEEDS or found.smallest_p > rules.alpha:
        return "under-powered by design", _underpowered(found, rules)
    uninformative = _uninformative(one)
    if uninformative:
        return "uninformative", uninformative
    unsafe = _unsafe(found, complete, rules)
    if unsafe:
        return "unsafe", unsafe
    return _strength(found, rules), _claim(_strength(found, rules), one, found, rules)


def _strength(found: Statistics, rules: Rules) -> str:
    """The verdict by the adjusted tests alone; that the margin is reached is shown on confirmation seeds only."""
    assert found.mean is not None
    assert found.low90 is not None
    assert found.high90 is not None
    within = -rules.margin_pp < found.low90 and found.high90 < rules.margin_pp
    if found.p_adjusted is not None and found.p_adjusted < rules.alpha:
        beyond = found.p_margin_adjusted is not None and found.p_margin_adjusted < SECONDARY_ALPHA
        if found.mean > 0 and beyond and rules.stage == "confirm":
            return "supported, at least the margin"
        if within:
            return "supported but negligible"
        return "supported, size open" if found.mean > 0 else "harmful"
    if within and found.p_tost_adjusted is not None and found.p_tost_adjusted < SECONDARY_ALPHA:
        return "equivalent"
    return "inconclusive"


def _claim(name: str, one: ContrastData, found: Statistics, rules: Rules) -> str:
    outcome, margin = OUTCOME_IN_WORDS.get(one.metric, one.metric), f"{rules.margin_pp:g} pp"
    effect, tests = _effect(found), _tests(found, rules)
    size = f"{abs(found.mean or 0):z.2f} pp [{_ordered(found)}]"
    bound = "" if found.bound is None else f", one-sided 95 % bound {abs(found.bound):z.2f} pp"
    if name == "supported, at least the margin":
        return f"Improves {outcome} by {size} ({tests}{bound})."
    if name == "supported but negligible":
        return f"Real but negligible: {effect}, within ±{margin} ({tests})."
    if name == "supported, size open":
        return f"Improves {outcome} by {size}; at least {margin} not shown ({tests})."
    if name == "harmful":
        return f"Reduces {outcome} by {size} ({tests}{bound})."
    if name == "equivalent":
        return (
            f"No effect larger than ±{margin}: {found.mean:z.2f} pp, 90 % interval "
            f"[{found.low90:z.2f}, {found.high90:z.2f}], adjusted TOST {format_p(found.p_tost_adjusted)}, "
            f"{found.n} matched seeds."
        )
    return f"Inconclusive: {effect} ({tests}). {_seeds_still_needed(found, rules)}"


def _effect(found: Statistics) -> str:
    if found.mean is None:
        return "no difference could be computed"
    if found.low is None or found.high is None:
        return f"{found.mean:z.2f} pp at one seed"
    return f"{found.mean:z.2f} pp [{found.low:z.2f}, {found.high:z.2f}]"


def _ordered(found: Statistics) -> str:
    """The interval of the effect's size: of a negative mean with both signs turned."""
    assert found.mean is not None
    assert found.low is not None
    assert found.high is not None
    low, high = (found.low, found.high) if found.mean >= 0 else (-found.high, -found.low)
    return f"{low:z.2f}, {high:z.2f}"


def _tests(found: Statistics, rules: Rules) -> str:
    adjusted = f"adjusted over {rules.tests} tests: " if rules.tests > 1 else ""
    exact = "exact" if found.n <= EXACT_UP_TO else "random"
    t = "t undefined without spread" if found.p_t_adjusted is None else f"t {format_p(found.p_t_adjusted)}"
    return f"{found.n} matched seeds; {adjusted}{t}, {exact} sign-flip {format_p(found.p_flip_adjusted)}"


def format_p(p: float | None) -> str:
    """`p=0.0078`, `p=3.1e-05`, `p<1e-6`; never 0."""
    if p is None or numpy.isnan(p):
        return "p not defined"
    if p < 1e-6:
        return "p<1e-6"
    return f"p={p:.2g}"


def _underpowered(found: Statistics, rules: Rules) -> str:
    common, holm = _fewest_seeds(rules.alpha), _fewest_seeds(rules.alpha / rules.tests)
    under_holm = f" ({holm} under Holm over {rules.tests} comparisons)" if holm > common else ""
    seeds = "1 seed" if found.n == 1 else f"{found.n} seeds"
    cannot = f"cannot reach p<{rules.alpha:g} with an exact test" if found.smallest_p > rules.alpha else "are too few"
    return f"{seeds} {cannot}; at least {common} common seeds are needed{under_holm}. Seen: {_effect(found)}."


def _fewest_seeds(alpha: float) -> int:
    """The smallest n, 5 or more, whose exact sign flip can reach alpha."""
    return max(FEWEST_SEEDS, seeds_to_reach(alpha))


def _uninformative(one: ContrastData) -> str:
    """Why both arms together say nothing, or an empty string."""
    arms = (one.treatment_values, one.baseline_values)
    if not any(_beats(values - one.constant) for values in arms):
        both = " and ".join(f"{values.mean():.1f} %" for values in arms)
        return (
            f"Nothing to compare: neither arm learned the task ({both}; a constant scores {one.constant.mean():.1f} %)."
        )
    if all(_share_at_maximum(values) >= 0.5 for values in arms):
        return "Nothing to compare: at least half of the runs of both arms are at 100 %; take a harder task."
    return ""


def _beats(above: ndarray) -> bool:
    """Whether the two-sided 95 % interval of the mean lies above 0."""
    low = paired_t(above).low
    return low is not None and low > 0


def _share_at_maximum(values: ndarray) -> float:
    return float((values >= 100 - 1e-9).mean())


def _unsafe(found: Statistics, complete: Statistics, rules: Rules) -> str:
    """Why divergence forbids a claim, or an empty string."""
    if found.diverged_treatment + found.diverged_baseline == 0:
        return ""
    diverged = f"Diverged {found.diverged_treatment}/{found.n} vs {found.diverged_baseline}/{found.n}"
    counted = f"with failures counted the mean effect is {_effect(found)}"
    if found.p_divergence < SECONDARY_ALPHA:
        return f"{diverged}: the treatment diverges more; {counted}."
    without = _strength(complete, rules) if complete.low is not None else "fewer than two complete pairs"
    if without != _strength(found, rules):
        return f"{diverged}; {counted}, without the diverged seeds {_effect(complete)} ({without})."
    return ""


def _seeds_still_needed(found: Statistics, rules: Rules) -> str:
    if not found.sd or _without_spread(found):
        return "The differences do not vary: a sample size cannot be planned from them."
    sd = sd_upper_limit(found.sd, found.n)
    level = f"{rules.alpha:g}" + (f"/{rules.tests}" if rules.tests > 1 else "")
    try:
        detect = seeds_needed(sd, rules.margin_pp, rules.alpha / rules.tests, 0.8)
        equivalent = max(FEWEST_SEEDS, seeds_needed_equivalence(sd, rules.margin_pp, 0.05, 0.9))
    except ValueError:
        return f"The differences spread too far (sd up to {sd:z.2f} pp) for any number of seeds to be worth planning."
    attainable = _fewest_seeds(rules.alpha * smallest_attainable_p(found.n) / found.smallest_p)
    detect = max(detect, attainable)
    more = f" ({detect - found.n} more, fresh)" if detect > found.n else ""
    return (
        f"Planning with the upper 80 % limit of the sd ({sd:z.2f} pp), {detect} seeds in all{more} detect "
        f"{rules.margin_pp:g} pp at alpha {level} with 80 % power; {equivalent} give 90 % power for equivalence."
    )


def _spanned(one: ContrastData) -> str:
    return f" With the declared difference in {', '.join(one.spans)}." if one.spans else ""


def _without_spread(found: Statistics) -> bool:
    return found.low is not None and found.low == found.high


def _resolution(found: Statistics) -> str:
    if _without_spread(found):
        return " Every seed shows the same difference: nothing finer than the metric's resolution is tested."
    return ""


def _check_percent(one: ContrastData) -> None:
    """Refuses what cannot be percent of both arms and the constant: NaN, beyond 0 … 100, fractions among percent."""
    if not one.metric.endswith("accuracy"):
        raise ValueError(f"a verdict needs an accuracy, where more is better and a point is 1 %; got {one.metric!r}")
    columns = (one.treatment_values, one.baseline_values, one.constant)
    values = numpy.concatenate(columns)
    if not numpy.isfinite(values).all():
        raise ValueError(f"{one.metric} must be finite: score diverged runs as the constant first, got NaN or infinity")
    if ((values < 0) | (values > 100 + 1e-9)).any():
        raise ValueError(f"{one.metric} must be percent, 0 … 100, got {values.min():g} … {values.max():g}")
    if len(values) and 0 < values.max() <= 1:
        raise ValueError(f"{one.metric} must be percent, got fractions, at most {values.max():g}: multiply by 100")
    for arm in columns[:2]:
        if ((arm > 0) & (arm <= 1) & (one.constant >= 10)).any():
            raise ValueError(f"{one.metric} must be percent throughout, got fractions and percent mixed")


def _ceiling(one: ContrastData) -> str:
    if len(one.baseline_values) and _share_at_maximum(one.baseline_values) >= 0.5:
        return " Ceiling: at least half of the baseline's runs are at 100 %."
    return ""


def _suffixes(found: Statistics, rules: Rules, one: ContrastData) -> tuple[str, ...]:
    if one.failure is not None:
        return ()
    holds = {
        "(exploratory)": rules.stage == "search",
        "(provisional)": found.n < PROVISIONAL_BELOW,
        "(one split)": one.one_split,
    }
    return tuple(suffix for suffix, applies in holds.items() if applies)
