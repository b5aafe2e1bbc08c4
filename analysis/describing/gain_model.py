"""A model of the gain for a condition that was not studied, judged on tasks and networks that were left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import pandas

from analysis.statistics.left_out import better_than_nothing, forest, half_width, numbers, predict_left_out
from analysis.statistics.significance import holm

LEFT_OUT = ("task", "network")
"""What is left out, all of one level at a time; as a name it is no feature."""

NO_FEATURES = ("metric", "condition", "arm", "gain", "seeds", "epochs", *LEFT_OUT)

LEVEL = 0.05
"""Of adjusted p: below it the model is shown to be better than "no gain"."""

COLUMNS = ("metric", "left_out", "groups", "saved", "low", "high", "p", "p_adjusted", "correlation", "half_width")


def judged_table(gains: pandas.DataFrame) -> pandas.DataFrame:
    """A row per metric and kind of group that is left out: how far the model's squared error is below that of 0.

    gains: see factors.gains_table, penalties with a target only. saved: in squared units, above 0 where the model is
    better; correlation: of left-out predictions with the gains; half_width: of a 95 % interval around a prediction.
    Kinds of which all Conditions are one are not left out.
    """
    rows = []
    for metric, table in spectral(gains).groupby("metric", sort=False):
        x, y = features(table), table["gain"].to_numpy()
        for kind in [name for name in LEFT_OUT if name in table]:
            groups = list(table[kind])
            told = predict_left_out(x, y, groups)
            found = better_than_nothing(y, told, groups)
            rows.append(
                {
                    "metric": metric,
                    "left_out": kind,
                    "groups": found.n,
                    "saved": found.estimate,
                    "low": found.low,
                    "high": found.high,
                    "p": found.p,
                    "correlation": float(numpy.corrcoef(y, told)[0, 1]),
                    "half_width": half_width(y, told),
                }
            )
    table = pandas.DataFrame.from_records(rows, columns=[name for name in COLUMNS if name != "p_adjusted"])
    return table.assign(p_adjusted=holm(table["p"].to_numpy(dtype=float)))[list(COLUMNS)]


def spectral(gains: pandas.DataFrame) -> pandas.DataFrame:
    """Of a table of gains the rows of penalties with a target."""
    return gains[gains["sigma_end"].notna()]


def features(table: pandas.DataFrame) -> pandas.DataFrame:
    """What the model sees of each row."""
    return numbers(table.drop(columns=[name for name in NO_FEATURES if name in table]))


def shown_better(judged: pandas.DataFrame, metric: str) -> bool:
    """Whether the model beats "no gain" of a metric, on left-out tasks and on left-out networks."""
    rows = judged[judged["metric"] == metric]
    return bool(len(rows) == len(LEFT_OUT) and ((rows["p_adjusted"] < LEVEL) & (rows["saved"] > 0)).all())


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """The gain that the model expects of one Treatment, with a 95 % interval for a new task or network."""

    treatment: Mapping[str, Any]  # penalty, strength, sigma_end
    gain: float
    low: float
    high: float


def predicted(gains: pandas.DataFrame, judged: pandas.DataFrame, metric: str, levels: Mapping[str, Any]) -> Predicted:
    """The Treatment of the map that the model expects most of under these levels of factors (design.levels)."""
    table = spectral(gains[gains["metric"] == metric])
    treatments = table[["penalty", "strength", "sigma_end"]].drop_duplicates()
    known = [str(name) for name in table if name in levels]
    asked = treatments.assign(**{name: [levels[name]] * len(treatments) for name in known})
    both = features(pandas.concat([table, asked], ignore_index=True))
    x, new = both.iloc[: len(table)].to_numpy(), both.iloc[len(table) :].to_numpy()
    told = forest().fit(x, table["gain"].to_numpy()).predict(new)
    best = int(told.argmax())
    half = float(judged.loc[judged["metric"] == metric, "half_width"].max())
    return Predicted(
        treatment={str(name): value for name, value in treatments.iloc[best].items()},
        gain=float(told[best]),
        low=float(told[best]) - half,
        high=float(told[best]) + half,
    )
