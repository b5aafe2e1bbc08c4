"""Whether a treatment's results spread more or less over seeds than its baseline's."""

import math
from collections.abc import Sequence

import numpy
import pandas
from numpy import ndarray
from scipy import special

from analysis.judging.contrasts import Judged
from analysis.judging.verdict_name import VerdictName
from analysis.statistics.estimate import Estimate, sample, standard_deviation
from analysis.statistics.significance import holm

FEWEST_SEEDS = 3

COLUMNS = ("condition", "contrast", "n", "baseline", "treatment", "ratio", "low", "high", "p", "p_adjusted", "note")


def spread_ratio(
    treatment: Sequence[float] | ndarray, baseline: Sequence[float] | ndarray, level: float = 0.95
) -> Estimate:
    """Ratio of standard deviations, treatment over baseline, of paired values (n,) each, n >= 3; p: of a ratio of 1.

    Pitman-Morgan: the sums and the differences of the pairs are uncorrelated exactly if both variances are equal; t
    test of that correlation with n - 2 df. The interval is the test inverted, in closed form, exact for normal pairs;
    values far from normal make both too bold. Raises ValueError where a side does not vary, or where one side is a
    straight line of the other. Source: Pitman 1939, Morgan 1939 (Biometrika 31).
    """
    one, other = sample(treatment), sample(baseline)
    if len(one) != len(other):
        raise ValueError(f"both sides must be paired, got {len(one)} and {len(other)} values")
    n = len(one)
    if n < FEWEST_SEEDS:
        raise ValueError(f"{n} {'seed' if n == 1 else 'seeds'}: a ratio of spreads needs {FEWEST_SEEDS}")
    spread_one, spread_other = standard_deviation(one), standard_deviation(other)
    if spread_one == 0 or spread_other == 0:
        which = "both arms" if spread_one == spread_other else "the treatment" if spread_one == 0 else "the baseline"
        raise ValueError(f"the results of {which} do not vary over seeds")
    r = float(numpy.corrcoef(one, other)[0, 1])
    unexplained = 1 - r * r
    if unexplained < 1e-12:
        raise ValueError("the results of one arm are a straight line of the other's: their ratio has no error")
    squared = (spread_one / spread_other) ** 2
    t = (squared - 1) * math.sqrt((n - 2) / (4 * squared * unexplained))
    k = 1 + 2 * float(special.stdtrit(n - 2, (1 + level) / 2)) ** 2 * unexplained / (n - 2)
    reach = k + math.sqrt(k * k - 1)  # (squared - theta)^2 = 2 (k - 1) squared theta has the roots squared * reach^±1
    return Estimate(
        estimate=math.sqrt(squared),
        low=math.sqrt(squared / reach),
        high=math.sqrt(squared * reach),
        p=float(2 * special.stdtr(n - 2, -abs(t))),
        statistic=t,
        df=n - 2,
        n=n,
        method="Pitman-Morgan",
    )


def spread_table(judged: Sequence[Judged]) -> pandas.DataFrame:
    """A row per contrast and Condition: both arms' standard deviations over seeds, their ratio and its p.

    Deviations in the outcome's unit. p_adjusted: Holm over all rows, those without a p included: a family of its own,
    beside that of the verdicts. Diverged and failed runs count as the constant predictor. note: why there is no ratio.
    """
    rows = []
    for one in judged:
        row = {"condition": one.condition, "contrast": str(one.contrast), "n": 0, "p": math.nan, "note": ""}
        pairs = one.differences
        if pairs is None:
            rows.append(row | {"note": VerdictName.NOT_COMPARABLE.value})
            continue
        row["n"] = len(pairs)
        if len(pairs) >= 2:
            row["baseline"] = standard_deviation(pairs.baseline_values)
            row["treatment"] = standard_deviation(pairs.treatment_values)
        if "epochs" in one.contrast.differs:
            rows.append(row | {"note": "arms of different epochs: no test"})
            continue
        try:
            found = spread_ratio(pairs.treatment_values, pairs.baseline_values)
        except ValueError as error:
            rows.append(row | {"note": str(error)})
            continue
        rows.append(row | {"ratio": found.estimate, "low": found.low, "high": found.high, "p": found.p})
    table = pandas.DataFrame.from_records(rows, columns=list(COLUMNS))
    table["p_adjusted"] = holm(table["p"].to_numpy(dtype=float))
    return table
