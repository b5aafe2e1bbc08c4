"""What judging costs: max-T over many contrasts, and matching a large run table."""

from collections.abc import Iterator

import numpy
import pandas
from scipy import stats

from analysis.judging.matching import pair
from analysis.statistics.significance import max_t
from benchmarks.clock import interleaved
from benchmarks.row import Row


def measure(*, tiny: bool) -> Iterator[Row]:
    """scipy's permutation test over max-T, for each contrast; matching over a bare merge of the same table."""
    yield _max_t(*((8, 4) if tiny else (20, 1000)), repeats=1 if tiny else 3)
    yield _matching(20 if tiny else 25_000, repeats=1 if tiny else 3)


def _max_t(seeds: int, contrasts: int, *, repeats: int) -> Row:
    differences = numpy.random.default_rng(0).normal(size=(seeds, contrasts))

    def one_by_scipy():
        stats.permutation_test(
            (differences[:, 0], numpy.zeros(seeds)),
            lambda one, other, axis: (one - other).sum(axis=axis),
            permutation_type="samples",
            vectorized=True,
            n_resamples=2**seeds,  # all of them: an exact test
            batch=4096,
        )

    taken = interleaved(one_by_scipy, lambda: max_t(differences), repeats=repeats)
    return Row(
        section="statistics",
        case=f"scipy.permutation_test of each contrast over max_t of all, {contrasts} contrasts x {seeds} seeds",
        ratios=tuple(contrasts * alone / together for alone, together in taken),
        figures={"max_t_s": min(together for _, together in taken)},
    )


def _matching(conditions: int, *, repeats: int) -> Row:
    """Two arms on 20 seeds in so many Conditions."""
    runs = _runs(conditions, 20)
    one, other = runs[runs["arm"] == "static"], runs[runs["arm"] == "none"]
    keys = ["condition_signature", "seed"]
    taken = interleaved(
        lambda: pair(runs, treatment="static", baseline="none", metric="test_accuracy"),
        lambda: one.merge(other, on=keys),
        repeats=repeats,
    )
    return Row(
        section="statistics",
        case=f"matching over a bare merge, {len(runs):,} runs",
        ratios=tuple(matched / merged for matched, merged in taken),
        figures={"matching_s": min(matched for matched, _ in taken)},
    )


def _runs(conditions: int, seeds: int) -> pandas.DataFrame:
    """A run table of two arms with the columns that matching reads."""
    generator, n = numpy.random.default_rng(0), conditions * seeds
    shared = {
        "condition_signature": numpy.repeat([f"{at:064x}" for at in range(conditions)], seeds),
        "seed": numpy.tile(numpy.arange(seeds), conditions),
        "stage": "confirm",
        "status": "ok",
        "environment": "one",
        "task": "moons",
        "width": numpy.repeat(numpy.arange(conditions), seeds),
        "optimizer": "adam",
        "learning_rate": 0.01,
        "epochs": 100,
        "data_digest": numpy.tile([f"{seed:016x}" for seed in range(seeds)], conditions),
        "test_accuracy_of_constant": 0.5,
    }
    arms = [
        pandas.DataFrame(
            {
                **shared,
                "arm": arm,
                "signature": [f"{arm}{at:060x}" for at in range(n)],
                "test_accuracy": generator.random(n),
            }
        )
        for arm in ("none", "static")
    ]
    return pandas.concat(arms, ignore_index=True)
