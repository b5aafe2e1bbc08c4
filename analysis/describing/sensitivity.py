"""How much performance depends on hyperparameters: on each side, from the configurations of its search. Exploratory."""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy
import optuna
import pandas
from scipy import special

from analysis.describing.tuning import outcomes_of, validation
from analysis.judging.compared import column_of_factor
from analysis.statistics.estimate import Estimate
from analysis.statistics.intervals import binomial_interval
from spectra_tune.design import Study
from spectra_tune.errors import plain

RESAMPLES = 2000

IMPORTANCE_RESAMPLES, TREES = 20, 16
"""Of the configurations, for an importance's interval; each grows a forest of so many trees."""

LEAST_CONFIGURATIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunability:
    """Expected best of the first k of independently drawn configurations, with percentile bootstrap bands.

    Nominally 95 %; simulated for the best of 4 they cover 84 % with 20 configurations and 85 % with 40: exploratory.
    """

    spent: tuple[int, ...]  # k
    best: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSensitivity:
    """One side of one stratum: outcomes are mean validation outcomes of its configurations, in their unit."""

    condition: str
    arm: str
    curve: Tunability
    near_best: Estimate  # share of its configurations within the margin of the best of them
    importances: dict[str, Estimate]  # empty with fewer than LEAST_CONFIGURATIONS or one factor


def sensitivities(study: Study, runs: pandas.DataFrame) -> list[SideSensitivity]:
    """Every side of every stratum of a search; runs: its search runs. Configurations that were stopped are left out."""
    assert study.search is not None
    metric, found = validation(study.outcome.metric), []
    sign = study.outcome.measured.metric.sign
    for signature, label in study.labels().items():
        for arm in study.sides():
            rows = runs[(runs["condition_signature"] == signature) & (runs["arm"] == arm)]
            means = outcomes_of(rows, metric).dropna().mean(axis=1)
            if len(means) < 2:
                continue
            names = [name for name, _ in study.space(arm)]
            first = rows.drop_duplicates("configuration").set_index("configuration").loc[means.index]
            values = [{name: plain(row[column_of_factor(name)]) for name in names} for row in first.to_dict("records")]
            outcomes = means.to_numpy(dtype=float)
            whole = not any(pandas.isna(value) for one in values for value in one.values())  # strength 0 has no target
            enough = whole and len(names) > 1 and len(values) >= LEAST_CONFIGURATIONS
            found.append(
                SideSensitivity(
                    condition=label,
                    arm=arm,
                    curve=tunability(outcomes) if sign > 0 else _turned(tunability(-outcomes)),
                    near_best=share_near_best(sign * outcomes, study.outcome.margin_in_unit),
                    importances=importances(values, outcomes) if enough else {},
                )
            )
    return found


def expected_best(outcomes: Sequence[float] | numpy.ndarray) -> numpy.ndarray:
    """Expected largest of k of these outcomes drawn with replacement, for k = 1 … n (Dodge et al. 2019, eq. 3)."""
    values = numpy.sort(numpy.asarray(outcomes, dtype=float))
    n = len(values)
    share = numpy.arange(n + 1) / n
    k = numpy.arange(1, n + 1)[:, None]
    return (share[1:] ** k - share[:-1] ** k) @ values


def expected_best_without(outcomes: Sequence[float] | numpy.ndarray) -> numpy.ndarray:
    """The same drawn without replacement: the unbiased estimate of the expected best of k independent draws."""
    values = numpy.sort(numpy.asarray(outcomes, dtype=float))
    n = len(values)
    k, place = numpy.arange(1, n + 1)[:, None], numpy.arange(1, n + 1)[None, :]
    with numpy.errstate(divide="ignore", invalid="ignore"):
        log_share = (
            special.gammaln(place)
            - special.gammaln(numpy.maximum(place - k + 1, 1))
            - special.gammaln(k)
            - (special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))
        )
    return numpy.where(place >= k, numpy.exp(log_share), 0.0) @ values


def tunability(outcomes: Sequence[float] | numpy.ndarray, seed: int = 0) -> Tunability:
    """The curve of expected best outcomes against configurations spent; meant for independent draws (sampler random).

    outcomes: one per configuration, in the order drawn. The last of n means little: there is one best of n.
    """
    values = numpy.asarray(outcomes, dtype=float)
    if len(values) < 2 or not numpy.isfinite(values).all():
        raise ValueError(f"a tunability curve needs at least 2 finite outcomes, got {len(values)}")
    generator = numpy.random.default_rng(seed)
    drawn = generator.integers(0, len(values), (RESAMPLES, len(values)))
    curves = numpy.stack([expected_best(values[chosen]) for chosen in drawn])
    low, high = numpy.quantile(curves, [0.025, 0.975], axis=0)
    return Tunability(
        spent=tuple(range(1, len(values) + 1)),
        best=tuple(expected_best_without(values).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
    )


def _turned(curve: Tunability) -> Tunability:
    """The curve of the smallest outcomes, from that of their negatives' largest."""
    best, low, high = (tuple(-value for value in values) for values in (curve.best, curve.high, curve.low))
    return replace(curve, best=best, low=low, high=high)


def share_near_best(outcomes: Sequence[float] | numpy.ndarray, within: float) -> Estimate:
    """Share of a shared space within so much of the best configuration found, with its Clopper-Pearson interval."""
    values = numpy.asarray(outcomes, dtype=float)
    if len(values) < 1 or not within >= 0:
        raise ValueError(f"a share needs outcomes and a distance >= 0, got {len(values)} and {within}")
    return binomial_interval(int((values >= values.max() - within - 1e-12).sum()), len(values))


def importances(
    values: Sequence[Mapping[str, float | str | bool]], outcomes: Sequence[float] | numpy.ndarray, seed: int = 0
) -> dict[str, Estimate]:
    """Functional ANOVA importances (Hutter et al. 2014, Optuna's) of each factor, largest first; they add up to 1.

    values: each configuration's factors. Intervals: 2.5 and 97.5 % of bootstrap resamples of the configurations.
    """
    if len(values) < LEAST_CONFIGURATIONS or len(values) != len(outcomes):
        raise ValueError(
            f"importances need at least {LEAST_CONFIGURATIONS} configurations with an outcome each, got {len(values)} "
            f"and {len(outcomes)}"
        )
    names = list(values[0])
    generator = numpy.random.default_rng(seed)
    estimate = _importances(names, values, outcomes, range(len(values)), seed)
    resampled = []
    for repeat in range(IMPORTANCE_RESAMPLES):
        chosen = generator.integers(0, len(values), len(values))
        resampled.append(_importances(names, values, outcomes, chosen.tolist(), seed + 1 + repeat))
    found = {}
    for name in sorted(names, key=lambda one: -estimate[one]):
        low, high = numpy.quantile([one[name] for one in resampled], [0.025, 0.975])
        inside = (min(float(low), estimate[name]), max(float(high), estimate[name]))
        found[name] = Estimate(
            estimate=estimate[name], low=inside[0], high=inside[1], n=len(values), method="functional ANOVA, bootstrap"
        )
    return found


def _importances(
    names: Sequence[str],
    values: Sequence[Mapping[str, float | str | bool]],
    outcomes: Sequence[float] | numpy.ndarray,
    chosen: Sequence[int],
    seed: int,
) -> dict[str, float]:
    """Importances from the chosen configurations; none where their outcomes do not vary."""
    if float(numpy.ptp([outcomes[at] for at in chosen])) == 0:
        return dict.fromkeys(names, 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=seed))
        distributions = {name: _distribution([one[name] for one in values]) for name in names}
        for at in chosen:
            study.add_trial(
                optuna.trial.create_trial(
                    params={name: values[at][name] for name in names},
                    distributions=distributions,
                    value=float(outcomes[at]),
                )
            )
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=TREES, seed=seed)
        known = optuna.importance.get_param_importances(study, evaluator=evaluator, params=list(names))
    return {name: float(known.get(name, 0.0)) for name in names}


def _distribution(seen: Sequence[float | str | bool]) -> optuna.distributions.BaseDistribution:
    """The range of the values seen; logarithmic where they span more than a factor of 30."""
    if any(isinstance(value, str | bool) for value in seen):
        return optuna.distributions.CategoricalDistribution(sorted(set(seen), key=str))
    low, high = float(min(seen)), float(max(seen))
    if low == high:
        return optuna.distributions.FloatDistribution(low, low)
    return optuna.distributions.FloatDistribution(low, high, log=low > 0 and math.log(high / low) > math.log(30))
