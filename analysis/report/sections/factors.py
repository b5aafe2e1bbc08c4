"""What the gain goes with, factor by factor, and whether it can be predicted where nothing was tried."""

import pandas

from analysis.describing.gain_model import shown_better
from analysis.figures import levels_of_factors
from analysis.figures.units import behind, named
from analysis.report.elements.findings import Findings
from analysis.report.elements.markdown import literal
from analysis.report.elements.section import Picture, Section
from analysis.report.elements.table import table
from analysis.report.elements.words import chance, estimate, number, with_interval
from analysis.statistics.significance import paired_t
from spectra_tune.design import SPLIT_METRICS

GAIN_PP = 1.0
"""From which on a Condition's mean gain is counted, of every metric."""


def section(found: Findings) -> Section | None:
    """Means by arm, effects by factor, and the model's judgement; nothing of a study without factors."""
    if not found.study.factors:
        return None
    try:
        effects = found.effects
    except ValueError as error:  # factors that follow from several others together
        return Section(lines=["## By factor (descriptive)", "", f"None: {literal(str(error))}.", ""])
    as_it_is = effects[effects["beyond"] == ""]
    metrics = list(dict.fromkeys(as_it_is["metric"]))
    lines = [
        "## By factor (descriptive)",
        "",
        "The mean gain of an arm over none in each Condition, and what it goes with. Conditions are the pieces of "
        "evidence: intervals are t intervals from them, however many arms and seeds each has.",
        "",
        *_arms(found.gains, metrics),
        "",
        "By how much the gain of penalties with a target lies above its mean at each level, all other factors held "
        "(least squares, every level weighing the same). p: that all levels of the factor are equal, adjusted over "
        "all factors, for each metric as it is and for how it differs from the outcome (the factor's interaction with "
        "the kind of outcome).",
        "",
        *_factors(effects, metrics),
        "",
        "A regression forest predicts the gain from the factors and is judged on all Conditions of a task, or of a "
        "network, that it has not seen. Saved: the squared error of “no gain” less that of the prediction; above 0 the "
        "prediction is better.",
        "",
        *_model(found.gain_model, metrics),
        "",
    ]
    return Section(
        lines=lines,
        tables={"gains": found.gains, "factors": effects, "gain_model": found.gain_model},
        pictures={
            "factors": Picture(
                draw=lambda: levels_of_factors(as_it_is),
                shows="By how much the gain of penalties with a target lies above its mean at each level of each "
                "factor, with 95 % intervals from Conditions; coloured where they leave 0 out",
            )
        },
    )


def _arms(gains: pandas.DataFrame, metrics: list[str]) -> list[str]:
    heads = ["arm", *(f"{_words(name)}: mean [95 %], share of Conditions ≥ {GAIN_PP:g}" for name in metrics)]
    rows = []
    for arm, of_arm in gains.groupby("arm", sort=False):
        cells = [_mean_and_share(of_arm[of_arm["metric"] == name]["gain"]) for name in metrics]
        rows.append((str(arm), *cells))
    return table(heads, rows, "gains.csv")[:-1]


def _mean_and_share(gain: pandas.Series) -> str:
    mean = estimate(paired_t(gain.to_numpy()), sign=True)
    return f"{mean}, {100 * float((gain >= GAIN_PP).mean()):.0f} %"


def _factors(effects: pandas.DataFrame, metrics: list[str]) -> list[str]:
    means = effects[(effects["factor"] == "") & (effects["beyond"] == "")]
    lines = [
        f"- Mean gain, {_words(row['metric'])}: {with_interval(row['effect'], row['low'], row['high'], sign=True)}"
        f"{behind(SPLIT_METRICS[row['metric']].metric)} over {row['conditions']} Conditions"
        for row in means.to_dict("records")
    ]
    heads = ("metric", "factor", "most at", "least at", "p", "p of the interaction with the outcome")
    rows = []
    for name in metrics:
        own = effects[(effects["metric"] == name) & (effects["beyond"] == "") & (effects["factor"] != "")]
        beyond = effects[(effects["metric"] == name) & (effects["beyond"] != "")].drop_duplicates("factor")
        interaction = beyond.set_index("factor")["p_adjusted"]
        for factor, levels in own.groupby("factor", sort=False):
            ordered = levels.sort_values("effect")
            most, least = (_level(ordered.iloc[at]) for at in (-1, 0))
            p_beyond = chance(float(interaction[factor])) if factor in interaction else ""
            p = chance(float(levels["p_adjusted"].iloc[0]))
            rows.append((_words(name), str(factor).replace("_", " "), most, least, p, p_beyond))
    return [*lines, "", *table(heads, rows, "factors.csv")[:-1]]


def _level(row: pandas.Series) -> str:
    return f"{row['level']}: {with_interval(row['effect'], row['low'], row['high'], sign=True)}"


def _model(judged: pandas.DataFrame, metrics: list[str]) -> list[str]:
    heads = ("metric", "left out", "groups", "saved [95 %]", "p adjusted", "correlation", "half of a 95 % interval")
    rows = [
        (
            *(_words(row["metric"]), f"one {row['left_out']} at a time", f"{row['groups']}"),
            with_interval(row["saved"], row["low"], row["high"], sign=True),
            *(chance(row["p_adjusted"]), number(row["correlation"]), number(row["half_width"])),
        )
        for row in judged.to_dict("records")
    ]
    shown = [_words(name) for name in metrics if shown_better(judged, name)]
    verdict = f"Shown to be better than “no gain” on left-out tasks and networks: {', '.join(shown) or 'of no metric'}."
    return [*table(heads, rows, "gain_model.csv")[:-1], "", verdict]


def _words(metric: str) -> str:
    return named(SPLIT_METRICS[metric])
