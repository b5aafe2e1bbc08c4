"""What is left of the loss's gradient at each hidden layer, arm by arm, before training and after."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy
import pandas

from analysis.describing.probed import AT_THE_END, PREFIX, probed_at
from spectra_tune.results import probe_columns

COLUMNS = ("condition", "arm", "epoch", "layer", "median", "low", "high", "measured", "seeds")

SLOPE = f"{PREFIX}gradient_flow_slope"

LAYER = re.compile(rf"{PREFIX}gradient_flow_(\d+)")


def flow_table(runs: pandas.DataFrame, curves: pandas.DataFrame, labels: Mapping[str, str]) -> pandas.DataFrame:
    """A row per Condition, arm, epoch (-1: the end) and hidden layer; layer 0 is the slope over depth.

    Over seeds the median and the quartiles: of a gradient that vanishes the logarithm has no mean. They are norms over
    that of the last hidden layer, and of layer 0 the slope of their natural logarithm, > 0 where gradients shrink on
    their way to the input. Empty where the probe `gradient_flow` was not taken.
    """
    once = runs.drop_duplicates("signature").set_index("signature")
    tables = {**probed_at(curves), AT_THE_END: once[probe_columns(runs.columns)]}
    tables = {epoch: table[[name for name in table.columns if _is_flow(name)]] for epoch, table in tables.items()}
    tables = {epoch: table for epoch, table in tables.items() if len(table.columns)}
    runs_of: dict[str, dict[str, list[str]]] = {}  # signatures by condition_signature and arm
    for signature, condition, arm in once[["condition_signature", "arm"]].itertuples():
        runs_of.setdefault(condition, {}).setdefault(arm, []).append(signature)
    rows = [
        {"condition": label, "arm": arm, "epoch": epoch, **row}
        for condition, label in labels.items()
        for arm, signatures in runs_of.get(condition, {}).items()
        for epoch, table in tables.items()
        for row in _rows(table.reindex(signatures))
    ]
    return pandas.DataFrame.from_records(rows, columns=list(COLUMNS))


def _is_flow(column: str) -> bool:
    return column == SLOPE or LAYER.fullmatch(column) is not None


def _rows(table: pandas.DataFrame) -> Iterator[dict[str, Any]]:
    """Of the runs of one arm at one epoch."""
    for column in table.columns:
        layer = LAYER.fullmatch(str(column))
        values = table[column].to_numpy(dtype=float)
        finite = values[numpy.isfinite(values)]
        if len(finite):
            low, median, high = numpy.quantile(finite, (0.25, 0.5, 0.75)).tolist()
            row = {"layer": int(layer.group(1)) if layer else 0, "median": median, "low": low, "high": high}
            yield row | {"measured": len(finite), "seeds": len(values)}
