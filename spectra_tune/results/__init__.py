"""The run table (a row per run), the curve table and the figure table: their columns and units."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas

IDENTITY = ("arm", "seed", "stage", "status", "signature", "condition_signature", "environment")
"""status is "ok", "diverged", "failed" or (of a search's scheduler) "stopped".
environment: software stack and kind of device, part of every match."""

TREATMENT = ("strength", "schedule", "sigma_start", "sigma_end", "beta", "depth_exponent", "one_sided")

CONDITION = (
    "task",
    "kind",
    "width",
    "depth",
    "activation",
    "init",
    "init_gain",
    "optimizer",
    "learning_rate",
    "learning_rate_schedule",
    "weight_decay",
    "epochs",
    "batch_size",
    "stream",
)
"""The run's own protocol, an arm's changes carried out; the block's Condition is condition_signature. A full batch
has batch_size 0; a network of the user's own may lack some of these and have others."""

DRAWS = ("data_digest", "init_digest", "one_split")
"""sha256 (16 hex digits) of the data and of the initial weights; one_split: all seeds share one data set."""

DIAGNOSTICS = ("diverged_at", "sigma_fallbacks", "equal_bits")
"""diverged_at: epoch of the first report that found non-finite parameters, else NaN. sigma_fallbacks: how often the
penalty's spectral norms needed an exact decomposition (weights wider than 128). equal_bits: whether a rehearsal on the
same processor gave the same bits alone and in company."""

SEARCH = ("side", "configuration")
"""Of a study that searches: "treatment" or "baseline", and the number of the configuration, counted from 0 on each side
of each stratum, repeats included; a confirmation's rows have those of the candidates."""

MEASURES = ("accuracy", "balanced_accuracy", "loss")
"""Accuracies are fractions; the loss is the mean cross-entropy in nats, without the penalty."""

METRICS = tuple(f"{split}_{measure}" for split in ("train", "validation", "test") for measure in MEASURES)
"""NaN where a run diverged, and test metrics in stage "search". `<metric>_of_constant` is the score of the best
constant predictor of the same samples: what a diverged run counts as."""

COMPLEXITY = tuple(f"complexity_{measure}" for measure in ("dimension", "length", "neighbour_error", "reference_error"))
"""Of studies that ask for it: how hard the task's own boundary is, independent of any network (see complexity.py);
NaN where a measure is not defined for the task."""

PROBE_REASONS = "probe_reasons"
"""Column of studies with probes: "quantity: reason; …" for every quantity that could not be measured of a run. Probes'
quantities are the columns `probe_<quantity>` and, at earlier epochs, metrics of the curve table."""

COST_REPEATS = tuple(f"seconds_per_epoch_{repeat}" for repeat in range(1, 6))

COST = ("seconds_per_epoch", *COST_REPEATS)
"""Seconds per epoch of one run of this arm, timed alone (see engine/timing.py): the median of the repeats, and each.
Repeats of equal number were timed in a row, so arms are compared repeat by repeat. NaN where Tune did not train."""

MEASURED = frozenset({"seconds", "device", *COST})
"""Columns that two equal runs may differ in. seconds: wall time of the block over its runs, whatever the arm."""

FIGURE_COLUMNS = ("signature", "figure", "x", "y", "value")
"""figure "boundary": the probability of class 1 (of more than two classes the most probable one) at the point (x, y);
"data": the class of the point (x, y); "spectrum": the singular value in place y, from 1, of layer x."""

CURVE_COLUMNS = ("signature", "epoch", "metric", "value")

RUN_KEY = ("condition_signature", "arm", "seed", "stage")
"""What identifies a row, in a search with its configuration, and its order in a table."""


def run_table(records: list[dict[str, Any]]) -> pandas.DataFrame:
    """The run table of these rows: identity, Treatment, protocol, draws and then what was measured."""
    runs = pandas.DataFrame.from_records(records)
    first = [name for name in (*IDENTITY, *TREATMENT, *CONDITION, *DRAWS) if name in runs.columns]
    return runs[first + [name for name in runs.columns if name not in first]]


def curve_table(columns: Mapping[str, Any]) -> pandas.DataFrame:
    """The curve table of these columns."""
    return pandas.DataFrame({name: columns.get(name, []) for name in CURVE_COLUMNS})


def figure_table(columns: Mapping[str, Any]) -> pandas.DataFrame:
    """The figure table of these columns; numbers are single precision."""
    table = pandas.DataFrame({name: columns.get(name, []) for name in FIGURE_COLUMNS})
    return table.astype(dict.fromkeys(("x", "y", "value"), "float32"))


class Tables(NamedTuple):
    """All that a study's blocks give."""

    runs: pandas.DataFrame
    curves: pandas.DataFrame
    figures: pandas.DataFrame


def joined(tables: Iterable[Tables]) -> Tables:
    """The tables of several blocks, one below the other; empty ones where there is no block."""
    listed = list(tables)
    if not listed:
        return Tables(pandas.DataFrame(), curve_table({}), figure_table({}))
    return Tables(*(pandas.concat(parts, ignore_index=True) for parts in zip(*listed, strict=True)))


def sigma_columns(runs: pandas.DataFrame) -> list[str]:
    """Columns sigma_1, sigma_2, …: the spectral norm of each regularized weight, from the input on."""
    return [name for name in runs.columns if name.startswith("sigma_") and name.removeprefix("sigma_").isdigit()]


def probe_columns(runs: pandas.DataFrame) -> list[str]:
    """Columns of what probes measured; NaN where they could not."""
    return [name for name in runs.columns if name.startswith("probe_") and name != PROBE_REASONS]


def with_costs(runs: pandas.DataFrame, costs: Mapping[str, Mapping[str, float]]) -> pandas.DataFrame:
    """The table with the cost columns of each arm, by its name."""
    return runs.assign(**{column: [costs[arm][column] for arm in runs["arm"]] for column in COST})


def unmeasured(runs: pandas.DataFrame) -> pandas.DataFrame:
    """The table without the columns that two equal runs may differ in."""
    return runs.drop(columns=[name for name in runs.columns if name in MEASURED])


def protocol_columns(runs: pandas.DataFrame) -> list[str]:
    """Columns that hold a run's protocol: CONDITION and whatever fields a network of the user's own has."""
    other = {
        *IDENTITY,
        *TREATMENT,
        *DRAWS,
        *DIAGNOSTICS,
        *SEARCH,
        *MEASURED,
        *METRICS,
        *(f"{metric}_of_constant" for metric in METRICS),
    }
    other |= {"parameters", "capacity_ratio", PROBE_REASONS, *COMPLEXITY, *sigma_columns(runs), *probe_columns(runs)}
    return [name for name in runs.columns if name not in other]
